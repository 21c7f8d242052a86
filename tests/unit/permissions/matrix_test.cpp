// The permission matrix: every route × who asks × whose it is × whether it is there. Nothing may leak: who is refused
// learns what the contract says and no more.
#include "world.hpp"

#include "api/web/frontend_config.hpp"
#include "api/web/web_routes.hpp"
#include "identity/route_access.hpp"
#include "io/metrics/metrics.hpp"
#include "server/serve/operation_routes.hpp"

namespace upcall::test {
namespace {

enum class Kind : std::uint8_t { none, contact, meeting, stop, summary, manifest, media };

struct Probe {
  const char* method;
  const char* path;  // {} is the object's id
  const char* body;  // likewise
  const char* permission;
  Kind kind;
};

constexpr Probe kProbes[] = {
    {"GET", "/api/agent/state", "", "contact", Kind::none},
    {"PUT", "/api/agent/status", "{}", "contact", Kind::none},
    {"POST", "/api/routing/adhoc", "{}", "contact", Kind::none},
    {"POST", "/api/chime/meeting", "{}", "meeting", Kind::none},
    {"GET", "/internal/meetings/{}", "", "instance", Kind::none},
    {"GET", "/api/recording/manifest-key", "", "", Kind::none},
    {"GET", "/api/connect/user", "", "", Kind::none},
    {"PUT", "/api/connect/connect-user-cache", "", "", Kind::none},
    {"POST", "/api/connect/setConnectUserId", R"({"connectUserId":"{}"})", "", Kind::none},
    {"POST", "/api/agent/contacts/{}/accept", "", "contact", Kind::contact},
    {"POST", "/api/agent/contacts/{}/reject", "", "contact", Kind::contact},
    {"POST", "/api/agent/contacts/{}/end", "", "contact", Kind::contact},
    {"POST", "/api/agent/contacts/{}/clear", "", "contact", Kind::contact},
    {"POST", "/api/agent/contacts/{}/connection", "", "contact", Kind::contact},
    {"POST", "/api/agent/contacts/{}/items", R"({"content":"hello"})", "contact", Kind::contact},
    {"GET", "/api/agent/contacts/{}/items", "", "contact", Kind::contact},
    {"PUT", "/api/agent/contacts/{}/attributes", R"({"attributes":{"note":"x"}})", "contact", Kind::contact},
    {"POST", "/api/agent/contacts/{}/transfer", R"({"queueId":"00000000-0000-4000-8000-000000000000"})", "contact", Kind::contact},
    {"DELETE", "/api/agent/contacts/{}/transfer", "", "contact", Kind::contact},
    {"POST", "/api/agent/contacts/{}/attachments", R"({"name":"a.txt","contentType":"text/plain","sizeInBytes":3})", "contact", Kind::contact},
    {"POST", "/api/agent/contacts/{}/attachments/00000000-0000-4000-8000-000000000000/complete", "", "contact", Kind::contact},
    {"GET", "/api/agent/contacts/{}/attachments/00000000-0000-4000-8000-000000000000", "", "contact", Kind::contact},
    {"GET", "/api/supervisor/contacts", "", "monitor", Kind::none},
    {"POST", "/api/supervisor/contacts/{}/monitor", "", "monitor", Kind::contact},
    {"POST", "/api/supervisor/contacts/{}/barge", "", "monitor", Kind::contact},
    {"GET", "/api/supervisor/contacts/{}/quality", "", "monitor", Kind::contact},
    {"POST", "/api/supervisor/contacts/{}/leave", "", "monitor", Kind::contact},
    {"GET", "/api/contact-search", "", "search", Kind::none},
    {"GET", "/api/contact-search/choices", "", "search", Kind::none},
    {"GET", "/api/contacts/{}", "", "search", Kind::contact},
    {"GET", "/api/contacts/{}/quality", "", "search", Kind::contact},
    {"GET", "/api/contacts/{}/transcript", "", "search", Kind::contact},
    {"GET", "/api/contacts/{}/attachments/00000000-0000-4000-8000-000000000000", "", "search", Kind::contact},
    {"GET", "/api/pipeline", "", "instance", Kind::none},
    {"GET", "/api/pipeline/runs", "", "instance", Kind::none},
    {"GET", "/api/pipeline/runs/1", "", "instance", Kind::none},
    {"GET", "/api/pipeline/runs/1/log?stage=Build", "", "instance", Kind::none},
    {"POST", "/api/pipeline/runs/1/retry", "", "instance", Kind::none},
    {"POST", "/api/pipeline/runs/1/stop", "", "instance", Kind::none},
    {"GET", "/api/agent/statuses", "", "contact", Kind::none},
    {"GET", "/api/agent/quick-connects", "", "contact", Kind::none},
    {"DELETE", "/api/chime/meeting", R"({"externalMeetingId":"{}"})", "meeting", Kind::meeting},
    {"POST", "/api/chime/attendee", R"({"externalMeetingId":"{}","attendeeName":"A","attendeeExternalUserId":"aa"})", "meeting", Kind::meeting},
    {"DELETE", "/api/chime/attendee", R"({"externalMeetingId":"{}","attendeeExternalUserId":"aa"})", "meeting", Kind::meeting},
    {"GET", "/api/chime/attendee?externalMeetingId={}&attendeeExternalUserId=aa", "", "meeting", Kind::meeting},
    {"GET", "/api/chime/attendee-name?externalMeetingId={}&attendeeExternalUserId=aa", "", "meeting", Kind::meeting},
    {"POST", "/api/recording/recording", R"({"externalMeetingId":"{}"})", "record", Kind::meeting},
    {"POST", "/api/recording/pause", R"({"externalMeetingId":"{}"})", "record", Kind::meeting},
    {"POST", "/api/recording/resume", R"({"externalMeetingId":"{}"})", "record", Kind::meeting},
    {"POST", "/api/recording/forget", R"({"externalMeetingId":"{}","seconds":5})", "record", Kind::meeting},
    {"DELETE", "/api/recording/recording", R"({"externalMeetingId":"{}"})", "record", Kind::stop},
    {"GET", "/api/recording/recording-summary?externalMeetingId={}", "", "", Kind::summary},
    {"GET", "/api/recording/manifest/{}", "", "", Kind::manifest},
    {"GET", "/api/recording/media/{}", "", "", Kind::media},
};

std::string filled(std::string_view pattern, const std::string& id) {
  std::string out(pattern);
  const auto at = out.find("{}");
  if (at != std::string::npos && !out.starts_with("{}")) out.replace(at, 2, id);
  return out;
}

class Matrix : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { world = new World(); }
  static void TearDownTestSuite() {
    delete world;
    world = nullptr;
  }
  static std::string object_id(Kind kind, const std::string& group, bool exists) {
    const char* prefix = kind == Kind::stop ? "mp-" : kind == Kind::manifest || kind == Kind::media ? "r-" : "m-";
    return std::string(prefix) + (exists ? World::tag(group) : "absent-" + World::tag(group));
  }
  wire::HttpResponse ask(const Probe& probe, const Viewer* viewer, const std::string& token, const std::string& id) {
    std::string path = filled(probe.path, id);
    if (probe.kind == Kind::media) {
      // The address that this viewer once got, or would like to have.
      const api::PlaybackGrant grant{id, viewer != nullptr ? viewer->id : "nobody", world->in.now().wall + Duration::s(60)};
      path += "?grant=" + world->api.links.sign(grant);
    }
    return world->send(probe.method, path, token, filled(probe.body, id));
  }
  // What a refusal may not hold.
  static void says_nothing(const wire::HttpResponse& answer) {
    EXPECT_EQ(answer.body.find("SECRET"), std::string::npos) << answer.body;
    for (const auto& [name, id] : world->group_ids) EXPECT_EQ(answer.body.find(id), std::string::npos) << answer.body;
  }
  static World* world;
};
World* Matrix::world = nullptr;

int expected(const Probe& probe, const Viewer& viewer, const std::string& group, bool exists) {
  const bool permitted = *probe.permission == '\0' || viewer.role->permissions.contains(probe.permission);
  if (!permitted) return 403;
  switch (probe.kind) {
    case Kind::none: return 0;
    case Kind::contact: return 404;
    case Kind::meeting: return exists ? 403 : 404;
    case Kind::stop:
      if (!exists) return 404;
      return viewer.role->permissions.contains("stop") && sees(viewer, group) ? 0 : 403;
    case Kind::summary:
    case Kind::manifest:
    case Kind::media:
      if (!viewer.role->plays) return 403;
      if (!exists) return 404;
      return sees(viewer, group) ? 200 : 403;
  }
  return 0;
}

TEST_F(Matrix, StaffByProfileAndGroup) {
  // Pausing is switched on, so that its routes come as far as asking whose the meeting is.
  world->in.admin_run("configure", {{"recordingPauseAllowed", "true"}, {"recordingForgetSeconds", "60"}});
  const std::size_t before = world->cases;
  for (const Probe& probe : kProbes) {
    SCOPED_TRACE(std::string(probe.method) + " " + probe.path);
    for (const Viewer& viewer : world->viewers) {
      for (const std::string& group : kGroups) {
        const std::string absent = object_id(probe.kind, group, false);
        std::string refused_there;
        for (const bool exists : {true, false}) {
          const int want = expected(probe, viewer, group, exists);
          const auto answer = ask(probe, &viewer, viewer.token, object_id(probe.kind, group, exists));
          if (want == 0) {
            EXPECT_NE(answer.status, 401);
            EXPECT_NE(answer.status, 403) << viewer.role->name << " of '" << viewer.group << "': " << answer.body;
            continue;
          }
          ASSERT_EQ(answer.status, want) << viewer.role->name << " of '" << viewer.group << "' asks for one of '" << group << "', " << (exists ? "there" : "absent") << ": " << answer.body;
          if (want >= 400) says_nothing(answer);
          // Where both are refused, nobody can tell one from the other.
          if (exists && want == expected(probe, viewer, group, false)) refused_there = answer.body;
          if (!exists && want >= 400 && !refused_there.empty()) EXPECT_EQ(answer.body, refused_there);
        }
      }
    }
  }
  EXPECT_GE(world->cases - before, 5000u);
  ::testing::Test::RecordProperty("cases", static_cast<int>(world->cases - before));
}

TEST_F(Matrix, ListsHoldWhatMayBeSeen) {
  for (const Viewer& viewer : world->viewers) {
    const auto answer = world->send("GET", "/api/recording/recording-summary?externalMeetingId=m-all", viewer.token);
    std::set<std::string> want, got;
    for (const std::string& group : kGroups) {
      if (viewer.role->plays && sees(viewer, group)) want.insert("ra-" + World::tag(group));
    }
    if (answer.status == 200) {
      const bj::object body = Installation::body(answer);
      for (const bj::value& entry : body.at("data").as_array()) got.insert(text(entry.at("recordingId")));
    }
    EXPECT_EQ(got, want) << viewer.role->name << " of " << viewer.group;
  }
}

TEST_F(Matrix, WithoutACredentialThatHolds) {
  auto disabled = world->add_viewer(kRoles[6], "", must(crypto::hash_password("only to be stored")), text(world->in.admin_run("instance.show", {}).at("defaultRoutingProfileId")), "off");
  must(world->in.store->write([&](store::Database& db) { return store::users::set_disabled(db, disabled.id, true); }));
  Customer customer(world->in);
  std::string edited = world->owner.token;
  edited[edited.size() / 2] = edited[edited.size() / 2] == 'A' ? 'B' : 'A';
  const auto foreign = std::move(*api::Authenticator::open(*world->in.store, *world->in.sealer, world->random, "https://other.example", world->in.now().wall));
  const std::vector<std::pair<const char*, std::string>> credentials = {
      {"none", ""},          {"no token", "x"},     {"two dots", ".."},
      {"edited", edited},    {"cut", edited.substr(0, edited.rfind('.') + 1)},
      {"disabled user", disabled.token},            {"a customer's", customer.token},
      {"another issuer's", must(foreign->begin_session(world->owner.id, world->in.now())).access_token}};
  for (const Probe& probe : kProbes) {
    if (probe.kind == Kind::media) continue;
    for (const auto& [what, token] : credentials) {
      std::string first;
      for (const std::string& group : kGroups) {
        for (const bool exists : {true, false}) {
          const auto answer = ask(probe, nullptr, token, object_id(probe.kind, group, exists));
          ASSERT_EQ(answer.status, 401) << probe.method << " " << probe.path << " with " << what;
          if (first.empty()) first = answer.body;
          EXPECT_EQ(answer.body, first) << "nobody can tell what is there";
        }
      }
    }
  }
}

TEST_F(Matrix, FilmsNeedTheirOwnGrantOfTheirOwnViewer) {
  const auto& sees_all = *std::find_if(world->viewers.begin(), world->viewers.end(), [](const Viewer& v) { return v.role->name == "viewer" && v.group == "R"; });
  const auto until = world->in.now().wall + Duration::s(60);
  const std::string good = world->api.links.sign({"r-R-P-O", sees_all.id, until});
  const auto get = [&](const std::string& id, const std::string& grant) { return world->send("GET", "/api/recording/media/" + id + "?grant=" + grant, "").status; };
  EXPECT_EQ(get("r-R-P-O", good), 200);
  EXPECT_EQ(get("r-R-P-S", good), 401) << "another film";
  EXPECT_EQ(get("r-absent", good), 401);
  EXPECT_EQ(get("r-R-P-O", ""), 401);
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string edited = good;
    edited[i] = edited[i] == 'A' ? 'B' : 'A';
    if (edited != good) ASSERT_NE(get("r-R-P-O", edited), 200) << i;
    ASSERT_EQ(get("r-R-P-O", good.substr(0, i)), 401) << i;
  }
  EXPECT_EQ(get("r-R-P-O", world->api.links.sign({"r-R-P-O", sees_all.id, world->in.now().wall})), 401) << "expired";
}

