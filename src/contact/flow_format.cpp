#include "contact/flow_format.hpp"

#include <charconv>

#include "base/invariant.hpp"

namespace upcall::contact {
namespace {

using B = BlockType;
constexpr BlockWords kWords[] = {
    {B::set_logging, "UpdateFlowLoggingBehavior", "SetLoggingBehavior"},
    {B::message, "MessageParticipant", "PlayPrompt"},
    {B::messages_in_turn, "MessageParticipantIteratively", "LoopPrompts"},
    {B::set_attributes, "UpdateContactAttributes", "SetAttributes"},
    {B::set_flow_attributes, "UpdateFlowAttributes", ""},
    {B::set_contact_data, "UpdateContactData", ""},
    {B::compare, "Compare", "CheckAttribute"},
    {B::check_hours, "CheckHoursOfOperation", "CheckHoursOfOperation"},
    {B::check_metric, "CheckMetricData", ""},
    {B::get_metrics, "GetMetricData", ""},
    {B::distribute, "DistributeByPercentage", ""},
    {B::loop, "Loop", ""},
    {B::wait, "Wait", "Wait"},
    {B::set_event_hook, "UpdateContactEventHooks", "SetEventHook"},
    {B::set_queue, "UpdateContactTargetQueue", "SetQueue"},
    {B::set_routing, "UpdateContactRoutingBehavior", "UpdateRoutingPriority"},
    {B::transfer_to_queue, "TransferContactToQueue", "Transfer"},
    {B::dequeue_transfer, "DequeueContactAndTransferToQueue", ""},
    {B::transfer_to_flow, "TransferToFlow", "Transfer"},
    {B::invoke_function, "InvokeLambdaFunction", "InvokeExternalResource"},
    {B::invoke_module, "InvokeFlowModule", ""},
    {B::end_module, "EndFlowModuleExecution", ""},
    {B::get_input, "ConnectParticipantWithLexBot", ""},
    {B::tag, "TagContact", ""},
    {B::untag, "UntagContact", ""},
    {B::disconnect, "DisconnectParticipant", "Disconnect"},
    {B::end_flow, "EndFlowExecution", ""},
};

template <class T, std::size_t N>
std::optional<T> value_of(const std::pair<T, std::string_view> (&table)[N], std::string_view word) {
  for (const auto& [value, text] : table) {
    if (text == word) return value;
  }
  return std::nullopt;
}

template <class T, std::size_t N>
std::string_view word_of(const std::pair<T, std::string_view> (&table)[N], T value) {
  for (const auto& [v, text] : table) {
    if (v == value) return text;
  }
  return {};
}

constexpr std::pair<FlowError, std::string_view> kErrors[] = {
    {FlowError::any, "NoMatchingError"},
    {FlowError::no_match, "NoMatchingCondition"},
    {FlowError::at_capacity, "QueueAtCapacity"},
    {FlowError::input_time_limit, "InputTimeLimitExceeded"},
    {FlowError::participant_not_found, "ParticipantNotFound"}};

using Op = FlowCondition::Op;
constexpr std::pair<Op, std::string_view> kOperators[] = {
    {Op::equals, "Equals"},
    {Op::greater, "NumberGreaterThan"},
    {Op::greater_or_equal, "NumberGreaterOrEqualTo"},
    {Op::less, "NumberLessThan"},
    {Op::less_or_equal, "NumberLessOrEqualTo"},
    {Op::contains, "TextContains"},
    {Op::starts_with, "TextStartsWith"},
    {Op::ends_with, "TextEndsWith"},
    {Op::all_of, "And"},
    {Op::one_of, "Or"},
    {Op::none_of, "Not"}};

constexpr std::pair<FlowType, std::string_view> kFlowTypes[] = {
    {FlowType::contact_flow, "contactFlow"},
    {FlowType::customer_queue, "customerQueue"},
    {FlowType::agent_transfer, "agentTransfer"},
    {FlowType::queue_transfer, "queueTransfer"},
    {FlowType::module, "flowModule"}};

constexpr std::pair<std::string_view, std::string_view> kUnsupported[] = {
    {"GetParticipantInput", "it is for voice; in a chat ConnectParticipantWithLexBot asks the customer"},
    {"ShowView", "step-by-step guides are not shown by our pages"},
    {"UpdateContactCallbackNumber", "there is no telephone"},
    {"CreateCallbackContact", "there is no telephone"},
    {"TransferParticipantToThirdParty", "there is no telephone"},
    {"UpdateContactTextToSpeechVoice", "it is for voice"},
    {"UpdateContactRecordingBehavior", "recording is switched by contact attributes (videoRecording…)"},
    {"UpdateContactRecordingAndAnalyticsBehavior", "recording is switched by contact attributes (videoRecording…)"},
    {"UpdateRoutingCriteria", "agents have no proficiencies here"},
    {"CreateTask", "there are no tasks here"}};

}  // namespace

std::span<const BlockWords> block_words() { return kWords; }

const BlockWords& words_of(BlockType type) {
  for (const BlockWords& words : kWords) {
    if (words.type == type) return words;
  }
  UPCALL_INVARIANT(false, "a block type without words");
  return kWords[0];
}

std::string_view error_word(FlowError error) { return word_of(kErrors, error); }
std::optional<FlowError> error_of(std::string_view word) { return value_of(kErrors, word); }
std::string_view operator_word(Op op) { return word_of(kOperators, op); }
std::optional<Op> operator_of(std::string_view word) { return value_of(kOperators, word); }
std::string_view flow_type_word(FlowType type) { return word_of(kFlowTypes, type); }
std::optional<FlowType> flow_type_of(std::string_view word) { return value_of(kFlowTypes, word); }

std::string_view why_unsupported(std::string_view action) {
  for (const auto& [name, why] : kUnsupported) {
    if (name == action) return why;
  }
  return {};
}

bool is_attribute_name(std::string_view name) {
  if (name.empty() || name.size() > 127) return false;
  for (const char c : name) {
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-')) return false;
  }
  return true;
}

bool ends_flow(BlockType type) {
  return type == B::disconnect || type == B::end_flow || type == B::end_module || type == B::transfer_to_queue ||
         type == B::transfer_to_flow || type == B::dequeue_transfer;
}

bool waits(BlockType type) { return type == B::wait || type == B::get_input; }

std::optional<std::int64_t> number_at(const boost::json::object& object, std::string_view name) {
  if (auto number = json::integer_at(object, name)) return number;
  const auto text = json::text_at(object, name);
  if (!text) return std::nullopt;
  std::int64_t out = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), out);
  if (error != std::errc() || end != text->data() + text->size()) return std::nullopt;
  return out;
}

