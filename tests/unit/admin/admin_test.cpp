#include "server/admin/admin.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

#include "io/store/identity_repository.hpp"
#include "io/store/parameter_repository.hpp"
#include "json/json.hpp"
#include "parameters/table.hpp"
#include "server/admin/embedded_flows.hpp"
#include "server/admin/mail_parameters.hpp"
#include "server/admin/storage_parameters.hpp"

namespace upcall::admin {
namespace {

namespace bj = boost::json;
using ::testing::HasSubstr;

class Admin : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "upcall-admin-XXXXXX").string();
    dir_ = ::mkdtemp(pattern.data());
    store_ = std::move(*store::Store::open({dir_, 1, 64}));
    sealer_ = std::move(*store::Sealer::open(dir_, random_));
    auto c = context();
    ASSERT_TRUE(first_start(c));
  }
  void TearDown() override {
    store_.reset();
    std::filesystem::remove_all(dir_);
  }
  Context context() { return {*store_, *sealer_, random_, WallTime::from_unix_ms(1'800'000'000'000), "", "test"}; }
  bj::object run_ok(std::string_view command, bj::object arguments = {}) {
    auto c = context();
    auto answer = run(c, command, arguments);
    EXPECT_TRUE(answer) << command << ": " << (answer ? "" : answer.error().message);
    return answer ? answer->as_object() : bj::object{};
  }
  Error run_bad(std::string_view command, bj::object arguments = {}) {
    auto c = context();
    auto answer = run(c, command, arguments);
    EXPECT_FALSE(answer) << command;
    return answer ? Error{} : answer.error();
  }
  bj::object user(std::string name) {
    return {{"username", name}, {"email", name + "@example.com"}, {"password", "long enough"}, {"name", name}, {"security-profile", {"Agent"}}};
  }

  std::string dir_;
  SeededRandom random_{3};
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<store::Sealer> sealer_;
};

TEST_F(Admin, FirstStartMakesTheInstanceAndASecondChangesNothing) {
  const auto before = run_ok("instance.show");
  for (const char* name : {"instanceId", "instanceArn", "defaultContactFlowId", "defaultQueueId", "recordingPlaybackSecurityProfileId"}) {
    EXPECT_FALSE(before.at(name).as_string().empty()) << name;
  }
  EXPECT_EQ(run_ok("security-profile.list").at("securityProfiles").as_array().size(), 5u);
  EXPECT_EQ(run_ok("queue.list").at("queues").as_array().size(), 1u);
  EXPECT_EQ(run_ok("flow.list").at("contactFlows").as_array().size(), 3u);
  auto c = context();
  ASSERT_TRUE(first_start(c));
  EXPECT_EQ(run_ok("instance.show"), before);
  EXPECT_EQ(run_ok("flow.list").at("contactFlows").as_array().size(), 3u);
}

TEST_F(Admin, UsersWithGroupsAndProfiles) {
  bj::object ann = user("ann");
  ann["hierarchy-group"] = "A/B/C";
  ann["security-profile"] = {"Agent", "VideoCallRecordingPlayback"};
  const auto added = run_ok("user.add", ann);
  EXPECT_THAT(std::string(added.at("userArn").as_string()), HasSubstr("/agent/"));
  const auto listed = run_ok("user.list").at("users").at(0).as_object();
  EXPECT_EQ(listed.at("hierarchyGroup"), "A/B/C");
  EXPECT_EQ(listed.at("securityProfiles").as_array().size(), 2u);
  EXPECT_FALSE(listed.contains("password"));
  EXPECT_EQ(run_ok("hierarchy.list").at("hierarchyGroups").as_array().size(), 3u);
  bj::object bob = user("bob");
  bob["hierarchy-group"] = "A/B";
  const auto second = run_ok("user.add", bob);
  EXPECT_EQ(run_ok("hierarchy.list").at("hierarchyGroups").as_array().size(), 3u) << "groups that are there are used";
  auto principal = store_->read([&](store::Database& db) { return store::users::principal(db, added.at("userId").as_string().c_str()); });
  auto parent = store_->read([&](store::Database& db) { return store::users::principal(db, second.at("userId").as_string().c_str()); });
  EXPECT_TRUE((*principal)->hierarchy_path.starts_with((*parent)->hierarchy_path + "/"));
  run_ok("user.set", {{"username", "ann"}, {"hierarchy-group", ""}});
  EXPECT_FALSE(run_ok("user.list").at("users").at(0).as_object().contains("hierarchyGroup"));
  auto audit = store_->read([&](store::Database& db) { return store::audit::of_target(db, added.at("userId").as_string().c_str()); });
  ASSERT_EQ(audit->size(), 2u);
  EXPECT_EQ((*audit)[1].action, "user.changed");
}

