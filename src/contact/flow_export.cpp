#include "contact/flow_export.hpp"

#include "contact/flow_legacy.hpp"

namespace upcall::contact {

namespace bj = boost::json;

namespace {

bj::object point_json(const FlowPoint& p) { return {{"x", p.x}, {"y", p.y}}; }

// --- 2019-10-30 ---

bj::object test_json(const FlowCondition& c) {
  bj::array operands;
  if (c.parts.empty()) operands.emplace_back(c.operand);
  for (const FlowCondition& part : c.parts) operands.emplace_back(test_json(part));
  return {{"Operator", operator_word(c.op)}, {"Operands", std::move(operands)}};
}

bj::object action_json(const Flow& flow, const Block& block) {
  const auto id = [&](BlockNo no) -> const std::string& { return flow.blocks[no].id; };
  bj::object transitions;
  if (block.next) transitions["NextAction"] = id(*block.next);
  bj::array errors, conditions;
  for (const auto& [error, next] : block.errors) errors.push_back(bj::object{{"NextAction", id(next)}, {"ErrorType", error_word(error)}});
  for (const FlowCondition& c : block.conditions) conditions.push_back(bj::object{{"NextAction", id(c.next)}, {"Condition", test_json(c)}});
  if (!errors.empty()) transitions["Errors"] = std::move(errors);
  if (!conditions.empty()) transitions["Conditions"] = std::move(conditions);
  return {{"Identifier", block.id}, {"Type", words_of(block.type).action}, {"Parameters", write_action_parameters(block)}, {"Transitions", std::move(transitions)}};
}

bj::object actions_json(const Flow& flow) {
  bj::object positions;
  bj::array actions;
  for (const Block& block : flow.blocks) {
    bj::object m;
    if (block.at) m["position"] = point_json(*block.at);
    // The console keeps the names of resources beside the drawing.
    if (!block.resource.id.empty() && !block.resource.name.empty()) m["resourceName"] = block.resource.name;
    if (!m.empty()) positions[block.id] = std::move(m);
    actions.push_back(action_json(flow, block));
  }
  bj::object metadata{{"name", flow.name}, {"type", flow_type_word(flow.type)}};
  if (!flow.description.empty()) metadata["description"] = flow.description;
  if (flow.entry) metadata["entryPointPosition"] = point_json(*flow.entry);
  metadata["ActionMetadata"] = std::move(positions);
  return {{"Version", "2019-10-30"}, {"StartAction", flow.blocks[flow.start].id}, {"Metadata", std::move(metadata)}, {"Actions", std::move(actions)}};
}

// --- legacy ---

class LegacyWriter {
 public:
  LegacyWriter(const Flow& flow, std::vector<FlowProblem>& problems) : flow_(flow), problems_(problems) {}

  bj::object run() {
    bj::array modules;
    for (const Block& block : flow_.blocks) modules.push_back(module(block));
    bj::object metadata{{"name", flow_.name}, {"description", flow_.description}, {"type", flow_type_word(flow_.type)}, {"snapToGrid", false}};
    if (flow_.entry) metadata["entryPointPosition"] = point_json(*flow_.entry);
    return {{"modules", std::move(modules)}, {"version", "1"}, {"type", flow_type_word(flow_.type)}, {"start", flow_.blocks[flow_.start].id}, {"metadata", std::move(metadata)}};
  }

 private:
  void problem(const Block& block, std::string message) { problems_.push_back({block.id, std::move(message)}); }

  bj::object module(const Block& block) {
    const std::string_view word = words_of(block.type).legacy;
    if (word.empty()) problem(block, std::string(words_of(block.type).action) + " has no place in the legacy format");
    bj::object metadata;
    if (block.at) metadata["position"] = point_json(*block.at);
    bj::object out{{"id", block.id}, {"type", word}, {"branches", branches(block)}, {"parameters", parameters(block)}, {"metadata", std::move(metadata)}};
    if (block.type == BlockType::transfer_to_queue) out["target"] = "Queue";
    if (block.type == BlockType::transfer_to_flow) out["target"] = "Flow";
    if (block.type == BlockType::invoke_function) out["target"] = "Lambda";
    return out;
  }

  bj::array branches(const Block& block) {
    bj::array out;
    const auto add = [&](std::string_view condition, BlockNo next) {
      out.push_back(bj::object{{"condition", condition}, {"transition", flow_.blocks[next].id}});
    };
    if (block.next) add("Success", *block.next);
    for (const FlowCondition& c : block.conditions) {
      if (block.type == BlockType::wait && c.operand == "WaitCompleted") {
        add("Timeout", c.next);
      } else if (block.type == BlockType::check_hours) {
        add(c.operand, c.next);
      } else if (const std::string_view word = legacy_operator_word(c.op); block.type == BlockType::compare && !word.empty()) {
        out.push_back(bj::object{{"condition", "Evaluate"}, {"transition", flow_.blocks[c.next].id}, {"conditionType", word}, {"conditionValue", c.operand}});
      } else {
        problem(block, "the condition \"" + c.operand + "\" has no place in the legacy format");
      }
    }
    for (const auto& [error, next] : block.errors) {
      const std::string_view word = legacy_branch(error);
      if (word.empty()) problem(block, "error " + std::string(error_word(error)) + " has no place in the legacy format");
      else add(word, next);
    }
    return out;
  }

