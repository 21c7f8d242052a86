// Flow language, version 2019-10-30: the document, its actions and their transitions. Metadata.name names the flow;
// Metadata.type is contactFlow, customerQueue and so on.
#include <algorithm>

#include "contact/flow_format.hpp"

namespace upcall::contact {

namespace bj = boost::json;

namespace {

// Characters and names that the language does not allow in an Identifier.
constexpr std::string_view kForbidden = "%:(\\/)=$,;[]{}";
constexpr std::string_view kReserved[] = {"__proto__", "constructor", "__defineGetter__", "__defineSetter__", "toString", "hasOwnProperty",
                                          "isPrototypeOf", "propertyIsEnumerable", "toLocaleString", "valueOf"};

std::size_t characters(std::string_view text) {
  std::size_t n = 0;
  for (const char c : text) n += (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  return n;
}

std::optional<FlowPoint> point_at(const bj::object& object, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    const bj::object* p = json::object_at(object, name);
    if (p == nullptr) continue;
    const bj::value* x = p->if_contains("x");
    const bj::value* y = p->if_contains("y");
    if (x == nullptr || y == nullptr || !x->is_number() || !y->is_number()) return std::nullopt;
    return FlowPoint{x->to_number<double>(), y->to_number<double>()};
  }
  return std::nullopt;
}

class Reader {
 public:
  Reader(Flow& flow, FlowProblems& out) : flow_(flow), out_(out) {}

  void run(const bj::object& document) {
    read_head(document);
    const bj::array* actions = json::array_at(document, "Actions");
    if (actions == nullptr || actions->empty()) return out_.problem("", "the flow has no actions");
    if (actions->size() > kFlowMaxBlocks) return out_.problem("", "the flow has more than 250 actions");
    if (!number_actions(*actions)) return;
    for (const bj::value& action : *actions) read_action(action.get_object());
    const auto start = numbers_.find(json::text_or(document, "StartAction"));
    if (start == numbers_.end()) return out_.problem("", "\"StartAction\" names no action");
    flow_.start = start->second;
  }

 private:
  void read_head(const bj::object& document) {
    if (json::text_at(document, "Version") != "2019-10-30") out_.problem("", "only version 2019-10-30 of the flow language is known");
    metadata_ = json::object_at(document, "Metadata");
    if (metadata_ == nullptr) metadata_ = json::object_at(document, "metadata");
    static const bj::object kNone;
    if (metadata_ == nullptr) metadata_ = &kNone;
    flow_.name = json::text_or(*metadata_, "name");
    if (flow_.name.empty()) flow_.name = json::text_or(*metadata_, "Name");
    if (flow_.name.empty() || flow_.name.size() > 127 || !json::is_clean_text(flow_.name)) {
      out_.problem("", "Metadata.name must be a text of 1 to 127 bytes");
    }
    flow_.description = flow_text(out_, "", json::text_or(*metadata_, "description"));
    flow_.entry = point_at(*metadata_, {"EntryPointPosition", "entryPointPosition"});
    const std::string word = json::text_or(*metadata_, "type", "contactFlow");
    if (const auto type = flow_type_of(word)) {
      flow_.type = *type;
    } else {
      out_.problem("", "flows of type \"" + word.substr(0, 32) + "\" are not run in a chat");
    }
    positions_ = json::object_at(*metadata_, "ActionMetadata");
    if (positions_ == nullptr) positions_ = json::object_at(*metadata_, "actionMetadata");
  }

  bool number_actions(const bj::array& actions) {
    bool fine = true;
    for (std::size_t i = 0; i < actions.size(); ++i) {
      const bj::object* action = actions[i].if_object();
      const std::string id = action != nullptr ? json::text_or(*action, "Identifier") : "";
      if (id.empty()) {
        out_.problem("", "action number " + std::to_string(i + 1) + " has no Identifier");
        fine = false;
        continue;
      }
      if (!json::is_clean_text(id) || characters(id) > kActionIdentifierMax) {
        out_.problem(id.substr(0, kIdentifierMax), "an Identifier has at most 50 characters");
      } else if (id.find_first_of(kForbidden) != std::string::npos) {
        out_.problem(id, "an Identifier must not contain % : ( \\ / ) = $ , ; [ ] { }");
      } else if (std::find(std::begin(kReserved), std::end(kReserved), id) != std::end(kReserved)) {
        out_.problem(id, "this Identifier is reserved");
      }
      if (!numbers_.emplace(id, static_cast<BlockNo>(i)).second) {
        out_.problem(id, "two actions have this Identifier");
        fine = false;
      }
    }
    return fine;
  }

