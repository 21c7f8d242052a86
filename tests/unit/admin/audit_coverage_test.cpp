// Whatever an administrator changes is in the audit, under a name that says what: every command is in this table, or among
// those that only read.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "io/store/audit_repository.hpp"
#include "io/store/meeting_repository.hpp"
#include "io/store/recording_repository.hpp"
#include "io/store/store.hpp"
#include "json/json.hpp"
#include "server/admin/admin.hpp"
#include "server/admin/admin_parts.hpp"
#include "server/admin/embedded_flows.hpp"

namespace upcall::admin {
namespace {

namespace bj = boost::json;

constexpr std::string_view kReading[] = {"user.list",    "security-profile.list", "hierarchy.list",       "queue.list",   "routing-profile.list", "agent-status.list", "access-key.list",
                                         "oauth-client.list", "audit.list",       "audit.verify",         "instance.show", "instance.frontend-config", "configure.plan", "configure.history", "configure.outputs", "flow.validate",       "flow.list",         "flow.export",
                                         "flow.trace",   "flow-function.list",    "hours.list",           "recording.list", "retention.list",     "contact.certificate", "webhook.list", "pipeline.settings", "pipeline.secrets"};

constexpr const char* kFlow =
    R"({"Version":"2019-10-30","StartAction":"a","Metadata":{"name":"Audited","type":"contactFlow"},"Actions":[{"Identifier":"a","Type":"DisconnectParticipant","Parameters":{},"Transitions":{}}]})";
constexpr const char* kHours = R"({"TimeZone":"UTC","Config":[]})";

struct Row {
  const char* command;
  bj::object arguments;
  const char* action;
};

// In an order in which each finds what it needs.
std::vector<Row> rows() {
  return {
      {"user.add", {{"username", "ann"}, {"email", "ann@example.com"}, {"password", "long enough to be one"}, {"name", "Ann"}, {"security-profile", {"Agent"}}}, "user.added"},
      {"user.set", {{"username", "ann"}, {"security-profile", {"Agent", "QualityAnalyst"}}}, "user.changed"},
      {"user.disable", {{"username", "ann"}}, "user.disabled"},
      {"user.enable", {{"username", "ann"}}, "user.enabled"},
      {"user.reset-password", {{"username", "ann"}}, "user.password_reset"},
      {"user.unlock", {{"username", "ann"}}, "user.unlocked"},
      {"user.reset-second-factor", {{"username", "ann"}}, "second_factor.reset"},
      {"security-profile.add", {{"name", "P"}, {"permission", {"contact.handle"}}}, "security_profile.added"},
      {"security-profile.set", {{"name", "P"}, {"second-factor", "required"}}, "security_profile.changed"},
      {"hierarchy.add", {{"path", "North"}}, "hierarchy.added"},
      {"hierarchy.name-levels", {{"names", "{}"}}, "hierarchy.levels_named"},
      {"queue.add", {{"name", "Q"}}, "queue.added"},
      {"routing-profile.add", {{"name", "R"}, {"queue", {"Q"}}}, "routing_profile.added"},
      {"routing-profile.serve", {{"name", "R"}, {"queue", {"BasicQueue:2"}}}, "routing_profile.changed"},
      {"agent-status.add", {{"name", "Lunch"}}, "agent_status.added"},
      {"agent-status.set", {{"status", "Lunch"}, {"enabled", false}}, "agent_status.changed"},
      {"agent-status.remove", {{"name", "Lunch"}}, "agent_status.removed"},
      {"access-key.create", {{"name", "k"}}, "access_key.created"},
      {"oauth-client.add", {{"name", "Wiki"}, {"redirect-uri", {"https://wiki.example/cb"}}}, "oauth_client.added"},
      {"signing-key.rotate", {}, "signing_key.rotated"},
      {"flow.import", {{"content", kFlow}}, "flow.imported"},
      {"flow.import", {{"content", kFlow}}, "flow.updated"},
      {"flow.rename", {{"flow", "Audited"}, {"name", "Renamed"}}, "flow.renamed"},
      {"flow-function.add", {{"name", "f"}, {"url", "https://functions.example/f"}}, "flow_function.added"},
      {"flow-function.remove", {{"name", "f"}}, "flow_function.removed"},
      {"hours.import", {{"name", "H"}, {"content", kHours}}, "hours.imported"},
      {"hours.assign", {{"queue", "Q"}, {"hours", "H"}}, "hours.assigned"},
      {"hours.set", {{"id", "H"}, {"name", "H2"}, {"content", kHours}}, "hours.changed"},
      {"hours.remove", {{"name", "H2"}}, "hours.removed"},
      {"configure", {{"minCapacity", "2"}}, "parameter.changed"},
      {"configure.delete", {}, "parameters.deleted"},
      {"recording.hold", {{"recording", "r-1"}, {"reason", "case 7"}}, "recording.held"},
      {"recording.release", {{"recording", "r-1"}}, "recording.released"},
      {"retention.add", {{"days", 30}}, "retention.rule_added"},
      {"retention.remove", {{"rule", ""}}, "retention.rule_removed"},
      {"webhook.add", {{"url", "https://hooks.example/x"}}, "webhook.added"},
      {"webhook.disable", {{"webhook", ""}}, "webhook.disabled"},
      {"webhook.enable", {{"webhook", ""}}, "webhook.enabled"},
      {"webhook.remove", {{"webhook", ""}}, "webhook.removed"},
      {"oauth-client.remove", {{"client", ""}}, "oauth_client.removed"},
      {"audit.export", {}, "audit.exported"},
      {"pipeline.init", {{"repository", "product"}}, "pipeline.init"},
      {"pipeline.user-reset", {}, "pipeline.user-reset"},
      {"pipeline.user-revoke", {}, "pipeline.user-revoke"},
  };
}

class AuditCoverage : public ::testing::Test {
 protected:
  AuditCoverage() {
    std::string pattern = (std::filesystem::temp_directory_path() / "upcall-covered-XXXXXX").string();
    dir = ::mkdtemp(pattern.data());
    store = std::move(*store::Store::open({dir}));
    sealer = std::move(*store::Sealer::open(dir, random));
    Context c = context();
    EXPECT_TRUE(first_start(c));
    store::Recording recording;
    recording.recording_id = "r-1";
    recording.meeting_id = recording.external_meeting_id = "m-1";
    recording.object_key = "RECORDINGS/r-1.mp4";
    recording.state = store::RecordingState::stored;
    EXPECT_TRUE(store->write([&](store::Database& db) -> Result<void> {
      store::Meeting meeting;
      meeting.meeting_id = meeting.external_meeting_id = "m-1";
      if (auto done = store::meetings::insert(db, meeting); !done) return done;
      return store::recordings::insert(db, recording);
    }));
  }
  ~AuditCoverage() override {
    store.reset();
    std::filesystem::remove_all(dir);
  }
  Context context() { return {*store, *sealer, random, WallTime::from_unix_ms(1'800'000'000'000), "https://upcall.example", "the-admin"}; }
  std::vector<identity::AuditRow> entries() {
    store::audit::Filter filter;
    filter.limit = 1000;
    auto list = store->read([&](store::Database& db) { return store::audit::list(db, filter); });
    return list ? *list : std::vector<identity::AuditRow>{};
  }