TEST_F(Admin, ARoutingProfileIsExchangedByItsName) {
  run_ok("user.add", user("cem"));
  const auto made = run_ok("routing-profile.add", {{"name", "Seniors"}});
  const auto changed = run_ok("user.set", {{"username", "cem"}, {"routing-profile", "Seniors"}});
  auto principal = store_->read([&](store::Database& db) { return store::users::principal(db, changed.at("userId").as_string().c_str()); });
  EXPECT_EQ((*principal)->routing_profile_id, std::string(made.at("routingProfileId").as_string()));
  EXPECT_EQ(run_bad("user.set", {{"username", "cem"}, {"routing-profile", "Nobody's"}}).code, ErrorCode::not_found);
}

TEST_F(Admin, WrongArgumentsAreNamedAndNothingIsStored) {
  run_ok("user.add", user("ann"));
  EXPECT_EQ(run_bad("user.add", user("ann")).code, ErrorCode::conflict);
  bj::object same_email = user("zoe");
  same_email["email"] = "ANN@example.com";
  EXPECT_EQ(run_bad("user.add", same_email).code, ErrorCode::conflict);
  const auto changed = [&](const char* name, bj::value v) {
    bj::object o = user("new");
    o[name] = std::move(v);
    return run_bad("user.add", o);
  };
  EXPECT_EQ(changed("password", "short").code, ErrorCode::invalid_argument);
  EXPECT_EQ(changed("email", "x").code, ErrorCode::invalid_argument);
  EXPECT_EQ(changed("username", "a b").code, ErrorCode::invalid_argument);
  EXPECT_THAT(changed("security-profile", {"Nobody"}).message, HasSubstr("Nobody"));
  EXPECT_EQ(changed("security-profile", bj::array{}).code, ErrorCode::invalid_argument);
  EXPECT_EQ(changed("security-profile", bj::array{1}).code, ErrorCode::invalid_argument);
  EXPECT_EQ(changed("hierarchy-group", "a/b/c/d/e/f").code, ErrorCode::invalid_argument);
  EXPECT_EQ(changed("hierarchy-group", "a//b").code, ErrorCode::invalid_argument);
  EXPECT_EQ(changed("routing-profile", "none").code, ErrorCode::not_found);
  EXPECT_THAT(changed("pasword", "x").message, HasSubstr("pasword"));
  EXPECT_EQ(run_ok("user.list").at("users").as_array().size(), 1u);
  EXPECT_TRUE(run_ok("hierarchy.list").at("hierarchyGroups").as_array().empty()) << "a refused user leaves no groups";
  EXPECT_EQ(run_bad("no.such").code, ErrorCode::not_found);
  EXPECT_EQ(run_bad("user.disable", {{"username", "none"}}).code, ErrorCode::not_found);
}

