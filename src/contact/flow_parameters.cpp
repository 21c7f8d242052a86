// An action's Parameters (2019-10-30), read; flow_parameters_write.cpp is the way back.
#include <algorithm>

#include "contact/flow_format.hpp"

namespace upcall::contact {

namespace bj = boost::json;

namespace {

constexpr std::string_view kHooks[] = {"CustomerQueue", "CustomerRemaining", "CustomerHold", "AgentHold", "CustomerWhisper", "AgentWhisper",
                                       "DefaultAgentUI", "DisconnectAgentUI", "PauseContact", "ResumeContact"};
constexpr std::string_view kMetrics[] = {"NumberOfAgentsAvailable", "NumberOfAgentsStaffed", "NumberOfAgentsOnline",
                                         "OldestContactInQueueAgeSeconds", "NumberOfContactsInQueue"};
constexpr std::string_view kDataFields[] = {"Name", "Description", "LanguageCode", "CustomerId"};
constexpr std::string_view kWaitEvents[] = {"CustomerReturned", "BotParticipantDisconnected"};

template <std::size_t N>
bool one_of(const std::string_view (&table)[N], std::string_view word) {
  return std::find(std::begin(table), std::end(table), word) != std::end(table);
}

class Reader {
 public:
  Reader(const bj::object& parameters, Block& block, FlowProblems& out) : p_(parameters), block_(block), out_(out) {}

  void run() {
    switch (block_.type) {
      case BlockType::message: read_text("only messages with a Text are possible in a chat"); break;
      case BlockType::messages_in_turn: read_messages(); break;
      case BlockType::set_attributes:
        read_target();
        read_values(json::object_at(p_, "Attributes"), "no attribute is set", true);
        break;
      case BlockType::set_flow_attributes: read_flow_attributes(); break;
      case BlockType::set_contact_data: read_contact_data(); break;
      case BlockType::compare:
        block_.text = text("ComparisonValue");
        if (!block_.text.starts_with("$.")) problem("ComparisonValue must be one reference ($.Attributes.name and so on)");
        break;
      case BlockType::check_hours: block_.resource.id = text("HoursOfOperationId"); break;
      case BlockType::check_metric:
        block_.kind = text("MetricType");
        if (!one_of(kMetrics, block_.kind)) problem("MetricType \"" + block_.kind.substr(0, 64) + "\" is not supported");
        read_queue(false);
        break;
      case BlockType::get_metrics: {
        const std::string channel = text("QueueChannel");
        if (!channel.empty() && channel != "Chat" && channel != "Voice") problem("QueueChannel is Chat or Voice");
        if (channel == "Voice") out_.warn(block_.id, "there is no voice queue: the figures of chats are told");
        block_.kind = channel;
        read_queue(false);
        break;
      }
      case BlockType::loop: read_number("LoopCount", 0, 100); break;
      case BlockType::wait: read_wait(); break;
      case BlockType::set_event_hook: read_hook(); break;
      case BlockType::set_queue:
      case BlockType::dequeue_transfer: read_queue(true); break;
      case BlockType::set_routing: read_routing(); break;
      case BlockType::transfer_to_flow: read_resource("ContactFlowId"); break;
      case BlockType::invoke_function: read_function(); break;
      case BlockType::invoke_module: read_resource("FlowModuleId"); break;
      case BlockType::get_input: read_input(); break;
      case BlockType::tag:
        read_values(json::object_at(p_, "Tags"), "no tag is set", false);
        if (block_.values.size() > kTagsMax) problem("at most 6 tags are set at once");
        break;
      case BlockType::untag: read_tag_keys(); break;
      case BlockType::set_logging: {
        const std::string how = text("FlowLoggingBehavior");
        if (!how.empty() && how != "Enabled" && how != "Disabled") problem("FlowLoggingBehavior is Enabled or Disabled");
        block_.kind = how.empty() ? "Enabled" : how;
        break;
      }
      case BlockType::distribute:
      case BlockType::transfer_to_queue:
      case BlockType::end_module:
      case BlockType::disconnect:
      case BlockType::end_flow: break;
    }
  }

 private:
  void problem(std::string message) { out_.problem(block_.id, std::move(message)); }
  std::string text(std::string_view name) { return flow_text(out_, block_.id, json::text_or(p_, name)); }

  void read_text(const char* missing) {
    block_.text = text("Text");
    if (block_.text.empty()) problem(missing);
  }
  void read_resource(std::string_view name) {
    block_.resource.id = text(name);
    if (block_.resource.empty()) problem(std::string(name) + " is missing");
  }
  void read_number(std::string_view name, std::int64_t least, std::int64_t most) {
    const auto number = number_at(p_, name);
    if (!number || *number < least || *number > most) {
      return problem(std::string(name) + " must be a number from " + std::to_string(least) + " to " + std::to_string(most));
    }
    block_.number = *number;
  }