  void read_action(const bj::object& action) {
    Block block;
    block.id = json::text_or(action, "Identifier");
    std::string word = json::text_or(action, "Type");
    if (word == "UnTagContact") word = "UntagContact";  // as its documentation page spells it
    const BlockWords* known = nullptr;
    for (const BlockWords& words : block_words()) {
      if (words.action == word) known = &words;
    }
    if (known == nullptr) {
      const std::string_view why = why_unsupported(word);
      out_.problem(block.id, "actions of type \"" + word.substr(0, 64) + "\" are not supported" + (why.empty() ? "" : ": " + std::string(why)));
      out_.unreadable.insert(block.id);
    } else {
      block.type = known->type;
      static const bj::object kNone;
      const bj::object* parameters = json::object_at(action, "Parameters");
      read_action_parameters(parameters != nullptr ? *parameters : kNone, block, out_);
      const bj::object* drawn = positions_ != nullptr ? json::object_at(*positions_, block.id) : nullptr;
      if (drawn != nullptr) {
        block.at = point_at(*drawn, {"Position", "position"});
        if (!block.resource.id.empty()) block.resource.name = flow_text(out_, block.id, json::text_or(*drawn, "resourceName"));
      }
      if (const bj::object* transitions = json::object_at(action, "Transitions")) read_transitions(*transitions, block);
    }
    flow_.blocks.push_back(std::move(block));
  }

  // kNowhere, and a problem, when it names no action.
  std::optional<BlockNo> target(const Block& block, const bj::object& from, std::string_view place) {
    const auto next = json::text_at(from, "NextAction");
    if (!next || next->empty()) return std::nullopt;
    const auto found = numbers_.find(*next);
    if (found != numbers_.end()) return found->second;
    out_.problem(block.id, std::string(place) + " leads to no action: \"" + std::string(next->substr(0, 64)) + "\"");
    return kNowhere;
  }

  void read_transitions(const bj::object& transitions, Block& block) {
    block.next = target(block, transitions, "NextAction");
    if (const bj::array* errors = json::array_at(transitions, "Errors")) {
      for (const bj::value& value : *errors) {
        const bj::object* error = value.if_object();
        const std::string word = error != nullptr ? json::text_or(*error, "ErrorType") : "";
        const auto which = error_of(word);
        if (!which) {
          out_.problem(block.id, "error \"" + word.substr(0, 64) + "\" is not supported");
          continue;
        }
        const auto next = target(block, *error, "error " + word);
        if (!next) {
          out_.problem(block.id, "error " + word + " has no NextAction");
        } else if (!block.errors.emplace(*which, *next).second) {
          out_.problem(block.id, "error " + word + " is there twice");
        }
      }
    }
    if (const bj::array* conditions = json::array_at(transitions, "Conditions")) {
      for (const bj::value& value : *conditions) read_condition(value, block);
    }
  }

  void read_condition(const bj::value& value, Block& block) {
    const bj::object* object = value.if_object();
    const bj::object* condition = object != nullptr ? json::object_at(*object, "Condition") : nullptr;
    if (condition == nullptr) return out_.problem(block.id, "a condition is not an object with a Condition");
    std::size_t parts = 0;
    auto read = read_test(*condition, block, 1, parts);
    if (!read) return;
    const auto next = target(block, *object, "condition \"" + read->operand.substr(0, 32) + "\"");
    if (!next) return out_.problem(block.id, "a condition has no NextAction");
    read->next = *next;
    block.conditions.push_back(std::move(*read));
  }

  std::optional<FlowCondition> read_test(const bj::object& object, const Block& block, int depth, std::size_t& parts) {
    const std::string word = json::text_or(object, "Operator");
    const auto op = operator_of(word);
    const bj::array* operands = json::array_at(object, "Operands");
    if (!op) {
      out_.problem(block.id, "operator \"" + word.substr(0, 64) + "\" is not supported");
      return std::nullopt;
    }
    FlowCondition out;
    out.op = *op;
    if (*op != FlowCondition::Op::all_of && *op != FlowCondition::Op::one_of && *op != FlowCondition::Op::none_of) {
      if (operands == nullptr || operands->size() != 1 || !(operands->front().is_string() || operands->front().is_number())) {
        out_.problem(block.id, "operator " + word + " needs one operand");
        return std::nullopt;
      }
      const bj::value& operand = operands->front();
      out.operand = flow_text(out_, block.id, operand.is_string() ? std::string(operand.get_string()) : bj::serialize(operand));
      return out;
    }
    if (operands == nullptr || operands->empty()) {
      out_.problem(block.id, "operator " + word + " needs conditions as its operands");
      return std::nullopt;
    }
    if (depth >= kConditionDepth) {
      out_.problem(block.id, "conditions are nested more than 5 deep");
      return std::nullopt;
    }
    for (const bj::value& part : *operands) {
      if (++parts > kConditionParts) {
        out_.problem(block.id, "a condition has more than 50 parts");
        return std::nullopt;
      }
      if (!part.is_object()) {
        out_.problem(block.id, "operator " + word + " needs conditions as its operands");
        return std::nullopt;
      }
      auto read = read_test(part.get_object(), block, depth + 1, parts);
      if (!read) return std::nullopt;
      out.parts.push_back(std::move(*read));
    }
    return out;
  }

  Flow& flow_;
  FlowProblems& out_;
  std::map<std::string, BlockNo, std::less<>> numbers_;
  const bj::object* metadata_ = nullptr;
  const bj::object* positions_ = nullptr;
};

}  // namespace

void read_actions(const bj::object& document, Flow& flow, FlowProblems& out) { Reader(flow, out).run(document); }

}  // namespace upcall::contact
