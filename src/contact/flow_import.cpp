#include "contact/flow_import.hpp"

#include <map>

#include "contact/flow_import_parts.hpp"

namespace upcall::contact {
namespace {

namespace bj = boost::json;

constexpr std::pair<std::string_view, BlockType> kTypes[] = {
    {"SetLoggingBehavior", BlockType::set_logging},   {"PlayPrompt", BlockType::play_prompt},
    {"SetAttributes", BlockType::set_attributes},     {"CheckAttribute", BlockType::check_attribute},
    {"UpdateRoutingPriority", BlockType::update_priority}, {"SetEventHook", BlockType::set_event_hook},
    {"SetQueue", BlockType::set_queue},               {"Transfer", BlockType::transfer_to_queue},
    {"Wait", BlockType::wait},                        {"LoopPrompts", BlockType::loop_prompts},
    {"Disconnect", BlockType::disconnect}};

constexpr std::pair<std::string_view, FlowCondition::Op> kOps[] = {
    {"Equals", FlowCondition::Op::equals},
    {"GreaterThan", FlowCondition::Op::greater},
    {"GreaterThanOrEqualTo", FlowCondition::Op::greater_or_equal},
    {"LessThan", FlowCondition::Op::less},
    {"LessThanOrEqualTo", FlowCondition::Op::less_or_equal},
    {"Contains", FlowCondition::Op::contains},
    {"StartsWith", FlowCondition::Op::starts_with},
    {"EndsWith", FlowCondition::Op::ends_with}};

template <class T, std::size_t N>
std::optional<T> lookup(const std::pair<std::string_view, T> (&table)[N], std::string_view name) {
  for (const auto& [text, value] : table) {
    if (text == name) return value;
  }
  return std::nullopt;
}

class Importer {
 public:
  FlowImport run(std::string_view text) {
    auto document = json::parse_object(text, kFlowMaxText);
    if (!document) {
      problem("", document.error() == ParseError::too_long ? "the file is larger than 256000 bytes" : "the file is not a JSON object");
      return finish();
    }
    if (document->contains("Actions") || document->contains("Version")) return import_actions(*document);
    read_head(*document);
    if (const bj::array* modules = json::array_at(*document, "modules")) read_modules(*modules);
    resolve_start(*document);
    return finish();
  }

 private:
  void problem(std::string block, std::string message) { problems_.push_back({std::move(block), std::move(message)}); }

  FlowImport finish() {
    FlowImport out;
    out.problems = std::move(problems_);
    if (out.problems.empty()) out.flow = std::move(flow_);
    return out;
  }

  void read_head(const bj::object& document) {
    if (json::array_at(document, "modules") == nullptr) problem("", "\"modules\" is missing: this is not a contact flow export");
    if (const auto version = json::text_at(document, "version"); version && *version != "1") {
      problem("", "version \"" + std::string(version->substr(0, 16)) + "\" of the export format is not known");
    }
    const std::string type = json::text_or(document, "type", "contactFlow");
    if (type == "contactFlow") {
      flow_.type = FlowType::contact_flow;
    } else if (type == "customerQueue") {
      flow_.type = FlowType::customer_queue;
    } else {
      problem("", "flows of type \"" + type.substr(0, 32) + "\" are not supported (contactFlow, customerQueue)");
    }
    if (const bj::object* metadata = json::object_at(document, "metadata")) flow_.name = json::text_or(*metadata, "name");
    if (flow_.name.empty() || flow_.name.size() > 127 || !json::is_clean_text(flow_.name)) {
      problem("", "metadata.name must be a text of 1 to 127 bytes");
    }
  }

  void read_modules(const bj::array& modules) {
    if (modules.empty()) problem("", "the flow has no blocks");
    if (modules.size() > kFlowMaxBlocks) {
      problem("", "the flow has more than 250 blocks");
      return;
    }
    for (std::size_t i = 0; i < modules.size(); ++i) {
      const bj::object* module = modules[i].if_object();
      const std::string id = module != nullptr ? json::text_or(*module, "id") : "";
      if (module == nullptr || id.empty() || id.size() > 128) {
        problem("", "block number " + std::to_string(i + 1) + " has no id");
        return;
      }
      if (!numbers_.emplace(id, static_cast<BlockNo>(i)).second) {
        problem(id, "two blocks have this id");
        return;
      }
    }
    for (const bj::value& module : modules) read_module(module.get_object());
  }

  void resolve_start(const bj::object& document) {
    const std::string start = json::text_or(document, "start");
    const auto found = numbers_.find(start);
    if (found != numbers_.end()) {
      flow_.start = found->second;
    } else if (!numbers_.empty()) {
      problem("", "\"start\" names no block");
    }
  }

