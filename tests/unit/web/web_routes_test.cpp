// Pages, assets and the configuration script, through the router.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "api/web/frontend_config.hpp"
#include "api/web/static_files.hpp"
#include "api/web/web_routes.hpp"
#include "io/store/parameter_repository.hpp"
#include "json/json.hpp"
#include "server/admin/admin.hpp"

namespace upcall::api {
namespace {

namespace fs = std::filesystem;

class Web : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "upcall-web-XXXXXX").string();
    dir_ = ::mkdtemp(pattern.data());
    add_web_routes(router_, {dir_ + "/web", {"https://192.0.2.7:8443"}, [this] { return approved_; }});
  }
  void TearDown() override { fs::remove_all(dir_); }

  void put(const std::string& name, const std::string& text) {
    const fs::path path = fs::path(dir_) / "web" / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  void build() {
    put("agent-app/index.html", "<!doctype html>agent");
    put("demo-website/demo-website.html", "<!doctype html>customer");
    put("demo-website/widget.js", "widget");
    put("agent-app/assets/index-1a2b.js", "script of the agent's page");
    put("demo-website/assets/call-3c4d.css", "style");
  }
  using Headers = std::vector<std::pair<std::string, std::string>>;
  wire::HttpResponse get(const std::string& target, Headers headers = {}) {
    wire::HttpRequest request;
    request.method = "GET";
    request.target = target;
    request.headers = std::move(headers);
    if (!wire::parse_target(request)) {
      wire::HttpResponse bad;
      bad.status = 400;
      return bad;
    }
    return router_.dispatch(request);
  }
  static std::string header(const wire::HttpResponse& response, std::string_view name) {
    for (const auto& [n, value] : response.headers) {
      if (n == name) return value;
    }
    return {};
  }

  std::string dir_, approved_;
  wire::Router router_;
};

TEST_F(Web, WithoutPagesSaysWhatToDo) {
  const auto answer = get("/");
  EXPECT_EQ(answer.status, 503);
  EXPECT_NE(answer.body.find("make web"), std::string::npos);
  // A build needs no restart.
  build();
  EXPECT_EQ(get("/").status, 200);
}

// acceptance: 74, 75
TEST_F(Web, PagesAtTheContractsAddresses) {
  build();
  for (const char* address : {"/", "/devices", "/meeting/abc", "/recording/some%20id", "/recording/x?from=1"}) {
    const auto answer = get(address);
    EXPECT_EQ(answer.status, 200) << address;
    EXPECT_EQ(answer.body, "<!doctype html>agent") << address;
    EXPECT_EQ(header(answer, "content-type"), "text/html; charset=utf-8");
    EXPECT_EQ(header(answer, "cache-control"), "no-cache");
    EXPECT_EQ(header(answer, "cross-origin-opener-policy"), "same-origin");
    EXPECT_NE(header(answer, "permissions-policy").find("camera=(self)"), std::string::npos);
  }
  EXPECT_EQ(get("/demo-website.html").body, "<!doctype html>customer");
  EXPECT_EQ(get("/meeting/a/b").status, 404);
  EXPECT_EQ(get("/index.html").status, 404);
}

TEST_F(Web, PolicyAllowsNoInlineAndNamesTheSockets) {
  build();
  const std::string policy = header(get("/"), "content-security-policy");
  EXPECT_NE(policy.find("default-src 'none'"), std::string::npos);
  EXPECT_NE(policy.find("script-src 'self';"), std::string::npos);
  EXPECT_NE(policy.find("frame-ancestors 'none'"), std::string::npos);
  EXPECT_NE(policy.find("connect-src 'self' https://192.0.2.7:8443 wss://192.0.2.7:8443;"), std::string::npos) << policy;
  EXPECT_EQ(policy.find("unsafe"), std::string::npos);
}

// acceptance: 66
TEST_F(Web, ApprovedSitesMayFramePagesAtOnce) {
  build();
  const auto ancestors = [&](const char* page) {
    const std::string policy = header(get(page), "content-security-policy");
    return policy.substr(policy.find("frame-ancestors"));
  };
  EXPECT_EQ(ancestors("/"), "frame-ancestors 'none'");
  approved_ = "https://crm.example,http://127.0.0.1:9000";
  for (const char* page : {"/", "/meeting/x", "/demo-website.html"}) {
    EXPECT_EQ(ancestors(page), "frame-ancestors 'self' https://crm.example http://127.0.0.1:9000") << page;
  }
  approved_ = "";
  EXPECT_EQ(ancestors("/"), "frame-ancestors 'none'");
}

