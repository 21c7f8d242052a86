// The vendor's legacy export: "modules" with branches and parameters, version "1".
#include "contact/flow_legacy.hpp"

#include <algorithm>
#include <utility>

namespace upcall::contact {

namespace bj = boost::json;

namespace {

class Reader {
 public:
  Reader(Flow& flow, FlowProblems& out) : flow_(flow), out_(out) {}

  void run(const bj::object& document) {
    read_head(document);
    const bj::array* modules = json::array_at(document, "modules");
    if (modules == nullptr) return out_.problem("", "\"modules\" is missing: this is not a contact flow export");
    if (modules->empty()) return out_.problem("", "the flow has no blocks");
    if (modules->size() > kFlowMaxBlocks) return out_.problem("", "the flow has more than 250 blocks");
    if (!number_modules(*modules)) return;
    for (const bj::value& module : *modules) read_module(module.get_object());
    const auto start = numbers_.find(json::text_or(document, "start"));
    if (start == numbers_.end()) return out_.problem("", "\"start\" names no block");
    flow_.start = start->second;
  }

 private:
  static std::optional<FlowPoint> point_at(const bj::object& object, std::string_view name) {
    const bj::object* p = json::object_at(object, name);
    const bj::value* x = p != nullptr ? p->if_contains("x") : nullptr;
    const bj::value* y = p != nullptr ? p->if_contains("y") : nullptr;
    if (x == nullptr || y == nullptr || !x->is_number() || !y->is_number()) return std::nullopt;
    return FlowPoint{x->to_number<double>(), y->to_number<double>()};
  }

  void read_head(const bj::object& document) {
    if (const auto version = json::text_at(document, "version"); version && *version != "1") {
      out_.problem("", "version \"" + std::string(version->substr(0, 16)) + "\" of the export format is not known");
    }
    const std::string word = json::text_or(document, "type", "contactFlow");
    if (const auto type = flow_type_of(word)) {
      flow_.type = *type;
    } else {
      out_.problem("", "flows of type \"" + word.substr(0, 32) + "\" are not run in a chat");
    }
    if (const bj::object* metadata = json::object_at(document, "metadata")) {
      flow_.name = json::text_or(*metadata, "name");
      flow_.description = flow_text(out_, "", json::text_or(*metadata, "description"));
      flow_.entry = point_at(*metadata, "entryPointPosition");
    }
    if (flow_.name.empty() || flow_.name.size() > 127 || !json::is_clean_text(flow_.name)) {
      out_.problem("", "metadata.name must be a text of 1 to 127 bytes");
    }
  }

  bool number_modules(const bj::array& modules) {
    bool fine = true;
    for (std::size_t i = 0; i < modules.size(); ++i) {
      const bj::object* module = modules[i].if_object();
      const std::string id = module != nullptr ? json::text_or(*module, "id") : "";
      if (id.empty() || id.size() > kIdentifierMax || !json::is_clean_text(id)) {
        out_.problem("", "block number " + std::to_string(i + 1) + " has no id");
        fine = false;
      } else if (!numbers_.emplace(id, static_cast<BlockNo>(i)).second) {
        out_.problem(id, "two blocks have this id");
        fine = false;
      }
    }
    return fine;
  }

  void read_module(const bj::object& module) {
    Block block;
    block.id = json::text_or(module, "id");
    const std::string word = json::text_or(module, "type"), target = json::text_or(module, "target");
    const auto type = type_of(word, target);
    if (!type) {
      std::string message = word == "Transfer" ? "a transfer to \"" + target.substr(0, 32) + "\" is not supported (Queue and Flow are)"
                                               : "blocks of type \"" + word.substr(0, 64) + "\" are not supported";
      out_.problem(block.id, std::move(message));
      out_.unreadable.insert(block.id);
    } else {
      block.type = *type;
      if (const bj::object* metadata = json::object_at(module, "metadata")) block.at = point_at(*metadata, "position");
      parameters_ = json::array_at(module, "parameters");
      read_parameters(block);
      read_branches(module, block);
    }
    flow_.blocks.push_back(std::move(block));
  }

  static std::optional<BlockType> type_of(std::string_view word, std::string_view target) {
    if (word == "Transfer") {
      if (target == "Queue") return BlockType::transfer_to_queue;
      if (target == "Flow") return BlockType::transfer_to_flow;
      return std::nullopt;
    }
    for (const BlockWords& words : block_words()) {
      if (!words.legacy.empty() && words.legacy == word) return words.type;
    }
    return std::nullopt;
  }

