// What a browser's Origin decides, through a router with the server's finisher: preflights and answers of each interface, and
// who may open which socket.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "identity/route_access.hpp"
#include "io/store/parameter_repository.hpp"
#include "server/serve/operation_routes.hpp"
#include "server/serve/origin_checks.hpp"

namespace upcall::server {
namespace {

constexpr const char* kShop = "https://shop.example";
constexpr const char* kCrm = "https://crm.example";

class OriginChecks : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "upcall-origins-XXXXXX").string();
    dir_ = ::mkdtemp(pattern.data());
    store_ = std::move(*store::Store::open({dir_}));
    // Every route that there is, with a handler that answers.
    for (const identity::RouteRule& rule : identity::route_rules()) {
      if (rule.method == "WEBSOCKET") continue;
      router_.add(std::string(rule.method), std::string(rule.pattern), [](const wire::HttpRequest&) {
        wire::HttpResponse out;
        out.set("content-type", "application/json");
        out.body = "{}";
        return out;
      });
    }
    set_finisher(router_, *store_);
  }
  void TearDown() override {
    store_.reset();
    std::filesystem::remove_all(dir_);
  }

  void set(const char* name, const char* value) {
    ASSERT_TRUE(store_->write([&](store::Database& db) { return store::parameters::set(db, name, value); }));
  }
  using Headers = std::vector<std::pair<std::string, std::string>>;
  wire::HttpRequest request(const std::string& method, const std::string& path, Headers headers) {
    wire::HttpRequest out;
    out.method = method;
    out.target = path;
    out.headers = std::move(headers);
    EXPECT_TRUE(wire::parse_target(out));
    return out;
  }
  wire::HttpResponse send(const std::string& method, const std::string& path, Headers headers = {}) {
    auto asked = request(method, path, std::move(headers));
    return router_.dispatch(asked);
  }
  wire::HttpResponse preflight(const std::string& path, const std::string& origin) { return send("OPTIONS", path, {{"origin", origin}, {"access-control-request-method", "POST"}}); }
  static std::vector<std::string> all(const wire::HttpResponse& response, std::string_view name) {
    std::vector<std::string> out;
    for (const auto& [n, value] : response.headers) {
      if (n == name) out.push_back(value);
    }
    return out;
  }
  static std::string one(const wire::HttpResponse& response, std::string_view name) {
    const auto values = all(response, name);
    EXPECT_LE(values.size(), 1u) << name;
    return values.empty() ? "" : values.front();
  }
  bool may_open(const char* path, const char* origin, const std::string& came_by = {}) {
    auto asked = request("GET", path, origin == nullptr ? Headers{} : Headers{{"origin", origin}});
    asked.own_origin = came_by;
    const auto refused = refuse_socket(*store_, {"https://upcall.example", "https://192.0.2.7:8443"}, asked);
    if (refused) EXPECT_EQ(refused->status, 403) << path;
    return !refused;
  }

  std::string dir_;
  std::unique_ptr<store::Store> store_;
  wire::Router router_;
};

// acceptance: 66
TEST_F(OriginChecks, EachInterfaceAsksItsOwnList) {
  set("websiteAPIAllowedOrigins", kShop);
  set("agentAPIAllowedOrigins", kCrm);
  struct Row {
    const char* path;
    bool shop, crm;
  };
  for (const Row& row : {
           Row{"/api/chat/start", true, false},
           Row{"/api/meeting/attendee-join-data", true, false},
           Row{"/aws/participant/participant/message", true, true},
           Row{"/api/agent/status", false, true},
           Row{"/api/chime/meeting", false, true},
           Row{"/api/recording/recording", false, true},
           Row{"/api/routing/adhoc", false, true},
           Row{"/api/connect/connect-user-cache", false, true},
           Row{"/oauth2/token", false, true},
           Row{"/oauth2/jwks", false, true},
           Row{"/aws/connect/contact/chat", false, false},
           Row{"/aws/s3/recordings/x", false, false},
           Row{"/login", false, false},
           Row{"/metrics", false, false},
           Row{"/internal/meetings/x", false, false},
       }) {
    for (const auto& [origin, allowed] : {std::pair{kShop, row.shop}, std::pair{kCrm, row.crm}}) {
      const auto answer = preflight(row.path, origin);
      EXPECT_EQ(one(answer, "access-control-allow-origin"), allowed ? origin : "") << row.path << " " << origin;
      EXPECT_EQ(answer.status == 204, allowed) << row.path << " " << origin;
      EXPECT_EQ(all(answer, "access-control-allow-methods").size(), allowed ? 1u : 0u);
    }
    for (const char* stranger : {"https://shop.example.evil.example", "http://shop.example", "https://shop.example:8443", "null", ""}) {
      EXPECT_EQ(all(preflight(row.path, stranger), "access-control-allow-origin").size(), 0u) << row.path << " " << stranger;
    }
  }
}