// acceptance: 74, 75
TEST_F(Web, AssetsAreKeptForEverAndSharedWithOtherSites) {
  build();
  const auto script = get("/assets/index-1a2b.js");
  EXPECT_EQ(script.status, 200);
  EXPECT_EQ(script.body, "script of the agent's page");
  EXPECT_EQ(header(script, "content-type"), "text/javascript; charset=utf-8");
  EXPECT_NE(header(script, "cache-control").find("immutable"), std::string::npos);
  EXPECT_EQ(header(get("/assets/call-3c4d.css"), "content-type"), "text/css; charset=utf-8");
  const auto widget = get("/widget.js");
  EXPECT_EQ(widget.body, "widget");
  EXPECT_EQ(header(widget, "cache-control"), "no-cache");
  EXPECT_EQ(header(widget, "access-control-allow-origin"), "*");
  EXPECT_EQ(header(widget, "cross-origin-resource-policy"), "cross-origin");
}

TEST_F(Web, NotModified) {
  build();
  const auto first = get("/");
  const std::string etag = header(first, "etag");
  ASSERT_GT(etag.size(), 4u);
  const auto again = get("/", {{"if-none-match", etag}});
  EXPECT_EQ(again.status, 304);
  EXPECT_TRUE(again.body.empty());
  EXPECT_EQ(get("/", {{"if-none-match", "\"other\""}}).status, 200);
  put("agent-app/index.html", "<!doctype html>agent, built again");
  const auto rebuilt = get("/", {{"if-none-match", etag}});
  EXPECT_EQ(rebuilt.status, 200);
  EXPECT_EQ(rebuilt.body, "<!doctype html>agent, built again");
}

TEST_F(Web, SmallestFormThatTheBrowserTakes) {
  build();
  put("agent-app/assets/index-1a2b.js.gz", "gz");
  put("agent-app/assets/index-1a2b.js.br", "br");
  const auto both = get("/assets/index-1a2b.js", {{"accept-encoding", "gzip, deflate, br"}});
  EXPECT_EQ(both.body, "br");
  EXPECT_EQ(header(both, "content-encoding"), "br");
  EXPECT_EQ(header(both, "vary"), "accept-encoding");
  EXPECT_EQ(header(both, "content-type"), "text/javascript; charset=utf-8");
  EXPECT_EQ(get("/assets/index-1a2b.js", {{"accept-encoding", "gzip;q=0.8, br;q=0"}}).body, "gz");
  EXPECT_EQ(get("/assets/index-1a2b.js", {{"accept-encoding", "deflate"}}).body, "script of the agent's page");
  // A form that is older than the file is of an earlier build.
  const fs::path gz = fs::path(dir_) / "web/agent-app/assets/index-1a2b.js.gz";
  fs::last_write_time(gz, fs::last_write_time(fs::path(dir_) / "web/agent-app/assets/index-1a2b.js") - std::chrono::hours(1));
  EXPECT_EQ(get("/assets/index-1a2b.js", {{"accept-encoding", "gzip"}}).body, "script of the agent's page");
}

TEST_F(Web, NothingOutsideTheRoot) {
  build();
  std::ofstream(dir_ + "/secret.txt") << "secret";
  put("secret.txt", "secret");
  put("agent-app/secret.txt", "secret");
  put("agent-app/assets/.hidden", "secret");
  for (const char* address :
       {"/assets/../index.html", "/assets/..%2Findex.html", "/assets/%2e%2e/secret.txt", "/assets/%2e%2e/%2e%2e/%2e%2e/secret.txt",
        "/assets/.hidden", "/assets//etc/passwd", "/assets/%2Fetc%2Fpasswd", "/assets/..%5c..%5csecret.txt", "/assets/index-1a2b.js/",
        "/assets/", "/assets", "/assets/index-1a2b.js%00.css", "/secret.txt", "/../secret.txt", "/assets/a%0d%0ab"}) {
    const auto answer = get(address);
    EXPECT_TRUE(answer.status == 404 || answer.status == 400) << address << ": " << answer.status;
    EXPECT_EQ(answer.body.find("secret"), std::string::npos) << address;
  }
}

TEST(StaticName, OnlyPlainParts) {
  for (const char* good : {"a", "a.js", "a/b-c_d.1.css", "assets/x/y/z.woff2"}) EXPECT_TRUE(is_static_name(good)) << good;
  for (const char* bad : {"", "/", "/a", "a/", "a//b", ".", "..", "a/..", "../a", ".a", "a/.b", "a b", "a\\b", "a%2fb", "\xc3\xa4"}) {
    EXPECT_FALSE(is_static_name(bad)) << bad;
  }
  EXPECT_FALSE(is_static_name(std::string(300, 'a')));
  EXPECT_FALSE(is_static_name(std::string("a\0b", 3)));
}