TEST_F(Admin, QueuesAndRoutingProfiles) {
  run_ok("queue.add", {{"name", "Sales"}});
  EXPECT_EQ(run_bad("queue.add", {{"name", "Sales"}}).code, ErrorCode::conflict);
  run_ok("routing-profile.add", {{"name", "P"}, {"queue", {"Sales:2", "BasicQueue"}}, {"slots", 3}});
  EXPECT_EQ(run_bad("routing-profile.add", {{"name", "Q"}, {"queue", {"None"}}}).code, ErrorCode::not_found);
  EXPECT_EQ(run_bad("routing-profile.add", {{"name", "Q"}, {"queue", {"Sales:0"}}}).code, ErrorCode::invalid_argument);
  EXPECT_EQ(run_bad("routing-profile.add", {{"name", "Q"}, {"slots", 0}}).code, ErrorCode::invalid_argument);
  const auto profiles = run_ok("routing-profile.list").at("routingProfiles").as_array();
  ASSERT_EQ(profiles.size(), 2u);
  EXPECT_EQ(profiles[1].at("queues").at(1).at("priority"), 2);
  run_ok("security-profile.add", {{"name", "Auditor"}, {"permission", {"contact.search"}}});
  EXPECT_EQ(run_bad("security-profile.add", {{"name", "X"}, {"permission", {"everything"}}}).code, ErrorCode::invalid_argument);
}

// acceptance: 18
TEST_F(Admin, FlowsKeepTheirIdAndAreExportedAsImported) {
  const std::string content(embedded_flows()[0].content);
  const auto first = run_ok("flow.import", {{"content", content}, {"name", "Mine"}});
  EXPECT_FALSE(first.at("updated").as_bool());
  EXPECT_TRUE(first.at("warnings").as_array().empty());
  std::string lonely = content;
  lonely.replace(lonely.find("Video call queue"), 16, "Elsewhere");
  const auto warned = run_ok("flow.import", {{"content", lonely}, {"name", "Lonely"}});
  ASSERT_EQ(warned.at("warnings").as_array().size(), 1u);
  EXPECT_THAT(std::string(warned.at("warnings").at(0).at("message").as_string()), HasSubstr("Elsewhere"));
  EXPECT_THAT(std::string(first.at("contactFlowArn").as_string()), HasSubstr("/contact-flow/"));
  const auto again = run_ok("flow.import", {{"content", content}, {"name", "Mine"}, {"default", true}});
  EXPECT_EQ(again.at("contactFlowId"), first.at("contactFlowId"));
  EXPECT_TRUE(again.at("updated").as_bool());
  EXPECT_EQ(run_ok("instance.show").at("defaultContactFlowId"), first.at("contactFlowId"));
  const auto exported = run_ok("flow.export", {{"flow", "Mine"}});
  EXPECT_TRUE(run_ok("flow.validate", {{"content", exported.at("content")}}).at("valid").as_bool());
  EXPECT_EQ(run_bad("flow.export", {{"flow", "none"}}).code, ErrorCode::not_found);
  std::string broken = content;
  broken.replace(broken.find("\"PlayPrompt\""), 12, "\"StoreInput\"");
  EXPECT_THAT(run_bad("flow.import", {{"content", broken}}).message, HasSubstr("StoreInput"));
  const auto report = run_ok("flow.validate", {{"content", broken}});
  EXPECT_FALSE(report.at("valid").as_bool());
  EXPECT_EQ(report.at("problems").at(0).at("blockId"), "welcome");
  EXPECT_EQ(run_bad("flow.import", {{"content", std::string(embedded_flows()[2].content)}, {"default", true}}).code, ErrorCode::invalid_argument);
}

