// The participant interface (connect-compatible, rest-json): connection, message, event, transcript, disconnect.
// The only credential is X-Amz-Bearer; an Authorization header is ignored, whatever it holds.
#include "api/centre/participant_parts.hpp"
#include "api/centre/participant_socket.hpp"
#include "base/ids.hpp"
#include "base/wall_text.hpp"
#include "json/json.hpp"

namespace upcall::api {

namespace bj = boost::json;

using namespace participant;

namespace {

constexpr Duration kConnectionLife = Duration::s(24 * 3600);
constexpr std::size_t kContentTypeMax = 100;

constexpr Field kConnectionFields[] = {{"Type", Kind::list}, {"ConnectParticipant", Kind::boolean}};
constexpr Field kSendFields[] = {{"ContentType", Kind::text}, {"Content", Kind::text}, {"ClientToken", Kind::text}};
constexpr Field kDisconnectFields[] = {{"ClientToken", Kind::text}};

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
  if (!*found && !socket && !credentials) {
    // An agent has a connection token and no other: it says with it that the connection is there, and makes no new one by it.
    auto agent = connected(api, r);
    if (!agent) return aws_error(r, agent.error());
    if (agent->role == contact::Role::agent) *found = std::move(*agent);
  }
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
  auto body = read_body(r, kSendFields);
  if (!api.may_send(who->participant_id, body ? json::text_or(*body, "ContentType") : "", r.now.mono)) return aws_failure(r, 429, "ThrottlingException", "Too many requests");
  if (!body) return aws_error(r, body.error());
  contact::SendItem command{who->contact_id, who->participant_id, {}, type, json::text_or(*body, "ContentType"), {}, json::text_or(*body, "ClientToken")};
  if (command.content_type.empty() || command.content_type.size() > kContentTypeMax) return invalid(r, "ContentType is 1 to 100 characters");
  if (command.client_token.size() > kClientTokenMax) return invalid(r, "ClientToken is at most 500 characters");
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
  if (json::text_or(*body, "ClientToken").size() > kClientTokenMax) return invalid(r, "ClientToken is at most 500 characters");
  const contact::Effects effects = api.service.call(contact::LeaveChat{who->contact_id, who->participant_id});
  if (effects.error) return aws_error(r, *effects.error);
  return aws_ok(r, bj::object{});
}

}  // namespace

void add_participant_routes(wire::Router& router, CentreApi& api) {
  constexpr std::pair<std::string_view, ParticipantHandler> kRoutes[] = {{"connection", create_connection}, {"message", send_message},
                                                                         {"event", send_event},             {"transcript", get_transcript},
                                                                         {"disconnect", disconnect}};
  for (const auto& [name, handler] : kRoutes) {
    router.add("POST", "/aws/participant/participant/" + std::string(name),
               [&api, handler = handler](const wire::HttpRequest& r) { return handler(api, r); });
  }
  add_attachment_routes(router, api);
  router.add_websocket("/aws/participant/socket", [&api](const wire::HttpRequest& r, const std::vector<std::string>&) -> wire::WebSocketAnswer {
    const auto text = r.query_value("ticket");
    auto who = text ? api.ticket(*text, r.now.mono) : std::nullopt;
    if (!who) return {nullptr, {}, denied(r)};
    return {std::make_shared<ParticipantSocket>(api.service, who->contact_id, who->participant_id), {}, {}};
  });
}

}  // namespace upcall::api