// acceptance: 45
TEST_F(Matrix, CustomersCannotTellAnothersFromNone) {
  Customer carl(world->in, {{"videoExternalMeetingId", "m-R"}, {"videoAttendeeExternalUserId", "carl-1"}});
  Customer cora(world->in, {{"videoExternalMeetingId", "m-cora"}, {"videoAttendeeExternalUserId", "cora-1"}});
  for (const char* path : {"/api/meeting/attendee-join-data", "/api/meeting/attendee", "/api/meeting/attendee-name"}) {
    for (const Customer* who : {&carl, &cora}) {
      std::string first;
      for (const std::string& group : kGroups) {
        for (const std::string& id : {"m-" + World::tag(group), "m-absent-" + World::tag(group), "mp-" + World::tag(group)}) {
          for (const char* user : {"carl-1", "cora-1", "nobody-1"}) {
            const auto answer = world->send("GET", std::string(path) + "?externalMeetingId=" + id + "&attendeeExternalUserId=" + user, who->token);
            ASSERT_EQ(answer.status, 403) << path << " " << id << ": " << answer.body;
            if (first.empty()) first = answer.body;
            ASSERT_EQ(answer.body, first);
          }
        }
      }
    }
    for (const Viewer& viewer : world->viewers) {
      ASSERT_EQ(world->send("GET", std::string(path) + "?externalMeetingId=m-R&attendeeExternalUserId=carl-1", viewer.token).status, 401) << "staff are no customers";
    }
  }
}