// acceptance: 18
TEST_F(Admin, FlowsAreExportedInEitherFormat) {
  const std::string name = run_ok("flow.list").at("contactFlows").at(0).at("name").as_string().c_str();
  const auto actions = run_ok("flow.export", {{"flow", name}, {"format", "2019-10-30"}});
  EXPECT_THAT(std::string(actions.at("content").as_string()), HasSubstr("\"Version\":\"2019-10-30\""));
  const auto imported = run_ok("flow.import", {{"content", actions.at("content")}});
  EXPECT_TRUE(imported.at("updated").as_bool()) << "the same flow, in other words";
  EXPECT_TRUE(imported.at("warnings").as_array().empty());
  const auto legacy = run_ok("flow.export", {{"flow", name}, {"format", "legacy"}});
  EXPECT_THAT(std::string(legacy.at("content").as_string()), HasSubstr("\"modules\""));
  EXPECT_EQ(run_bad("flow.export", {{"flow", name}, {"format", "xml"}}).code, ErrorCode::invalid_argument);
  const std::string menu = R"({"Version":"2019-10-30","StartAction":"m","Metadata":{"name":"Menu"},"Actions":[
    {"Identifier":"m","Type":"InvokeFlowModule","Parameters":{"FlowModuleId":"Missing"},"Transitions":{"NextAction":"e","Errors":[{"ErrorType":"NoMatchingError","NextAction":"e"}]}},
    {"Identifier":"e","Type":"DisconnectParticipant"}]})";
  const auto warned = run_ok("flow.import", {{"content", menu}});
  EXPECT_THAT(bj::serialize(warned.at("warnings")), HasSubstr("there is no flow module"));
  const std::string asks = R"({"Version":"2019-10-30","StartAction":"f","Metadata":{"name":"Asks"},"Actions":[
    {"Identifier":"f","Type":"InvokeLambdaFunction","Parameters":{"LambdaFunctionARN":"arn:aws:lambda:x:1:function:lookup"},"Transitions":{"NextAction":"h","Errors":[{"ErrorType":"NoMatchingError","NextAction":"h"}]}},
    {"Identifier":"h","Type":"CheckHoursOfOperation","Parameters":{"HoursOfOperationId":"Night"},"Transitions":{"Errors":[{"ErrorType":"NoMatchingError","NextAction":"q"}],
     "Conditions":[{"NextAction":"q","Condition":{"Operator":"Equals","Operands":["True"]}},{"NextAction":"q","Condition":{"Operator":"Equals","Operands":["False"]}}]}},
    {"Identifier":"q","Type":"UpdateContactTargetQueue","Parameters":{"QueueId":"Nobody"},"Transitions":{"NextAction":"r","Errors":[{"ErrorType":"NoMatchingError","NextAction":"e"}]}},
    {"Identifier":"r","Type":"UpdateContactTargetQueue","Parameters":{"QueueId":"BasicQueue"},"Transitions":{"NextAction":"e","Errors":[{"ErrorType":"NoMatchingError","NextAction":"e"}]}},
    {"Identifier":"e","Type":"DisconnectParticipant"}]})";
  std::string missing;
  const auto told = run_ok("flow.import", {{"content", asks}});
  for (const auto& w : told.at("warnings").as_array()) missing += std::string(w.at("blockId").as_string()) + " ";
  EXPECT_EQ(missing, "f h q ");
  run_ok("flow-function.add", {{"name", "lookup"}, {"url", "https://example.com/lookup"}});
  EXPECT_EQ(run_ok("flow.import", {{"content", asks}}).at("warnings").as_array().size(), 2u);
  EXPECT_THAT(run_bad("flow.export", {{"flow", "Menu"}, {"format", "legacy"}}).message, HasSubstr("block m: InvokeFlowModule"));
  EXPECT_EQ(run_bad("flow.trace", {{"contact", "none"}}).code, ErrorCode::not_found);
}