  void read_branches(const bj::object& module, Block& block) {
    const bj::array* branches = json::array_at(module, "branches");
    if (branches == nullptr) return;
    for (const bj::value& value : *branches) {
      const bj::object* branch = value.if_object();
      if (branch == nullptr) {
        out_.problem(block.id, "a branch is not an object");
        continue;
      }
      const std::string word = json::text_or(*branch, "condition");
      const std::string transition = json::text_or(*branch, "transition");
      const auto found = numbers_.find(transition);
      if (found == numbers_.end()) out_.problem(block.id, "branch \"" + word.substr(0, 32) + "\" leads to no block");
      const BlockNo next = found != numbers_.end() ? found->second : kNowhere;
      if (word == "Evaluate") {
        read_condition(*branch, next, block);
      } else if (word == "Timeout" || word == "True" || word == "False") {
        const bool fits = word == "Timeout" ? block.type == BlockType::wait : block.type == BlockType::check_hours;
        const std::string operand = word == "Timeout" ? "WaitCompleted" : word;
        const bool twice = std::any_of(block.conditions.begin(), block.conditions.end(), [&](const auto& c) { return c.operand == operand; });
        if (!fits) out_.problem(block.id, "branch \"" + word + "\" is not supported");
        else if (twice) out_.problem(block.id, "branch \"" + word + "\" is there twice");
        else block.conditions.push_back({FlowCondition::Op::equals, operand, {}, next});
      } else if (word == "Success") {
        if (block.next) out_.problem(block.id, "branch \"Success\" is there twice");
        block.next = next;
      } else if (const auto error = legacy_error(word)) {
        if (!block.errors.emplace(*error, next).second) out_.problem(block.id, "branch \"" + word + "\" is there twice");
      } else {
        out_.problem(block.id, "branch \"" + word.substr(0, 32) + "\" is not supported");
      }
    }
  }

  void read_condition(const bj::object& branch, BlockNo next, Block& block) {
    const std::string word = json::text_or(branch, "conditionType");
    const auto op = legacy_operator(word);
    if (!op) return out_.problem(block.id, "condition \"" + word.substr(0, 32) + "\" is not supported");
    FlowCondition condition{*op, flow_text(out_, block.id, json::text_or(branch, "conditionValue")), {}, next};
    if (const auto number = json::integer_at(branch, "conditionValue")) condition.operand = std::to_string(*number);
    block.conditions.push_back(std::move(condition));
  }

  // The parameter's object; a problem when it is absent and needed.
  const bj::object* parameter(const Block& block, std::initializer_list<std::string_view> names, bool needed = true) {
    if (parameters_ != nullptr) {
      for (const bj::value& value : *parameters_) {
        const bj::object* object = value.if_object();
        if (object == nullptr) continue;
        for (const std::string_view name : names) {
          if (json::text_at(*object, "name") == name) return object;
        }
      }
    }
    if (needed) out_.problem(block.id, "parameter \"" + std::string(*names.begin()) + "\" is missing");
    return nullptr;
  }

  std::string value_of(const Block& block, const bj::object& parameter) {
    const auto text = json::text_at(parameter, "value");
    const auto number = json::integer_at(parameter, "value");
    if (!text && !number) {
      out_.problem(block.id, "a parameter's value is not a text");
      return {};
    }
    std::string value = flow_text(out_, block.id, text ? std::string(*text) : std::to_string(*number));
    const auto name_space = json::text_at(parameter, "namespace");
    if (!name_space || name_space->empty()) return value;
    return reference(block, *name_space, value);
  }

  std::string reference(const Block& block, std::string_view name_space, const std::string& name) {
    if (!is_legacy_namespace(name_space)) {
      out_.problem(block.id, "namespace \"" + std::string(name_space.substr(0, 32)) + "\" is not supported");
      return {};
    }
    const auto made = legacy_reference(name_space, name);
    if (!made) out_.problem(block.id, "\"" + name.substr(0, 64) + "\" is not an attribute's name of namespace " + std::string(name_space));
    return made.value_or("");
  }

  // A literal ARN is of a foreign account: there the resource's name is what can be found here.
  FlowResource resource_of(const Block& block, const bj::object& parameter) {
    FlowResource out{value_of(block, parameter), flow_text(out_, block.id, json::text_or(parameter, "resourceName"))};
    if (out.id.empty()) out.id = std::exchange(out.name, {});
    return out;
  }

  void read_number(Block& block, const bj::object* parameter, std::int64_t least, std::int64_t most, const std::string& says) {
    if (parameter == nullptr) return;
    const auto number = number_at(*parameter, "value");
    if (!number || *number < least || *number > most) return out_.problem(block.id, says);
    block.number = *number;
  }

