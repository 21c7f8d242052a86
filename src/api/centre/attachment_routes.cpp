// Files in a chat, as the participant interface has them and as agents do. The addresses to put and get them carry their
// own credential, as clients use them without any header of ours.
#include <algorithm>

#include "api/centre/agent_route_parts.hpp"
#include "api/centre/participant_parts.hpp"
#include "base/ids.hpp"
#include "base/wall_text.hpp"
#include "json/json.hpp"

namespace upcall::api {

namespace bj = boost::json;

using namespace participant;
using identity::Principal;

namespace {

constexpr Field kStartFields[] = {{"ContentType", Kind::text}, {"AttachmentSizeInBytes", Kind::integer}, {"AttachmentName", Kind::text}, {"ClientToken", Kind::text}};
constexpr Field kCompleteFields[] = {{"AttachmentIds", Kind::list}, {"ClientToken", Kind::text}};
constexpr Field kGetFields[] = {{"AttachmentId", Kind::text}, {"UrlExpiryInSeconds", Kind::integer}};
constexpr std::int64_t kUrlLeast = 5, kUrlMost = 300;
constexpr std::size_t kIdMax = 256;

constexpr std::string_view kObject = R"({"type":"object"})";
constexpr OperationAuth kStaff = OperationAuth::staff;
constexpr Operation kOperations[] = {
    {"POST", "/api/agent/contacts/{contactId}/attachments", "startAttachment", "Announce a file; the answer says where to PUT it.", kStaff,
     R"({"type":"object","required":["name","contentType","sizeInBytes"],"properties":{"name":{"type":"string","minLength":1,"maxLength":256},"contentType":{"type":"string","maxLength":255},"sizeInBytes":{"type":"integer","minimum":1,"maximum":20971520},"clientToken":{"type":"string","maxLength":500}}})",
     kObject, "400 401 403 404 409 429 503", ""},
    {"POST", "/api/agent/contacts/{contactId}/attachments/{attachmentId}/complete", "completeAttachment", "The file is there: it becomes part of the chat and is scanned.", kStaff, "", kObject, "401 403 404 409 503", ""},
    {"GET", "/api/agent/contacts/{contactId}/attachments/{attachmentId}", "getAttachment", "An address to read an approved file from.", kStaff, "", kObject, "401 403 404 503", ""},
};

std::string address(const CentreApi& api, const wire::HttpRequest& r, const std::string& ticket) {
  return base_url(r, api.options.public_url) + "/aws/participant/attachments/" + ticket;
}

// A participant who is in the chat, and may be heard.
bool is_present(CentreApi& api, const std::string& contact_id, const std::string& participant_id) {
  return api.service.get<bool>([&](const contact::Centre& centre) {
    const contact::Contact* c = centre.contact(contact_id);
    const contact::Participant* p = c != nullptr && c->live() ? c->participant(participant_id) : nullptr;
    return p != nullptr && !p->left && !p->silent;
  });
}

Result<service::AttachmentService::Begun> begin(CentreApi& api, service::AttachmentService::Wanted wanted) {
  if (wanted.client_token.size() > kClientTokenMax) return fail(ErrorCode::invalid_argument, "ClientToken is at most 500 characters");
  return api.attachments->begin(wanted);
}

// Completes, makes the item, lets it be scanned.
Result<void> complete_one(CentreApi& api, const std::string& contact_id, const std::string& participant_id, const std::string& id) {
  auto row = api.attachments->complete(contact_id, participant_id, id);
  if (!row) return tl::unexpected(row.error());
  const contact::Effects added = api.service.call(contact::AddAttachment{contact_id, participant_id, {row->id, row->name, row->content_type, contact::AttachmentStatus::in_progress, row->size_bytes}});
  if (added.error) return tl::unexpected(*added.error);
  api.attachments->scan(id);
  return {};
}

wire::HttpResponse start_upload(CentreApi& api, const wire::HttpRequest& r) {
  auto who = connected(api, r);
  if (!who) return aws_error(r, who.error());
  if (!api.sends.allow(who->participant_id, r.now.mono)) return aws_failure(r, 429, "ThrottlingException", "Too many requests");
  auto body = read_body(r, kStartFields);
  if (!body) return aws_error(r, body.error());
  if (api.attachments == nullptr) return aws_failure(r, 500, "InternalServerException", "Internal error");
  if (!is_present(api, who->contact_id, who->participant_id)) return denied(r);
  auto begun = begin(api, {who->contact_id, who->participant_id, json::text_or(*body, "AttachmentName"), json::text_or(*body, "ContentType"),
                           json::text_or(*body, "ClientToken"), json::integer_at(*body, "AttachmentSizeInBytes").value_or(0)});
  if (!begun && begun.error().code == ErrorCode::exhausted) return aws_failure(r, 402, "ServiceQuotaExceededException", begun.error().message);
  if (!begun) return aws_error(r, begun.error());
  return aws_ok(r, bj::object{{"AttachmentId", begun->attachment_id},
                              {"UploadMetadata",
                               {{"Url", address(api, r, begun->ticket)}, {"UrlExpiry", to_iso8601(begun->expires)}, {"HeadersToInclude", {{"Content-Type", json::text_or(*body, "ContentType")}}}}}});
}

wire::HttpResponse complete_upload(CentreApi& api, const wire::HttpRequest& r) {
  auto who = connected(api, r);
  if (!who) return aws_error(r, who.error());
  auto body = read_body(r, kCompleteFields);
  if (!body) return aws_error(r, body.error());
  if (json::text_or(*body, "ClientToken").size() > kClientTokenMax) return invalid(r, "ClientToken is at most 500 characters");
  const bj::array* ids = json::array_at(*body, "AttachmentIds");
  const std::string id = ids != nullptr && ids->size() == 1 && ids->front().is_string() ? std::string(ids->front().get_string()) : std::string();
  if (id.empty() || id.size() > kIdMax) return invalid(r, "AttachmentIds holds one id of 1 to 256 characters");
  if (api.attachments == nullptr || !is_present(api, who->contact_id, who->participant_id)) return denied(r);
  if (auto done = complete_one(api, who->contact_id, who->participant_id, id); !done) return aws_error(r, done.error());
  return aws_ok(r, bj::object{});
}

wire::HttpResponse get_attachment(CentreApi& api, const wire::HttpRequest& r) {
  auto who = connected(api, r);
  if (!who) return aws_error(r, who.error());
  auto body = read_body(r, kGetFields);
  if (!body) return aws_error(r, body.error());
  const std::string id = json::text_or(*body, "AttachmentId");
  if (id.empty() || id.size() > kIdMax) return invalid(r, "AttachmentId is 1 to 256 characters");
  const std::int64_t seconds = json::integer_at(*body, "UrlExpiryInSeconds").value_or(kUrlMost);
  if (seconds < kUrlLeast || seconds > kUrlMost) return invalid(r, "UrlExpiryInSeconds is 5 to 300");
  store::AttachmentRow row;
  auto ticket = api.attachments != nullptr ? api.attachments->give_out(who->contact_id, id, Duration::s(seconds), &row) : Result<std::string>(fail(ErrorCode::forbidden, ""));
  if (!ticket) return aws_error(r, ticket.error());
  return aws_ok(r, bj::object{{"Url", address(api, r, *ticket)}, {"UrlExpiry", to_iso8601(r.now.wall + Duration::s(seconds))}, {"AttachmentSizeInBytes", row.size_bytes}});
}

wire::HttpResponse put_file(CentreApi& api, const wire::HttpRequest& r) {
  if (api.attachments == nullptr) return denied(r);
  const auto type = r.header("content-type").value_or("");
  auto put = api.attachments->put(r.route_value("ticket"), type, as_bytes(r.body));
  if (!put) return aws_error(r, put.error());
  return wire::HttpResponse{};
}

wire::HttpResponse get_file(CentreApi& api, const wire::HttpRequest& r) {
  if (api.attachments == nullptr) return denied(r);
  auto content = api.attachments->open(r.route_value("ticket"));
  if (!content) return aws_error(r, content.error());
  wire::HttpResponse out;
  out.set("content-type", content->row.content_type);
  // Saved, never shown as a page of ours: whatever is in it runs nowhere.
  out.set("content-disposition", "attachment; filename*=UTF-8''" + wire::percent_encode(content->row.name));
  out.set("content-security-policy", "sandbox; default-src 'none'; frame-ancestors 'none'");
  out.source = std::move(content->source);
  out.source_length = out.source->size();
  return out;
}

// The agent's own participant of a contact; nothing: it is not this agent's.
std::optional<std::string> participant_of(CentreApi& api, const std::string& contact_id, const std::string& agent_id) {
  return api.service.get<std::optional<std::string>>([&](const contact::Centre& centre) -> std::optional<std::string> {
    const contact::Contact* c = centre.contact(contact_id);
    if (c == nullptr || c->agent_id != agent_id || (c->state != contact::ContactState::connected && c->state != contact::ContactState::wrap_up)) return std::nullopt;
    // The last one: a contact may have gone to somebody else and come back.
    const auto own = std::find_if(c->participants.rbegin(), c->participants.rend(), [&](const contact::Participant& p) { return p.role == contact::Role::agent && p.user_id == agent_id; });
    return own == c->participants.rend() ? std::nullopt : std::optional(own->id);
  });
}

wire::HttpResponse no_contact(const wire::HttpRequest& r) { return failure(r, ErrorCode::not_found, "no_such_contact", "There is no such contact."); }
wire::HttpResponse no_attachment(const wire::HttpRequest& r) { return failure(r, ErrorCode::not_found, "no_such_attachment", "There is no such attachment."); }

wire::HttpResponse agent_start(CentreApi& api, const wire::HttpRequest& r, const Principal& agent) {
  if (!api.sends.allow(agent.id, r.now.mono)) return failure(r, ErrorCode::exhausted, "Too many messages.");
  auto body = body_object(r);
  if (!body) return failure(r, body.error());
  for (const char* name : {"name", "contentType", "clientToken"}) {
    if (body->contains(name) && !json::text_at(*body, name)) return failure(r, ErrorCode::invalid_argument, std::string(name) + " must be a text.");
  }
  if (!json::integer_at(*body, "sizeInBytes")) return failure(r, ErrorCode::invalid_argument, "sizeInBytes must be a number.");
  const std::string contact_id(r.route_value("contactId"));
  const auto me = participant_of(api, contact_id, agent.id);
  if (!me) return no_contact(r);
  if (api.attachments == nullptr) return failure(r, ErrorCode::unavailable, "Attachments are not taken.");
  if (!is_present(api, contact_id, *me)) return failure(r, ErrorCode::conflict, "contact_state", "The contact has ended.");
  auto begun = begin(api, {contact_id, *me, json::text_or(*body, "name"), json::text_or(*body, "contentType"), json::text_or(*body, "clientToken"), *json::integer_at(*body, "sizeInBytes")});
  if (!begun && begun.error().code == ErrorCode::exhausted) return failure(r, ErrorCode::conflict, "too_many_attachments", "There are too many attachments in this chat.");
  if (!begun) return failure(r, begun.error());
  return success(r, "Upload begun", bj::object{{"attachmentId", begun->attachment_id}, {"url", address(api, r, begun->ticket)}, {"expiresAt", to_iso8601(begun->expires)}, {"headers", {{"content-type", json::text_or(*body, "contentType")}}}});
}

wire::HttpResponse agent_complete(CentreApi& api, const wire::HttpRequest& r, const Principal& agent) {
  const std::string contact_id(r.route_value("contactId")), id(r.route_value("attachmentId"));
  const auto me = participant_of(api, contact_id, agent.id);
  if (!me) return no_contact(r);
  if (api.attachments == nullptr) return no_attachment(r);
  auto done = complete_one(api, contact_id, *me, id);
  if (!done && done.error().code == ErrorCode::not_found) return no_attachment(r);
  if (!done && done.error().code == ErrorCode::forbidden) return failure(r, ErrorCode::conflict, "contact_state", "The contact has ended.");
  if (!done && done.error().code == ErrorCode::conflict) return failure(r, ErrorCode::conflict, "not_uploaded", "The file was not uploaded.");
  if (!done) return failure(r, done.error());
  return success(r, "Done", bj::object{{"attachmentId", id}});
}

wire::HttpResponse agent_get(CentreApi& api, const wire::HttpRequest& r, const Principal& agent) {
  const std::string contact_id(r.route_value("contactId")), id(r.route_value("attachmentId"));
  if (!participant_of(api, contact_id, agent.id)) return no_contact(r);
  store::AttachmentRow row;
  auto ticket = api.attachments != nullptr ? api.attachments->give_out(contact_id, id, Duration::s(kUrlMost), &row) : Result<std::string>(fail(ErrorCode::not_found, ""));
  if (!ticket && ticket.error().code == ErrorCode::not_found) return no_attachment(r);
  if (!ticket) return failure(r, ticket.error());
  return success(r, "Attachment", bj::object{{"attachmentId", id}, {"url", address(api, r, *ticket)}, {"name", row.name}, {"contentType", row.content_type}, {"sizeInBytes", row.size_bytes}});
}

}  // namespace

void tell_scanned(CentreApi& api, const store::AttachmentRow& row) {
  auto item = api.store.read([&](store::Database& db) { return store::centre::find_item(db, row.contact_id, row.id); });
  if (!item || !*item || (*item)->attachments.empty()) return;
  (*item)->attachments.front().status = row.state == "approved" ? contact::AttachmentStatus::approved : contact::AttachmentStatus::rejected;
  const contact::Effects told = api.service.call(contact::UpdateAttachment{**item});
  // The chat is over: only its transcript is left to tell.
  if (told.error) (void)api.store.write([&](store::Database& db) { return store::centre::set_item_attachments(db, **item); });
}

void add_attachment_routes(wire::Router& router, CentreApi& api) {
  constexpr std::pair<std::string_view, ParticipantHandler> kRoutes[] = {
      {"start-attachment-upload", start_upload}, {"complete-attachment-upload", complete_upload}, {"attachment", get_attachment}};
  for (const auto& [name, handler] : kRoutes) {
    router.add("POST", "/aws/participant/participant/" + std::string(name), [&api, handler = handler](const wire::HttpRequest& r) { return handler(api, r); });
  }
  router.add("PUT", "/aws/participant/attachments/{ticket}", [&api](const wire::HttpRequest& r) { return put_file(api, r); });
  router.add("GET", "/aws/participant/attachments/{ticket}", [&api](const wire::HttpRequest& r) { return get_file(api, r); });
}

void add_agent_attachment_routes(wire::Router& router, CentreApi& api, OpenApi& openapi) {
  openapi.add(kOperations);
  router.add("POST", "/api/agent/contacts/{contactId}/attachments", as_agent(api, agent_start));
  router.add("POST", "/api/agent/contacts/{contactId}/attachments/{attachmentId}/complete", as_agent(api, agent_complete));
  router.add("GET", "/api/agent/contacts/{contactId}/attachments/{attachmentId}", as_agent(api, agent_get));
}

}  // namespace upcall::api