TEST_F(Admin, HoursOfOperation) {
  const std::string office = R"({"TimeZone":"Europe/Berlin","Config":[{"Day":"FRIDAY","StartTime":{"Hours":8,"Minutes":0},"EndTime":{"Hours":18,"Minutes":0}}]})";
  const auto made = run_ok("hours.import", {{"name", "Office"}, {"content", office}});
  EXPECT_EQ(run_ok("hours.import", {{"name", "Office"}, {"content", office}}).at("hoursOfOperationId"), made.at("hoursOfOperationId"));
  EXPECT_TRUE(run_ok("hours.list").at("hoursOfOperation").at(0).at("open").as_bool()) << "the test's time is Friday 09:00 in Berlin";
  std::string nowhere = office;
  nowhere.replace(nowhere.find("Berlin"), 6, "Atlantis");
  EXPECT_THAT(run_bad("hours.import", {{"name", "X"}, {"content", nowhere}}).message, HasSubstr("Atlantis"));
  EXPECT_EQ(run_bad("hours.import", {{"name", "X"}, {"content", "{}"}}).code, ErrorCode::invalid_argument);
  run_ok("hours.assign", {{"queue", "BasicQueue"}, {"hours", "Office"}});
  EXPECT_EQ(run_bad("hours.assign", {{"queue", "BasicQueue"}, {"hours", "Night"}}).code, ErrorCode::not_found);
  EXPECT_EQ(run_bad("hours.assign", {{"queue", "None"}, {"hours", "Office"}}).code, ErrorCode::not_found);
  run_ok("hours.remove", {{"name", "Office"}});
  EXPECT_EQ(run_bad("hours.remove", {{"name", "Office"}}).code, ErrorCode::not_found);
}

TEST_F(Admin, FlowFunctions) {
  const auto made = run_ok("flow-function.add", {{"name", "lookup"}, {"url", "https://example.com/lookup"}});
  EXPECT_EQ(run_bad("flow-function.add", {{"name", "lookup"}, {"url", "https://example.com/other"}}).code, ErrorCode::conflict);
  EXPECT_EQ(run_bad("flow-function.add", {{"name", "b"}, {"url", "http://example.com/"}}).code, ErrorCode::invalid_argument);
  const auto listed = bj::serialize(run_ok("flow-function.list"));
  EXPECT_THAT(listed, HasSubstr("https://example.com/lookup"));
  EXPECT_EQ(listed.find(made.at("secret").as_string().c_str()), std::string::npos);
  run_ok("flow-function.remove", {{"name", "lookup"}});
  EXPECT_EQ(run_bad("flow-function.remove", {{"name", "lookup"}}).code, ErrorCode::not_found);
}

TEST_F(Admin, AccessKeys) {
  const auto key = run_ok("access-key.create", {{"name", "k"}});
  EXPECT_EQ(key.at("accessKeyId").as_string().size(), 20u);
  EXPECT_EQ(key.at("secretAccessKey").as_string().size(), 40u);
  EXPECT_EQ(run_bad("access-key.create", {{"name", "k"}}).code, ErrorCode::conflict);
  EXPECT_EQ(run_bad("access-key.create", {{"name", "l"}, {"username", "none"}}).code, ErrorCode::not_found);
  const auto listed = bj::serialize(run_ok("access-key.list"));
  EXPECT_EQ(listed.find(key.at("secretAccessKey").as_string().c_str()), std::string::npos);
}

TEST_F(Admin, OriginsAreOriginsAndNothingElse) {
  const auto set = run_ok("configure", {{"websiteAPIAllowedOrigins", "https://shop.example, http://127.0.0.1:8080"}});
  EXPECT_EQ(set.at("parameters").at("websiteAPIAllowedOrigins"), "https://shop.example,http://127.0.0.1:8080");
  EXPECT_EQ(run_ok("configure", {{"agentAPIAllowedOrigins", ""}}).at("parameters").at("agentAPIAllowedOrigins"), "");
  for (const char* wrong : {"shop.example", "https://", "https://shop.example/", "https://a.example,b", "https://*.example", "ftp://a.example", "https://user@a.example", "https://a example",
                            "https://a.example;script-src *", "https://a.example:", "https://a.example:0", "https://a.example:70000"}) {
    EXPECT_EQ(run_bad("configure", {{"websiteAPIAllowedOrigins", wrong}}).code, ErrorCode::invalid_argument) << wrong;
    EXPECT_EQ(run_bad("configure", {{"approvedOrigins", wrong}}).code, ErrorCode::invalid_argument) << wrong;
  }
  // As browsers write them; and who may frame our pages is named one by one.
  EXPECT_EQ(run_ok("configure", {{"approvedOrigins", "HTTPS://CRM.Example:443"}}).at("parameters").at("approvedOrigins"), "https://crm.example");
  EXPECT_EQ(run_ok("configure", {{"websiteAPIAllowedOrigins", "*"}}).at("parameters").at("websiteAPIAllowedOrigins"), "*");
  EXPECT_EQ(run_bad("configure", {{"approvedOrigins", "*"}}).code, ErrorCode::invalid_argument);
}

