// What a flow must have whatever format it came in: the branches of each block, blocks that may stand in a flow of its
// type, and a way from every block to an end or a wait.
#include <algorithm>

#include "contact/flow_format.hpp"

namespace upcall::contact {
namespace {

using B = BlockType;

struct Needs {
  bool next = false;
  std::vector<FlowError> errors;
  std::vector<std::string_view> results;  // conditions "Equals <result>" that must be there, and no others
};

Needs needs_of(const Block& block) {
  switch (block.type) {
    case B::set_logging:
    case B::message:
    case B::set_attributes:
    case B::set_flow_attributes:
    case B::set_contact_data:
    case B::set_event_hook:
    case B::set_routing:
    case B::tag:
    case B::untag: return {true, {}, {}};
    case B::set_queue:
    case B::get_metrics:
    case B::invoke_function:
    case B::invoke_module: return {true, {FlowError::any}, {}};
    case B::compare:
    case B::distribute: return {false, {FlowError::no_match}, {}};
    case B::check_metric: return {false, {FlowError::any, FlowError::no_match}, {}};
    case B::check_hours: return {false, {FlowError::any}, {"True", "False"}};
    case B::loop: return {false, {}, {"ContinueLooping", "DoneLooping"}};
    case B::wait: {
      Needs needs{false, {}, {"WaitCompleted"}};
      needs.results.insert(needs.results.end(), block.keys.begin(), block.keys.end());
      return needs;
    }
    case B::transfer_to_queue:
    case B::dequeue_transfer: return {false, {FlowError::any, FlowError::at_capacity}, {}};
    case B::transfer_to_flow: return {false, {FlowError::any}, {}};
    case B::get_input: return {false, {FlowError::any}, {}};
    case B::messages_in_turn:
    case B::disconnect:
    case B::end_flow:
    case B::end_module: return {};
  }
  return {};
}

bool may_stand(BlockType block, FlowType flow) {
  const bool first = flow == FlowType::contact_flow || flow == FlowType::agent_transfer || flow == FlowType::queue_transfer;
  switch (block) {
    case B::set_queue:
    case B::transfer_to_queue:
    case B::transfer_to_flow: return first || flow == FlowType::module;
    case B::dequeue_transfer:
    case B::end_flow:
    case B::messages_in_turn: return flow == FlowType::customer_queue;
    case B::end_module: return flow == FlowType::module;
    default: return true;
  }
}

bool has_no_conditions(BlockType type) {
  switch (type) {
    case B::compare:
    case B::distribute:
    case B::check_metric:
    case B::check_hours:
    case B::loop:
    case B::wait:
    case B::get_input:
    case B::messages_in_turn: return false;  // the last is never asked for its result in a chat
    default: return true;
  }
}

void check_block(const Block& block, FlowType type, FlowProblems& out) {
  const Needs needs = needs_of(block);
  if (needs.next && !block.next) out.problem(block.id, "the way on (NextAction, Success) is not connected");
  for (const FlowError error : needs.errors) {
    if (!block.error(error)) out.problem(block.id, "error " + std::string(error_word(error)) + " is not connected");
  }
  if (!needs.results.empty()) {
    for (const std::string_view result : needs.results) {
      const bool there = std::any_of(block.conditions.begin(), block.conditions.end(), [&](const FlowCondition& c) { return c.operand == result; });
      if (!there) out.problem(block.id, "result " + std::string(result) + " is not connected");
    }
    for (const FlowCondition& c : block.conditions) {
      if (c.op != FlowCondition::Op::equals) out.problem(block.id, "only Equals is possible here");
      else if (std::find(needs.results.begin(), needs.results.end(), c.operand) == needs.results.end()) {
        out.problem(block.id, "\"" + c.operand.substr(0, 64) + "\" is no result of this block");
      }
    }
  } else if (!block.conditions.empty() && has_no_conditions(block.type)) {
    out.problem(block.id, "this block has no conditions");
  }
  if (block.type == B::get_input && std::any_of(block.conditions.begin(), block.conditions.end(), [](const FlowCondition& c) { return c.op != FlowCondition::Op::equals; })) {
    out.problem(block.id, "only Equals is possible here");
  }
  if (block.type == B::get_input && !block.conditions.empty() && !block.error(FlowError::no_match)) {
    out.problem(block.id, "error NoMatchingCondition is not connected");
  }
  for (const FlowIntent& intent : block.intents) {
    const bool there = std::any_of(block.conditions.begin(), block.conditions.end(), [&](const FlowCondition& c) { return c.operand == intent.name; });
    if (!there) out.problem(block.id, "keywords of \"" + intent.name.substr(0, 64) + "\", which is no condition of the block");
  }
  if (!may_stand(block.type, type)) {
    out.problem(block.id, std::string(words_of(block.type).action) + " cannot stand in a flow of type " + std::string(flow_type_word(type)));
  }
  if (block.type == B::messages_in_turn && !block.error(FlowError::any)) {
    out.warn(block.id, "messages in turn are not possible in a chat, and error NoMatchingError is not connected: the flow stops here");
  }
  if (block.type == B::set_event_hook && block.kind != "CustomerQueue" && block.kind != "CustomerRemaining") {
    out.warn(block.id, "the hook " + block.kind + " has no effect here");
  }
  if (block.type == B::wait && std::find(block.keys.begin(), block.keys.end(), "BotParticipantDisconnected") != block.keys.end()) {
    out.warn(block.id, "there are no bots: BotParticipantDisconnected never happens");
  }
  if (block.type == B::get_input && !block.resource.id.empty() && block.intents.empty()) {
    out.warn(block.id, "there are no bots: messages are compared with the names of the conditions");
  }
}

std::vector<BlockNo> ways(const Block& block) {
  std::vector<BlockNo> out;
  if (block.next) out.push_back(*block.next);
  for (const auto& [error, next] : block.errors) out.push_back(next);
  for (const FlowCondition& c : block.conditions) out.push_back(c.next);
  return out;
}

// Blocks that lead to an end or a wait, found backwards from those.
void check_ways(const Flow& flow, FlowProblems& out) {
  const std::size_t n = flow.blocks.size();
  std::vector<std::vector<BlockNo>> from(n);
  std::vector<bool> good(n), reached(n);
  std::vector<BlockNo> open;
  for (BlockNo i = 0; i < n; ++i) {
    const Block& block = flow.blocks[i];
    for (const BlockNo next : ways(block)) from[next].push_back(i);
    const bool stops = block.type == B::messages_in_turn && !block.error(FlowError::any);
    if (ends_flow(block.type) || waits(block.type) || stops) {
      good[i] = true;
      open.push_back(i);
    }
  }
  while (!open.empty()) {
    const BlockNo at = open.back();
    open.pop_back();
    for (const BlockNo before : from[at]) {
      if (good[before]) continue;
      good[before] = true;
      open.push_back(before);
    }
  }
  reached[flow.start] = true;
  open = {flow.start};
  while (!open.empty()) {
    const BlockNo at = open.back();
    open.pop_back();
    if (!good[at]) out.problem(flow.blocks[at].id, "no way leads from here to an end or a wait");
    for (const BlockNo next : ways(flow.blocks[at])) {
      if (reached[next]) continue;
      reached[next] = true;
      open.push_back(next);
    }
  }
}

}  // namespace

void check_flow(const Flow& flow, FlowProblems& out) {
  for (const Block& block : flow.blocks) {
    if (!out.unreadable.contains(block.id)) check_block(block, flow.type, out);
  }
  // Ways through a flow of which a part is wrong tell nothing.
  if (out.problems.empty()) check_ways(flow, out);
}

}  // namespace upcall::contact
