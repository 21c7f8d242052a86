#include "contact/flow_runner.hpp"

#include <algorithm>

#include "contact/flow_answer.hpp"
#include "contact/flow_condition.hpp"
#include "contact/flow_format.hpp"
#include "contact/flow_reference.hpp"

namespace upcall::contact {
namespace {

constexpr Duration kMinute = Duration::s(60);

class Runner {
 public:
  Runner(std::string& flow_id, FlowPosition& position, FlowHost& host, Instant now, const FlowInput& input)
      : flow_id_(flow_id), at_(position), host_(host), now_(now), input_(input) {}

  FlowOutcome run() {
    for (int step = 0; step < kFlowMaxSteps; ++step) {
      const Flow* flow = host_.flow(flow_id_);
      if (flow == nullptr || at_.block >= flow->blocks.size()) return FlowOutcome::stuck;
      const Block& block = flow->blocks[at_.block];
      // A flow that was changed meanwhile may have another block there.
      if (at_.waiting && !can_wait(block.type)) woken();
      const bool was_waiting = at_.waiting;
      if (!was_waiting && !may_step()) return stuck(block, "too many blocks in a minute");
      Step taken = run_block(block);
      // Asked again before its time: nothing to tell.
      if (!(was_waiting && at_.waiting)) trace(*flow, block, taken);
      if (taken.outcome) return *taken.outcome;
      if (taken.moved) continue;
      if (!taken.next) return FlowOutcome::stuck;
      at_.block = *taken.next;
    }
    const Flow* flow = host_.flow(flow_id_);
    if (flow != nullptr && at_.block < flow->blocks.size()) return stuck(flow->blocks[at_.block], "too many blocks without a wait");
    return FlowOutcome::stuck;
  }

 private:
  struct Step {
    std::optional<BlockNo> next;
    std::optional<FlowOutcome> outcome;
    bool moved = false;  // flow_id_ and the position have been set
    std::string result, note;
  };

  static Step onward(const Block& b) { return {b.next, {}, false, "next", {}}; }
  static Step ends(FlowOutcome outcome, std::string result) { return {{}, outcome, false, std::move(result), {}}; }
  static Step fails(const Block& b, FlowError error, std::string note) {
    return {b.error(error), {}, false, std::string(error_word(error)), std::move(note)};
  }
  static Step either(const Block& b, bool fine, const char* why) { return fine ? onward(b) : fails(b, FlowError::any, why); }
  // By the block's result: its condition, or NoMatchingCondition, or the way on.
  static Step by_result(const Block& b, const std::string& result) {
    if (const FlowCondition* c = first_match(b, result)) return {c->next, {}, false, c->parts.empty() ? c->operand : "condition", {}};
    if (b.error(FlowError::no_match) || !b.next) return fails(b, FlowError::no_match, {});
    return onward(b);
  }
  Step waits(Duration span) {
    at_.waiting = true;
    at_.deadline = now_ + span;
    return ends(FlowOutcome::waiting, "waits");
  }
  void woken() {
    at_.waiting = false;
    at_.deadline = Instant::never();
    at_.call_id.clear();
    used_ = true;
  }
  // An input concerns the block at which the run begins, and no later one.
  FlowInput::Kind happened() const { return used_ ? FlowInput::Kind::none : input_.kind; }

  FlowOutcome stuck(const Block& block, const char* why) {
    host_.traced({flow_id_, block.id, block.type, "stuck", why});
    return FlowOutcome::stuck;
  }

  static bool can_wait(BlockType type) { return contact::waits(type) || type == BlockType::invoke_function; }

  bool may_step() {
    if (at_.steps == 0 || now_ - at_.minute >= kMinute || now_ < at_.minute) {
      at_.minute = now_;
      at_.steps = 0;
    }
    return ++at_.steps <= kFlowMaxStepsAMinute;
  }

  void trace(const Flow& flow, const Block& block, Step& taken) {
    if (!taken.next && !taken.outcome && !taken.moved && taken.note.empty()) taken.note = "not connected: the flow stops";
    host_.traced({flow.name, block.id, block.type, std::move(taken.result), std::move(taken.note)});
  }

  std::string lookup(const FlowReference& r) const {
    const auto in = [&](const Attributes& values, const std::string& key) {
      const auto found = values.find(key);
      return found != values.end() ? found->second : std::string();
    };
    if (r.root == "Attributes") return in(host_.attributes(), r.key());
    if (r.root == "FlowAttributes") return in(at_.flow_attributes, r.key());
    if (r.root == "External") return in(at_.external, r.key());
    if (r.root == "Metrics") return in(at_.metrics, r.key());
    if (r.root == "Lex") return in(at_.lex, r.key());
    if (r.root == "StoredCustomerInput") return at_.input;
    return host_.system_value(r.path.empty() ? r.root : r.root + "." + r.key());
  }
  std::string text(std::string_view text) const {
    return expand(text, [this](const FlowReference& r) { return lookup(r); });
  }
  FlowResource resource(const FlowResource& r) const { return {text(r.id), r.name}; }
  std::vector<std::pair<std::string, std::string>> values(const Block& b) const {
    // All are read before the first is written: they may refer to each other's old values.
    std::vector<std::pair<std::string, std::string>> out;
    for (const auto& [name, value] : b.values) out.emplace_back(name, text(value));
    return out;
  }