TEST_F(Admin, WhereRecordingsAreKept) {
  const auto settings = [&] { return store_->read([&](store::Database& db) { return storage_settings(db, *sealer_); }); };
  EXPECT_EQ(run_ok("configure").at("parameters").at("recordingObjectStore"), "embedded");
  EXPECT_FALSE(settings()->s3);
  // Half of it is refused as a whole, and named.
  EXPECT_THAT(run_bad("configure", {{"recordingObjectStore", "s3"}, {"recordingS3Bucket", "calls"}}).message, HasSubstr("recordingS3Endpoint"));
  EXPECT_EQ(run_ok("configure").at("parameters").at("recordingS3Bucket"), "");
  const std::string secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCY";
  const auto set = run_ok("configure", {{"recordingObjectStore", "s3"}, {"recordingS3Endpoint", "https://s3.example.com/"}, {"recordingS3Bucket", "calls"},
                                        {"recordingS3AccessKeyId", "AKID"}, {"recordingS3SecretAccessKey", secret}, {"recordingS3Encryption", "aws:kms:k"}});
  EXPECT_EQ(set.at("parameters").at("recordingS3SecretAccessKey"), "(set)");
  EXPECT_EQ(bj::serialize(set).find(secret), std::string::npos);
  auto now = settings();
  ASSERT_TRUE(now);
  ASSERT_TRUE(now->s3);
  EXPECT_TRUE(now->write_to_s3);
  EXPECT_EQ(now->s3->secret_access_key, secret);
  EXPECT_EQ(now->s3->region, "us-east-1");
  EXPECT_EQ(now->s3->endpoint, "https://s3.example.com");
  EXPECT_EQ(now->s3->encryption, s3::Encryption::kms);
  auto stored = store_->read([](store::Database& db) { return store::parameters::get(db, "recordingS3SecretAccessKey"); });
  EXPECT_EQ((*stored)->find(secret), std::string::npos);
  EXPECT_GE((*stored)->size(), 2 * (secret.size() + 28)) << "not sealed";
  // What is given is set, the rest stays; back to the directory the bucket can still be read.
  run_ok("configure", {{"recordingObjectStore", "embedded"}});
  now = settings();
  EXPECT_FALSE(now->write_to_s3);
  ASSERT_TRUE(now->s3);
  EXPECT_EQ(now->s3->bucket, "calls");
  run_ok("configure", {{"recordingS3Encryption", ""}});
  EXPECT_EQ(settings()->s3->encryption, s3::Encryption::none);
  EXPECT_THAT(run_bad("configure", {{"recordingS3Buckets", "x"}}).message, HasSubstr("recordingS3Buckets"));
  EXPECT_EQ(run_bad("configure", {{"recordingS3Bucket", 5}}).code, ErrorCode::invalid_argument);
  EXPECT_EQ(run_bad("configure", {{"recordingS3Bucket", "a\nb"}}).code, ErrorCode::invalid_argument);
  EXPECT_EQ(run_bad("configure", {{"recordingObjectStore", "tape"}}).code, ErrorCode::invalid_argument);
  run_ok("configure", {{"recordingObjectStore", "s3"}});
  EXPECT_THAT(run_bad("configure", {{"recordingS3SecretAccessKey", ""}}).message, HasSubstr("recordingS3SecretAccessKey"));
  EXPECT_THAT(run_bad("configure", {{"recordingS3Encryption", "rot13"}}).message, HasSubstr("recordingS3Encryption"));
}