TEST_F(OriginChecks, APreflightNamesMethodsAndHeadersOfTheAddress) {
  const auto meeting = (set("agentAPIAllowedOrigins", kCrm), preflight("/api/chime/meeting", kCrm));
  EXPECT_EQ(meeting.status, 204);
  EXPECT_TRUE(meeting.body.empty());
  EXPECT_EQ(one(meeting, "access-control-allow-methods"), "POST, DELETE");
  EXPECT_EQ(one(preflight("/api/connect/connect-user-cache", kCrm), "access-control-allow-methods"), "PUT");
  EXPECT_EQ(one(preflight("/api/chat/start", kShop), "access-control-allow-methods"), "POST");
  EXPECT_TRUE(one(meeting, "allow").empty());
  EXPECT_TRUE(one(meeting, "content-type").empty());
  EXPECT_EQ(one(meeting, "access-control-max-age"), "86400");
  const std::string headers = one(meeting, "access-control-allow-headers");
  // A * would not cover Authorization (Fetch §4.9): they are named.
  for (const char* name : {"authorization", "content-type", "cognitoidtoken", "x-amz-bearer", "x-amz-content-sha256", "x-amz-date", "x-amz-user-agent", "range"}) {
    EXPECT_NE((", " + headers + ",").find(std::string(", ") + name + ","), std::string::npos) << name;
  }
  // Without the question it is no preflight.
  const auto options = send("OPTIONS", "/api/chime/meeting", {{"origin", kCrm}});
  EXPECT_EQ(options.status, 405);
  EXPECT_EQ(one(options, "allow"), "POST, DELETE");
}

TEST_F(OriginChecks, AnswersNameTheOneOriginThatAskedAndNeverAllowCookies) {
  set("websiteAPIAllowedOrigins", "*");
  for (const char* origin : {kShop, "http://127.0.0.1:5173", "null"}) {
    const auto answer = send("POST", "/api/chat/start", {{"origin", origin}});
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(one(answer, "access-control-allow-origin"), origin);
    EXPECT_EQ(one(answer, "vary"), "origin");
    EXPECT_NE(one(answer, "access-control-expose-headers").find("x-amzn-errortype"), std::string::npos);
    EXPECT_TRUE(all(answer, "access-control-allow-credentials").empty());
    EXPECT_TRUE(all(preflight("/api/chat/start", origin), "access-control-allow-credentials").empty());
  }
  // An answer to nobody or to a stranger is the same for a cache as one to a friend, but for the headers: Vary is in all.
  set("websiteAPIAllowedOrigins", kShop);
  for (const auto& headers : {Headers{}, Headers{{"origin", "https://evil.example"}}}) {
    const auto answer = send("POST", "/api/chat/start", headers);
    EXPECT_EQ(answer.status, 200) << "CORS hides answers from pages; it is not what protects the route";
    EXPECT_TRUE(all(answer, "access-control-allow-origin").empty());
    EXPECT_EQ(one(answer, "vary"), "origin");
  }
  EXPECT_TRUE(all(send("GET", "/metrics", {{"origin", kShop}}), "vary").empty());
}

TEST_F(OriginChecks, TheDefaultsAreAnySiteForCustomersAndNoneForAgents) {
  EXPECT_EQ(preflight("/api/chat/start", kShop).status, 204);
  EXPECT_NE(preflight("/api/agent/status", kShop).status, 204);
  set("agentAPIAllowedOrigins", kShop);
  EXPECT_EQ(preflight("/api/agent/status", kShop).status, 204) << "at once";
}

TEST_F(OriginChecks, SocketsOpenForOwnApprovedAndAllowedPages) {
  set("websiteAPIAllowedOrigins", kShop);
  set("agentAPIAllowedOrigins", kCrm);
  set("approvedOrigins", "https://desk.example");
  struct Row {
    const char* origin;  // nullptr: none, so no browser's
    bool agents, participant, signalling;
  };
  for (const Row& row : {
           Row{nullptr, true, true, true},
           Row{"https://upcall.example", true, true, true},
           Row{"https://192.0.2.7:8443", true, true, true},
           Row{"https://desk.example", true, true, true},
           Row{kCrm, true, true, true},
           Row{kShop, false, true, true},
           Row{"https://evil.example", false, false, false},
           Row{"http://upcall.example", false, false, false},
           Row{"https://upcall.example.evil.example", false, false, false},
           Row{"null", false, false, false},
           Row{"", false, false, false},
       }) {
    const char* name = row.origin == nullptr ? "none" : row.origin;
    EXPECT_EQ(may_open("/api/agent/events", row.origin), row.agents) << name;
    EXPECT_EQ(may_open("/aws/participant/socket", row.origin), row.participant) << name;
    EXPECT_EQ(may_open("/control/0a1b", row.origin), row.signalling) << name;
  }
  // By an address that came up after the start.
  EXPECT_TRUE(may_open("/api/agent/events", "https://198.51.100.1:8443", "https://198.51.100.1:8443"));
  EXPECT_FALSE(may_open("/api/agent/events", "https://198.51.100.1:8443", "https://198.51.100.2:8443"));
  set("approvedOrigins", "");
  EXPECT_FALSE(may_open("/api/agent/events", "https://desk.example")) << "at once";
}

TEST_F(OriginChecks, FramesThatThePolicyAllowsAreNotForbiddenByTheOldHeader) {
  router_.add("GET", "/framed", [](const wire::HttpRequest&) {
    wire::HttpResponse out;
    out.set("content-security-policy", "default-src 'none'; frame-ancestors 'self' https://crm.example");
    return out;
  });
  EXPECT_TRUE(all(send("GET", "/framed"), "x-frame-options").empty());
  EXPECT_EQ(one(send("GET", "/metrics"), "x-frame-options"), "DENY");
}

}  // namespace
}  // namespace upcall::server
