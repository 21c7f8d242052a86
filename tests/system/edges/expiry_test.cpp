// Credentials at and after their end, through the interfaces of a running server.
#include <gtest/gtest.h>

#include "edge_server.hpp"
#include "identity/token_claims.hpp"
#include "io/store/credential_repository.hpp"

namespace upcall::edges {
namespace {

constexpr Duration kSecond = Duration::s(1);

struct StaffRoute {
  std::string method, path;
};

// Every operation of the interface's own description that takes a bearer token, with its places filled.
std::vector<StaffRoute> staff_routes(EdgeServer& server) {
  const bj::object document = object(server.send("GET", "/api/openapi.json"));
  std::vector<StaffRoute> out{{"GET", "/internal/meetings/x"}};
  for (const auto& [path, operations] : document.at("paths").as_object()) {
    for (const auto& [method, operation] : operations.as_object()) {
      const bj::array* security = json::array_at(operation.as_object(), "security");
      if (security == nullptr || !security->at(0).as_object().contains("bearer")) continue;
      std::string filled;
      bool place = false;
      for (const char c : std::string_view(path)) {
        if (c == '{') filled += "some-id";
        place = c == '{' || (place && c != '}');
        if (!place && c != '}') filled += c;
      }
      std::string upper(method);
      for (char& c : upper) c = static_cast<char>(std::toupper(c));
      out.push_back({std::move(upper), std::move(filled)});
    }
  }
  return out;
}

TEST(Expiry, EveryStaffRouteRefusesAnAccessTokenThatHasEnded) {
  EdgeServer server;
  server.add_user("alice@example.com", {"Agent"});
  const auto routes = staff_routes(server);
  ASSERT_GT(routes.size(), 10u);
  for (const char* family : {"/api/agent/", "/api/chime/", "/api/recording/", "/internal/"}) {
    EXPECT_TRUE(std::any_of(routes.begin(), routes.end(), [&](const StaffRoute& r) { return r.path.starts_with(family); })) << family;
  }
  const Tokens tokens = server.log_in("alice@example.com");
  const auto events = [&] { return server.open(server.web_socket_url("/api/agent/events"), {"upcall.events", "bearer." + tokens.access}); };
  auto open_before = events();
  ASSERT_TRUE(open_before.has_value()) << open_before.error().message;

  server.pass(identity::kAccessTokenLife - Duration::s(60));
  for (const StaffRoute& r : routes) {
    // A log-in for each: a route may end the session it is called with.
    const auto answer = server.send(r.method, r.path, bearer(server.log_in("alice@example.com").access), "{}");
    EXPECT_NE(answer.status, 401) << r.method << " " << r.path << " " << answer.body;
    EXPECT_LT(answer.status, 500) << r.method << " " << r.path << " " << answer.body;
  }
  EXPECT_EQ(server.send("GET", "/api/agent/state", bearer(tokens.access)).status, 200) << "a minute before its end";

  server.pass(Duration::s(61));
  for (const StaffRoute& r : routes) {
    const std::string what = r.method + " " + r.path;
    expect_error(server.send(r.method, r.path, bearer(tokens.access), "{}"), 401, what);
    expect_error(server.send(r.method, r.path, {{"cognitoidtoken", tokens.id}}, "{}"), 401, what + " with the id token");
    expect_error(server.send(r.method, r.path, bearer(tokens.refresh), "{}"), 401, what + " with the refresh token");
  }
  const auto refused = events();
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::unauthenticated);
  // The session itself goes on: its refresh token gives a token that works.
  const auto refreshed = server.refresh(tokens.refresh);
  ASSERT_EQ(refreshed.status, 200) << refreshed.body;
  EXPECT_EQ(server.send("GET", "/api/agent/state", bearer(json::text_or(object(refreshed), "access_token"))).status, 200);
}

void expect_invalid_grant(const net::HttpClientResponse& answer, const std::string& what) {
  EXPECT_EQ(answer.status, 401) << what << ": " << answer.body;
  EXPECT_EQ(json::text_or(object(answer), "error"), "invalid_grant") << what;
  EXPECT_EQ(answer.body.find("access_token"), std::string::npos) << what;
}

TEST(Expiry, ARefreshTokenEndsWithItsSessionAndWorksOnce) {
  EdgeServer server;
  server.add_user("alice@example.com", {"Agent"});
  const auto state = [&](const std::string& access) { return server.send("GET", "/api/agent/state", bearer(access)).status; };

  const Tokens old = server.log_in("alice@example.com");
  server.pass(identity::kSessionLife);
  expect_invalid_grant(server.refresh(old.refresh), "after its life");
  expect_invalid_grant(server.refresh(old.refresh), "after its life, again");

  // A session does not outlive its log-in by being refreshed.
  Tokens chain = server.log_in("alice@example.com");
  server.pass(identity::kSessionLife - kSecond * 5);
  const auto late = server.refresh(chain.refresh);
  ASSERT_EQ(late.status, 200) << late.body;
  const std::string successor = json::text_or(object(late), "refresh_token");
  server.pass(kSecond * 10);
  expect_invalid_grant(server.refresh(successor), "a successor after the session's end");

  // Used twice: somebody has a copy, the whole session ends, and only that one.
  const Tokens first = server.log_in("alice@example.com"), bystander = server.log_in("alice@example.com");
  const auto renewed = server.refresh(first.refresh);
  ASSERT_EQ(renewed.status, 200);
  const bj::object second = object(renewed);
  EXPECT_EQ(state(first.access), 200);
  server.pass(store::sessions::kRefreshRetry + kSecond);
  expect_invalid_grant(server.refresh(first.refresh), "used twice");
  EXPECT_EQ(state(first.access), 401);
  EXPECT_EQ(state(json::text_or(second, "access_token")), 401);
  expect_invalid_grant(server.refresh(json::text_or(second, "refresh_token")), "the thief's or the owner's, nobody can tell");
  EXPECT_EQ(state(bystander.access), 200);
}

TEST(Expiry, ForeignRefreshTokensAreRefused) {
  EdgeServer server, elsewhere;
  for (EdgeServer* s : {&server, &elsewhere}) s->add_user("alice@example.com", {"Agent"});
  const Tokens here = server.log_in("alice@example.com"), there = elsewhere.log_in("alice@example.com");
  expect_invalid_grant(server.refresh(there.refresh), "of another installation");
  expect_invalid_grant(server.refresh(here.access), "an access token");
  expect_invalid_grant(server.refresh(here.id), "an id token");
  expect_invalid_grant(server.refresh(here.refresh.substr(1)), "one letter short");
  expect_invalid_grant(server.refresh(here.refresh + "A"), "one letter more");
  expect_invalid_grant(server.refresh("\xff'; drop table refresh_tokens; --"), "no token at all");
  EXPECT_EQ(server.token("grant_type=refresh_token&refresh_token=").status, 400);
  EXPECT_EQ(server.send("GET", "/api/agent/state", bearer(there.access)).status, 401) << "signed by another installation";
  // None of this has touched the session; a disabled user ends it.
  EXPECT_EQ(server.send("GET", "/api/agent/state", bearer(here.access)).status, 200);
  server.admin("user.disable", {{"username", "alice@example.com"}});
  expect_invalid_grant(server.refresh(here.refresh), "of a disabled user");
}

constexpr const char* kOperations[][2] = {{"message", R"({"ContentType":"text/plain","Content":"late"})"},
                                          {"event", R"({"ContentType":"application/vnd.amazonaws.connect.event.typing"})"},
                                          {"transcript", "{}"},
                                          {"disconnect", "{}"}};

std::string transcript(EdgeServer& server, const Chat& chat) {
  const auto answer = server.participant("transcript", chat.connection_token, R"({"MaxResults":100,"SortOrder":"ASCENDING"})");
  EXPECT_EQ(answer.status, 200) << answer.body;
  return bj::serialize(object(answer)["Transcript"]);
}

TEST(Expiry, ConnectionTokensAndTicketsEnd) {
  EdgeServer server;
  Chat chat = server.start_chat();
  server.connect(chat);
  const auto message = [&](const std::string& token, const char* text) {
    return server.participant("message", token, bj::serialize(bj::object{{"ContentType", "text/plain"}, {"Content", text}}));
  };
  ASSERT_EQ(message(chat.connection_token, "one").status, 200);
  auto socket = server.open(chat.socket_url);
  ASSERT_TRUE(socket.has_value()) << socket.error().message;
  ASSERT_TRUE((*socket)->send_text(R"({"topic":"aws/subscribe","content":{"topics":["aws/chat"]}})"));

  server.pass(Duration::s(101));
  const auto late = server.open(chat.socket_url);
  ASSERT_FALSE(late.has_value()) << "the ticket is good for 100 s";
  EXPECT_EQ(late.error().code, ErrorCode::forbidden);

  server.pass(Duration::s(24 * 3600));
  for (const auto& [operation, body] : kOperations) expect_aws_error(server.participant(operation, chat.connection_token, body), 403, "AccessDeniedException", operation);
  // The chat's own token lives as long as the chat, and what was open stays open: the customer comes back by it.
  Chat again = chat;
  server.connect(again);
  EXPECT_NE(again.connection_token, chat.connection_token);
  EXPECT_EQ(message(again.connection_token, "two").status, 200);
  const std::string all = transcript(server, again);
  EXPECT_NE(all.find("one"), std::string::npos);
  EXPECT_NE(all.find("two"), std::string::npos);
  EXPECT_EQ(all.find("late"), std::string::npos);
  for (bool heard = false; !heard;) {
    auto frame = (*socket)->receive(kSoon);
    ASSERT_TRUE(frame.has_value()) << "the open socket hears the new message: " << frame.error().message;
    heard = frame->bytes.find("two") != std::string::npos;
  }
}

TEST(Expiry, AChatThatIsOverTakesItsTokensWithIt) {
  EdgeServer server;
  Chat chat = server.start_chat(), other = server.start_chat();
  server.connect(chat);
  server.connect(other);
  ASSERT_EQ(server.participant("disconnect", chat.connection_token, "{}").status, 200);
  // 403 is what tells clients that the chat has ended.
  expect_aws_error(server.participant("connection", chat.participant_token, R"({"Type":["WEBSOCKET"]})"), 403, "AccessDeniedException", "a new connection");
  for (const char* operation : {"message", "event", "disconnect"}) {
    const std::string body = R"({"ContentType":"text/plain","Content":"x"})";
    const auto answer = server.participant(operation, chat.connection_token, std::string(operation) == "event" ? kOperations[1][1] : body);
    expect_aws_error(answer, 403, "AccessDeniedException", operation);
  }
  // Tokens of one kind, or of another chat, open nothing in place of the right one.
  expect_aws_error(server.participant("message", other.participant_token, kOperations[0][1]), 403, "AccessDeniedException", "a participant token for a connection's");
  expect_aws_error(server.participant("connection", other.connection_token, R"({"Type":["WEBSOCKET"]})"), 403, "AccessDeniedException", "a connection token for a participant's");
  expect_aws_error(server.participant("transcript", other.connection_token, bj::serialize(bj::object{{"ContactId", chat.contact}})), 403, "AccessDeniedException", "another chat's transcript");
  expect_aws_error(server.participant("message", "", kOperations[0][1]), 403, "AccessDeniedException", "no token");
  expect_aws_error(server.participant("message", std::string(600, 'x'), kOperations[0][1]), 403, "AccessDeniedException", "a long token");
  EXPECT_EQ(server.participant("message", other.connection_token, kOperations[0][1]).status, 200) << "the other chat goes on";
}

}  // namespace
}  // namespace upcall::edges
