// Log-in by another provider: a false one of our own, which says whatever the test wants.
#include "browser.hpp"

#include "crypto/signature.hpp"
#include "io/store/audit_repository.hpp"
#include "io/store/identity_repository.hpp"

namespace upcall::test {
namespace {

struct Provider {
  Provider() {
    in.provider_settings = {.issuer = "https://idp.example", .name = "Corp", .client_id = "upcall-at-idp", .client_secret = "s:e+c", .allowed_domains = "example.com, example.org"};
    in.provider = [this](const service::FetchRequest& r) -> Result<std::string> {
      ++fetches[r.url];
      if (r.url == "https://idp.example/.well-known/openid-configuration") return metadata;
      if (r.url == "https://idp.example/keys") return "{\"keys\":[" + key.public_key().jwk() + "]}";
      if (r.url != "https://idp.example/token") return fail(ErrorCode::unavailable, "");
      exchange = r;
      return bj::serialize(bj::object{{"access_token", "x"}, {"token_type", "Bearer"}, {"id_token", token.empty() ? crypto::jws_sign(key, bj::serialize(claims)) : token}});
    };
    in.add_user("ann@example.com");
  }
  // The browser is sent away and comes back.
  wire::HttpResponse log_in(Browser& browser, const std::string& query = authorize_query({{"identity_provider", "Corp"}})) {
    auto away = browser.get("/oauth2/authorize?" + query);
    EXPECT_EQ(away.status, 303) << away.body;
    away = browser.get(Browser::header(away, "location"));
    EXPECT_EQ(away.status, 303) << away.body;
    address = Browser::header(away, "location");
    const std::int64_t now = in.now().wall.unix_ms() / 1000;
    const bj::object wanted = claims;
    claims = {{"iss", "https://idp.example"}, {"aud", "upcall-at-idp"}, {"sub", "corp-1"}, {"email", "Ann@Example.com"}, {"email_verified", true}, {"name", "Ann"}, {"nonce", Browser::parameter(address, "nonce")}, {"iat", now}, {"exp", now + 300}};
    for (const auto& [name, value] : wanted) {
      if (value.is_null()) claims.erase(name);
      else claims[name] = value;
    }
    const auto back = browser.get("/oauth2/callback?code=c-1&state=" + Browser::parameter(address, "state"));
    claims = wanted;
    return back;
  }
  wire::HttpResponse log_in() {
    Browser browser(in);
    return log_in(browser);
  }
  static bool arrived(const wire::HttpResponse& answer) { return answer.status == 303 && Browser::header(answer, "location").starts_with("https://upcall.example/?code="); }