  // {"name","value","namespace"}: one whole reference is named by its namespace.
  static bj::object valued(std::string_view name, std::string_view value) {
    if (const auto named = legacy_name(value)) return {{"name", name}, {"value", named->second}, {"namespace", named->first}};
    return {{"name", name}, {"value", value}, {"namespace", nullptr}};
  }
  static bj::object keyed(std::string_view name, const std::string& key, std::string_view value) {
    bj::object out = valued(name, value);
    out["key"] = key;
    return out;
  }
  static bj::object resource(std::string_view name, const FlowResource& resource) {
    bj::object out = valued(name, resource.id);
    if (!resource.name.empty()) out["resourceName"] = resource.name;
    return out;
  }
  void pairs(const Block& block, std::string_view name, bj::array& out) {
    for (const auto& [key, value] : block.values) {
      if (!is_attribute_name(key)) problem(block, "the name \"" + key + "\" has no place in the legacy format");
      out.push_back(keyed(name, key, value));
    }
  }

  bj::array parameters(const Block& block) {
    bj::array out;
    const std::string number = std::to_string(block.number);
    switch (block.type) {
      case BlockType::set_logging: out.push_back(bj::object{{"name", "LoggingBehavior"}, {"value", block.kind == "Disabled" ? "Disable" : "Enable"}}); break;
      case BlockType::message:
        out.push_back(valued("Text", block.text));
        out.push_back(bj::object{{"name", "TextToSpeechType"}, {"value", "text"}});
        break;
      case BlockType::messages_in_turn:
        for (const std::string& text : block.keys) out.push_back(valued("Text", text));
        break;
      case BlockType::set_attributes: pairs(block, "Attribute", out); break;
      case BlockType::compare:
        if (const auto named = legacy_name(block.text)) {
          out.push_back(bj::object{{"name", "Attribute"}, {"value", named->second}});
          out.push_back(bj::object{{"name", "Namespace"}, {"value", named->first}});
        } else {
          problem(block, "the reference \"" + block.text + "\" has no place in the legacy format");
        }
        break;
      case BlockType::set_routing:
        if (block.adjusts_age) problem(block, "an adjustment of the age has no place in the legacy format");
        out.push_back(bj::object{{"name", "AbsolutePosition"}, {"value", number}});
        break;
      case BlockType::set_event_hook:
        if (block.kind != "CustomerQueue" && block.kind != "CustomerRemaining") problem(block, "the hook " + block.kind + " has no place in the legacy format");
        out.push_back(bj::object{{"name", "Type"}, {"value", block.kind}});
        out.push_back(resource("ContactFlowId", block.resource));
        break;
      case BlockType::set_queue: out.push_back(resource(block.of_agent ? "Agent" : "Queue", block.resource)); break;
      case BlockType::transfer_to_flow: out.push_back(resource("ContactFlowId", block.resource)); break;
      case BlockType::check_hours:
        if (!block.resource.empty()) out.push_back(resource("Hours", block.resource));
        break;
      case BlockType::invoke_function:
        if (block.asynchronous || block.kind != "STRING_MAP") problem(block, "asynchronous calls and JSON answers have no place in the legacy format");
        out.push_back(resource("FunctionArn", block.resource));
        out.push_back(bj::object{{"name", "TimeLimit"}, {"value", number}});
        pairs(block, "Parameter", out);
        break;
      case BlockType::wait:
        if (!block.keys.empty()) problem(block, "events of a wait have no place in the legacy format");
        out.push_back(bj::object{{"name", "TimeoutSeconds"}, {"value", number}});
        break;
      default: break;
    }
    return out;
  }

  const Flow& flow_;
  std::vector<FlowProblem>& problems_;
};

}  // namespace

FlowExport export_flow(const Flow& flow, FlowFormat format) {
  FlowExport out;
  bj::object document;
  if (format == FlowFormat::legacy) {
    document = LegacyWriter(flow, out.problems).run();
  } else {
    // A legacy id may be longer than an Identifier, or have other characters: importing tells.
    document = actions_json(flow);
    for (const FlowProblem& p : import_flow(bj::serialize(document)).problems) out.problems.push_back(p);
  }
  if (out.problems.empty()) out.text = bj::serialize(document);
  return out;
}

}  // namespace upcall::contact