  void read_messages() {
    const bj::array* messages = json::array_at(p_, "Messages");
    if (messages == nullptr) return;
    for (const bj::value& message : *messages) {
      const bj::object* o = message.if_object();
      if (o == nullptr) problem("a message is not an object");
      else if (block_.keys.size() < kValuesMax) block_.keys.push_back(flow_text(out_, block_.id, json::text_or(*o, "Text")));
    }
  }

  void read_target() {
    if (const auto target = json::text_at(p_, "TargetContact"); target && *target != "Current") {
      problem("TargetContact \"" + std::string(target->substr(0, 32)) + "\" is not supported (Current is)");
    }
  }

  void add_value(std::string name, const bj::value& value, bool attribute) {
    if (name.empty() || name.size() > 127 || !json::is_clean_text(name) || name.find_first_of("'\"") != std::string::npos) {
      return problem("\"" + name.substr(0, 64) + "\" is not " + (attribute ? "an attribute's name" : "a name"));
    }
    if (!value.is_string() && !value.is_number() && !value.is_bool()) return problem("\"" + name + "\" is not set to a text");
    if (block_.values.size() >= kValuesMax) return problem("more than 256 values are set at once");
    const std::string text = value.is_string() ? std::string(value.get_string()) : bj::serialize(value);
    block_.values.emplace_back(std::move(name), flow_text(out_, block_.id, text));
  }

  void read_values(const bj::object* values, const char* missing, bool attribute) {
    if (values == nullptr || values->empty()) return problem(missing);
    for (const auto& [key, value] : *values) add_value(std::string(key), value, attribute);
  }

  void read_flow_attributes() {
    const bj::object* values = json::object_at(p_, "FlowAttributes");
    if (values == nullptr || values->empty()) return problem("no flow attribute is set");
    for (const auto& [key, value] : *values) {
      const bj::object* o = value.if_object();
      const bj::value* inner = o != nullptr ? o->if_contains("Value") : nullptr;
      if (inner == nullptr) problem("\"" + std::string(key).substr(0, 64) + "\" is not an object with a Value");
      else add_value(std::string(key), *inner, true);
    }
  }

  void read_contact_data() {
    read_target();
    for (const auto& [key, value] : p_) {
      const std::string name(key);
      if (one_of(kDataFields, name)) {
        add_value(name, value, false);
      } else if (name == "References" && value.is_object()) {
        for (const auto& [reference, what] : value.get_object()) {
          const bj::object* o = what.if_object();
          const bj::value* url = o != nullptr ? o->if_contains("Value") : nullptr;
          if (url == nullptr) problem("reference \"" + std::string(reference).substr(0, 64) + "\" has no Value");
          else add_value("References." + std::string(reference), *url, false);
        }
      } else if (name != "TargetContact") {
        problem("\"" + name.substr(0, 64) + "\" is not a field that can be set");
      }
    }
    if (block_.values.empty()) problem("no field is set");
    std::stable_partition(block_.values.begin(), block_.values.end(), [](const auto& v) { return !v.first.starts_with("References."); });
  }

  void read_queue(bool needed) {
    const std::string agent = text("AgentId"), queue = text("QueueId");
    if (agent.empty() && queue.empty()) {
      // An empty reference is possible: it is one in the file, never an empty text.
      if (needed) problem("neither QueueId nor AgentId is there");
      return;
    }
    if (!agent.empty() && !queue.empty()) return problem("QueueId and AgentId exclude each other");
    block_.of_agent = !agent.empty();
    block_.resource.id = agent.empty() ? queue : agent;
  }

  void read_wait() {
    auto seconds = number_at(p_, "TimeLimitSeconds");
    if (!seconds) seconds = number_at(p_, "TimeoutSeconds");  // as its documentation page says; exports have the other
    if (!seconds || *seconds < 1 || *seconds > kWaitMaxSeconds) problem("a wait is 1 to 604800 seconds");
    else block_.number = *seconds;
    const bj::array* events = json::array_at(p_, "Events");
    if (events == nullptr) return;
    for (const bj::value& event : *events) {
      const std::string name = event.is_string() ? std::string(event.get_string()) : "";
      if (!one_of(kWaitEvents, name)) problem("event \"" + name.substr(0, 64) + "\" is not supported");
      else if (std::find(block_.keys.begin(), block_.keys.end(), name) != block_.keys.end()) problem("event " + name + " is there twice");
      else block_.keys.push_back(name);
    }
  }