// The table of identity/route_access.hpp against the router, both ways.
TEST_F(Matrix, EveryRouteHasARow) {
  metrics::Registry metrics;
  api::add_frontend_config_route(*world->in.router, *world->in.store, "https://upcall.example");
  api::add_web_routes(*world->in.router, {world->dir, {"https://upcall.example"}});
  server::add_operation_routes(*world->in.router, metrics, [] { return std::vector<std::string>{}; });
  std::set<std::pair<std::string, std::string>> routes;
  for (const auto& [method, pattern] : world->in.router->routes()) {
    routes.emplace(method, pattern);
    EXPECT_NE(identity::route_rule(method, pattern), nullptr) << method << " " << pattern << " has no row: nobody has said who may use it";
  }
  std::set<std::pair<std::string, std::string>> rows;
  for (const identity::RouteRule& rule : identity::route_rules()) {
    EXPECT_TRUE(rows.emplace(rule.method, rule.pattern).second) << rule.method << " " << rule.pattern << " has two rows";
    EXPECT_TRUE(routes.contains({std::string(rule.method), std::string(rule.pattern)})) << rule.method << " " << rule.pattern << " is a row without a route";
    const bool staff = rule.credential == identity::Credential::staff || rule.credential == identity::Credential::person;
    // The vendor's interface answers in its own words; tests of its own ask it.
    EXPECT_TRUE(staff || rule.credential == identity::Credential::access_key || !rule.permission) << rule.pattern << ": a permission nobody can be asked for";
  }
  EXPECT_EQ(identity::route_rule("GET", "/api/nothing"), nullptr);
}

// Every route that is for staff is asked by the matrix above.
TEST_F(Matrix, EveryStaffRouteIsProbed) {
  for (const identity::RouteRule& rule : identity::route_rules()) {
    if (rule.method == "WEBSOCKET" || (rule.credential != identity::Credential::staff && rule.credential != identity::Credential::person)) continue;
    const bool probed = std::any_of(std::begin(kProbes), std::end(kProbes), [&](const Probe& probe) {
      auto request = world->in.request(probe.method, filled(probe.path, "id"), "", {});
      (void)world->in.router->dispatch(request);
      return request.method == rule.method && request.route_pattern == rule.pattern;
    });
    EXPECT_TRUE(probed) << rule.method << " " << rule.pattern;
  }
}

}  // namespace
}  // namespace upcall::test
