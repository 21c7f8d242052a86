// Flows in the language of 2019-10-30 that have every type of block.
#pragma once

#include <string>
#include <vector>

namespace upcall::contact {

inline std::string result(const std::string& operand, const std::string& next, const std::string& op = "Equals") {
  return R"({"NextAction":")" + next + R"(","Condition":{"Operator":")" + op + R"(","Operands":[")" + operand + R"("]}})";
}
inline std::string error(const std::string& type, const std::string& next) { return R"({"NextAction":")" + next + R"(","ErrorType":")" + type + R"("})"; }

struct Ways {
  std::string next;
  std::vector<std::string> errors, conditions;
};
inline std::string list(const std::vector<std::string>& items) {
  std::string out;
  for (const auto& i : items) out += (out.empty() ? "" : ",") + i;
  return "[" + out + "]";
}
inline std::string block(const std::string& id, const std::string& type, const std::string& parameters, const Ways& ways = {}) {
  std::string transitions;
  if (!ways.next.empty()) transitions = R"("NextAction":")" + ways.next + R"(",)";
  transitions += R"("Errors":)" + list(ways.errors) + R"(,"Conditions":)" + list(ways.conditions);
  return R"({"Identifier":")" + id + R"(","Type":")" + type + R"(","Parameters":{)" + parameters + R"(},"Transitions":{)" + transitions + "}}";
}
// The first block is the start.
inline std::string document(const std::string& name, const std::string& type, const std::string& start, const std::vector<std::string>& blocks) {
  return R"({"Version":"2019-10-30","StartAction":")" + start + R"(","Metadata":{"entryPointPosition":{"x":10,"y":20.5},"name":")" + name +
         R"(","description":"a sample","type":")" + type + R"(","ActionMetadata":{")" + start + R"(":{"position":{"x":1,"y":2}}}},"Actions":)" + list(blocks) + "}";
}

inline std::string every_block() {
  const std::string any = error("NoMatchingError", "end"), no_match = error("NoMatchingCondition", "end");
  return document("Every", "contactFlow", "log", {
      block("log", "UpdateFlowLoggingBehavior", R"("FlowLoggingBehavior":"Disabled")", {"hello", {}, {}}),
      block("hello", "MessageParticipant", R"("Text":"Hi, $.Attributes.customerName!")", {"attributes", {any}, {}}),
      block("attributes", "UpdateContactAttributes", R"("Attributes":{"a":"1","b c":"$.Attributes['x y']"},"TargetContact":"Current")", {"flowattributes", {any}, {}}),
      block("flowattributes", "UpdateFlowAttributes", R"("FlowAttributes":{"f":{"Value":"$.Channel"}})", {"data", {any}, {}}),
      block("data", "UpdateContactData", R"("References":{"page":{"Type":"URL","Value":"https://example.com"}},"Name":"n","LanguageCode":"de-DE")", {"compare", {any}, {}}),
      block("compare", "Compare", R"("ComparisonValue":"$.FlowAttributes.f")",
            {"end", {no_match}, {result("CHAT", "hours"), result("1", "end", "NumberLessThan"), result("x", "end", "TextContains"), result("x", "end", "TextStartsWith"),
                                 result("x", "end", "TextEndsWith"), result("1", "end", "NumberGreaterThan"), result("1", "end", "NumberLessOrEqualTo"),
                                 R"({"NextAction":"end","Condition":{"Operator":"And","Operands":[{"Operator":"Equals","Operands":["1"]},{"Operator":"Not","Operands":[{"Operator":"Equals","Operands":["2"]}]}]}})"}}),
      block("hours", "CheckHoursOfOperation", R"("HoursOfOperationId":"office")", {"end", {any}, {result("True", "metric"), result("False", "end")}}),
      block("metric", "CheckMetricData", R"("MetricType":"NumberOfAgentsAvailable","QueueId":"BasicQueue")", {"end", {any, no_match}, {result("0", "metrics", "NumberGreaterThan")}}),
      block("metrics", "GetMetricData", R"("QueueChannel":"Chat")", {"spread", {any}, {}}),
      block("spread", "DistributeByPercentage", "", {"", {no_match}, {result("51", "loop", "NumberLessThan")}}),
      block("loop", "Loop", R"("LoopCount":"3")", {"", {}, {result("ContinueLooping", "wait"), result("DoneLooping", "hook")}}),
      block("wait", "Wait", R"("TimeLimitSeconds":"20","Events":["CustomerReturned"])", {"", {any}, {result("WaitCompleted", "loop"), result("CustomerReturned", "ask")}}),
      block("ask", "ConnectParticipantWithLexBot", R"("Text":"1 or 2?","LexV2Bot":{"AliasArn":"arn:x"},"LexTimeoutSeconds":{"Text":"60"},"LexSessionAttributes":{"keywords.One":"1|first","other":"$.ContactId"})",
            {"end", {error("InputTimeLimitExceeded", "end"), any, no_match}, {result("One", "tag"), result("Two", "end")}}),
      block("tag", "TagContact", R"("Tags":{"t":"$.Lex.IntentName"})", {"untag", {any}, {}}),
      block("untag", "UnTagContact", R"("TagKeys":["t"])", {"function", {any}, {}}),
      block("function", "InvokeLambdaFunction", R"("LambdaFunctionARN":"lookup","InvocationTimeLimitSeconds":"4","InvocationType":"SYNCHRONOUS","LambdaInvocationAttributes":{"p":"q"},"ResponseValidation":{"ResponseType":"JSON"})", {"module", {any}, {}}),
      block("module", "InvokeFlowModule", R"("FlowModuleId":"Module")", {"hook", {any}, {}}),
      block("hook", "UpdateContactEventHooks", R"("EventHooks":{"CustomerRemaining":"Goodbye"})", {"priority", {any}, {}}),
      block("priority", "UpdateContactRoutingBehavior", R"("QueuePriority":1)", {"age", {}, {}}),
      block("age", "UpdateContactRoutingBehavior", R"("QueueTimeAdjustmentSeconds":"60")", {"queue", {}, {}}),
      block("queue", "UpdateContactTargetQueue", R"("AgentId":"$.Attributes.agent")", {"transfer", {any}, {}}),
      block("transfer", "TransferContactToQueue", "", {"other", {any, error("QueueAtCapacity", "other")}, {}}),
      block("other", "TransferToFlow", R"("ContactFlowId":"Other")", {"end", {any}, {}}),
      block("end", "DisconnectParticipant", ""),
  });
}

inline std::string every_queue_block() {
  const std::string any = error("NoMatchingError", "end");
  return document("Queue", "customerQueue", "turn", {
      block("turn", "MessageParticipantIteratively", R"("Messages":[{"Text":","},{"Text":"b"}])", {"", {error("NoMatchingError", "away")}, {}}),
      block("away", "DequeueContactAndTransferToQueue", R"("QueueId":"Second")", {"", {any, error("QueueAtCapacity", "end")}, {}}),
      block("end", "EndFlowExecution", ""),
  });
}

inline std::string module_flow() {
  return document("Module", "flowModule", "say", {block("say", "MessageParticipant", R"("Text":"from the module")", {"back", {}, {}}), block("back", "EndFlowModuleExecution", "")});
}

}  // namespace upcall::contact