std::string flow_text(FlowProblems& out, std::string_view block, std::string_view text) {
  if (text.size() > kFlowTextMax || !json::is_clean_text(text)) {
    out.problem(block, "a text is too long or not clean UTF-8");
    return {};
  }
  return std::string(text);
}

std::string_view to_string(FlowType type) {
  switch (type) {
    case FlowType::contact_flow: return "CONTACT_FLOW";
    case FlowType::customer_queue: return "CUSTOMER_QUEUE";
    case FlowType::agent_transfer: return "AGENT_TRANSFER";
    case FlowType::queue_transfer: return "QUEUE_TRANSFER";
    case FlowType::module: return "MODULE";
  }
  return "CONTACT_FLOW";
}

std::optional<BlockNo> Block::error(FlowError which) const {
  const auto found = errors.find(which);
  return found != errors.end() ? std::optional(found->second) : std::nullopt;
}

std::optional<BlockNo> Flow::find(std::string_view id) const {
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    if (blocks[i].id == id) return static_cast<BlockNo>(i);
  }
  return std::nullopt;
}

std::vector<std::string_view> supported_block_types() {
  std::vector<std::string_view> out;
  for (const BlockWords& words : kWords) out.push_back(words.action);
  return out;
}

std::string_view action_name(BlockType type) { return words_of(type).action; }

FlowImport import_flow(std::string_view text) {
  FlowImport import;
  FlowProblems out;
  Flow flow;
  auto document = json::parse_object(text, kFlowMaxText);
  if (!document) {
    out.problem("", document.error() == ParseError::too_long ? "the file is larger than 256000 bytes" : "the file is not a JSON object");
  } else {
    if (document->contains("Actions") || document->contains("Version")) {
      read_actions(*document, flow, out);
    } else {
      read_legacy(*document, flow, out);
    }
    check_flow(flow, out);
  }
  import.problems = std::move(out.problems);
  import.warnings = std::move(out.warnings);
  if (import.problems.empty()) import.flow = std::move(flow);
  return import;
}

}  // namespace upcall::contact