TEST_F(Admin, TheOtherLogInByTheOriginalsNames) {
  const auto settings = [&] { return *store_->read([&](store::Database& db) { return federation_settings(db, *sealer_); }); };
  // As installations of before have it: the issuer alone.
  ASSERT_TRUE(store_->write([](store::Database& db) { return store::parameters::set(db, "federationIssuer", "https://idp.example"); }));
  EXPECT_EQ(settings().issuer, "https://idp.example");
  run_ok("configure", {{"cognitoSAMLEnabled", "false"}});
  EXPECT_EQ(settings().issuer, "") << "switched off, it keeps its values";
  EXPECT_EQ(run_ok("configure").at("parameters").at("federationIssuer"), "https://idp.example");
  run_ok("configure", {{"cognitoSAMLEnabled", "true"}, {"federationIssuer", ""}, {"cognitoSAMLIdentityProviderURL", "https://other.example/.well-known/openid-configuration"},
                       {"cognitoSAMLIdentityProviderName", "Corporate"}, {"federationClientId", "c"}, {"federationClientSecret", "s"}});
  EXPECT_EQ(settings().issuer, "https://other.example");
  EXPECT_EQ(settings().name, "Corporate");
  EXPECT_EQ(settings().client_secret, "s");
}

TEST_F(Admin, ADefaultFlowByImportIsInTheHistory) {
  const std::string before(run_ok("configure").at("parameters").at("connectDefaultContactFlowId").as_string());
  const auto made = run_ok("flow.import", {{"content", embedded_flows()[1].content}, {"name", "Mine"}, {"default", true}});
  const auto history = run_ok("configure.history", {{"name", "connect-default-contact-flow-id"}}).at("history").as_array();
  ASSERT_EQ(history.size(), 1u);
  EXPECT_EQ(history[0].at("from").as_string(), before);
  EXPECT_EQ(history[0].at("to"), made.at("contactFlowId"));
  // Taken back it is the flow of the first start again.
  EXPECT_EQ(run_ok("configure", {{"connectDefaultContactFlowId", ""}}).at("parameters").at("connectDefaultContactFlowId").as_string(), before);
  auto c = context();
  ASSERT_TRUE(first_start(c));
  EXPECT_EQ(run_ok("configure").at("parameters").at("connectDefaultContactFlowId").as_string(), before) << "the next start makes no other";
}

TEST_F(Admin, DeletionIsEverythingOrNothingAndLeavesAnInstance) {
  run_ok("configure", {{"maxCapacity", "9"}, {"smtpPassword", "secret"}});
  const auto deleted = run_ok("configure.delete");
  EXPECT_EQ(deleted.at("parameters").at("maxCapacity"), "5");
  auto rows = store_->read([](store::Database& db) { return store::parameters::all(db); });
  for (const auto& [name, value] : *rows) {
    EXPECT_TRUE(name == "connectDefaultContactFlowId" || name == "recordingPlaybackSecurityProfileId" || parameters::find(name) == nullptr) << name;
  }
  EXPECT_EQ(run_ok("configure.history", {{"limit", 1}}).at("history").at(0).at("deleted"), true);
  EXPECT_EQ(run_ok("configure.delete").at("changes").as_array().size(), 0u);
  auto c = context();
  ASSERT_TRUE(first_start(c));
  EXPECT_EQ(run_ok("flow.list").at("contactFlows").as_array().size(), 3u);
}

}  // namespace
}  // namespace upcall::admin