  Installation in;
  crypto::Es256PrivateKey key = crypto::Es256PrivateKey::generate();
  std::string metadata = R"({"issuer":"https://idp.example","authorization_endpoint":"https://idp.example/auth","token_endpoint":"https://idp.example/token","jwks_uri":"https://idp.example/keys"})";
  bj::object claims;  // besides, or instead of, those of Ann; null: without
  std::string token, address;
  service::FetchRequest exchange;
  std::map<std::string, int> fetches;
};

// acceptance: 20
TEST(Federation, AVerifiedAddressIsLinkedOnceAndThenTheSubjectCounts) {
  Provider p;
  Browser browser(p.in);
  EXPECT_NE(browser.get("/login").body.find("Log in with Corp"), std::string::npos);
  EXPECT_TRUE(Provider::arrived(p.log_in(browser)));
  EXPECT_TRUE(p.address.starts_with("https://idp.example/auth?response_type=code&scope=openid%20email%20profile&client_id=upcall-at-idp&redirect_uri=https%3A%2F%2Fupcall.example%2Foauth2%2Fcallback&state=")) << p.address;
  EXPECT_NE(p.address.find("&code_challenge_method=S256&code_challenge="), std::string::npos);
  EXPECT_EQ(p.exchange.authorization, "Basic " + to_base64(as_bytes(std::string_view("upcall-at-idp:s%3Ae%2Bc"))));
  EXPECT_NE(p.exchange.form.find("code_verifier="), std::string::npos);
  EXPECT_EQ(browser.get("/oauth2/authorize?" + authorize_query()).status, 303) << "logged in here, too";
  // From now on the address does not matter any more, neither way.
  p.claims = {{"email", "somebody@else.example"}, {"email_verified", false}};
  EXPECT_TRUE(Provider::arrived(p.log_in()));
  p.claims = {{"sub", "corp-2"}};
  EXPECT_EQ(p.log_in().status, 403) << "another person there who now has Ann's address";
  EXPECT_EQ(p.fetches["https://idp.example/.well-known/openid-configuration"], 1);
  EXPECT_EQ(p.fetches["https://idp.example/keys"], 1);
}

TEST(Federation, NobodyElseGetsIn) {
  Provider p;
  const auto refused = [&](bj::object claims, const char* what) {
    p.claims = std::move(claims);
    EXPECT_EQ(p.log_in().status, 403) << what;
  };
  refused({{"email_verified", false}}, "not verified");
  refused({{"email_verified", nullptr}}, "says nothing of it");
  refused({{"email_verified", "true"}}, "a text is no truth");
  refused({{"email", "nobody@example.com"}}, "nobody's address, and no provisioning");
  refused({{"email", "ann@evil.example"}}, "another domain");
  refused({{"email", "ann@example.com@evil.example"}}, "two");
  refused({{"email", nullptr}}, "no address");
  p.in.admin_run("user.disable", {{"username", "ann@example.com"}});
  refused({}, "disabled");
  p.in.admin_run("user.enable", {{"username", "ann@example.com"}});
  p.in.provider_settings.allowed_domains = "";
  refused({}, "no domain is allowed");
  p.in.provider_settings.allowed_domains = "example.com";
  p.in.provider_settings.trust_email = true;
  p.claims = {{"email_verified", false}};
  EXPECT_TRUE(Provider::arrived(p.log_in())) << "the administrator trusts it";
  const auto rows = *p.in.store->read([](store::Database& db) { return store::audit::list(db, {.action = "login.failed"}); });
  EXPECT_EQ(rows.size(), 9u);
}

TEST(Federation, TokensThatDoNotHoldAreRefused) {
  Provider p;
  const auto refused = [&](bj::object claims, const char* what) {
    p.claims = std::move(claims);
    EXPECT_EQ(p.log_in().status, 401) << what;
  };
  const std::int64_t now = p.in.now().wall.unix_ms() / 1000;
  refused({{"iss", "https://evil.example"}}, "issuer");
  refused({{"aud", "other"}}, "audience");
  refused({{"aud", {"upcall-at-idp", "other"}}}, "several audiences, nobody authorised");
  refused({{"azp", "other"}}, "authorised party");
  refused({{"nonce", "x"}}, "nonce");
  refused({{"nonce", nullptr}}, "no nonce");
  refused({{"exp", now - 121}}, "expired");
  refused({{"exp", nullptr}}, "no expiry");
  refused({{"iat", now + 121}}, "of the future");
  refused({{"sub", nullptr}}, "nobody");
  p.claims = {};
  const auto other = crypto::Es256PrivateKey::generate();
  for (const std::string& token : {crypto::jws_sign(other, "{}"), std::string("x.y.z"), std::string(".."), to_base64url(as_bytes(std::string_view(R"({"alg":"none"})"))) + ".e30.", std::string()}) {
    p.token = token.empty() ? " " : token;
    EXPECT_EQ(p.log_in().status, 401) << token;
  }
  // Keys that were rotated are found again, but not at each forged token.
  p.token.clear();
  p.key = crypto::Es256PrivateKey::generate();
  p.in.pass(Duration::s(31));
  EXPECT_TRUE(Provider::arrived(p.log_in()));
  EXPECT_LE(p.fetches["https://idp.example/keys"], 3);
}

TEST(Federation, AnAnswerBelongsToTheBrowserThatAsked) {
  Provider p;
  Browser browser(p.in), other(p.in);
  const auto away = browser.get("/oauth2/federate?return_to=/recording/m-1");
  const std::string state = Browser::parameter(Browser::header(away, "location"), "state");
  EXPECT_EQ(other.get("/oauth2/callback?code=c&state=" + state).status, 401) << "no cookie: somebody else's log-in was slipped in";
  EXPECT_EQ(browser.get("/oauth2/callback?code=c&state=x").status, 401);
  (void)browser.get("/oauth2/federate");
  EXPECT_EQ(browser.get("/oauth2/callback?error=access_denied&state=" + state).status, 401);
  const auto again = browser.get("/oauth2/federate");
  const std::string fresh = Browser::parameter(Browser::header(again, "location"), "state");
  EXPECT_EQ(browser.get("/oauth2/callback?code=c&iss=https%3A%2F%2Fevil.example&state=" + fresh).status, 401);
  (void)browser.get("/oauth2/federate");
  p.in.pass(Duration::s(600));
  EXPECT_EQ(browser.get("/oauth2/callback?code=c&state=" + fresh).status, 401);
}

TEST(Federation, UsersAreMadeWhenThatIsOn) {
  Provider p;
  p.in.provider_settings.provision = true;
  p.claims = {{"sub", "corp-9"}, {"email", "new@example.org"}, {"name", "New One"}};
  EXPECT_TRUE(Provider::arrived(p.log_in()));
  const auto user = *p.in.store->read([](store::Database& db) { return store::users::find_login(db, "new@example.org"); });
  ASSERT_TRUE(user);
  EXPECT_EQ(user->name, "New One");
  EXPECT_EQ(p.in.token_request("grant_type=password&username=new%40example.org&password=x").status, 401) << "no password fits";
  EXPECT_TRUE(Provider::arrived(p.log_in())) << "and is made once";
  p.claims["email"] = "new@evil.example";
  p.claims["sub"] = "corp-10";
  EXPECT_EQ(p.log_in().status, 403);
}

TEST(Federation, OurOwnSecondFactorIsAskedForAllTheSame) {
  Provider p;
  p.in.admin_run("security-profile.set", {{"name", "Agent"}, {"second-factor", "required"}});
  const auto page = p.log_in();
  EXPECT_EQ(page.status, 200);
  EXPECT_NE(page.body.find("Set up a second factor"), std::string::npos);
}

TEST(Federation, AProviderThatIsNotWhatItSaysOrIsAwayCostsNothingElse) {
  Provider p;
  Browser browser(p.in);
  for (const char* bad : {"", "{}", R"({"issuer":"https://evil.example","authorization_endpoint":"https://idp.example/auth","token_endpoint":"https://idp.example/token","jwks_uri":"https://idp.example/keys"})",
                          R"({"issuer":"https://idp.example","authorization_endpoint":"javascript:x","token_endpoint":"https://idp.example/token","jwks_uri":"https://idp.example/keys"})",
                          R"({"issuer":"https://idp.example","authorization_endpoint":"https://idp.example/auth","token_endpoint":"http://127.0.0.1/token","jwks_uri":"https://idp.example/keys"})"}) {
    p.metadata = bad;
    EXPECT_EQ(browser.get("/oauth2/federate").status, 503) << bad;
  }
  EXPECT_EQ(browser.get("/login").status, 200);
  p.in.provider_settings.issuer = "";
  EXPECT_EQ(browser.get("/oauth2/federate").status, 404);
  EXPECT_EQ(browser.get("/login").body.find("Log in with"), std::string::npos);
}

}  // namespace
}  // namespace upcall::test
