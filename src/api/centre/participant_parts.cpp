#include "api/centre/participant_parts.hpp"

#include "json/json.hpp"

namespace upcall::api::participant {

namespace bj = boost::json;

wire::HttpResponse denied(const wire::HttpRequest& r) { return aws_failure(r, 403, "AccessDeniedException", "Access denied"); }
wire::HttpResponse invalid(const wire::HttpRequest& r, std::string_view text) { return aws_failure(r, 400, "ValidationException", text); }

wire::HttpResponse aws_error(const wire::HttpRequest& r, const Error& error) {
  switch (error.code) {
    case ErrorCode::invalid_argument:
    case ErrorCode::too_large: return invalid(r, error.message);
    case ErrorCode::unauthenticated:
    case ErrorCode::forbidden:
    case ErrorCode::not_found:
    case ErrorCode::gone: return denied(r);
    case ErrorCode::conflict: return aws_failure(r, 409, "ConflictException", error.message);
    case ErrorCode::exhausted: return aws_failure(r, 429, "ThrottlingException", "Too many requests");
    default: return aws_failure(r, 500, "InternalServerException", "Internal error");
  }
}

wire::HttpResponse aws_ok(const wire::HttpRequest& r, const bj::value& body) {
  auto response = json_response(200, body);
  response.set("x-amzn-requestid", r.request_id);
  return response;
}

namespace {

bool is_of(const bj::value& value, Kind kind) {
  switch (kind) {
    case Kind::text: return value.is_string();
    case Kind::integer: return value.is_int64() || (value.is_uint64() && value.get_uint64() <= INT64_MAX);
    case Kind::boolean: return value.is_bool();
    case Kind::list: return value.is_array();
    case Kind::object: return value.is_object();
  }
  return false;
}

}  // namespace

Result<void> check_types(const bj::object& object, std::span<const Field> fields) {
  for (const Field& field : fields) {
    const bj::value* value = object.if_contains(field.name);
    if (value == nullptr || value->is_null() || is_of(*value, field.kind)) continue;
    return fail(ErrorCode::invalid_argument, std::string(field.name) + " is of the wrong type");
  }
  return {};
}

Result<bj::object> read_body(const wire::HttpRequest& r, std::span<const Field> fields) {
  if (r.body.empty()) return bj::object{};
  auto body = body_object(r);
  if (!body) return body;
  if (auto right = check_types(*body, fields); !right) return tl::unexpected(right.error());
  return body;
}

Result<store::ParticipantRow> connected(CentreApi& api, const wire::HttpRequest& r) {
  const auto token = r.header("x-amz-bearer");
  const std::string peer = std::to_string(r.peer_key);
  if (!token || token->empty() || token->size() > 512) return fail(ErrorCode::forbidden, "");
  if (!api.connections.has(peer, r.now.mono)) return fail(ErrorCode::exhausted, "");
  auto found = api.store.read([&](store::Database& db) { return store::centre::participant_by_connection(db, *token, r.now.wall); });
  if (!found) return tl::unexpected(found.error());
  if (!*found) {
    api.connections.charge(peer, r.now.mono);
    return fail(ErrorCode::forbidden, "");
  }
  store::ParticipantRow& who = **found;
  if (who.role == contact::Role::agent || who.role == contact::Role::supervisor) {
    // Who has handed the contact on, or watches no longer, reads no more of it. After its end its agent still may.
    const bool may = api.service.get<bool>([&](const contact::Centre& centre) {
      const contact::Contact* c = centre.contact(who.contact_id);
      const contact::Participant* p = c != nullptr ? c->participant(who.participant_id) : nullptr;
      return p != nullptr ? !p->left || (!c->live() && who.role == contact::Role::agent) : who.role == contact::Role::agent;
    });
    if (!may) return fail(ErrorCode::forbidden, "");
  }
  return std::move(who);
}

}  // namespace upcall::api::participant