  void read_parameters(Block& block) {
    switch (block.type) {
      case BlockType::set_logging: {
        const bj::object* p = parameter(block, {"LoggingBehavior"}, false);
        block.kind = p != nullptr && json::text_at(*p, "value") == "Disable" ? "Disabled" : "Enabled";
        break;
      }
      case BlockType::message:
        if (const bj::object* p = parameter(block, {"Text"})) {
          block.text = value_of(block, *p);
          if (block.text.empty()) out_.problem(block.id, "the prompt has no text");
        }
        break;
      case BlockType::messages_in_turn: read_each(block, "Text", [&](const bj::object& p) { block.keys.push_back(value_of(block, p)); }); break;
      case BlockType::set_attributes:
        read_pairs(block, "Attribute");
        if (block.values.empty()) out_.problem(block.id, "no attribute is set");
        break;
      case BlockType::compare: read_compared(block); break;
      case BlockType::set_routing:
        read_number(block, parameter(block, {"AbsolutePosition"}), 1, kPriorityMax, "AbsolutePosition must be a number from 1");
        break;
      case BlockType::set_event_hook:
        if (const bj::object* p = parameter(block, {"Type"})) {
          block.kind = flow_text(out_, block.id, json::text_or(*p, "value"));
          if (block.kind != "CustomerQueue" && block.kind != "CustomerRemaining") {
            out_.problem(block.id, "hooks of type \"" + block.kind.substr(0, 32) + "\" are not supported (CustomerQueue and CustomerRemaining are)");
          }
        }
        read_resource(block, {"ContactFlowId"});
        break;
      case BlockType::set_queue: {
        const bj::object* agent = parameter(block, {"Agent"}, false);
        const bj::object* queue = agent != nullptr ? agent : parameter(block, {"Queue"}, false);
        if (queue == nullptr) return out_.problem(block.id, "neither parameter \"Queue\" nor \"Agent\" is there");
        block.of_agent = agent != nullptr;
        block.resource = resource_of(block, *queue);
        break;
      }
      case BlockType::transfer_to_flow: read_resource(block, {"ContactFlowId"}); break;
      case BlockType::check_hours:
        if (const bj::object* p = parameter(block, {"Hours"}, false)) block.resource = resource_of(block, *p);
        break;
      case BlockType::invoke_function:
        read_resource(block, {"FunctionArn"});
        block.number = 3;
        block.kind = "STRING_MAP";
        if (const bj::object* p = parameter(block, {"TimeLimit"}, false)) read_number(block, p, 1, 8, "TimeLimit must be a number from 1 to 8");
        read_pairs(block, "Parameter");
        break;
      case BlockType::wait:
        read_number(block, parameter(block, {"TimeoutSeconds", "TimeLimitSeconds", "Timeout", "TimeLimit"}), 1, kWaitMaxSeconds, "a wait is 1 to 604800 seconds");
        break;
      default: break;
    }
  }

  template <class Each>
  void read_each(Block& block, std::string_view name, Each&& each) {
    if (parameters_ == nullptr) return;
    std::size_t count = 0;
    for (const bj::value& value : *parameters_) {
      const bj::object* p = value.if_object();
      if (p == nullptr || json::text_at(*p, "name") != name) continue;
      if (++count > kValuesMax) return out_.problem(block.id, "more than 256 values are set at once");
      each(*p);
    }
  }

  void read_pairs(Block& block, std::string_view name) {
    read_each(block, name, [&](const bj::object& p) {
      const std::string key = json::text_or(p, "key");
      if (!is_attribute_name(key)) return out_.problem(block.id, "\"" + key.substr(0, 64) + "\" is not an attribute's name");
      block.values.emplace_back(key, value_of(block, p));
    });
  }

  void read_resource(Block& block, std::initializer_list<std::string_view> names) {
    const bj::object* p = parameter(block, names);
    if (p == nullptr) return;
    block.resource = resource_of(block, *p);
    if (block.resource.empty()) out_.problem(block.id, "parameter \"" + std::string(*names.begin()) + "\" names nothing");
  }

  void read_compared(Block& block) {
    const bj::object* attribute = parameter(block, {"Attribute"});
    const bj::object* name_space = parameter(block, {"Namespace"}, false);
    if (attribute == nullptr) return;
    const std::string space = name_space != nullptr ? json::text_or(*name_space, "value") : json::text_or(*attribute, "namespace");
    block.text = reference(block, space, json::text_or(*attribute, "value"));
  }

  Flow& flow_;
  FlowProblems& out_;
  std::map<std::string, BlockNo, std::less<>> numbers_;
  const bj::array* parameters_ = nullptr;
};

}  // namespace

void read_legacy(const bj::object& document, Flow& flow, FlowProblems& out) { Reader(flow, out).run(document); }

}  // namespace upcall::contact
