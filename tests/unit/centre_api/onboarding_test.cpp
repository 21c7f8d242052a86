// The server's half of onboarding and of the user cache.
#include "harness.hpp"

#include "identity/user_cache.hpp"
#include "io/store/identity_repository.hpp"

namespace upcall::test {
namespace {

bj::object id_claims(const bj::object& tokens) {
  const std::string token = text(tokens.at("id_token"));
  const std::size_t dot = token.find('.');
  return *json::parse_object(as_text(*from_base64url(token.substr(dot + 1, token.rfind('.') - dot - 1))));
}

struct Onboarding {
  Onboarding() {
    ann = in.add_user("ann@example.com");
    bob = in.add_user("bob@example.com");
    tokens = Installation::body(in.token_request("grant_type=password&username=ann%40example.com&password=password-ann%40example.com"));
  }
  wire::HttpResponse send(const char* method, const char* path, const std::string& body = {}) { return in.send(method, path, body, in.bearer(text(tokens.at("access_token")))); }
  void refresh() { tokens = Installation::body(in.token_request("grant_type=refresh_token&refresh_token=" + text(tokens.at("refresh_token")))); }
  Installation in;
  std::string ann, bob;
  bj::object tokens;
};

// acceptance: 22
TEST(Onboarding, TheOwnIdBecomesAClaimAndNoOther) {
  Onboarding o;
  EXPECT_FALSE(id_claims(o.tokens).contains("custom:connectUserId"));
  const auto described = Installation::body(o.send("GET", "/api/connect/user")).at("data").as_object();
  EXPECT_EQ(described.at("onboarded"), bj::value(false));
  EXPECT_EQ(text(described.at("personalQueueId")), o.ann);
  EXPECT_EQ(o.send("PUT", "/api/connect/connect-user-cache").status, 400);
  for (const std::string& body : {std::string("{}"), std::string("x"), std::string(R"({"connectUserId":7})"), std::string(R"({"connectUserId":""})"), R"({"connectUserId":")" + o.bob + "\"}",
                                  R"({"connectUserId":")" + o.ann + R"(","connectLoginByEmail":"yes"})"}) {
    EXPECT_EQ(o.send("POST", "/api/connect/setConnectUserId", body).status, 400) << body;
  }
  EXPECT_FALSE(*o.in.store->read([&](store::Database& db) { return store::users::is_onboarded(db, o.bob); }));
  const std::string right = R"({"connectLoginByEmail":true,"connectUserId":")" + o.ann + "\"}";
  const auto set = o.send("POST", "/api/connect/setConnectUserId", right);
  ASSERT_EQ(set.status, 200) << set.body;
  EXPECT_EQ(text(Installation::body(set).at("data").at("connectUserId")), o.ann);
  EXPECT_EQ(o.send("POST", "/api/connect/setConnectUserId", right).status, 409);
  o.refresh();
  EXPECT_EQ(text(id_claims(o.tokens).at("custom:connectUserId")), o.ann) << "the session's next id token has it";
  EXPECT_EQ(Installation::body(o.send("GET", "/api/connect/user")).at("data").at("onboarded"), bj::value(true));
}

TEST(Onboarding, WhoHasNoPanelIsTold) {
  Onboarding o;
  o.in.admin_run("user.set", {{"username", "ann@example.com"}, {"security-profile", {"QualityAnalyst"}}});
  const auto described = Installation::body(o.send("GET", "/api/connect/user")).at("data").as_object();
  EXPECT_EQ(described.at("panel"), bj::value(false));
  EXPECT_TRUE(described.at("personalQueueId").is_null());
  for (const auto& [method, path] : {std::pair{"POST", "/api/connect/setConnectUserId"}, {"PUT", "/api/connect/connect-user-cache"}, {"GET", "/api/connect/user"}}) {
    EXPECT_EQ(o.in.send(method, path).status, 401);
  }
}

// acceptance: 23
TEST(UserCache, IsReadAgainAfterFiveMinutesOrWhenTheTruthHasChanged) {
  Onboarding o;
  ASSERT_EQ(o.send("POST", "/api/connect/setConnectUserId", R"({"connectUserId":")" + o.ann + "\"}").status, 200);
  const auto put = [&] {
    const auto answer = o.send("PUT", "/api/connect/connect-user-cache");
    EXPECT_EQ(answer.status, 200) << answer.body;
    return Installation::body(answer).at("data").as_bool();
  };
  EXPECT_TRUE(put());
  EXPECT_FALSE(put());
  o.in.pass(identity::kUserCacheFresh);
  EXPECT_FALSE(put());
  o.in.pass(Duration::s(1));
  EXPECT_TRUE(put());
  o.in.admin_run("user.set", {{"username", "ann@example.com"}, {"hierarchy-group", "North/Sales"}});
  EXPECT_TRUE(put()) << "at once, not within five seconds";
  o.in.admin_run("user.set", {{"username", "ann@example.com"}, {"security-profile", {"Agent", "VideoCallRecordingPlayback"}}});
  EXPECT_TRUE(put());
  EXPECT_FALSE(put());
}

// By an index each, whatever the number of users: nothing lists them.
TEST(UserCache, NobodyIsFoundByListingEverybody) {
  Installation in;
  for (const char* sql : {"select id from users where id='x'", "select id from users where username='x'", "select id from users where lower(email)=lower('x')",
                          "select profile_id from user_security_profiles where user_id='x'", "select permission from security_profile_permissions where profile_id='x'",
                          "select id from hierarchy_groups where id='x'", "select content from user_cache where user_id='x'", "select id from sessions where id='x'",
                          "select session_id from refresh_tokens where token_hash='x'", "select user_id from federated_identities where issuer='x' and subject='y'"}) {
    const auto plan = *in.store->read([&](store::Database& db) { return db.all("explain query plan " + std::string(sql), [](store::Row& r) { return r.text(3); }); });
    ASSERT_FALSE(plan.empty());
    for (const std::string& step : plan) EXPECT_TRUE(step.starts_with("SEARCH")) << sql << ": " << step;
  }
}

}  // namespace
}  // namespace upcall::test
