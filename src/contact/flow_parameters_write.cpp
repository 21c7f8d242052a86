// An action's Parameters (2019-10-30), written.
#include "contact/flow_format.hpp"

namespace upcall::contact {

namespace bj = boost::json;

namespace {

bj::object values_json(const Block& block) {
  bj::object out;
  for (const auto& [name, value] : block.values) out[name] = value;
  return out;
}

void write_queue(const Block& block, bj::object& out) {
  if (!block.resource.id.empty()) out[block.of_agent ? "AgentId" : "QueueId"] = block.resource.id;
}

// What this format can say of a resource that came with a name.
std::string written(const FlowResource& resource) { return resource.id.empty() ? resource.name : resource.id; }

}  // namespace

bj::object write_action_parameters(const Block& block) {
  bj::object out;
  const std::string number = std::to_string(block.number);  // as a text: that is how the console writes numbers
  switch (block.type) {
    case BlockType::set_logging: out["FlowLoggingBehavior"] = block.kind; break;
    case BlockType::message: out["Text"] = block.text; break;
    case BlockType::messages_in_turn: {
      bj::array messages;
      for (const std::string& text : block.keys) messages.push_back(bj::object{{"Text", text}});
      out["Messages"] = std::move(messages);
      break;
    }
    case BlockType::set_attributes:
      out["Attributes"] = values_json(block);
      out["TargetContact"] = "Current";
      break;
    case BlockType::set_flow_attributes: {
      bj::object values;
      for (const auto& [name, value] : block.values) values[name] = bj::object{{"Value", value}};
      out["FlowAttributes"] = std::move(values);
      break;
    }
    case BlockType::set_contact_data: {
      bj::object references;
      for (const auto& [name, value] : block.values) {
        if (name.starts_with("References.")) references[name.substr(11)] = bj::object{{"Type", "STRING"}, {"Value", value}};
        else out[name] = value;
      }
      if (!references.empty()) out["References"] = std::move(references);
      out["TargetContact"] = "Current";
      break;
    }
    case BlockType::compare: out["ComparisonValue"] = block.text; break;
    case BlockType::check_hours:
      if (!block.resource.empty()) out["HoursOfOperationId"] = written(block.resource);
      break;
    case BlockType::check_metric:
      out["MetricType"] = block.kind;
      write_queue(block, out);
      break;
    case BlockType::get_metrics:
      if (!block.kind.empty()) out["QueueChannel"] = block.kind;
      write_queue(block, out);
      break;
    case BlockType::loop: out["LoopCount"] = number; break;
    case BlockType::wait: {
      out["TimeLimitSeconds"] = number;
      if (!block.keys.empty()) out["Events"] = bj::array(block.keys.begin(), block.keys.end());
      break;
    }
    case BlockType::set_event_hook: out["EventHooks"] = bj::object{{block.kind, written(block.resource)}}; break;
    case BlockType::set_queue:
    case BlockType::dequeue_transfer: out[block.of_agent ? "AgentId" : "QueueId"] = written(block.resource); break;
    case BlockType::set_routing: out[block.adjusts_age ? "QueueTimeAdjustmentSeconds" : "QueuePriority"] = number; break;
    case BlockType::transfer_to_flow: out["ContactFlowId"] = written(block.resource); break;
    case BlockType::invoke_function:
      out["LambdaFunctionARN"] = written(block.resource);
      out["InvocationTimeLimitSeconds"] = number;
      if (block.asynchronous) out["InvocationType"] = "ASYNCHRONOUS";
      if (!block.values.empty()) out["LambdaInvocationAttributes"] = values_json(block);
      out["ResponseValidation"] = bj::object{{"ResponseType", block.kind}};
      break;
    case BlockType::invoke_module: out["FlowModuleId"] = written(block.resource); break;
    case BlockType::get_input: {
      if (!block.text.empty()) out["Text"] = block.text;
      if (!block.resource.id.empty()) out["LexV2Bot"] = bj::object{{"AliasArn", block.resource.id}};
      out["LexTimeoutSeconds"] = bj::object{{"Text", number}};
      bj::object session = values_json(block);
      for (const FlowIntent& intent : block.intents) {
        std::string list;
        for (const std::string& word : intent.keywords) list += (list.empty() ? "" : "|") + word;
        session[std::string(kKeywords) + intent.name] = list;
      }
      if (!session.empty()) out["LexSessionAttributes"] = std::move(session);
      break;
    }
    case BlockType::tag: out["Tags"] = values_json(block); break;
    case BlockType::untag: out["TagKeys"] = bj::array(block.keys.begin(), block.keys.end()); break;
    case BlockType::distribute:
    case BlockType::transfer_to_queue:
    case BlockType::end_module:
    case BlockType::disconnect:
    case BlockType::end_flow: break;
  }
  return out;
}

}  // namespace upcall::contact