  std::string dir;
  SeededRandom random{5};
  std::unique_ptr<store::Store> store;
  std::unique_ptr<store::Sealer> sealer;
};

TEST_F(AuditCoverage, EveryCommandThatChangesSomethingLeavesItsEntry) {
  std::set<std::string> seen;
  std::map<std::string, std::string> made;  // ids by command
  for (Row& row : rows()) {
    const std::string command = row.command;
    seen.insert(command);
    // What was made before, by the id that it got.
    for (const auto& [name, of] : {std::pair{"rule", "retention.add"}, {"webhook", "webhook.add"}, {"client", "oauth-client.add"}}) {
      if (row.arguments.contains(name)) row.arguments[name] = made[of];
    }
    if (command == "hours.set") row.arguments["id"] = made["hours.import"];
    const std::size_t before = entries().size();
    Context c = context();
    auto answer = run(c, command, row.arguments);
    ASSERT_TRUE(answer) << command << ": " << answer.error().message;
    for (const auto& [key, value] : answer->as_object()) {
      if (value.is_string() && (std::string_view(key).ends_with("Id") || key == "id")) made[command] = std::string(value.as_string());
    }
    const auto now = entries();
    ASSERT_GT(now.size(), before) << command;
    EXPECT_EQ(now.front().action, row.action) << command;
    EXPECT_EQ(now.front().actor, "the-admin") << command;
    for (const auto& [key, value] : row.arguments) {
      if (key == "password") EXPECT_EQ(now.front().detail.find(value.as_string().c_str()), std::string::npos) << "no secret is in it";
    }
  }
  for (const std::string_view command : command_names()) {
    const bool reads = std::find(std::begin(kReading), std::end(kReading), command) != std::end(kReading);
    EXPECT_NE(reads, seen.contains(std::string(command))) << command << " is in neither list, or in both";
  }
}

TEST_F(AuditCoverage, WhatOnlyReadsLeavesNone) {
  const std::size_t before = entries().size();
  for (const std::string_view command : kReading) {
    Context c = context();
    (void)run(c, command, {});
    EXPECT_EQ(entries().size(), before) << command;
  }
}

}  // namespace
}  // namespace upcall::admin