  void read_hook() {
    const bj::object* hooks = json::object_at(p_, "EventHooks");
    if (hooks == nullptr || hooks->size() != 1) return problem("EventHooks must have one entry");
    const auto& [key, value] = *hooks->begin();
    block_.kind = std::string(key);
    if (!one_of(kHooks, block_.kind)) return problem("hook \"" + block_.kind.substr(0, 64) + "\" is not known");
    if (value.is_string()) block_.resource.id = flow_text(out_, block_.id, std::string_view(value.get_string()));
    if (block_.resource.empty()) problem("the hook names no flow");
  }

  void read_routing() {
    const auto priority = number_at(p_, "QueuePriority");
    const auto age = number_at(p_, "QueueTimeAdjustmentSeconds");
    const bool has_priority = p_.contains("QueuePriority"), has_age = p_.contains("QueueTimeAdjustmentSeconds");
    if (has_priority == has_age) return problem("QueuePriority or QueueTimeAdjustmentSeconds must be there, and not both");
    if (has_priority && (!priority || *priority < 1 || *priority > kPriorityMax)) return problem("QueuePriority must be a number from 1");
    if (has_age && (!age || *age < -kAgeMaxSeconds || *age > kAgeMaxSeconds)) {
      return problem("QueueTimeAdjustmentSeconds must be a number from -604800 to 604800");
    }
    block_.adjusts_age = has_age;
    block_.number = has_age ? *age : *priority;
  }

  void read_function() {
    read_resource("LambdaFunctionARN");
    if (p_.contains("InvocationTimeLimitSeconds")) read_number("InvocationTimeLimitSeconds", 1, 8);
    else block_.number = 3;
    const std::string how = text("InvocationType");
    if (!how.empty() && how != "SYNCHRONOUS" && how != "ASYNCHRONOUS") problem("InvocationType is SYNCHRONOUS or ASYNCHRONOUS");
    block_.asynchronous = how == "ASYNCHRONOUS";
    if (const bj::object* values = json::object_at(p_, "LambdaInvocationAttributes")) {
      for (const auto& [key, value] : *values) add_value(std::string(key), value, false);
    }
    block_.kind = "STRING_MAP";
    if (const bj::object* validation = json::object_at(p_, "ResponseValidation")) {
      const std::string type = json::text_or(*validation, "ResponseType", "STRING_MAP");
      if (type != "STRING_MAP" && type != "JSON") problem("ResponseType is STRING_MAP or JSON");
      block_.kind = type;
    }
  }

  void read_input() {
    block_.text = text("Text");
    if (const bj::object* bot = json::object_at(p_, "LexV2Bot")) block_.resource.id = flow_text(out_, block_.id, json::text_or(*bot, "AliasArn"));
    block_.number = kInputSeconds;
    if (const bj::object* limits = json::object_at(p_, "LexTimeoutSeconds")) {
      const auto seconds = number_at(*limits, "Text");
      if (!seconds || *seconds < 1 || *seconds > kWaitMaxSeconds) problem("LexTimeoutSeconds.Text must be a number from 1 to 604800");
      else block_.number = *seconds;
    }
    const bj::object* session = json::object_at(p_, "LexSessionAttributes");
    if (session == nullptr) return;
    for (const auto& [key, value] : *session) {
      const std::string name(key);
      if (!name.starts_with(kKeywords) || !value.is_string()) {
        add_value(name, value, false);
        continue;
      }
      FlowIntent intent{name.substr(kKeywords.size()), {}};
      const std::string list = flow_text(out_, block_.id, std::string_view(value.get_string()));
      for (std::size_t at = 0; at <= list.size();) {
        const std::size_t end = std::min(list.find('|', at), list.size());
        if (end > at) intent.keywords.push_back(list.substr(at, end - at));
        at = end + 1;
      }
      block_.intents.push_back(std::move(intent));
    }
  }

  void read_tag_keys() {
    const bj::array* keys = json::array_at(p_, "TagKeys");
    if (keys == nullptr || keys->empty()) return problem("no tag is named");
    if (keys->size() > kTagsMax) return problem("at most 6 tags are removed at once");
    for (const bj::value& key : *keys) {
      if (!key.is_string()) problem("a tag's name is not a text");
      else block_.keys.push_back(flow_text(out_, block_.id, std::string_view(key.get_string())));
    }
  }

  const bj::object& p_;
  Block& block_;
  FlowProblems& out_;
};

}  // namespace

void read_action_parameters(const bj::object& parameters, Block& block, FlowProblems& out) { Reader(parameters, block, out).run(); }

}  // namespace upcall::contact