  void read_module(const bj::object& module) {
    Block block;
    block.id = json::text_or(module, "id");
    const std::string type = json::text_or(module, "type");
    const auto known = lookup(kTypes, type);
    if (!known) {
      problem(block.id, "blocks of type \"" + type.substr(0, 64) + "\" are not supported");
      flow_.blocks.push_back(std::move(block));
      return;
    }
    block.type = *known;
    read_branches(module, block);
    if (const bj::array* parameters = json::array_at(module, "parameters")) parameters_ = parameters;
    read_parameters(module, block);
    parameters_ = nullptr;
    check_branches(block);
    flow_.blocks.push_back(std::move(block));
  }

  void read_branches(const bj::object& module, Block& block) {
    const bj::array* branches = json::array_at(module, "branches");
    if (branches == nullptr) return;
    for (const bj::value& value : *branches) {
      const bj::object* branch = value.if_object();
      if (branch == nullptr) {
        problem(block.id, "a branch is not an object");
        continue;
      }
      const std::string condition = json::text_or(*branch, "condition");
      const std::string transition = json::text_or(*branch, "transition");
      const auto target = numbers_.find(transition);
      if (target == numbers_.end()) {
        problem(block.id, "branch \"" + condition.substr(0, 32) + "\" leads to no block");
        continue;
      }
      if (condition == "Evaluate") {
        read_condition(*branch, target->second, block);
        continue;
      }
      std::optional<BlockNo>* slot = condition == "Success"      ? &block.success
                                     : condition == "Error"      ? &block.error
                                     : condition == "AtCapacity" ? &block.at_capacity
                                     : condition == "Timeout"    ? &block.timeout
                                     : condition == "NoMatch"    ? &block.no_match
                                                                 : nullptr;
      if (slot == nullptr) {
        problem(block.id, "branch \"" + condition.substr(0, 32) + "\" is not supported");
      } else if (*slot) {
        problem(block.id, "branch \"" + condition + "\" is there twice");
      } else {
        *slot = target->second;
      }
    }
  }

  void read_condition(const bj::object& branch, BlockNo next, Block& block) {
    const auto op = lookup(kOps, json::text_or(branch, "conditionType"));
    if (!op) {
      problem(block.id, "condition \"" + json::text_or(branch, "conditionType").substr(0, 32) + "\" is not supported");
      return;
    }
    FlowCondition condition{*op, json::text_or(branch, "conditionValue"), next};
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
    if (needed) problem(block.id, "parameter \"" + std::string(*names.begin()) + "\" is missing");
    return nullptr;
  }

  std::optional<FlowValue> value_of(const Block& block, const bj::object& parameter) {
    const auto text = json::text_at(parameter, "value");
    const auto number = json::integer_at(parameter, "value");
    FlowValue value{text ? std::string(*text) : number ? std::to_string(*number) : "", false};
    if (!text && !number) {
      problem(block.id, "a parameter's value is not a text");
      return std::nullopt;
    }
    if (value.text.size() > kFlowTextMax || !json::is_clean_text(value.text)) {
      problem(block.id, "a text is too long or not clean UTF-8");
      return std::nullopt;
    }
    const auto name_space = json::text_at(parameter, "namespace");
    if (name_space == "User Defined") {
      value.is_attribute = true;
      if (!is_attribute_name(value.text)) problem(block.id, "\"" + value.text.substr(0, 64) + "\" is not an attribute's name");
    } else if (name_space && !name_space->empty()) {
      problem(block.id, "namespace \"" + std::string(name_space->substr(0, 32)) + "\" is not supported");
    }
    return value;
  }

  void read_parameters(const bj::object& module, Block& block) {
    switch (block.type) {
      case BlockType::play_prompt:
        if (const bj::object* p = parameter(block, {"Text"})) {
          if (auto v = value_of(block, *p)) block.value = std::move(*v);
          if (block.value.text.empty()) problem(block.id, "the prompt has no text");
        }
        break;
      case BlockType::set_attributes: read_attributes(block); break;
      case BlockType::check_attribute: read_compared(block); break;
      case BlockType::update_priority:
        if (const bj::object* p = parameter(block, {"AbsolutePosition"})) {
          const auto number = number_at(*p, "value");
          if (!number || *number < 1 || *number > kPriorityMax) {
            problem(block.id, "AbsolutePosition must be a number from 1");
          } else {
            block.priority = static_cast<int>(*number);
          }
        }
        break;
      case BlockType::set_event_hook: read_hook(block); break;
      case BlockType::set_queue: {
        const bj::object* agent = parameter(block, {"Agent"}, false);
        const bj::object* queue = agent != nullptr ? agent : parameter(block, {"Queue"}, false);
        if (queue == nullptr) {
          problem(block.id, "neither parameter \"Queue\" nor \"Agent\" is there");
          break;
        }
        block.queue_of_agent = agent != nullptr;
        if (auto v = value_of(block, *queue)) block.value = std::move(*v);
        // A literal ARN is of a foreign account: the resource's name is what can be found here.
        if (!block.value.is_attribute && block.value.text.starts_with("arn:")) {
          const std::string name = json::text_or(*queue, "resourceName");
          if (!name.empty()) block.value.text = name;
        }
        break;
      }
      case BlockType::transfer_to_queue:
        if (const std::string target = json::text_or(module, "target"); target != "Queue") {
          problem(block.id, "a transfer to \"" + target.substr(0, 32) + "\" is not supported (Queue is)");
        }
        break;
      case BlockType::wait:
        if (const bj::object* p = parameter(block, {"TimeoutSeconds", "TimeLimitSeconds", "Timeout", "TimeLimit"})) {
          const auto number = number_at(*p, "value");
          if (!number || *number < 1 || *number > kWaitMaxSeconds) {
            problem(block.id, "a wait is 1 to 604800 seconds");
          } else {
            block.wait = Duration::s(*number);
          }
        }
        break;
      case BlockType::set_logging:
      case BlockType::loop_prompts:
      case BlockType::disconnect: break;
    }
  }