// acceptance: 69
TEST_F(Web, FrontendConfigHasTheOriginalsKeysInOrder) {
  SeededRandom random{7};
  auto store = store::Store::open({dir_ + "/data"});
  ASSERT_TRUE(store);
  auto sealer = store::Sealer::open(dir_ + "/data", random);
  ASSERT_TRUE(sealer);
  admin::Context context{**store, **sealer, random, WallTime::from_unix_ms(1'800'000'000'000), ""};
  ASSERT_TRUE(admin::first_start(context));
  ASSERT_TRUE((*store)->write([](store::Database& db) { return store::parameters::set(db, "recordingAttendeeName", "REC \"1\"</script>"); }));
  add_frontend_config_route(router_, **store, "https://calls.example");
  const auto answer = get("/frontend-config.js");
  ASSERT_EQ(answer.status, 200);
  EXPECT_EQ(header(answer, "content-type"), "text/javascript; charset=utf-8");
  EXPECT_EQ(header(answer, "cache-control"), "no-cache");
  const std::string begin = "window.vceConfig = ";
  ASSERT_TRUE(answer.body.starts_with(begin));
  ASSERT_TRUE(answer.body.ends_with("};\n"));
  const auto config = json::parse_object(answer.body.substr(begin.size(), answer.body.size() - begin.size() - 2));
  ASSERT_TRUE(config) << answer.body;
  const std::vector<std::string> keys = {
      "identityPoolId", "userPoolId", "userPoolWebClientId", "cognitoDomainURL", "connectAPI", "chimeAPI", "meetingAPI", "chatAPI", "routingAPI",
      "recordingAPI", "backendRegion", "connectInstanceARN", "connectInstanceURL", "cognitoSAMLEnabled", "cognitoSAMLIdentityProviderName",
      "connectDefaultContactFlowId", "websiteAdHocRouteBaseURL", "deployRecordingStack", "recordingAttendeeName"};
  std::vector<std::string> seen, ours;
  for (const auto& [key, value] : *config) {
    if (seen.size() == keys.size()) {
      ours.emplace_back(key);
      continue;
    }
    seen.emplace_back(key);
    EXPECT_TRUE(value.is_string()) << std::string_view(key);
  }
  EXPECT_EQ(seen, keys);
  EXPECT_EQ(ours, (std::vector<std::string>{"recordingPauseAllowed", "recordingPauseLongestSeconds", "recordingForgetSeconds"}));
  EXPECT_EQ(json::boolean_at(*config, "recordingPauseAllowed"), std::optional(false));
  EXPECT_EQ(json::integer_at(*config, "recordingPauseLongestSeconds"), std::optional<std::int64_t>(300));
  EXPECT_EQ(json::integer_at(*config, "recordingForgetSeconds"), std::optional<std::int64_t>(0));
  EXPECT_EQ(json::text_or(*config, "chatAPI"), "https://calls.example/api/chat/");
  EXPECT_EQ(json::text_or(*config, "recordingAPI"), "https://calls.example/api/recording/");
  EXPECT_EQ(json::text_or(*config, "identityPoolId"), "not-defined");
  EXPECT_EQ(json::text_or(*config, "recordingAttendeeName"), "REC \"1\"</script>");
  EXPECT_EQ(json::text_or(*config, "connectDefaultContactFlowId").size(), 36u);

  ASSERT_TRUE((*store)->write([](store::Database& db) { return store::parameters::set(db, "deployRecordingStack", "false"); }));
  EXPECT_NE(get("/frontend-config.js").body.find("\"recordingAPI\": \"/\""), std::string::npos);

  // Forgetting is for those who may pause.
  const auto set = [&](const char* name, const char* value) {
    ASSERT_TRUE((*store)->write([&](store::Database& db) { return store::parameters::set(db, name, value); }));
  };
  set("recordingForgetSeconds", "60");
  EXPECT_NE(get("/frontend-config.js").body.find("\"recordingForgetSeconds\": 0}"), std::string::npos);
  set("recordingPauseAllowed", "true");
  set("recordingPauseMaxSeconds", "120");
  EXPECT_NE(get("/frontend-config.js").body.find("\"recordingPauseAllowed\": true, \"recordingPauseLongestSeconds\": 120, \"recordingForgetSeconds\": 60}"), std::string::npos);
}

}  // namespace
}  // namespace upcall::api
