// A token is good for the routes of its own kind and for no other: staff's, a chat participant's two, and the signalling's join
// token, each presented everywhere, whole, cut and edited.
#include "../centre_api/customer.hpp"
#include "world.hpp"

namespace upcall::test {
namespace {

class TokenKinds : public ::testing::Test {
 protected:
  TokenKinds() : customer(world.in) {
    customer.connect();
    const auto begin = [&](const char* id) {
      service::NewMeeting wanted;
      wanted.external_meeting_id = id;
      wanted.owner_principal = world.owner.id;
      wanted.owner = {"Owner", "", "owner-1"};
      return must(world.directory.create(wanted));
    };
    const service::JoinInfo own = begin("m-tokens"), another = begin("m-other");
    meeting = own.meeting;
    join = own.join_token;
    other_join = another.join_token;
  }
  int staff(const std::string& token) { return world.in.send("GET", "/api/agent/state", "", world.in.bearer(token)).status; }
  int user_info(const std::string& token) { return world.in.send("GET", "/oauth2/userInfo", "", world.in.bearer(token)).status; }
  int participant(const char* operation, const std::string& token) {
    ++world.in.peer;
    return customer.call(operation, token, {{"ContentType", "text/plain"}, {"Content", "hello"}, {"Type", {"CONNECTION_CREDENTIALS"}}, {"StartPosition", bj::object{}}}).status;
  }
  int customer_meeting(const std::string& token) {
    ++world.in.peer;
    return world.in.send("GET", "/api/meeting/attendee?externalMeetingId=m-tokens&attendeeExternalUserId=someone", "", world.in.bearer(token)).status;
  }
  // The signalling answers a bad token by closing, so that the client reads why: it counts.
  bool signals(const std::string& token) {
    const auto before = world.runtime->counters().refused_tokens;
    auto socket = world.in.open("/control/" + meeting.meeting_id, {}, {"_aws_wt_session", token});
    EXPECT_TRUE(socket.handler);
    if (socket.handler) socket.handler->on_close(1005);
    return world.runtime->counters().refused_tokens == before;
  }

  World world;
  Customer customer;
  store::Meeting meeting;
  std::string join, other_join;
};

TEST_F(TokenKinds, EachOpensItsOwnRoutesAlone) {
  struct Row {
    const char* what;
    std::string token;
    bool staff, connection, message, customer_meeting, signalling;
  };
  const std::string& access = world.viewers.front().token;
  ASSERT_EQ(staff(access), 200);
  for (const Row& row : {
           Row{"access token", access, true, false, false, false, false},
           Row{"participant token", customer.token, false, true, false, true, false},
           Row{"connection token", customer.connection, false, false, true, false, false},
           Row{"join token", join, false, false, false, false, true},
           Row{"join token of another meeting", other_join, false, false, false, false, false},
           Row{"nothing", "", false, false, false, false, false},
       }) {
    EXPECT_EQ(staff(row.token) == 200, row.staff) << row.what;
    EXPECT_EQ(user_info(row.token) == 200, row.staff) << row.what;
    EXPECT_EQ(participant("connection", row.token) == 200, row.connection) << row.what;
    EXPECT_EQ(participant("message", row.token) == 200, row.message) << row.what;
    EXPECT_EQ(participant("transcript", row.token) == 200, row.message) << row.what;
    // The meeting is not this customer's: they hear that there is none, others that they must say who they are.
    EXPECT_EQ(customer_meeting(row.token) != 401, row.customer_meeting) << row.what << " " << customer_meeting(row.token);
    EXPECT_EQ(signals(row.token), row.signalling) << row.what;
  }
}

TEST_F(TokenKinds, NoCutOrEditedOnePasses) {
  const auto each = [](const std::string& token, const std::function<void(const std::string&, std::size_t)>& check) {
    for (std::size_t n = 0; n < token.size(); ++n) {
      check(token.substr(0, n), n);
      std::string edited = token;
      edited[n] = edited[n] == 'A' ? 'B' : 'A';
      check(edited, n);
    }
    for (const std::string& more : {token + "A", token + " ", " " + token, token + token, token + std::string(1, '\0'), std::string(1 << 16, 'A')}) check(more, token.size());
  };
  each(customer.token, [&](const std::string& token, std::size_t n) {
    EXPECT_EQ(participant("connection", token), 403) << n;
    EXPECT_EQ(customer_meeting(token), 401) << n;
  });
  each(customer.connection, [&](const std::string& token, std::size_t n) { EXPECT_EQ(participant("message", token), 403) << n; });
  each(join, [&](const std::string& token, std::size_t n) { EXPECT_FALSE(signals(token)) << n; });
  for (const char* suffix : {"#content", "#content#content", "#contents", "content"}) {
    EXPECT_EQ(signals(join + suffix), std::string_view(suffix) == "#content") << suffix << ": a share is its attendee's";
    EXPECT_FALSE(signals(other_join + suffix));
    EXPECT_FALSE(signals(suffix));
  }
  // And all of it has ended nothing.
  EXPECT_EQ(participant("connection", customer.token), 200);
  EXPECT_EQ(participant("message", customer.connection), 200);
  EXPECT_TRUE(signals(join));
}

TEST_F(TokenKinds, TheyEndWithWhatTheyAreFor) {
  ASSERT_EQ(customer.call("disconnect", customer.connection, {}).status, 200);
  for (const char* operation : {"message", "event"}) EXPECT_EQ(participant(operation, customer.connection), 403) << operation;
  EXPECT_EQ(participant("connection", customer.token), 403);
  world.in.pass(Duration::s(25 * 3600));
  EXPECT_EQ(participant("transcript", customer.connection), 403) << "a connection token lives a day";
}

// The pipeline's repository is opened by its own user, by HTTP Basic, and by nothing else; and that user opens nothing else.
TEST_F(TokenKinds, TheRepositorysUserIsNobodyElse) {
  const auto made = world.in.admin_run("pipeline.init", {{"repository", "product"}});
  const std::string user(made.at("username").as_string()), password(made.at("password").as_string());
  const auto basic = [](const std::string& name, const std::string& secret) { return std::vector<std::pair<std::string, std::string>>{{"authorization", "Basic " + to_base64(as_bytes(name + ":" + secret))}}; };
  const std::string refs = "/git/product.git/info/refs?service=git-receive-pack";
  const auto get = [&](const std::vector<std::pair<std::string, std::string>>& headers) {
    ++world.in.peer;
    return world.in.send("GET", refs, "", headers);
  };
  // There is no repository on this disk: git's own 404 says that the credential was taken.
  const auto taken = get(basic(user, password));
  EXPECT_NE(taken.status, 401);
  EXPECT_NE(taken.status, 429);
  const std::string admin = std::find_if(world.viewers.begin(), world.viewers.end(), [](const Viewer& v) { return v.role->name == "admin"; })->token;
  EXPECT_EQ(get(world.in.bearer(admin)).status, 401) << "not even an administrator's token";
  EXPECT_EQ(get(basic("x", admin)).status, 401);
  EXPECT_EQ(get({}).status, 401);
  EXPECT_EQ(get(basic(user, password + "x")).status, 401);
  EXPECT_EQ(get(basic("", password)).status, 401);
  EXPECT_EQ(world.in.send("GET", "/api/pipeline", "", basic(user, password)).status, 401);
  EXPECT_EQ(staff(password), 401);
  world.in.admin_run("pipeline.user-revoke", {});
  EXPECT_EQ(get(basic(user, password)).status, 401);
  EXPECT_EQ(get(basic(user, "")).status, 401) << "no password is not the empty one";
}

}  // namespace
}  // namespace upcall::test
