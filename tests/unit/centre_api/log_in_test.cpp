// The life of a password and of a second factor, by the grant and by the pages.
#include "crypto/password.hpp"
#include "browser.hpp"
#include "identity/totp.hpp"
#include "io/store/audit_repository.hpp"
#include "io/store/login_repository.hpp"

namespace upcall::test {
namespace {

std::string word(const wire::HttpResponse& response) { return text(Installation::body(response).at("code")); }
std::string grant(const std::string& user, const std::string& password, const std::string& more = {}) {
  return "grant_type=password&username=" + wire::percent_encode(user) + "&password=" + wire::percent_encode(password) + more;
}

// How often an action is in the audit.
std::ptrdiff_t noted(Installation& in, const std::string& action) {
  const auto rows = *in.store->read([&](store::Database& db) { return store::audit::list(db, {.action = action}); });
  return std::count_if(rows.begin(), rows.end(), [&](const auto& row) { return row.action == action; });
}

// acceptance: 19
TEST(LogIn, ATemporaryPasswordMustBeChangedByEveryWay) {
  Installation in;
  const auto made = in.admin_run("user.add", {{"username", "new@example.com"}, {"security-profile", {"Agent"}}});
  const std::string temporary = text(made.at("temporaryPassword"));
  const auto asked = in.token_request(grant("new@example.com", temporary));
  EXPECT_EQ(asked.status, 401);
  EXPECT_EQ(word(asked), "password_change_required");
  for (const char* refused : {"short", "password1", "PASSWORD1", "new@example.com", "aaaaaaaaaa", "Trustno1"}) {
    const auto answer = in.token_request(grant("new@example.com", temporary, "&new_password=" + wire::percent_encode(refused)));
    EXPECT_EQ(answer.status, 400) << refused;
    EXPECT_EQ(word(answer), "password_refused") << refused;
  }
  EXPECT_EQ(word(in.token_request(grant("new@example.com", temporary, "&new_password=" + temporary))), "password_refused") << "the old one again";
  EXPECT_EQ(in.token_request(grant("new@example.com", temporary, "&new_password=correct+horse+battery")).status, 200);
  EXPECT_EQ(in.token_request(grant("new@example.com", temporary)).status, 401);
  EXPECT_EQ(in.token_request(grant("new@example.com", "correct horse battery")).status, 200);

  const std::string again = text(in.admin_run("user.reset-password", {{"username", "new@example.com"}}).at("temporaryPassword"));
  Browser browser(in);
  const auto page = browser.submit("/login", browser.get("/oauth2/authorize?" + authorize_query()), {{"username", "new@example.com"}, {"password", again}});
  EXPECT_NE(page.body.find("new_password"), std::string::npos);
  EXPECT_EQ(browser.get("/oauth2/authorize?" + authorize_query()).status, 200) << "not logged in yet";
  const auto refused = browser.submit("/login", page, {{"new_password", "password1"}});
  EXPECT_EQ(refused.status, 400);
  EXPECT_NE(refused.body.find("role=\"alert\""), std::string::npos);
  EXPECT_TRUE(Browser::header(browser.submit("/login", refused, {{"new_password", "another good one"}}), "location").starts_with("https://upcall.example/?code="));
  EXPECT_EQ(noted(in, "password.changed"), 2);
}

// The proof that a form carries is of no use in another browser, after its time, or changed.
TEST(LogIn, AStepBelongsToItsBrowserAndTime) {
  Installation in;
  const std::string temporary = text(in.admin_run("user.add", {{"username", "new@example.com"}, {"security-profile", {"Agent"}}}).at("temporaryPassword"));
  Browser browser(in), other(in);
  const auto page = browser.submit("/login", browser.get("/login"), {{"username", "new@example.com"}, {"password", temporary}});
  const std::string step = Browser::hidden(page).at("step");
  auto stolen = Browser::hidden(other.get("/login"));
  stolen["step"] = step;
  stolen["new_password"] = "correct horse battery";
  EXPECT_EQ(other.post("/login", stolen).status, 400);
  std::string edited = step;
  edited[edited.size() / 2] = edited[edited.size() / 2] == 'A' ? 'B' : 'A';
  EXPECT_EQ(browser.submit("/login", page, {{"step", edited}, {"new_password", "correct horse battery"}}).status, 400);
  in.pass(api::kStepLife);
  EXPECT_EQ(browser.submit("/login", page, {{"new_password", "correct horse battery"}}).status, 400);
}

TEST(LogIn, FailuresWaitLongerAndLongerAndOutliveARestart) {
  Installation in;
  in.add_user("ann@example.com");
  const std::string right = "password-ann@example.com";
  const auto wrong = [&] { return in.token_request(grant("ann@example.com", "wrong")); };
  for (int i = 0; i < 10; ++i) EXPECT_EQ(wrong().status, 401) << i;
  auto locked = in.token_request(grant("ANN@example.com", right));
  EXPECT_EQ(locked.status, 429);
  EXPECT_EQ(Browser::header(locked, "retry-after"), "30");
  in.stop();
  in.start();
  EXPECT_EQ(in.token_request(grant("ann@example.com", right)).status, 429) << "also after a restart, and from anywhere";
  in.peer = 2;
  EXPECT_EQ(in.token_request(grant("ann@example.com", right)).status, 429);
  std::int64_t last = 30;
  for (const std::int64_t next : {60, 120, 240, 480, 900, 900}) {
    in.pass(Duration::s(last));
    EXPECT_EQ(wrong().status, 401);
    EXPECT_EQ(Browser::header(wrong(), "retry-after"), std::to_string(next));
    last = next;
  }
  in.admin_run("user.unlock", {{"username", "ann@example.com"}});
  in.peer = 3;
  EXPECT_EQ(in.token_request(grant("ann@example.com", right)).status, 200);
  for (int i = 0; i < 9; ++i) EXPECT_EQ(wrong().status, 401) << "counting begins anew";
  EXPECT_EQ(in.token_request(grant("ann@example.com", right)).status, 200);
}

TEST(LogIn, AnAddressThatTriesManyNamesWaitsToo) {
  Installation in;
  in.add_user("ann@example.com");
  for (int i = 0; i < 30; ++i) EXPECT_EQ(in.token_request(grant("nobody" + std::to_string(i), "wrong")).status, 401);
  EXPECT_EQ(in.token_request(grant("ann@example.com", "password-ann@example.com")).status, 429);
  in.peer = 2;
  EXPECT_EQ(in.token_request(grant("ann@example.com", "password-ann@example.com")).status, 200);
}

// Whether a name is a user's: the same answers, in the same order, in every respect.
TEST(LogIn, UnknownNamesAreAnsweredLikeKnownOnes) {
  Installation known, unknown;
  known.add_user("ann@example.com");
  for (int i = 0; i < 13; ++i) {
    const auto a = known.token_request(grant("ann@example.com", "wrong")), b = unknown.token_request(grant("ann@example.com", "wrong"));
    EXPECT_EQ(a.status, b.status) << i;
    EXPECT_EQ(a.body, b.body) << i;
    EXPECT_EQ(a.headers, b.headers) << i;
  }
  for (Installation* in : {&known, &unknown}) {
    in->pass(Duration::s(3600));
    Browser browser(*in);
    const auto page = browser.submit("/account/forgotten", browser.get("/account/forgotten"), {{"username", "ann@example.com"}});
    EXPECT_EQ(page.status, 200);
  }
  EXPECT_EQ(mail_count(known), 1u);
  EXPECT_EQ(mail_count(unknown), 0u);
}

// Counted, not timed: a clock tells on one machine on one day.
TEST(LogIn, TheSameWorkIsDoneWhetherThereIsAnAccountOrNot) {
  Installation in;
  in.add_user("ann@example.com");
  in.add_user("ben@example.com");
  in.admin_run("user.disable", {{"username", "ben@example.com"}});
  // Who logs in by another provider has no password.
  const std::string cleo = in.add_user("cleo@example.com");
  ASSERT_TRUE(in.store->write([&](store::Database& db) { return db.run("update users set password_hash='' where id=?1", cleo); }));
  (void)in.token_request("grant_type=password&username=warm&password=up-up-up-up");
  for (const char* name : {"ann@example.com", "nobody@example.com", "ben@example.com", "cleo@example.com", "x", "%27%20or%201%3D1"}) {
    in.peer = static_cast<std::uint64_t>(name[0]) * 100 + static_cast<std::uint64_t>(name[1]);
    const std::uint64_t before = crypto::password_work();
    const auto answer = in.token_request("grant_type=password&username=" + std::string(name) + "&password=wrong-password");
    EXPECT_EQ(crypto::password_work() - before, 1u) << name;
    EXPECT_EQ(answer.status, 401) << name;
    in.peer += 1'000'000;
    Browser browser{in};
    const auto form = browser.get("/login");
    const std::uint64_t before_form = crypto::password_work();
    (void)browser.submit("/login", form, {{"username", name}, {"password", "wrong-password"}});
    EXPECT_EQ(crypto::password_work() - before_form, 1u) << name << ", by the form";
  }
  // Asking for a link is put into a queue, unseen: nothing is looked up and nothing computed before the answer.
  for (const char* name : {"ann@example.com", "nobody@example.com"}) {
    Browser browser{in};
    const auto form = browser.get("/account/forgotten");
    const std::uint64_t work = crypto::password_work(), looked_up = in.mails->counters().unknown + in.mails->counters().sent;
    const auto waiting = [&] { return in.mails->counters().unknown + in.mails->counters().sent - looked_up; };
    EXPECT_EQ(browser.submit("/account/forgotten", form, {{"username", name}}).status, 200);
    EXPECT_EQ(crypto::password_work(), work);
    in.mails->flush();
    EXPECT_EQ(waiting(), 1u) << name << ": by the thread behind the queue";
  }
}

// acceptance: 19
TEST(LogIn, AForgottenPasswordIsReplacedByALinkOnce) {
  Installation in;
  in.add_user("ann@example.com");
  const std::string session = in.log_in("ann@example.com");
  Browser browser(in);
  (void)browser.submit("/account/forgotten", browser.get("/account/forgotten"), {{"username", "ANN@example.com"}});
  const std::string mail = newest_mail(in);
  const std::string link = link_in(mail);
  ASSERT_TRUE(link.starts_with("/account/password?token=")) << mail;
  const auto page = browser.get(link);
  ASSERT_EQ(page.status, 200);
  EXPECT_EQ(browser.submit("/account/password", page, {{"new_password", "iloveyou1"}}).status, 400) << "refused, and the link is still good";
  EXPECT_EQ(browser.submit("/account/password", page, {{"new_password", "correct horse battery"}}).status, 200);
  EXPECT_EQ(browser.submit("/account/password", page, {{"new_password", "correct horse stapler"}}).status, 410);
  EXPECT_EQ(browser.get(link).status, 410);
  EXPECT_EQ(in.token_request(grant("ann@example.com", "correct horse battery")).status, 200);
  EXPECT_EQ(in.send("GET", "/api/agent/state", "", in.bearer(session)).status, 401) << "whoever knew the old one is out";
  EXPECT_EQ(noted(in, "password.link_sent"), 1);
  EXPECT_EQ(noted(in, "password.changed"), 1);
  for (std::size_t n = 0; n < link.size(); n += 5) EXPECT_NE(browser.get(link.substr(0, n + 1)).status, 200) << n;
}

TEST(LogIn, AMailThatDoesNotGoOutIsSeen) {
  Installation in;
  in.add_user("ann@example.com");
  std::ofstream(in.mail_folder()) << "a file where the folder should be";
  Browser browser(in);
  const auto page = browser.submit("/account/forgotten", browser.get("/account/forgotten"), {{"username", "ann@example.com"}});
  EXPECT_EQ(page.status, 200) << "nobody who asks learns of it";
  in.mails->flush();
  EXPECT_TRUE(in.mails->counters().in_trouble);
  std::filesystem::remove(in.mail_folder());
  (void)browser.submit("/account/forgotten", browser.get("/account/forgotten"), {{"username", "ann@example.com"}});
  in.mails->flush();
  EXPECT_FALSE(in.mails->counters().in_trouble);
}

TEST(LogIn, LinksExpireAndAreFew) {
  Installation in;
  in.add_user("ann@example.com");
  Browser browser(in);
  const auto ask = [&] { (void)browser.submit("/account/forgotten", browser.get("/account/forgotten"), {{"username", "ann@example.com"}}); };
  for (int i = 0; i < 6; ++i) ask();
  EXPECT_EQ(mail_count(in), 3u) << "nobody fills a mailbox";
  const std::string link = link_in(newest_mail(in));
  in.pass(service::kResetLinkLife);
  EXPECT_EQ(browser.get(link).status, 410);
  ask();
  EXPECT_EQ(mail_count(in), 4u);
  // A disabled user gets none, and one by an administrator lives a week.
  in.admin_run("user.add", {{"username", "new@example.com"}, {"security-profile", {"Agent"}}});
  ASSERT_TRUE(in.mails->invite("new@example.com", "test"));
  const std::string invitation = link_in(newest_mail(in));
  in.pass(Duration::s(6 * 24 * 3600));
  const auto page = browser.get(invitation);
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(browser.submit("/account/password", page, {{"new_password", "correct horse battery"}}).status, 200);
  EXPECT_EQ(in.token_request(grant("new@example.com", "correct horse battery")).status, 200);
  EXPECT_EQ(in.mails->invite("nobody", "test").error().code, ErrorCode::not_found);
}

struct Factor {
  explicit Factor(Installation& in) : browser(in) {
    in.add_user("ann@example.com");
    auto page = browser.submit("/login", browser.get("/login?return_to=/account/second-factor"), {{"username", "ann@example.com"}, {"password", "password-ann@example.com"}});
    EXPECT_EQ(page.status, 303);
    page = browser.get("/account/second-factor");
    EXPECT_NE(page.body.find("data:image/svg+xml;base64,"), std::string::npos);
    std::smatch found;
    EXPECT_TRUE(std::regex_search(page.body, found, std::regex("<code>([A-Z2-7]{32})</code>")));
    secret = base32(found[1]);
    EXPECT_EQ(browser.submit("/account/second-factor", page, {{"code", "000000"}}).status, 400);
    const auto codes = browser.submit("/account/second-factor", page, {{"code", code(in)}});
    EXPECT_EQ(codes.status, 200);
    const std::regex kCode("[0-9A-Z]{5}-[0-9A-Z]{5}");
    for (std::sregex_iterator i(codes.body.begin(), codes.body.end(), kCode), end; i != end; ++i) recovery.push_back(i->str());
    EXPECT_EQ(recovery.size(), 10u);
  }
  static ByteVector base32(const std::string& text) {
    ByteVector out;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : text) {
      bits = (bits << 5) | static_cast<std::uint32_t>(c >= 'A' ? c - 'A' : c - '2' + 26);
      if ((count += 5) >= 8) out.push_back(static_cast<std::uint8_t>(bits >> (count -= 8)));
    }
    return out;
  }
  std::string code(Installation& in, int steps = 0) const { return identity::totp_code(secret, identity::totp_step(in.now().wall) + steps); }
  Browser browser;
  ByteVector secret;
  std::vector<std::string> recovery;
};

TEST(SecondFactor, IsAskedForByEveryWayAndACodeWorksOnce) {
  Installation in;
  Factor factor(in);
  const auto with = [&](const std::string& code) { return in.token_request(grant("ann@example.com", "password-ann@example.com", "&otp=" + code)); };
  EXPECT_EQ(word(in.token_request(grant("ann@example.com", "password-ann@example.com"))), "second_factor_required");
  EXPECT_EQ(word(with(factor.code(in))), "second_factor_wrong") << "it was used to set it up";
  in.pass(Duration::s(30));
  EXPECT_EQ(with(factor.code(in)).status, 200);
  EXPECT_EQ(with(factor.code(in)).status, 401) << "once";
  EXPECT_EQ(with(factor.code(in, -1)).status, 401) << "nor an older one";
  EXPECT_EQ(with(factor.code(in, 2)).status, 401) << "nor one of in a minute";
  EXPECT_EQ(with(factor.code(in, 1)).status, 200) << "a clock that is half a minute fast";
  in.pass(Duration::s(90));
  EXPECT_EQ(with(factor.code(in, -2)).status, 401);
  EXPECT_EQ(with(factor.code(in, -1)).status, 200) << "a clock that is half a minute slow";
  // The wrong password is never told apart by the code.
  EXPECT_EQ(word(in.token_request(grant("ann@example.com", "wrong", "&otp=" + factor.code(in)))), "invalid_credentials");

  Browser browser(in);
  const auto page = browser.submit("/login", browser.get("/oauth2/authorize?" + authorize_query()), {{"username", "ann@example.com"}, {"password", "password-ann@example.com"}});
  EXPECT_EQ(page.status, 200);
  EXPECT_NE(page.body.find("one-time-code"), std::string::npos);
  EXPECT_EQ(browser.submit("/login", page, {{"code", "123"}}).status, 400);
  EXPECT_EQ(browser.submit("/login", page, {{"code", factor.code(in)}}).status, 303);
}

TEST(SecondFactor, RecoveryCodesWorkOnceAndGuessesWait) {
  Installation in;
  Factor factor(in);
  const auto with = [&](const std::string& code) { return in.token_request(grant("ann@example.com", "password-ann@example.com", "&otp=" + wire::percent_encode(code))); };
  std::string typed = factor.recovery[3];
  for (char& c : typed) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c == '-' ? ' ' : c;
  EXPECT_EQ(with(typed).status, 200);
  EXPECT_EQ(with(factor.recovery[3]).status, 401);
  EXPECT_EQ(with(factor.recovery[4]).status, 200);
  // The right password does not start the count of wrong codes anew: a million codes are not many.
  for (int i = 0; i < 10; ++i) EXPECT_EQ(with("000000").status, 401) << i;
  EXPECT_EQ(with(factor.recovery[5]).status, 429);
  EXPECT_EQ(noted(in, "second_factor.enrolled"), 1);
  EXPECT_EQ(noted(in, "second_factor.recovery_code_used"), 2);
}

// All that is missing is asked for before a code is used up.
TEST(SecondFactor, ATemporaryPasswordAndACodeGoTogether) {
  Installation in;
  Factor factor(in);
  const std::string temporary = text(in.admin_run("user.reset-password", {{"username", "ann@example.com"}}).at("temporaryPassword"));
  in.pass(Duration::s(60));
  const std::string code = "&otp=" + factor.code(in);
  EXPECT_EQ(word(in.token_request(grant("ann@example.com", temporary))), "second_factor_required");
  EXPECT_EQ(word(in.token_request(grant("ann@example.com", temporary, code))), "password_change_required");
  EXPECT_EQ(word(in.token_request(grant("ann@example.com", temporary, code + "&new_password=password1"))), "password_refused");
  EXPECT_EQ(word(in.token_request(grant("ann@example.com", temporary, "&otp=000000&new_password=correct+horse+battery"))), "second_factor_wrong");
  EXPECT_EQ(in.token_request(grant("ann@example.com", temporary, code + "&new_password=correct+horse+battery")).status, 200);
  EXPECT_EQ(in.token_request(grant("ann@example.com", temporary)).status, 401);
}

TEST(SecondFactor, AProfileMayRequireItAndAnAdministratorResetIt) {
  Installation in;
  in.add_user("ann@example.com");
  in.admin_run("security-profile.set", {{"name", "Agent"}, {"second-factor", "required"}});
  EXPECT_EQ(word(in.token_request(grant("ann@example.com", "password-ann@example.com"))), "second_factor_enrolment_required");
  Browser browser(in);
  const auto page = browser.submit("/login", browser.get("/oauth2/authorize?" + authorize_query()), {{"username", "ann@example.com"}, {"password", "password-ann@example.com"}});
  std::smatch found;
  ASSERT_TRUE(std::regex_search(page.body, found, std::regex("<code>([A-Z2-7]{32})</code>"))) << page.body;
  const std::string code = identity::totp_code(Factor::base32(found[1]), identity::totp_step(in.now().wall));
  const auto codes = browser.submit("/login", page, {{"code", code}});
  EXPECT_NE(codes.body.find("Recovery codes"), std::string::npos);
  EXPECT_TRUE(Browser::header(browser.submit("/login", codes, {}), "location").starts_with("https://upcall.example/?code="));
  EXPECT_EQ(word(in.token_request(grant("ann@example.com", "password-ann@example.com"))), "second_factor_required");
  in.admin_run("user.reset-second-factor", {{"username", "ann@example.com"}});
  EXPECT_EQ(word(in.token_request(grant("ann@example.com", "password-ann@example.com"))), "second_factor_enrolment_required");
  in.admin_run("security-profile.set", {{"name", "Agent"}, {"second-factor", "optional"}});
  EXPECT_EQ(in.token_request(grant("ann@example.com", "password-ann@example.com")).status, 200);
}

TEST(Refresh, ALostAnswerDoesNotLogAnybodyOut) {
  Installation in;
  in.add_user("ann@example.com");
  const auto refresh = [&](const bj::object& tokens) { return in.token_request("grant_type=refresh_token&refresh_token=" + text(tokens.at("refresh_token"))); };
  const auto alive = [&](const bj::object& tokens) { return in.send("GET", "/api/agent/state", "", in.bearer(text(tokens.at("access_token")))).status == 200; };
  const auto first = Installation::body(in.token_request(grant("ann@example.com", "password-ann@example.com")));
  const auto lost = Installation::body(refresh(first));
  in.pass(Duration::s(5));
  const auto got = refresh(first);
  ASSERT_EQ(got.status, 200) << "the answer was lost, and the client asks again";
  const auto second = Installation::body(got);
  EXPECT_TRUE(alive(second));
  const auto third = Installation::body(refresh(second));
  EXPECT_TRUE(alive(third));
  // Now its successor was used: whoever comes with the first again, though in time, has a copy.
  EXPECT_EQ(refresh(first).status, 401);
  EXPECT_FALSE(alive(third));
  (void)lost;
}

TEST(Refresh, WhoUsesWhatWasReplacedHasACopy) {
  Installation in;
  in.add_user("ann@example.com");
  const auto refresh = [&](const bj::object& tokens) { return in.token_request("grant_type=refresh_token&refresh_token=" + text(tokens.at("refresh_token"))); };
  const auto first = Installation::body(in.token_request(grant("ann@example.com", "password-ann@example.com")));
  const auto thiefs = Installation::body(refresh(first));
  const auto owners = Installation::body(refresh(first));
  EXPECT_EQ(refresh(thiefs).status, 401) << "the owner's retry made it void";
  EXPECT_EQ(refresh(owners).status, 401) << "and its use ended the session";
  EXPECT_EQ(in.send("GET", "/api/agent/state", "", in.bearer(text(owners.at("access_token")))).status, 401);
}

// The panel's session: ten hours, then a log-in, with a reason that the page understands.
TEST(Refresh, ASessionLivesTenHoursFromItsLogIn) {
  Installation in;
  in.add_user("ann@example.com");
  auto tokens = Installation::body(in.token_request(grant("ann@example.com", "password-ann@example.com")));
  for (int hour = 0; hour < 9; ++hour) {
    in.pass(Duration::s(3600));
    tokens = Installation::body(in.token_request("grant_type=refresh_token&refresh_token=" + text(tokens.at("refresh_token"))));
  }
  in.pass(Duration::s(1800));
  tokens = Installation::body(in.token_request("grant_type=refresh_token&refresh_token=" + text(tokens.at("refresh_token"))));
  EXPECT_EQ(tokens.at("expires_in").to_number<int>(), 1800) << "no token outlives its session";
  in.pass(Duration::s(1800));
  EXPECT_EQ(in.send("GET", "/api/agent/state", "", in.bearer(text(tokens.at("access_token")))).status, 401);
  const auto over = in.token_request("grant_type=refresh_token&refresh_token=" + text(tokens.at("refresh_token")));
  EXPECT_EQ(over.status, 401);
  EXPECT_EQ(word(over), "session_expired");
  in.admin_run("configure", {{"sessionLifeMinutes", "30"}});
  tokens = Installation::body(in.token_request(grant("ann@example.com", "password-ann@example.com")));
  EXPECT_EQ(tokens.at("expires_in").to_number<int>(), 1800);
}

TEST(LogIn, IsInTheAudit) {
  Installation in;
  const std::string ann = in.add_user("ann@example.com");
  (void)in.token_request(grant("ann@example.com", "wrong"));
  (void)in.token_request(grant("my-secret-typed-as-a-name", "wrong"));
  (void)in.log_in("ann@example.com");
  const auto rows = *in.store->read([](store::Database& db) { return store::audit::list(db, {.action = "login."}); });
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0].action, "login.succeeded");
  EXPECT_EQ(rows[0].actor, ann);
  EXPECT_EQ(rows[1].actor, "anonymous");
  EXPECT_EQ(rows[2].target, ann);
  for (const auto& row : rows) EXPECT_EQ((row.target + row.detail).find("my-secret"), std::string::npos);
  const auto tokens = Installation::body(in.token_request(grant("ann@example.com", "password-ann@example.com")));
  EXPECT_EQ(in.send("POST", "/oauth2/revoke", "token=" + text(tokens.at("refresh_token")), {{"content-type", "application/x-www-form-urlencoded"}}).status, 200);
  EXPECT_EQ(noted(in, "session.revoked"), 1);
}

}  // namespace
}  // namespace upcall::test
