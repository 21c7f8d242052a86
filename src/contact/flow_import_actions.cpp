// Flow language, version 2019-10-30: the actions that have the meaning of the legacy blocks which we run. Metadata.name
// names the flow; Metadata.type is contactFlow or customerQueue.
#include <charconv>

#include "contact/flow_import_parts.hpp"

namespace upcall::contact {

namespace bj = boost::json;

namespace {

constexpr std::pair<std::string_view, BlockType> kActions[] = {
    {"UpdateFlowLoggingBehavior", BlockType::set_logging},
    {"MessageParticipant", BlockType::play_prompt},
    {"MessageParticipantIteratively", BlockType::loop_prompts},
    {"UpdateContactAttributes", BlockType::set_attributes},
    {"Compare", BlockType::check_attribute},
    {"UpdateContactRoutingBehavior", BlockType::update_priority},
    {"UpdateContactEventHooks", BlockType::set_event_hook},
    {"UpdateContactTargetQueue", BlockType::set_queue},
    {"TransferContactToQueue", BlockType::transfer_to_queue},
    {"Wait", BlockType::wait},
    {"DisconnectParticipant", BlockType::disconnect},
};

constexpr std::pair<std::string_view, FlowCondition::Op> kOperators[] = {
    {"Equals", FlowCondition::Op::equals},
    {"NumberGreaterThan", FlowCondition::Op::greater},
    {"NumberGreaterOrEqualTo", FlowCondition::Op::greater_or_equal},
    {"NumberLessThan", FlowCondition::Op::less},
    {"NumberLessOrEqualTo", FlowCondition::Op::less_or_equal},
    {"TextContains", FlowCondition::Op::contains},
    {"TextStartsWith", FlowCondition::Op::starts_with},
    {"TextEndsWith", FlowCondition::Op::ends_with},
};

class ActionImporter {
 public:
  FlowImport run(const bj::object& document) {
    read_head(document);
    if (const bj::array* actions = json::array_at(document, "Actions")) read_actions(*actions);
    const auto start = numbers_.find(json::text_or(document, "StartAction"));
    if (start != numbers_.end()) {
      flow_.start = start->second;
    } else {
      problem("", "\"StartAction\" names no action");
    }
    FlowImport out;
    out.problems = std::move(problems_);
    if (out.problems.empty()) out.flow = std::move(flow_);
    return out;
  }

 private:
  void problem(std::string block, std::string message) { problems_.push_back({std::move(block), std::move(message)}); }

  void read_head(const bj::object& document) {
    if (json::text_at(document, "Version") != "2019-10-30") problem("", "only version 2019-10-30 of the flow language is known");
    const bj::array* actions = json::array_at(document, "Actions");
    if (actions == nullptr || actions->empty()) problem("", "the flow has no actions");
    const bj::object* metadata = json::object_at(document, "Metadata");
    if (metadata == nullptr) metadata = json::object_at(document, "metadata");
    flow_.name = metadata != nullptr ? json::text_or(*metadata, "name") : "";
    if (flow_.name.empty() || flow_.name.size() > 127 || !json::is_clean_text(flow_.name)) {
      problem("", "Metadata.name must be a text of 1 to 127 bytes");
    }
    const std::string type = metadata != nullptr ? json::text_or(*metadata, "type", "contactFlow") : "contactFlow";
    if (type == "customerQueue") {
      flow_.type = FlowType::customer_queue;
    } else if (type != "contactFlow") {
      problem("", "flows of type \"" + type.substr(0, 32) + "\" are not supported (contactFlow, customerQueue)");
    }
  }

  void read_actions(const bj::array& actions) {
    if (actions.size() > kFlowMaxBlocks) return problem("", "the flow has more than 250 actions");
    for (std::size_t i = 0; i < actions.size(); ++i) {
      const bj::object* action = actions[i].if_object();
      const std::string id = action != nullptr ? json::text_or(*action, "Identifier") : "";
      if (id.empty() || id.size() > 128) return problem("", "action number " + std::to_string(i + 1) + " has no Identifier");
      if (!numbers_.emplace(id, static_cast<BlockNo>(i)).second) return problem(id, "two actions have this Identifier");
    }
    for (const bj::value& action : actions) read_action(action.get_object());
  }

