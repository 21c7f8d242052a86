// The participant interface (connect-compatible, rest-json): connection, message, event, transcript, disconnect.
// The only credential is X-Amz-Bearer; an Authorization header is ignored, whatever it holds.
#include <algorithm>
#include <span>

#include "api/centre/centre_api.hpp"
#include "api/centre/item_json.hpp"
#include "api/centre/participant_socket.hpp"
#include "api/common/responses.hpp"
#include "base/ids.hpp"
#include "base/wall_text.hpp"
#include "json/json.hpp"

namespace upcall::api {
namespace {

namespace bj = boost::json;

constexpr Duration kConnectionLife = Duration::s(24 * 3600);
constexpr int kTranscriptDefault = 10;
constexpr int kTranscriptMax = 100;

using Handler = wire::HttpResponse (*)(CentreApi&, const wire::HttpRequest&);

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

enum class Kind { text, integer, boolean, list, object };
struct Field {
  std::string_view name;
  Kind kind;
};
constexpr Field kConnectionFields[] = {{"Type", Kind::list}, {"ConnectParticipant", Kind::boolean}};
constexpr Field kSendFields[] = {{"ContentType", Kind::text}, {"Content", Kind::text}, {"ClientToken", Kind::text}};
constexpr Field kTranscriptFields[] = {{"ContactId", Kind::text},     {"MaxResults", Kind::integer}, {"NextToken", Kind::text},
                                       {"ScanDirection", Kind::text}, {"SortOrder", Kind::text},     {"StartPosition", Kind::object}};
constexpr Field kStartPositionFields[] = {{"Id", Kind::text}, {"AbsoluteTime", Kind::text}, {"MostRecent", Kind::integer}};
constexpr Field kDisconnectFields[] = {{"ClientToken", Kind::text}};

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

// null counts as absent, as in rest-json. Any other type than the model's is an error, never a default.
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

// The owner of the connection token.
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
  return std::move(**found);
}

std::string socket_url(const CentreApi& api, const wire::HttpRequest& r, const std::string& ticket) {
  return socket_base_url(r, api.options.public_url) + "/aws/participant/socket?ticket=" + ticket;
}

wire::HttpResponse create_connection(CentreApi& api, const wire::HttpRequest& r) {
  const auto token = r.header("x-amz-bearer");
  const std::string peer = std::to_string(r.peer_key);
  if (!token || token->empty() || token->size() > 512) return denied(r);
  if (!api.connections.has(peer, r.now.mono)) return aws_failure(r, 429, "ThrottlingException", "Too many requests");
  auto body = read_body(r, kConnectionFields);
  if (!body) return aws_error(r, body.error());
  bool socket = false, credentials = false;
  if (const bj::array* types = json::array_at(*body, "Type")) {
    for (const bj::value& type : *types) {
      const std::string_view name = type.is_string() ? std::string_view(type.get_string()) : std::string_view();
      if (name == "WEBSOCKET") {
        socket = true;
      } else if (name == "CONNECTION_CREDENTIALS") {
        credentials = true;
      } else {
        return invalid(r, "Type holds WEBSOCKET and CONNECTION_CREDENTIALS only");
      }
    }
  }
  const bool connect = json::boolean_at(*body, "ConnectParticipant").value_or(false);
  if (!socket && !credentials && !connect) return invalid(r, "Type or ConnectParticipant is needed");

  auto found = api.store.read([&](store::Database& db) { return store::centre::participant_by_token(db, *token); });
  if (!found) return aws_error(r, found.error());
  if (!*found) {
    api.connections.charge(peer, r.now.mono);
    return denied(r);
  }
  const store::ParticipantRow& who = **found;
  // 403 for a chat that is over: clients take exactly this as its end.
  const contact::Effects joined = api.service.call(contact::ConnectParticipant{who.contact_id, who.participant_id});
  if (joined.error) return aws_error(r, *joined.error);

  bj::object out;
  if (socket) {
    out["Websocket"] = bj::object{{"Url", socket_url(api, r, api.make_ticket(who, r.now.mono))}, {"ConnectionExpiry", to_iso8601(r.now.wall + kTicketLife)}};
  }
  if (credentials) {
    const std::string connection = make_token(api.random);
    const WallTime expires = r.now.wall + kConnectionLife;
    auto stored = api.store.write([&](store::Database& db) { return store::centre::add_connection(db, connection, who.participant_id, expires, r.now.wall); });
    if (!stored) return aws_error(r, stored.error());
    out["ConnectionCredentials"] = bj::object{{"ConnectionToken", connection}, {"Expiry", to_iso8601(expires)}};
  }
  return aws_ok(r, out);
}

wire::HttpResponse send(CentreApi& api, const wire::HttpRequest& r, contact::ItemType type) {
  auto who = connected(api, r);
  if (!who) return aws_error(r, who.error());
  if (!api.sends.allow(who->participant_id, r.now.mono)) return aws_failure(r, 429, "ThrottlingException", "Too many requests");
  auto body = read_body(r, kSendFields);
  if (!body) return aws_error(r, body.error());
  contact::SendItem command{who->contact_id, who->participant_id, {}, type, json::text_or(*body, "ContentType"), {}, json::text_or(*body, "ClientToken").substr(0, 500)};
  if (const auto content = json::text_at(*body, "Content")) command.content = std::string(*content);
  if (type == contact::ItemType::message && !command.content) return invalid(r, "Content is needed");
  const contact::Effects effects = api.service.call(std::move(command));
  if (effects.error) return aws_error(r, *effects.error);
  return aws_ok(r, bj::object{{"Id", effects.reply.id}, {"AbsoluteTime", to_iso8601(effects.reply.at)}});
}

wire::HttpResponse send_message(CentreApi& api, const wire::HttpRequest& r) { return send(api, r, contact::ItemType::message); }
wire::HttpResponse send_event(CentreApi& api, const wire::HttpRequest& r) { return send(api, r, contact::ItemType::event); }

wire::HttpResponse disconnect(CentreApi& api, const wire::HttpRequest& r) {
  auto who = connected(api, r);
  if (!who) return aws_error(r, who.error());
  auto body = read_body(r, kDisconnectFields);
  if (!body) return aws_error(r, body.error());
  const contact::Effects effects = api.service.call(contact::LeaveChat{who->contact_id, who->participant_id});
  if (effects.error) return aws_error(r, *effects.error);
  return aws_ok(r, bj::object{});
}

struct TranscriptQuery {
  int limit = kTranscriptDefault;
  bool backward = true;
  bool ascending = false;
  std::uint64_t after = 0, before = INT64_MAX;  // seq in (after, before)
};

// NextToken: direction and the last seq given, "b17" or "f17". Harmless to guess: it is read with the same token.
Result<TranscriptQuery> read_query(CentreApi& api, const bj::object& body, const std::string& contact_id) {
  TranscriptQuery q;
  if (const auto max = json::integer_at(body, "MaxResults")) {
    if (*max < 0 || *max > kTranscriptMax) return fail(ErrorCode::invalid_argument, "MaxResults is 0 to 100");
    if (*max > 0) q.limit = static_cast<int>(*max);
  }
  const auto order = json::text_at(body, "SortOrder");
  if (order && *order != "ASCENDING" && *order != "DESCENDING") return fail(ErrorCode::invalid_argument, "SortOrder is ASCENDING or DESCENDING");
  q.ascending = order == "ASCENDING";
  const bj::object* start = json::object_at(body, "StartPosition");
  if (start != nullptr) {
    if (auto right = check_types(*start, kStartPositionFields); !right) return tl::unexpected(right.error());
  }
  const std::string start_id = start != nullptr ? json::text_or(*start, "Id") : "";
  const std::string start_time = start != nullptr ? json::text_or(*start, "AbsoluteTime") : "";
  // An empty StartPosition, as clients send it, means the end.
  q.backward = start_id.empty() && start_time.empty();
  if (const auto direction = json::text_at(body, "ScanDirection")) {
    if (*direction != "BACKWARD" && *direction != "FORWARD") return fail(ErrorCode::invalid_argument, "ScanDirection is FORWARD or BACKWARD");
    q.backward = *direction == "BACKWARD";
  }
  if (const auto next = json::text_at(body, "NextToken"); next && !next->empty()) {
    std::uint64_t seq = 0;
    for (const char c : next->substr(1)) {
      if (c < '0' || c > '9' || seq > INT64_MAX / 16) return fail(ErrorCode::invalid_argument, "NextToken is not valid");
      seq = seq * 10 + static_cast<std::uint64_t>(c - '0');
    }
    if (next->size() < 2 || (next->front() != 'b' && next->front() != 'f')) return fail(ErrorCode::invalid_argument, "NextToken is not valid");
    q.backward = next->front() == 'b';
    (q.backward ? q.before : q.after) = seq;
    return q;
  }
  if (!start_id.empty()) {
    auto seq = api.store.read([&](store::Database& db) { return store::centre::item_seq(db, contact_id, start_id); });
    if (!seq) return tl::unexpected(seq.error());
    if (!*seq) return fail(ErrorCode::invalid_argument, "StartPosition.Id is not in this chat");
    // The named item is part of the answer.
    (q.backward ? q.before : q.after) = q.backward ? **seq + 1 : **seq - 1;
  }
  return q;
}

wire::HttpResponse transcript(CentreApi& api, const wire::HttpRequest& r) {
  auto who = connected(api, r);
  if (!who) return aws_error(r, who.error());
  auto body = read_body(r, kTranscriptFields);
  if (!body) return aws_error(r, body.error());
  if (const auto contact_id = json::text_at(*body, "ContactId"); contact_id && !contact_id->empty() && *contact_id != who->contact_id) return denied(r);
  auto query = read_query(api, *body, who->contact_id);
  if (!query) return aws_error(r, query.error());
  // One more than asked for tells whether there is more.
  auto items = api.store.read([&](store::Database& db) {
    return store::centre::items(db, who->contact_id, query->after, query->before, query->limit + 1, query->backward);
  });
  if (!items) return aws_error(r, items.error());
  bj::object out{{"InitialContactId", who->contact_id}};
  if (items->size() > static_cast<std::size_t>(query->limit)) {
    items->pop_back();
    out["NextToken"] = (query->backward ? "b" : "f") + std::to_string(items->back().seq);
  }
  std::sort(items->begin(), items->end(), [&](const auto& a, const auto& b) { return query->ascending ? a.seq < b.seq : a.seq > b.seq; });
  bj::array list;
  for (const contact::ChatItem& item : *items) list.push_back(item_json(item, false));
  out["Transcript"] = std::move(list);
  return aws_ok(r, out);
}

}  // namespace

void add_participant_routes(wire::Router& router, CentreApi& api) {
  constexpr std::pair<std::string_view, Handler> kRoutes[] = {{"connection", create_connection}, {"message", send_message},
                                                              {"event", send_event},             {"transcript", transcript},
                                                              {"disconnect", disconnect}};
  for (const auto& [name, handler] : kRoutes) {
    router.add("POST", "/aws/participant/participant/" + std::string(name),
               [&api, handler = handler](const wire::HttpRequest& r) { return handler(api, r); });
  }
  router.add_websocket("/aws/participant/socket", [&api](const wire::HttpRequest& r, const std::vector<std::string>&) -> wire::WebSocketAnswer {
    const auto text = r.query_value("ticket");
    auto who = text ? api.ticket(*text, r.now.mono) : std::nullopt;
    if (!who) return {nullptr, {}, denied(r)};
    return {std::make_shared<ParticipantSocket>(api.service, who->contact_id, who->participant_id), {}, {}};
  });
}

}  // namespace upcall::api