  void read_attributes(Block& block) {
    if (parameters_ != nullptr) {
      for (const bj::value& value : *parameters_) {
        const bj::object* p = value.if_object();
        if (p == nullptr || json::text_at(*p, "name") != "Attribute") continue;
        const std::string key = json::text_or(*p, "key");
        if (!is_attribute_name(key)) {
          problem(block.id, "\"" + key.substr(0, 64) + "\" is not an attribute's name");
          continue;
        }
        if (auto v = value_of(block, *p)) block.attributes.emplace_back(key, std::move(*v));
      }
    }
    if (block.attributes.empty()) problem(block.id, "no attribute is set");
  }

  void read_compared(Block& block) {
    const bj::object* attribute = parameter(block, {"Attribute"});
    const bj::object* name_space = parameter(block, {"Namespace"}, false);
    if (attribute == nullptr) return;
    block.value.text = json::text_or(*attribute, "value");
    block.value.is_attribute = true;
    const std::string space = name_space != nullptr ? json::text_or(*name_space, "value") : json::text_or(*attribute, "namespace");
    if (space != "User Defined") problem(block.id, "attributes of \"" + space.substr(0, 32) + "\" cannot be checked (User Defined can)");
    if (!is_attribute_name(block.value.text)) problem(block.id, "parameter \"Attribute\" is not an attribute's name");
  }

  void read_hook(Block& block) {
    if (const bj::object* p = parameter(block, {"Type"})) {
      if (json::text_at(*p, "value") != "CustomerQueue") problem(block.id, "only hooks of type CustomerQueue are supported");
    }
    if (const bj::object* p = parameter(block, {"ContactFlowId"})) {
      // The id is of a foreign account; the name finds our flow.
      block.hook_flow = json::text_or(*p, "resourceName");
      if (block.hook_flow.empty()) block.hook_flow = json::text_or(*p, "value");
      if (block.hook_flow.empty()) problem(block.id, "the hook names no flow");
    }
  }

  void check_branches(const Block& block) {
    const auto need = [&](const std::optional<BlockNo>& slot, const char* name) {
      if (!slot) problem(block.id, std::string("branch \"") + name + "\" is not connected");
    };
    switch (block.type) {
      case BlockType::set_logging:
      case BlockType::play_prompt:
      case BlockType::set_attributes:
      case BlockType::update_priority:
      case BlockType::set_event_hook: need(block.success, "Success"); break;
      case BlockType::set_queue:
        need(block.success, "Success");
        need(block.error, "Error");
        if (flow_.type != FlowType::contact_flow) problem(block.id, "SetQueue cannot stand in a flow of this type");
        break;
      case BlockType::check_attribute: need(block.no_match, "NoMatch"); break;
      case BlockType::transfer_to_queue:
        need(block.at_capacity, "AtCapacity");
        need(block.error, "Error");
        if (flow_.type != FlowType::contact_flow) problem(block.id, "a transfer cannot stand in a flow of this type");
        break;
      case BlockType::wait: need(block.timeout, "Timeout"); break;
      // Not possible on chat: it always takes Error (design §5, seven semantics, 1).
      case BlockType::loop_prompts: need(block.error, "Error"); break;
      case BlockType::disconnect: break;
    }
  }

  Flow flow_;
  std::map<std::string, BlockNo, std::less<>> numbers_;
  const bj::array* parameters_ = nullptr;
  std::vector<FlowProblem> problems_;
};

}  // namespace

std::string_view to_string(FlowType type) { return type == FlowType::contact_flow ? "CONTACT_FLOW" : "CUSTOMER_QUEUE"; }

std::optional<BlockNo> Flow::find(std::string_view id) const {
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    if (blocks[i].id == id) return static_cast<BlockNo>(i);
  }
  return std::nullopt;
}

FlowImport import_flow(std::string_view text) { return Importer().run(text); }

std::vector<std::string_view> supported_block_types() {
  std::vector<std::string_view> out;
  for (const auto& [name, type] : kTypes) out.push_back(name);
  return out;
}

}  // namespace upcall::contact
