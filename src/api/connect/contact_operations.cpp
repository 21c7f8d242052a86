// Contacts: start, stop, attributes, describe.
#include <algorithm>
#include <span>

#include "api/centre/contact_lookup.hpp"
#include "api/connect/chat_start.hpp"
#include "contact/snapshot.hpp"
#include "identity/access.hpp"
#include "io/store/centre_repository.hpp"
#include "io/store/contact_search_repository.hpp"
#include "io/store/identity_repository.hpp"
#include "json/json.hpp"

namespace upcall::api {

namespace {

namespace bj = boost::json;

constexpr std::size_t kAttributesMax = 32'768;  // names and values together
constexpr std::size_t kMessageMax = 1024;
constexpr std::int64_t kChatMinutesMin = 60, kChatMinutesMax = 10'080;

bool is_attribute_name(std::string_view name) {
  return !name.empty() && name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") == std::string_view::npos;
}

ConnectResult<contact::Attributes> attributes_of(const ConnectCall& call, bool required) {
  const bj::value* value = call.body.if_contains("Attributes");
  if (value == nullptr || value->is_null()) {
    if (required) return invalid_parameter("Attributes is required.");
    return contact::Attributes{};
  }
  if (!value->is_object()) return invalid_parameter("Attributes must be an object of texts.");
  contact::Attributes out;
  std::size_t bytes = 0;
  for (const auto& [name, text] : value->get_object()) {
    if (!is_attribute_name(name)) return invalid_parameter("Attributes: names are letters, digits, '-' and '_'.");
    if (!text.is_string() || !json::is_clean_text(text.get_string())) return invalid_parameter("Attributes: " + std::string(name).substr(0, 64) + " must be a text.");
    bytes += name.size() + text.get_string().size();
    out.emplace(name, text.get_string());
  }
  if (bytes > kAttributesMax) return invalid_parameter("Attributes may have 32768 bytes in all.");
  return out;
}

struct Known {
  contact::Contact contact;
  contact::Attributes attributes;
};

// A contact that this caller may know of: a program's key, its agent, or whoever may search contacts, within the hierarchy.
// Changes are for programs: an agent's attributes are set by the agent's own routes, which know those that nobody may give to
// himself. Live or finished. Who may none of it is told so before anything is looked up; for the others a contact that they
// may not know of is not there.
enum class Purpose : std::uint8_t { read, change };
ConnectResult<Known> known_contact(const ConnectCall& call, const std::string& contact_id, Purpose purpose) {
  if (contact_id.empty() || contact_id.size() > 256) return invalid_parameter("ContactId must be a text of 1 to 256 bytes.");
  const bool program = call.caller.kind == identity::Principal::Kind::service;
  const bool searches = call.caller.may(identity::Permission::contact_search);
  const bool handles = call.caller.may(identity::Permission::contact_handle);
  if (purpose == Purpose::change ? !(handles && program) : !searches && !handles) return access_refused();
  std::optional<contact::Contact> found = call.api.centre.service.get<std::optional<contact::Contact>>([&](const contact::Centre& centre) {
    const contact::Contact* c = centre.contact(contact_id);
    return c == nullptr ? std::nullopt : std::optional(*c);
  });
  Known out;
  if (found) {
    out.attributes = found->attributes;
    out.contact = std::move(*found);
  } else {
    auto row = call.api.centre.store.read([&](store::Database& db) -> Result<std::optional<store::ContactRow>> {
      auto there = store::centre::find_contact(db, contact_id);
      if (!there || !*there) return there;
      auto attributes = store::centre::attributes(db, contact_id);
      if (!attributes) return tl::unexpected(attributes.error());
      out.attributes = std::move(*attributes);
      return there;
    });
    if (!row) return fault_of(row.error());
    if (!*row) return no_such("contact");
    if ((*row)->snapshot.empty()) return no_such("contact");  // it was erased
    auto parsed = contact::from_snapshot((*row)->snapshot, call.request.now, [](std::string_view) -> const contact::Flow* { return nullptr; });
    if (!parsed) return fault_of({ErrorCode::internal, "snapshot"});
    out.contact = std::move(*parsed);
  }
  if (handles && (program || out.contact.agent_id == call.caller.id)) return out;
  if (!searches) return no_such("contact");
  auto may = call.api.centre.store.read([&](store::Database& db) -> Result<bool> {
    auto tag = store::contact_search::tag_of(db, contact_id);
    if (!tag) return tl::unexpected(tag.error());
    auto groups = store::hierarchy::any(db);
    if (!groups) return groups;
    return identity::may_read_contact(call.caller, *tag, *groups);
  });
  if (!may) return fault_of(may.error());
  if (!*may) return no_such("contact");
  return out;
}

ConnectResult<std::string> initial_message(const ConnectCall& call) {
  const bj::value* value = call.body.if_contains("InitialMessage");
  if (value == nullptr || value->is_null()) return std::string();
  if (!value->is_object()) return invalid_parameter("InitialMessage must be an object.");
  const auto type = json::text_at(value->get_object(), "ContentType");
  const auto content = json::text_at(value->get_object(), "Content");
  if (!type || *type != contact::content::kText) return invalid_parameter("InitialMessage: ContentType must be text/plain.");
  if (!content || content->empty() || content->size() > kMessageMax || !json::is_clean_text(*content)) {
    return invalid_parameter("InitialMessage: Content must be a text of 1 to 1024 bytes.");
  }
  return std::string(*content);
}

ConnectAnswer start_chat(ConnectCall& call) {
  if (auto may = call.needs(identity::Permission::contact_handle); !may) return tl::unexpected(may.error());
  for (const char* member : {"PersistentChat", "RelatedContactId"}) {
    if (call.body.contains(member)) return refuse_call(400, "InvalidRequestException", std::string(member) + ": chats are not continued here; start one without it.");
  }
  auto flow_id = call.text("ContactFlowId", 1, 500);
  if (!flow_id) return tl::unexpected(flow_id.error());
  if (const std::size_t slash = flow_id->rfind('/'); slash != std::string::npos) flow_id->erase(0, slash + 1);
  const bj::object* details = json::object_at(call.body, "ParticipantDetails");
  const auto name = details != nullptr ? json::text_at(*details, "DisplayName") : std::nullopt;
  if (!name || name->empty() || name->size() > 256 || !json::is_clean_text(*name)) {
    return invalid_parameter("ParticipantDetails: DisplayName must be a text of 1 to 256 bytes.");
  }
  auto attributes = attributes_of(call, false);
  if (!attributes) return tl::unexpected(attributes.error());
  auto message = initial_message(call);
  if (!message) return tl::unexpected(message.error());
  auto types = call.texts("SupportedMessagingContentTypes", 5);
  if (!types) return tl::unexpected(types.error());
  constexpr std::string_view kTypes[] = {"text/plain", "text/markdown", "application/json", "application/vnd.amazonaws.connect.message.interactive.response"};
  for (const std::string& type : *types) {
    if (std::find(std::begin(kTypes), std::end(kTypes), type) == std::end(kTypes)) return invalid_parameter("SupportedMessagingContentTypes: " + type.substr(0, 64) + " is not one of them.");
  }
  if (!types->empty() && std::find(types->begin(), types->end(), contact::content::kText) == types->end()) {
    return invalid_parameter("SupportedMessagingContentTypes must hold text/plain.");
  }
  const bj::value* duration = call.body.if_contains("ChatDurationInMinutes");
  const std::int64_t minutes = json::integer_at(call.body, "ChatDurationInMinutes").value_or(0);
  if (duration != nullptr && !duration->is_null() && (minutes < kChatMinutesMin || minutes > kChatMinutesMax)) {
    return invalid_parameter("ChatDurationInMinutes must be 60 to 10080.");
  }
  auto token = call.text("ClientToken", 0, 500, false);
  if (!token) return tl::unexpected(token.error());
  auto flow = call.api.centre.store.read([&](store::Database& db) { return store::flows::find(db, *flow_id); });
  if (!flow) return fault_of(flow.error());
  if (!*flow) return no_such("contact flow");
  if ((*flow)->type != "CONTACT_FLOW") return refuse_call(400, "InvalidRequestException", "A chat starts with a flow of type CONTACT_FLOW.");
  return start_once(call, *token, contact::StartChat{(*flow)->id, std::string(*name), std::move(*attributes), std::move(*message), std::move(*types), Duration::s(minutes * 60)});
}

ConnectAnswer stop_contact(ConnectCall& call) {
  auto id = call.text("ContactId", 1, 256);
  if (!id) return tl::unexpected(id.error());
  auto known = known_contact(call, *id, Purpose::change);
  if (!known) return tl::unexpected(known.error());
  // The vendor's answer is the same for a contact that is over.
  if (known->contact.live() && !known->contact.participants.empty()) {
    const contact::Effects effects = call.api.centre.service.call(contact::LeaveChat{*id, known->contact.participants.front().id});
    if (effects.error && effects.error->code != ErrorCode::forbidden) return fault_of(*effects.error);
  }
  return bj::object{};
}

ConnectAnswer update_attributes(ConnectCall& call) {
  auto id = call.text("InitialContactId", 1, 256);
  if (!id) return tl::unexpected(id.error());
  auto attributes = attributes_of(call, true);
  if (!attributes) return tl::unexpected(attributes.error());
  auto known = known_contact(call, *id, Purpose::change);
  if (!known) return tl::unexpected(known.error());
  contact::Attributes merged = known->attributes;
  std::size_t bytes = 0;
  for (const auto& [name, value] : *attributes) merged[name] = value;
  for (const auto& [name, value] : merged) bytes += name.size() + value.size();
  if (bytes > kAttributesMax) return invalid_parameter("Attributes may have 32768 bytes in all.");
  for (const auto& [name, value] : *attributes) {
    if (auto done = set_contact_attribute(call.api.centre, *id, name, value); !done) return fault_of(done.error());
  }
  return bj::object{};
}

// Its place among those that wait. Whoever has the contact keeps it.
ConnectAnswer update_routing_data(ConnectCall& call) {
  if (call.body.contains("RoutingCriteria")) return refuse_call(400, "InvalidRequestException", "RoutingCriteria: contacts are routed by queue, priority and age here.");
  auto priority = call.number("QueuePriority", 1, INT32_MAX);
  if (!priority) return tl::unexpected(priority.error());
  auto adjustment = call.number("QueueTimeAdjustmentSeconds", INT32_MIN, INT32_MAX);
  if (!adjustment) return tl::unexpected(adjustment.error());
  if (!*priority && !*adjustment) return invalid_parameter("QueuePriority or QueueTimeAdjustmentSeconds is required.");
  auto known = known_contact(call, call.path("contact"), Purpose::change);
  if (!known) return tl::unexpected(known.error());
  contact::SetRouting command{known->contact.id, std::nullopt, std::nullopt};
  if (*priority) command.priority = static_cast<int>(**priority);
  if (*adjustment) command.age_adjustment = Duration::s(**adjustment);
  const contact::Effects effects = call.api.centre.service.call(std::move(command));
  // One that has ended has no place.
  if (effects.error && (effects.error->code == ErrorCode::not_found || effects.error->code == ErrorCode::conflict)) {
    return refuse_call(409, "ResourceConflictException", "The contact has ended.");
  }
  if (effects.error) return fault_of(*effects.error);
  return bj::object{};
}

ConnectAnswer get_attributes(ConnectCall& call) {
  auto known = known_contact(call, call.path("contact"), Purpose::read);
  if (!known) return tl::unexpected(known.error());
  bj::object attributes;
  for (const auto& [name, value] : known->attributes) attributes[name] = value;
  return bj::object{{"Attributes", std::move(attributes)}};
}

std::string_view disconnect_reason(const std::string& ours) {
  if (ours == "customer_disconnect") return "CUSTOMER_DISCONNECT";
  if (ours == "agent_disconnect") return "AGENT_DISCONNECT";
  if (ours == "flow_disconnect") return "CONTACT_FLOW_DISCONNECT";
  return "OTHER";
}

ConnectAnswer describe_contact(ConnectCall& call) {
  auto known = known_contact(call, call.path("contact"), Purpose::read);
  if (!known) return tl::unexpected(known.error());
  const contact::Contact& c = known->contact;
  bj::object attributes;
  for (const auto& [name, value] : known->attributes) attributes[name] = value;
  bj::object out{{"Arn", call.arn("contact/" + c.id)},
                 {"Id", c.id},
                 {"InitialContactId", c.id},
                 {"InitiationMethod", "API"},
                 {"Channel", "CHAT"},
                 {"InitiationTimestamp", epoch_seconds(c.started)},
                 {"QueuePriority", c.priority},
                 {"QueueTimeAdjustmentSeconds", c.age_adjustment.ms() / 1000},
                 {"Attributes", std::move(attributes)}};
  const contact::QueueRef& queue = c.queue.empty() ? c.target : c.queue;
  if (!queue.empty()) {
    bj::object info{{"Id", queue.queue_id.empty() ? queue.agent_id : queue.queue_id}};
    if (!c.queue.empty()) info["EnqueueTimestamp"] = epoch_seconds(c.enqueued);
    out["QueueInfo"] = std::move(info);
  }
  if (!c.agent_id.empty()) {
    bj::object info{{"Id", c.agent_id}};
    if (c.connected) info["ConnectedToAgentTimestamp"] = epoch_seconds(*c.connected);
    out["AgentInfo"] = std::move(info);
  }
  if (c.ended) {
    out["DisconnectTimestamp"] = epoch_seconds(*c.ended);
    out["DisconnectReason"] = disconnect_reason(c.end_reason);
  }
  return bj::object{{"Contact", std::move(out)}};
}

constexpr ConnectRoute kOperations[] = {
    {"StartChatContact", "PUT", "/contact/chat", ConnectRate::usual, start_chat},
    {"StopContact", "POST", "/contact/stop", ConnectRate::contacts, stop_contact},
    {"UpdateContactAttributes", "POST", "/contact/attributes", ConnectRate::contacts, update_attributes},
    {"UpdateContactRoutingData", "POST", "/contacts/{instance}/{contact}/routing-data", ConnectRate::routing, update_routing_data},
    {"GetContactAttributes", "GET", "/contact/attributes/{instance}/{contact}", ConnectRate::contacts, get_attributes},
    {"DescribeContact", "GET", "/contacts/{instance}/{contact}", ConnectRate::contacts, describe_contact},
};

}  // namespace

std::span<const ConnectRoute> contact_operations() { return kOperations; }

}  // namespace upcall::api