  void read_action(const bj::object& action) {
    Block block;
    block.id = json::text_or(action, "Identifier");
    const std::string type = json::text_or(action, "Type");
    const BlockType* known = nullptr;
    for (const auto& [name, value] : kActions) {
      if (name == type) known = &value;
    }
    if (known == nullptr) {
      problem(block.id, "actions of type \"" + type.substr(0, 64) + "\" are not supported");
    } else {
      block.type = *known;
      read_transitions(action, block);
      static const bj::object kNone;
      const bj::object* parameters = json::object_at(action, "Parameters");
      read_parameters(parameters != nullptr ? *parameters : kNone, block);
      check_transitions(block);
    }
    flow_.blocks.push_back(std::move(block));
  }

  std::optional<BlockNo> target(const Block& block, const bj::object& from) {
    const auto next = json::text_at(from, "NextAction");
    if (!next) return std::nullopt;
    const auto found = numbers_.find(*next);
    if (found == numbers_.end()) {
      problem(block.id, "a transition leads to no action");
      return std::nullopt;
    }
    return found->second;
  }

  void read_transitions(const bj::object& action, Block& block) {
    const bj::object* transitions = json::object_at(action, "Transitions");
    if (transitions == nullptr) return;
    // After a transfer the customer queue flow takes over, whatever NextAction says.
    if (block.type != BlockType::transfer_to_queue) block.success = target(block, *transitions);
    if (const bj::array* errors = json::array_at(*transitions, "Errors")) {
      for (const bj::value& value : *errors) {
        const bj::object* error = value.if_object();
        if (error == nullptr) continue;
        const std::string type = json::text_or(*error, "ErrorType");
        const auto next = target(block, *error);
        if (type == "NoMatchingError") {
          block.error = next;
        } else if (type == "QueueAtCapacity") {
          block.at_capacity = next;
        } else if (type == "NoMatchingCondition") {
          block.no_match = next;
        } else {
          problem(block.id, "error \"" + type.substr(0, 64) + "\" is not supported");
        }
      }
    }
    if (const bj::array* conditions = json::array_at(*transitions, "Conditions")) {
      for (const bj::value& value : *conditions) {
        if (const bj::object* condition = value.if_object()) read_condition(*condition, block);
      }
    }
    if (block.type == BlockType::transfer_to_queue && !block.at_capacity) block.at_capacity = block.error;
  }

  void read_condition(const bj::object& branch, Block& block) {
    const auto next = target(block, branch);
    const bj::object* condition = json::object_at(branch, "Condition");
    const bj::array* operands = condition != nullptr ? json::array_at(*condition, "Operands") : nullptr;
    if (!next || operands == nullptr || operands->size() != 1 || !operands->front().is_string()) {
      return problem(block.id, "a condition needs one operand and a NextAction");
    }
    const std::string operand(operands->front().get_string());
    if (block.type == BlockType::wait) {
      if (operand != "WaitCompleted") return problem(block.id, "waiting for \"" + operand.substr(0, 64) + "\" is not supported");
      block.timeout = next;
      return;
    }
    const std::string name = json::text_or(*condition, "Operator");
    for (const auto& [text, op] : kOperators) {
      if (text == name) return block.conditions.push_back({op, operand, *next});
    }
    problem(block.id, "operator \"" + name.substr(0, 64) + "\" is not supported");
  }

  FlowValue value_of(const Block& block, std::string_view text) {
    constexpr std::string_view kAttribute = "$.Attributes.";
    if (text.size() > kFlowTextMax || !json::is_clean_text(text)) {
      problem(block.id, "a text is too long or not clean UTF-8");
      return {};
    }
    if (text.starts_with(kAttribute) && is_attribute_name(text.substr(kAttribute.size()))) {
      return {std::string(text.substr(kAttribute.size())), true};
    }
    return {std::string(text), false};
  }

