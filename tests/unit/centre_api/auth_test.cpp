#include <set>

#include "harness.hpp"

#include "crypto/sigv4.hpp"

namespace upcall::test {
namespace {

TEST(Auth, TokensAreIssuedRefreshedOnceAndRevokedOnReuse) {
  Installation in;
  in.add_user("ann@example.com");
  auto first = Installation::body(in.token_request("grant_type=password&username=ANN%40example.com&password=password-ann%40example.com"));
  EXPECT_EQ(text(first.at("token_type")), "Bearer");
  const auto state = [&](const bj::object& tokens) { return in.send("GET", "/api/agent/state", "", in.bearer(text(tokens.at("access_token")))).status; };
  EXPECT_EQ(state(first), 200);
  EXPECT_EQ(in.send("GET", "/api/agent/state", "", {{"cognitoidtoken", text(first.at("id_token"))}}).status, 200);
  const auto refresh = [&](const bj::object& tokens) { return in.token_request("grant_type=refresh_token&refresh_token=" + text(tokens.at("refresh_token"))); };
  auto answer = refresh(first);
  ASSERT_EQ(answer.status, 200) << answer.body;
  auto second = Installation::body(answer);
  EXPECT_EQ(state(second), 200);
  in.pass(store::sessions::kRefreshRetry + Duration::ms(1));
  EXPECT_EQ(refresh(first).status, 401) << "each refresh token works once";
  EXPECT_EQ(state(second), 401) << "a second use means a copy: the session ends";
  EXPECT_EQ(refresh(second).status, 401);
}

TEST(Auth, BadLogInsAreToldAlikeAndSlowedDown) {
  Installation in;
  in.add_user("ann@example.com");
  auto unknown = in.token_request("grant_type=password&username=nobody&password=x");
  auto wrong = in.token_request("grant_type=password&username=ann%40example.com&password=x");
  EXPECT_EQ(unknown.status, 401);
  EXPECT_EQ(unknown.body, wrong.body);
  EXPECT_EQ(in.token_request("grant_type=password&username=ann%40example.com").status, 400);
  EXPECT_EQ(in.token_request("grant_type=implicit").status, 400);
  EXPECT_EQ(in.token_request("").status, 400);
  for (int i = 0; i < 9; ++i) in.token_request("grant_type=password&username=ann%40example.com&password=x");
  EXPECT_EQ(in.token_request("grant_type=password&username=ann%40example.com&password=password-ann%40example.com").status, 429);
  in.pass(Duration::s(31));
  in.peer = 2;
  EXPECT_EQ(in.token_request("grant_type=password&username=ann%40example.com&password=password-ann%40example.com").status, 200);
}

TEST(Auth, ADisabledUserIsOutAtOnceAndTheSocketCloses) {
  Installation in;
  in.add_user("ann@example.com");
  const std::string token = in.log_in("ann@example.com");
  auto events = in.open("/api/agent/events", in.bearer(token));
  ASSERT_TRUE(events.handler);
  in.admin_run("user.disable", {{"username", "ann@example.com"}});
  EXPECT_EQ(in.send("GET", "/api/agent/state", "", in.bearer(token)).status, 401);
  EXPECT_EQ(events.connection->wait_closed(), 4403);
  EXPECT_EQ(in.token_request("grant_type=password&username=ann%40example.com&password=password-ann%40example.com").status, 401);
  in.admin_run("user.enable", {{"username", "ann@example.com"}});
  EXPECT_EQ(in.send("GET", "/api/agent/state", "", in.bearer(token)).status, 200);
}

// The page says why the session is over, whichever it hears first: this, or the socket's end.
TEST(Auth, WhoHeldASessionIsToldThatTheUserIsDisabled) {
  Installation in;
  in.add_user("ann@example.com");
  const auto log_in = in.token_request("grant_type=password&username=ann%40example.com&password=password-ann%40example.com");
  const std::string refresh = text(Installation::body(log_in).at("refresh_token"));
  const auto word = [&](const std::string& token) {
    const auto answer = in.token_request("grant_type=refresh_token&refresh_token=" + wire::percent_encode(token));
    EXPECT_EQ(answer.status, 401) << answer.body;
    EXPECT_EQ(text(Installation::body(answer).at("error")), "invalid_grant");
    return text(Installation::body(answer).at("code"));
  };
  in.admin_run("user.disable", {{"username", "ann@example.com"}});
  EXPECT_EQ(word(refresh + "x"), "session_expired") << "who holds nothing learns nothing";
  EXPECT_EQ(word(refresh), "user_disabled");
  EXPECT_EQ(word(refresh), "session_expired") << "each token is good for one answer";
}

// acceptance: 23
TEST(Auth, AChangeOfProfileCountsAtTheNextRequest) {
  Installation in;
  in.add_user("ann@example.com");
  const std::string token = in.log_in("ann@example.com");
  EXPECT_EQ(in.send("GET", "/api/agent/state", "", in.bearer(token)).status, 200);
  in.admin_run("user.set", {{"username", "ann@example.com"}, {"security-profile", {"QualityAnalyst"}}});
  EXPECT_EQ(in.send("GET", "/api/agent/state", "", in.bearer(token)).status, 403);
}

// acceptance: 65
TEST(Auth, TokensExpireAndAreBoundToTheirIssuer) {
  Installation in;
  in.add_user("ann@example.com");
  const std::string token = in.log_in("ann@example.com");
  in.pass(Duration::s(3599));
  EXPECT_EQ(in.send("GET", "/api/agent/state", "", in.bearer(token)).status, 200);
  in.pass(Duration::s(1));
  auto expired = in.send("GET", "/api/agent/state", "", in.bearer(token));
  EXPECT_EQ(expired.status, 401);
  EXPECT_EQ(text(Installation::body(expired).at("reqId")), "req-1");
  for (std::size_t n = 0; n < token.size(); n += 7) EXPECT_EQ(in.send("GET", "/api/agent/state", "", in.bearer(token.substr(0, n))).status, 401);
}

TEST(Auth, AccessKeysSignAndMayBeLimited) {
  Installation in;
  const std::string ann = in.add_user("ann@example.com");
  const auto key = in.admin_run("access-key.create", {{"name", "automation"}, {"username", "ann@example.com"}});
  const auto limited = in.admin_run("access-key.create", {{"name", "limited"}, {"username", "ann@example.com"}, {"permission", {"meeting.create"}}});
  const auto service = in.admin_run("access-key.create", {{"name", "service"}});
  const auto signed_request = [&](const bj::object& k, const std::string& secret) {
    crypto::SigV4Authorization a{text(k.at("accessKeyId")), "20270115", "local", "upcall", {"host", "x-amz-date"}, ""};
    auto r = in.request("GET", "/api/agent/state?x=1", "", {{"host", "upcall.example"}, {"x-amz-date", "20270115T080000Z"}});
    a.signature = crypto::sigv4_signature({"GET", "/api/agent/state", "x=1", r.headers, ""}, a, secret);
    r.headers.emplace_back("authorization", "AWS4-HMAC-SHA256 Credential=" + a.access_key_id + "/20270115/local/upcall/aws4_request, SignedHeaders=host;x-amz-date, Signature=" + a.signature);
    return r;
  };
  // The test's clock stands at 2027-01-15T08:00:00Z.
  auto r = signed_request(key, text(key.at("secretAccessKey")));
  EXPECT_EQ(in.router->dispatch(r).status, 200);
  r = signed_request(key, "wrong");
  EXPECT_EQ(in.router->dispatch(r).status, 401);
  r = signed_request(limited, text(limited.at("secretAccessKey")));
  EXPECT_EQ(in.router->dispatch(r).status, 403);
  r = signed_request(service, text(service.at("secretAccessKey")));
  EXPECT_EQ(in.router->dispatch(r).status, 403) << "a program is no agent";
  r = signed_request(service, text(service.at("secretAccessKey")));
  auto principal = in.authenticator->authenticate(r);
  ASSERT_TRUE(principal);
  EXPECT_EQ(principal->kind, identity::Principal::Kind::service);
  EXPECT_EQ(principal->permissions, identity::PermissionSet::everything());
  in.pass(Duration::s(901));
  r = signed_request(key, text(key.at("secretAccessKey")));
  EXPECT_EQ(in.router->dispatch(r).status, 401);
}

// Every staff operation of the table: nobody and people without the permission are refused; every route is in the table.
TEST(Auth, PermissionMatrixAndOpenApiCoverEveryRoute) {
  Installation in;
  in.admin_run("security-profile.add", {{"name", "Nothing"}});
  in.add_user("non@example.com", {"Nothing"});
  const auto as_nobody = in.bearer(in.log_in("non@example.com"));
  std::set<std::pair<std::string, std::string>> described;
  for (const api::Operation& op : in.openapi->operations()) {
    described.emplace(op.method, op.path);
    if (op.auth != api::OperationAuth::staff) continue;
    std::string path(op.path);
    if (const auto at = path.find("{contactId}"); at != std::string::npos) path.replace(at, 11, "some-contact");
    EXPECT_EQ(in.send(std::string(op.method), path, "{}").status, 401) << op.id;
    // Everybody has an own user (the whole matrix: tests/unit/permissions).
    if (path.starts_with("/api/connect/")) continue;
    EXPECT_EQ(in.send(std::string(op.method), path, "{}", as_nobody).status, 403) << op.id;
  }
  for (const auto& [method, pattern] : in.router->routes()) {
    if (pattern.starts_with("/aws/") || pattern == "/api/openapi.json" || pattern == "/api/agent/events" || method.empty()) continue;
    EXPECT_TRUE(described.contains({method, pattern})) << method << " " << pattern << " is not in the OpenAPI table";
  }
  auto document = in.send("GET", "/api/openapi.json");
  EXPECT_EQ(document.status, 200);
  EXPECT_EQ(text(Installation::body(document).at("openapi")), "3.1.0");
  EXPECT_TRUE(Installation::body(document).at("paths").as_object().contains("/api/chat/start"));
}

TEST(Auth, OneAgentDoesNotSeeAnothersContact) {
  Installation in;
  in.add_user("ann@example.com");
  in.add_user("bob@example.com");
  const auto as_ann = in.bearer(in.log_in("ann@example.com"));
  const auto as_bob = in.bearer(in.log_in("bob@example.com"));
  in.send("PUT", "/api/agent/status", R"({"status":"available"})", as_ann);
  const auto started = Installation::body(in.send("POST", "/api/chat/start", in.start_body()));
  const std::string contact = "/api/agent/contacts/" + text(started.at("data").at("startChatResult").at("ContactId"));
  EXPECT_EQ(in.send("POST", contact + "/accept", "", as_bob).status, 404);
  EXPECT_EQ(in.send("POST", contact + "/accept", "", as_ann).status, 200);
  EXPECT_EQ(in.send("POST", contact + "/accept", "", as_ann).status, 409);
  for (const char* what : {"/end", "/clear", "/reject"}) EXPECT_EQ(in.send("POST", contact + what, "", as_bob).status, 404) << what;
  EXPECT_EQ(in.send("GET", contact + "/items", "", as_bob).status, 404);
  EXPECT_EQ(in.send("POST", contact + "/items", R"({"content":"x"})", as_bob).status, 404);
  EXPECT_EQ(in.send("PUT", contact + "/attributes", R"({"attributes":{"note":"x"}})", as_bob).status, 404);
  EXPECT_EQ(in.send("PUT", contact + "/attributes", R"({"attributes":{"note":"x"}})", as_ann).status, 200);
  EXPECT_EQ(in.send("PUT", contact + "/attributes", R"({"attributes":{"videoRouteToAgent":"x"}})", as_ann).status, 400);
  EXPECT_EQ(in.send("PUT", contact + "/attributes", R"({"attributes":{"note":1}})", as_ann).status, 400);
}

}  // namespace
}  // namespace upcall::test
