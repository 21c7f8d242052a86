// OpenID Connect: the code flow by our page, from the browser's and the client's side.
#include "browser.hpp"

namespace upcall::test {
namespace {

std::string user_password(const std::string& name) { return "password-" + name; }

struct Flow {
  Flow() { in.add_user("ann@example.com"); }
  wire::HttpResponse log_in(Browser& browser, const std::string& query = authorize_query()) {
    const auto page = browser.get("/oauth2/authorize?" + query);
    EXPECT_EQ(page.status, 200) << page.body;
    return browser.submit("/login", page, {{"username", "ann@example.com"}, {"password", user_password("ann@example.com")}});
  }
  wire::HttpResponse exchange(const std::string& code, const std::map<std::string, std::string>& changed = {}) {
    std::map<std::string, std::string> form = {{"grant_type", "authorization_code"}, {"code", code}, {"client_id", "upcall"}, {"redirect_uri", "https://upcall.example/"}, {"code_verifier", kVerifier}};
    for (const auto& [name, value] : changed) form[name] = value;
    std::string body;
    for (const auto& [name, value] : form) body += (body.empty() ? "" : "&") + name + "=" + wire::percent_encode(value);
    return in.token_request(body);
  }
  static bj::object claims(const std::string& token) {
    const std::size_t dot = token.find('.');
    return *json::parse_object(as_text(*from_base64url(token.substr(dot + 1, token.rfind('.') - dot - 1))));
  }
  Installation in;
};

TEST(Authorize, ACodeIsExchangedOnceForTokensOfItsClient) {
  Flow f;
  Browser browser(f.in);
  const auto done = f.log_in(browser);
  ASSERT_EQ(done.status, 303) << done.body;
  const std::string location = Browser::header(done, "location");
  ASSERT_TRUE(location.starts_with("https://upcall.example/?code=")) << location;
  EXPECT_EQ(Browser::parameter(location, "state"), "st&te");
  EXPECT_EQ(Browser::parameter(location, "iss"), "https://upcall.example");
  const std::string code = Browser::parameter(location, "code");
  for (const auto& wrong : std::vector<std::map<std::string, std::string>>{
           {{"code_verifier", std::string(43, 'x')}}, {{"redirect_uri", "https://upcall.example"}}, {{"client_id", "other"}}, {{"code", code + "x"}}}) {
    EXPECT_EQ(f.exchange(code, wrong).status, 400) << wrong.begin()->first;
  }
  const auto answer = f.exchange(code);
  ASSERT_EQ(answer.status, 200) << answer.body;
  const auto tokens = Installation::body(answer);
  const auto id = Flow::claims(text(tokens.at("id_token")));
  EXPECT_EQ(text(id.at("nonce")), "n-1");
  EXPECT_EQ(text(id.at("aud")), "upcall");
  EXPECT_EQ(text(id.at("email")), "ann@example.com");
  const std::string access = text(tokens.at("access_token"));
  EXPECT_EQ(f.in.send("GET", "/api/agent/state", "", f.in.bearer(access)).status, 200);
  EXPECT_EQ(text(Installation::body(f.in.send("GET", "/oauth2/userInfo", "", f.in.bearer(access))).at("sub")), text(id.at("sub")));
  // Used again, it ends what it began.
  EXPECT_EQ(f.exchange(code).status, 400);
  EXPECT_EQ(f.in.send("GET", "/api/agent/state", "", f.in.bearer(access)).status, 401);
  EXPECT_EQ(f.in.send("GET", "/oauth2/userInfo", "", f.in.bearer(access)).status, 401);
}

TEST(Authorize, ACodeLivesAMinute) {
  Flow f;
  Browser browser(f.in);
  const std::string code = Browser::parameter(Browser::header(f.log_in(browser), "location"), "code");
  f.in.pass(api::kCodeLife);
  EXPECT_EQ(f.exchange(code).status, 400);
}

TEST(Authorize, TheBrowserIsRememberedUnlessAskedNotTo) {
  Flow f;
  Browser browser(f.in);
  ASSERT_EQ(f.log_in(browser).status, 303);
  EXPECT_TRUE(Browser::header(browser.get("/oauth2/authorize?" + authorize_query()), "location").starts_with("https://upcall.example/?code="));
  EXPECT_TRUE(Browser::header(browser.get("/oauth2/authorize?" + authorize_query({{"prompt", "none"}})), "location").starts_with("https://upcall.example/?code="));
  EXPECT_EQ(browser.get("/oauth2/authorize?" + authorize_query({{"prompt", "login"}})).status, 200);
  f.in.pass(Duration::s(11));
  EXPECT_EQ(browser.get("/oauth2/authorize?" + authorize_query({{"max_age", "10"}})).status, 200);
  Browser stranger(f.in);
  EXPECT_NE(Browser::header(stranger.get("/oauth2/authorize?" + authorize_query({{"prompt", "none"}})), "location").find("error=login_required"), std::string::npos);
  // Ten hours later the log-in must be done again.
  f.in.pass(identity::kSessionLife);
  EXPECT_EQ(browser.get("/oauth2/authorize?" + authorize_query()).status, 200);
}

TEST(Authorize, WhoIsDisabledOrHasANewPasswordIsNotRemembered) {
  Flow f;
  Browser browser(f.in);
  ASSERT_EQ(f.log_in(browser).status, 303);
  f.in.admin_run("user.disable", {{"username", "ann@example.com"}});
  EXPECT_EQ(browser.get("/oauth2/authorize?" + authorize_query()).status, 200);
  f.in.admin_run("user.enable", {{"username", "ann@example.com"}});
  EXPECT_EQ(browser.get("/oauth2/authorize?" + authorize_query()).status, 303);
  f.in.admin_run("user.reset-password", {{"username", "ann@example.com"}});
  EXPECT_EQ(browser.get("/oauth2/authorize?" + authorize_query()).status, 200);
}

TEST(Authorize, TheOriginalsCallbackAddressesAreThePagesToo) {
  Flow f;
  Browser browser(f.in);
  const auto status = [&](const char* uri) { return browser.get("/oauth2/authorize?" + authorize_query({{"redirect_uri", uri}})).status; };
  f.in.admin_run("configure", {{"cognitoSAMLCallbackUrls", "https://desk.example/,https://old.example/?app=1"}, {"cognitoSAMLLogoutUrls", "https://desk.example/?logout"}});
  EXPECT_EQ(status("https://desk.example/"), 400) << "without cognitoSAMLEnabled they are kept and do nothing";
  f.in.admin_run("configure", {{"cognitoSAMLEnabled", "true"}, {"cognitoSAMLIdentityProviderURL", "https://idp.example"}});
  EXPECT_EQ(status("https://desk.example/"), 200);
  EXPECT_EQ(status("https://old.example/?app=1"), 200);
  EXPECT_EQ(status("https://old.example/"), 400);
  const auto out = [&](const char* uri) { return Browser::header(browser.get("/logout?client_id=upcall&logout_uri=" + wire::percent_encode(uri)), "location"); };
  EXPECT_EQ(out("https://desk.example/?logout"), "https://desk.example/?logout");
  EXPECT_NE(out("https://desk.example/"), "https://desk.example/");
}

// Nothing leaves for an address that is not registered, character by character.
TEST(Authorize, RedirectsGoToRegisteredAddressesOnly) {
  Flow f;
  Browser browser(f.in);
  for (const char* uri : {"https://evil.example/", "https://upcall.example/x", "https://upcall.example", "https://upcall.example/?", "https://upcall.example/#", "https://upcall.example//", "HTTPS://upcall.example/",
                          "https://upcall.example:443/", "https://upcall.example.evil.example/", "https://upcall.example/../", "javascript:alert(1)", "//evil.example/", "", "-"}) {
    const auto answer = browser.get("/oauth2/authorize?" + authorize_query({{"redirect_uri", uri}}));
    EXPECT_EQ(answer.status, 400) << uri;
    EXPECT_EQ(Browser::header(answer, "location"), "") << uri;
  }
  EXPECT_EQ(browser.get("/oauth2/authorize?" + authorize_query({{"client_id", "nobody"}})).status, 400);
  EXPECT_EQ(browser.get("/oauth2/authorize?" + authorize_query() + "&redirect_uri=https%3A%2F%2Fupcall.example%2F").status, 400) << "twice is none";
  // Also not when the form is changed on its way.
  const auto page = browser.get("/oauth2/authorize?" + authorize_query());
  auto fields = Browser::hidden(page);
  fields["request"] = authorize_query({{"redirect_uri", "https://evil.example/"}});
  fields["username"] = "ann@example.com";
  fields["password"] = user_password("ann@example.com");
  const auto changed = browser.post("/login", fields);
  EXPECT_EQ(changed.status, 400);
  EXPECT_EQ(Browser::header(changed, "location"), "");
}

TEST(Authorize, WhatIsWrongOtherwiseGoesBackToTheClient) {
  Flow f;
  Browser browser(f.in);
  const auto error_of = [&](const std::map<std::string, std::string>& changed) {
    const auto answer = browser.get("/oauth2/authorize?" + authorize_query(changed));
    EXPECT_EQ(answer.status, 303);
    EXPECT_TRUE(Browser::header(answer, "location").starts_with("https://upcall.example/?error="));
    return Browser::parameter(Browser::header(answer, "location"), "error");
  };
  EXPECT_EQ(error_of({{"response_type", "token"}}), "unsupported_response_type");
  EXPECT_EQ(error_of({{"response_type", "-"}}), "invalid_request");
  EXPECT_EQ(error_of({{"code_challenge", "-"}}), "invalid_request") << "no PKCE";
  EXPECT_EQ(error_of({{"code_challenge_method", "plain"}}), "invalid_request");
  EXPECT_EQ(error_of({{"code_challenge_method", "-"}}), "invalid_request") << "the default would be plain";
  EXPECT_EQ(error_of({{"code_challenge", "short"}}), "invalid_request");
  EXPECT_EQ(error_of({{"scope", "email"}}), "invalid_scope");
  EXPECT_EQ(error_of({{"prompt", "none login"}}), "invalid_request");
  EXPECT_EQ(error_of({{"prompt", "consent"}}), "invalid_request");
  EXPECT_EQ(error_of({{"max_age", "-1"}}), "invalid_request");
  EXPECT_EQ(error_of({{"response_mode", "form_post"}}), "invalid_request");
  EXPECT_EQ(error_of({{"request_uri", "https://evil.example/"}}), "request_not_supported");
  EXPECT_EQ(error_of({{"state", std::string(2000, 'x')}}), "invalid_request");
}

TEST(Authorize, OnlyTheOwnFormOfThisBrowserIsTaken) {
  Flow f;
  Browser browser(f.in), other(f.in);
  const auto page = browser.get("/oauth2/authorize?" + authorize_query());
  const std::string cookie = Browser::header(page, "set-cookie");
  EXPECT_TRUE(cookie.starts_with("__Host-upcall-form=")) << cookie;
  for (const char* part : {"; Path=/", "; HttpOnly", "; SameSite=Strict", "; Secure"}) EXPECT_NE(cookie.find(part), std::string::npos) << part;
  auto fields = Browser::hidden(page);
  fields["username"] = "ann@example.com";
  fields["password"] = user_password("ann@example.com");
  EXPECT_EQ(other.post("/login", fields).status, 403) << "no cookie";
  (void)other.get("/login");
  EXPECT_EQ(other.post("/login", fields).status, 403) << "another browser's cookie";
  for (const char* origin : {"https://evil.example", "null", "http://upcall.example", "https://upcall.example:444"}) {
    EXPECT_EQ(browser.post("/login", fields, {{"origin", origin}}).status, 403) << origin;
  }
  auto without = fields;
  without.erase("csrf");
  EXPECT_EQ(browser.post("/login", without).status, 403);
  EXPECT_EQ(browser.post("/login", fields).status, 303);
}

TEST(Authorize, PagesHoldNoMarkupOfStrangersAndNoScript) {
  Flow f;
  Browser browser(f.in);
  const std::string evil = "\"><script>alert(1)</script>";
  for (const auto& answer : {browser.get("/oauth2/authorize?" + authorize_query({{"login_hint", evil}, {"state", "a<b>c\"d'e"}})), browser.get("/login?return_to=" + wire::percent_encode(evil)),
                             browser.get("/account/password?token=" + wire::percent_encode(evil)), browser.get("/oauth2/authorize?client_id=" + wire::percent_encode(evil))}) {
    EXPECT_EQ(answer.body.find("<script"), std::string::npos) << answer.body;
    const std::string policy = Browser::header(answer, "content-security-policy");
    EXPECT_TRUE(policy.starts_with("default-src 'none'; style-src 'self'; img-src data:; form-action 'self'")) << policy;
    EXPECT_NE(policy.find("frame-ancestors 'none'"), std::string::npos);
    EXPECT_NE(answer.body.find("<html lang=\"en\">"), std::string::npos);
  }
  EXPECT_NE(browser.get("/login", {{"accept-language", "de-DE,de;q=0.9"}}).body.find("Anmelden"), std::string::npos);
}

// acceptance: 21
TEST(Authorize, AfterTheLogInThePageThatWasAskedForAndNoOther) {
  Flow f;
  const auto sent_to = [&](const std::string& return_to) {
    Browser browser(f.in);
    const auto page = browser.get("/login?return_to=" + wire::percent_encode(return_to));
    auto fields = Browser::hidden(page);
    EXPECT_TRUE(fields["return_to"].starts_with("/"));
    // As if the form had been changed, too.
    fields["return_to"] = return_to;
    fields["username"] = "ann@example.com";
    fields["password"] = user_password("ann@example.com");
    return Browser::header(browser.post("/login", fields), "location");
  };
  EXPECT_EQ(sent_to("/recording/m-1?x=1"), "/recording/m-1?x=1");
  for (const char* evil : {"https://evil.example/", "//evil.example/", "/\\evil.example", "\\\\evil.example", "/\t/evil.example", "/\n/evil.example", "javascript:alert(1)", "", "evil", " /x", "/ /evil"}) {
    EXPECT_EQ(sent_to(evil), "/") << evil;
  }
}

TEST(Authorize, ARegisteredClientGetsTokensThatAreNotForTheApi) {
  Flow f;
  const auto made = f.in.admin_run("oauth-client.add", {{"name", "Wiki"}, {"redirect-uri", {"https://wiki.example/cb"}}, {"logout-uri", {"https://wiki.example/out"}}});
  const std::string id = text(made.at("clientId"));
  Browser browser(f.in);
  const auto code_of = [&] {
    const auto done = browser.get("/oauth2/authorize?" + authorize_query({{"client_id", id}, {"redirect_uri", "https://wiki.example/cb"}}));
    return Browser::parameter(Browser::header(done, "location"), "code");
  };
  ASSERT_EQ(f.log_in(browser).status, 303);
  const auto answer = f.exchange(code_of(), {{"client_id", id}, {"redirect_uri", "https://wiki.example/cb"}});
  ASSERT_EQ(answer.status, 200) << answer.body;
  const auto tokens = Installation::body(answer);
  EXPECT_EQ(text(Flow::claims(text(tokens.at("id_token"))).at("aud")), id);
  for (const char* kind : {"access_token", "id_token"}) EXPECT_EQ(f.in.send("GET", "/api/agent/state", "", f.in.bearer(text(tokens.at(kind)))).status, 401) << kind;
  EXPECT_EQ(f.in.send("GET", "/oauth2/userInfo", "", f.in.bearer(text(tokens.at("access_token")))).status, 200);
  // Its refresh token is of no use to another client, and is not used up by the attempt.
  const std::string refresh = "grant_type=refresh_token&refresh_token=" + text(tokens.at("refresh_token"));
  EXPECT_EQ(f.in.token_request(refresh).status, 401);
  EXPECT_EQ(f.in.token_request(refresh + "&client_id=" + id).status, 200);
  // Log-out, with the names of both specifications; nowhere that is not registered.
  const std::string hint = "id_token_hint=" + text(tokens.at("id_token"));
  EXPECT_EQ(browser.get("/oauth2/logout?" + hint + "&post_logout_redirect_uri=https%3A%2F%2Fevil.example%2F").status, 200);
  EXPECT_EQ(f.in.send("GET", "/oauth2/userInfo", "", f.in.bearer(text(tokens.at("access_token")))).status, 401);
  EXPECT_EQ(Browser::header(browser.get("/oauth2/logout?" + hint + "&post_logout_redirect_uri=https%3A%2F%2Fwiki.example%2Fout&state=s1"), "location"), "https://wiki.example/out?state=s1");
  EXPECT_EQ(Browser::header(browser.get("/logout?client_id=upcall&logout_uri=https%3A%2F%2Fupcall.example%2F"), "location"), "https://upcall.example/");
  EXPECT_EQ(browser.get("/oauth2/authorize?" + authorize_query()).status, 200) << "the browser is logged out, too";
}

TEST(Authorize, OnlyCarefulAddressesCanBeRegistered) {
  Installation in;
  for (const char* uri : {"http://wiki.example/cb", "https://wiki.example/cb#x", "https://user@wiki.example/", "/cb", "javascript:x", "https:///x", "http://localhost.evil.example/", "http://127.0.0.1.evil.example/", "https://a b/"}) {
    auto ctx = in.context();
    EXPECT_FALSE(admin::run(ctx, "oauth-client.add", {{"name", "x"}, {"redirect-uri", {uri}}})) << uri;
  }
  for (const char* uri : {"http://127.0.0.1:5000/cb", "http://[::1]:5000/cb", "http://localhost/cb"}) in.admin_run("oauth-client.add", {{"name", "x"}, {"redirect-uri", {uri}}});
}

TEST(Authorize, KeysRotateAndOldTokensLiveOut) {
  Flow f;
  const std::string old = f.in.log_in("ann@example.com");
  ASSERT_TRUE(f.in.authenticator->rotate_keys(f.in.now().wall));
  const auto keys = [&] { return Installation::body(f.in.send("GET", "/oauth2/jwks")).at("keys").as_array().size(); };
  EXPECT_EQ(keys(), 2u);
  const std::string fresh = f.in.log_in("ann@example.com");
  EXPECT_NE(old.substr(0, old.find('.')), fresh.substr(0, fresh.find('.'))) << "another kid";
  for (const std::string& token : {old, fresh}) EXPECT_EQ(f.in.send("GET", "/api/agent/state", "", f.in.bearer(token)).status, 200);
  f.in.pass(Duration::s(3599));
  EXPECT_EQ(f.in.send("GET", "/api/agent/state", "", f.in.bearer(old)).status, 200);
  f.in.pass(Duration::s(120));
  ASSERT_TRUE(f.in.authenticator->load_keys(f.in.now().wall));
  EXPECT_EQ(keys(), 1u);
}

TEST(Authorize, DiscoverySaysWhatIsThere) {
  Installation in;
  const auto found = Installation::body(in.send("GET", "/.well-known/openid-configuration"));
  for (const char* name : {"authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri", "revocation_endpoint", "end_session_endpoint"}) {
    const std::string path = text(found.at(name)).substr(std::string_view("https://upcall.example").size());
    EXPECT_NE(in.send("GET", path).status, 404) << name;
  }
  EXPECT_EQ(found.at("code_challenge_methods_supported"), (bj::array{"S256"}));
}

TEST(Authorize, RevokedTokensAndTheirSessionAreOver) {
  Flow f;
  const auto tokens = Installation::body(f.in.token_request("grant_type=password&username=ann%40example.com&password=password-ann%40example.com"));
  const auto revoke = [&](const std::string& form) { return f.in.send("POST", "/oauth2/revoke", form).status; };
  EXPECT_EQ(revoke("token=unknown"), 200) << "nothing tells whether it was one";
  EXPECT_EQ(revoke("client_id=other&token=" + text(tokens.at("refresh_token"))), 200);
  EXPECT_EQ(f.in.send("GET", "/api/agent/state", "", f.in.bearer(text(tokens.at("access_token")))).status, 200) << "another client's";
  EXPECT_EQ(revoke("token=" + text(tokens.at("refresh_token"))), 200);
  EXPECT_EQ(f.in.send("GET", "/api/agent/state", "", f.in.bearer(text(tokens.at("access_token")))).status, 401);
  EXPECT_EQ(revoke(""), 400);
}

}  // namespace
}  // namespace upcall::test