  void read_parameters(const bj::object& parameters, Block& block) {
    switch (block.type) {
      case BlockType::play_prompt: {
        const std::string text = json::text_or(parameters, "Text");
        if (text.empty()) problem(block.id, "only messages with a Text are supported");
        block.value = value_of(block, text);
        break;
      }
      case BlockType::set_attributes: {
        const bj::object* attributes = json::object_at(parameters, "Attributes");
        if (attributes == nullptr || attributes->empty()) return problem(block.id, "no attribute is set");
        for (const auto& [key, value] : *attributes) {
          const std::string name(key.data(), key.size());
          if (!is_attribute_name(name) || !value.is_string()) {
            problem(block.id, "\"" + name.substr(0, 64) + "\" is not an attribute with a text");
          } else {
            block.attributes.emplace_back(name, value_of(block, std::string_view(value.get_string())));
          }
        }
        break;
      }
      case BlockType::check_attribute:
        block.value = value_of(block, json::text_or(parameters, "ComparisonValue"));
        if (!block.value.is_attribute) problem(block.id, "only $.Attributes can be compared");
        break;
      case BlockType::update_priority: {
        const auto priority = number_at(parameters, "QueuePriority");
        if (!priority || *priority < 1 || *priority > kPriorityMax) return problem(block.id, "QueuePriority must be a number from 1");
        block.priority = static_cast<int>(*priority);
        break;
      }
      case BlockType::set_event_hook: {
        const bj::object* hooks = json::object_at(parameters, "EventHooks");
        block.hook_flow = hooks != nullptr ? json::text_or(*hooks, "CustomerQueue") : "";
        if (hooks == nullptr || block.hook_flow.empty() || hooks->size() != 1) problem(block.id, "only the hook CustomerQueue is supported");
        break;
      }
      case BlockType::set_queue: {
        const auto agent = json::text_at(parameters, "AgentId");
        const auto queue = json::text_at(parameters, "QueueId");
        if (!agent && !queue) return problem(block.id, "neither QueueId nor AgentId is there");
        block.queue_of_agent = agent.has_value();
        block.value = value_of(block, agent ? *agent : *queue);
        break;
      }
      case BlockType::wait: {
        auto seconds = number_at(parameters, "TimeLimitSeconds");
        if (!seconds) seconds = number_at(parameters, "TimeoutSeconds");
        if (!seconds || *seconds < 1 || *seconds > kWaitMaxSeconds) return problem(block.id, "a wait is 1 to 604800 seconds");
        block.wait = Duration::s(*seconds);
        break;
      }
      default: break;
    }
  }

  void check_transitions(const Block& block) {
    const auto need = [&](bool there, const char* name) {
      if (!there) problem(block.id, std::string("transition \"") + name + "\" is not connected");
    };
    switch (block.type) {
      case BlockType::set_logging:
      case BlockType::play_prompt:
      case BlockType::set_attributes:
      case BlockType::update_priority:
      case BlockType::set_event_hook: need(block.success.has_value(), "NextAction"); break;
      case BlockType::set_queue:
        need(block.success.has_value(), "NextAction");
        need(block.error.has_value(), "NoMatchingError");
        break;
      case BlockType::check_attribute: need(block.no_match.has_value(), "NoMatchingCondition"); break;
      case BlockType::transfer_to_queue: need(block.error.has_value(), "NoMatchingError"); break;
      case BlockType::wait: need(block.timeout.has_value(), "WaitCompleted"); break;
      case BlockType::loop_prompts: need(block.error.has_value(), "NoMatchingError"); break;
      case BlockType::disconnect: break;
    }
    if (flow_.type != FlowType::contact_flow && (block.type == BlockType::set_queue || block.type == BlockType::transfer_to_queue)) {
      problem(block.id, "this action cannot stand in a flow of this type");
    }
  }

  Flow flow_;
  std::map<std::string, BlockNo, std::less<>> numbers_;
  std::vector<FlowProblem> problems_;
};

}  // namespace

std::optional<std::int64_t> number_at(const bj::object& object, std::string_view name) {
  if (auto number = json::integer_at(object, name)) return number;
  const auto text = json::text_at(object, name);
  if (!text) return std::nullopt;
  std::int64_t out = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), out);
  if (error != std::errc() || end != text->data() + text->size()) return std::nullopt;
  return out;
}

FlowImport import_actions(const bj::object& document) { return ActionImporter().run(document); }

}  // namespace upcall::contact