  Step run_block(const Block& b) {
    switch (b.type) {
      case BlockType::set_logging: return onward(b);
      case BlockType::message: return say(b, b.text) ? onward(b) : ends(FlowOutcome::stuck, "too many messages in one run");
      // Not possible in a chat: error at once, and without that branch the flow is over and the contact simply waits.
      case BlockType::messages_in_turn:
        if (!b.error(FlowError::any)) return ends(FlowOutcome::ended, "not possible in a chat");
        return fails(b, FlowError::any, "not possible in a chat");
      case BlockType::set_attributes: return either(b, host_.set_attributes(values(b)), "the attributes are too large");
      case BlockType::set_flow_attributes: return either(b, set_flow_attributes(b), "the flow attributes are too large");
      case BlockType::set_contact_data: return either(b, host_.set_data(values(b)), "the data are too large");
      case BlockType::compare: return by_result(b, text(b.text));
      case BlockType::check_hours: {
        const auto open = host_.open(resource(b.resource));
        return open ? by_result(b, *open ? "True" : "False") : fails(b, FlowError::any, "no such hours of operation, and no queue");
      }
      case BlockType::check_metric: {
        const auto value = host_.metric(b.kind, resource(b.resource), b.of_agent);
        return value ? by_result(b, std::to_string(*value)) : fails(b, FlowError::any, "no queue to ask");
      }
      case BlockType::get_metrics: {
        auto values = host_.metrics(resource(b.resource), b.of_agent);
        if (!values) return fails(b, FlowError::any, "no queue to ask");
        at_.metrics = std::move(*values);
        return onward(b);
      }
      case BlockType::distribute: return by_result(b, std::to_string(host_.percent()));
      case BlockType::loop: return loop(b);
      case BlockType::wait: return wait(b);
      case BlockType::set_event_hook: return either(b, host_.set_hook(b.kind, resource(b.resource)), "no such flow");
      case BlockType::set_queue: return either(b, host_.set_queue(resource(b.resource), b.of_agent), b.of_agent ? "no such agent" : "no such queue");
      case BlockType::set_routing:
        if (b.adjusts_age) host_.adjust_age(Duration::s(b.number));
        else host_.set_priority(b.number);
        return onward(b);
      case BlockType::transfer_to_queue: return transfer(b, host_.transfer(), FlowOutcome::transferred);
      case BlockType::dequeue_transfer: return transfer(b, host_.dequeue(resource(b.resource), b.of_agent), FlowOutcome::requeued);
      case BlockType::transfer_to_flow: return transfer_to_flow(b);
      case BlockType::invoke_function: return invoke(b);
      case BlockType::invoke_module: return enter_module(b);
      case BlockType::end_module: return leave_module();
      case BlockType::get_input: return ask(b);
      case BlockType::tag: return either(b, host_.tag(values(b)), "too many tags");
      case BlockType::untag: host_.untag(b.keys); return onward(b);
      case BlockType::disconnect: return ends(FlowOutcome::disconnected, "disconnects");
      case BlockType::end_flow: return ends(FlowOutcome::ended, "ends");
    }
    return ends(FlowOutcome::stuck, "unknown");
  }

  bool say(const Block&, const std::string& what) {
    const std::string said = text(what);
    if (said.empty()) return true;
    if (++said_ > kFlowMaxSaid) return false;
    host_.say(said);
    return true;
  }

  bool set_flow_attributes(const Block& b) {
    Attributes merged = at_.flow_attributes;
    for (auto& [name, value] : values(b)) merged[name] = std::move(value);
    std::size_t bytes = 0;
    for (const auto& [name, value] : merged) bytes += name.size() + value.size();
    if (bytes > kFlowVariablesMax) return false;
    at_.flow_attributes = std::move(merged);
    return true;
  }

  Step loop(const Block& b) {
    int& made = at_.rounds[b.id];
    if (made < b.number) {
      ++made;
      return by_result(b, "ContinueLooping");
    }
    at_.rounds.erase(b.id);
    return by_result(b, "DoneLooping");
  }

  Step wait(const Block& b) {
    if (!at_.waiting) return waits(Duration::s(b.number));
    const bool returns = std::find(b.keys.begin(), b.keys.end(), "CustomerReturned") != b.keys.end();
    if (happened() == FlowInput::Kind::message && returns) {
      woken();
      return by_result(b, "CustomerReturned");
    }
    if (now_ < at_.deadline) return ends(FlowOutcome::waiting, "waits");
    woken();
    return by_result(b, "WaitCompleted");
  }

  Step ask(const Block& b) {
    if (!at_.waiting) {
      if (!say(b, b.text)) return ends(FlowOutcome::stuck, "too many messages in one run");
      return waits(Duration::s(b.number));
    }
    if (happened() == FlowInput::Kind::message) {
      woken();
      at_.input = input_.text.substr(0, kFlowTextMax);
      const auto intent = recognised(b, input_.text);
      at_.lex = {{"IntentName", intent.value_or("")}};
      if (intent) return by_result(b, *intent);
      if (b.error(FlowError::no_match) || !b.next) return fails(b, FlowError::no_match, {});
      return onward(b);
    }
    if (now_ < at_.deadline) return ends(FlowOutcome::waiting, "waits");
    woken();
    return fails(b, b.error(FlowError::input_time_limit) ? FlowError::input_time_limit : FlowError::any, "no answer in time");
  }

  Step transfer(const Block& b, FlowHost::Transfer result, FlowOutcome done) {
    switch (result) {
      case FlowHost::Transfer::queued: return ends(done, "queued");
      case FlowHost::Transfer::at_capacity: return fails(b, FlowError::at_capacity, {});
      case FlowHost::Transfer::error: break;
    }
    return fails(b, FlowError::any, "no queue to go to");
  }

  // Flow attributes, loops and the last answer die with the flow.
  void enter(const std::string& flow_id, BlockNo start) {
    flow_id_ = flow_id;
    at_.block = start;
    at_.rounds.clear();
    at_.flow_attributes.clear();
    at_.external.clear();
  }

  Step transfer_to_flow(const Block& b) {
    const std::string id = host_.find_flow(resource(b.resource), false);
    const Flow* to = id.empty() ? nullptr : host_.flow(id);
    if (to == nullptr) return fails(b, FlowError::any, "no such flow");
    if (++transfers_ > kFlowMaxTransfers) return fails(b, FlowError::any, "too many transfers in one run");
    at_.callers.clear();
    enter(id, to->start);
    return {{}, {}, true, "next", to->name};
  }

  Step enter_module(const Block& b) {
    const std::string id = host_.find_flow(resource(b.resource), true);
    const Flow* module = id.empty() ? nullptr : host_.flow(id);
    if (module == nullptr) return fails(b, FlowError::any, "no such module");
    if (at_.callers.size() >= kFlowMaxModules) return fails(b, FlowError::any, "too many modules within each other");
    at_.callers.push_back({flow_id_, b.id, std::move(at_.flow_attributes), std::move(at_.external)});
    enter(id, module->start);
    return {{}, {}, true, "module", module->name};
  }

  Step leave_module() {
    if (at_.callers.empty()) return ends(FlowOutcome::stuck, "not in a module");
    FlowCaller caller = std::move(at_.callers.back());
    at_.callers.pop_back();
    const Flow* flow = host_.flow(caller.flow_id);
    const auto block = flow != nullptr ? flow->find(caller.block_id) : std::nullopt;
    if (!block || !flow->blocks[*block].next) return ends(FlowOutcome::stuck, "its flow has changed");
    enter(caller.flow_id, *flow->blocks[*block].next);
    at_.flow_attributes = std::move(caller.flow_attributes);
    at_.external = std::move(caller.external);
    return {{}, {}, true, "returns", flow->name};
  }

  Step invoke(const Block& b) {
    if (!at_.waiting) {
      FlowCall call{text(b.resource.id), b.resource.name, {}, Duration::s(b.number), b.asynchronous};
      for (auto& [name, value] : values(b)) call.parameters[name] = std::move(value);
      std::string id = host_.call(call);
      if (id.empty()) return fails(b, FlowError::any, "no such function");
      if (b.asynchronous) return onward(b);
      at_.call_id = std::move(id);
      return waits(call.limit);
    }
    const bool mine = !at_.call_id.empty() && input_.call_id == at_.call_id;
    if (mine && happened() == FlowInput::Kind::answer) {
      woken();
      auto read = read_flow_answer(input_.text, b.kind == "JSON");
      if (!read) return fails(b, FlowError::any, "the answer is not what the block allows");
      at_.external = std::move(*read);
      return onward(b);
    }
    if (mine && happened() == FlowInput::Kind::no_answer) {
      woken();
      return fails(b, FlowError::any, input_.text);
    }
    if (now_ < at_.deadline) return ends(FlowOutcome::waiting, "waits");
    woken();
    return fails(b, FlowError::any, "no answer in time");
  }

  std::string& flow_id_;
  FlowPosition& at_;
  FlowHost& host_;
  const Instant now_;
  const FlowInput& input_;
  bool used_ = false;  // the input
  int transfers_ = 0, said_ = 0;
};

}  // namespace

FlowOutcome run_flow(std::string& flow_id, FlowPosition& position, FlowHost& host, Instant now, const FlowInput& input) {
  return Runner(flow_id, position, host, now, input).run();
}

}  // namespace upcall::contact
