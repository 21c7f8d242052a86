// What a change comes to: values that stay, values that cannot be together, what is told of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "parameters/rules.hpp"

namespace upcall::parameters {
namespace {

using ::testing::HasSubstr;

const Values kInstance{{"connectInstanceARN", "arn:aws:connect:local:000000000000:instance/i"}, {"connectInstanceURL", "http://127.0.0.1:8080"},
                       {"connectDefaultContactFlowId", "11111111-2222-4333-8444-555555555555"}, {"recordingPlaybackSecurityProfileId", "21111111-2222-4333-8444-555555555555"}};

Plan good(const Values& own, const Values& given) {
  auto out = plan(own, given, kInstance);
  EXPECT_TRUE(out) << (out ? "" : out.error().message);
  return out ? *out : Plan{};
}
std::string bad(const Values& own, const Values& given) {
  const auto out = plan(own, given, kInstance);
  EXPECT_FALSE(out);
  return out ? "" : out.error().message;
}
std::string changes(const Plan& plan) {
  std::string out;
  for (const Change& c : plan.changes) out += std::string(c.row->name) + ":" + c.from + ">" + c.to + ";";
  return out;
}

TEST(ParameterRules, WhatIsNotGivenStays) {
  const Plan p = good({{"maxCapacity", "8"}, {"recordingAttendeeName", "Bot"}}, {{"minCapacity", "2"}});
  EXPECT_EQ(changes(p), "minCapacity:1>2;");
  EXPECT_EQ(p.after.at("maxCapacity"), "8");
  EXPECT_EQ(p.after.at("recordingAttendeeName"), "Bot");
  EXPECT_EQ(p.write, (Values{{"minCapacity", "2"}}));
}

TEST(ParameterRules, BlankIsTheDefaultOrWhatTheInstanceKnows) {
  const Plan p = good({{"maxCapacity", "8"}, {"connectInstanceURL", "https://x.example"}}, {{"maxCapacity", ""}, {"connectInstanceURL", "not-defined"}});
  EXPECT_EQ(changes(p), "connectInstanceURL:https://x.example>http://127.0.0.1:8080;maxCapacity:8>5;");
}

TEST(ParameterRules, OneWrongAmongTenStopsAllAndAllWrongOnesAreNamed) {
  const std::string sentence = bad({}, {{"maxCapacity", "9"}, {"minCapacity", "x"}, {"recordingScreenWidth", "3"}, {"mailFrom", "a@b.example"}});
  EXPECT_THAT(sentence, HasSubstr("minCapacity must be a whole number from 0 to 1000."));
  EXPECT_THAT(sentence, HasSubstr("recordingScreenWidth must be an even number"));
  EXPECT_THAT(bad({}, {{"maxCapacitty", "9"}}), HasSubstr("Did you mean maxCapacity?"));
}

TEST(ParameterRules, ChildrenKeepTheirValuesWhileTheirParentIsFalse) {
  const Values own{{"deployRecordingStack", "true"}, {"recordingAttendeeName", "Bot"}};
  const Plan off = good(own, {{"deployRecordingStack", "false"}});
  EXPECT_EQ(off.after.at("recordingAttendeeName"), "Bot");
  const Plan set = good({{"deployRecordingStack", "false"}}, {{"recordingAttendeeName", "Tape"}});
  EXPECT_EQ(set.after.at("recordingAttendeeName"), "Tape");
  ASSERT_EQ(set.notes.size(), 1u);
  EXPECT_EQ(set.notes[0], "recordingAttendeeName is kept, and counts when deployRecordingStack is true.");
  EXPECT_TRUE(good({}, {{"recordingAttendeeName", "Tape"}}).notes.empty());
}

TEST(ParameterRules, AParentAsksForItsChildren) {
  const std::string sentence = bad({}, {{"cdkPipelineEnabled", "true"}, {"cdkPipelineStageName", "Prod"}});
  EXPECT_THAT(sentence, HasSubstr("cdkPipelineRepositoryName must be given (--cdk-pipeline-repository-name), for cdkPipelineEnabled is true."));
  EXPECT_THAT(sentence, HasSubstr("cdkPipelineRepositoryBranchName"));
  EXPECT_EQ(sentence.find("cdkPipelineStageName must"), std::string::npos);
  const Values whole{{"cdkPipelineEnabled", "true"}, {"cdkPipelineRepositoryName", "r"}, {"cdkPipelineRepositoryBranchName", "main"}, {"cdkPipelineStageName", "Prod"}};
  good({}, whole);
  EXPECT_THAT(bad(whole, {{"cdkPipelineStageName", ""}}), HasSubstr("cdkPipelineStageName must be given"));
  EXPECT_THAT(bad({}, {{"mailMethod", "smtp"}}), HasSubstr("smtpURL must be given"));
}

TEST(ParameterRules, WhatCannotBeTogether) {
  EXPECT_THAT(bad({{"minCapacity", "4"}}, {{"maxCapacity", "3"}}), HasSubstr("minCapacity must not be above maxCapacity"));
  EXPECT_THAT(bad({}, {{"recordingDiskEndPercent", "20"}}), HasSubstr("recordingDiskRefusePercent"));
  EXPECT_THAT(bad({}, {{"recordingObjectStore", "s3"}}), HasSubstr("recordingS3"));
  EXPECT_THAT(bad({}, {{"recordingS3Encryption", "rot13"}}), HasSubstr("recordingS3Encryption"));
  EXPECT_THAT(bad({}, {{"cognitoSAMLEnabled", "true"}}), HasSubstr("--cognito-saml-identity-provider-url"));
  EXPECT_THAT(bad({{"federationIssuer", "https://a.example"}}, {{"cognitoSAMLIdentityProviderURL", "https://b.example"}}), HasSubstr("two providers"));
  good({{"federationIssuer", "https://a.example"}}, {{"cognitoSAMLIdentityProviderURL", "https://a.example/.well-known/openid-configuration"}});
}

TEST(ParameterRules, ATroubleOfBeforeStopsNobodyElse) {
  const Values broken{{"recordingObjectStore", "s3"}, {"minCapacity", "9"}, {"maxCapacity", "2"}};
  EXPECT_EQ(changes(good(broken, {{"mailFrom", "calls@example.com"}})), "mailFrom:upcall@localhost.localdomain>calls@example.com;");
  good(broken, {});
  EXPECT_THAT(bad(broken, {{"recordingS3Bucket", "b"}}), HasSubstr("recordingS3"));
}

TEST(ParameterRules, SecretsAreInNothingThatIsTold) {
  const Plan p = good({{"smtpPassword", "old-secret"}, {"federationClientSecret", "same"}}, {{"smtpPassword", "new-secret"}, {"federationClientSecret", "same"}});
  EXPECT_EQ(changes(p), "smtpPassword:(set)>(set);") << "the same secret again is no change";
  EXPECT_EQ(p.after.at("smtpPassword"), "(set)");
  EXPECT_EQ(p.write.at("smtpPassword"), "new-secret");
  EXPECT_EQ(changes(good({{"smtpPassword", "x"}}, {{"smtpPassword", ""}})), "smtpPassword:(set)>;");
}

TEST(ParameterRules, TheOriginalsSingleSignOnIsOurFederation) {
  // An installation of before: the issuer alone means that it is on.
  EXPECT_EQ(in_force({{"federationIssuer", "https://a.example"}}, {}).at("cognitoSAMLEnabled"), "true");
  EXPECT_EQ(in_force({{"federationIssuer", "https://a.example"}, {"cognitoSAMLEnabled", "false"}}, {}).at("cognitoSAMLEnabled"), "false");
  EXPECT_TRUE(federation_on("", "https://a.example"));
  EXPECT_FALSE(federation_on("false", "https://a.example"));
  EXPECT_EQ(federation_issuer("", "https://a.example/.well-known/openid-configuration"), "https://a.example");
  EXPECT_EQ(federation_issuer("https://b.example", "https://a.example"), "https://b.example");
  // Moved over as it was: kept to the byte, and told what is missing.
  const Plan moved = good({}, {{"cognitoSAMLEnabled", "true"}, {"cognitoSAMLIdentityProviderURL", "http://idp.example/saml/metadata?a=b=c"}});
  EXPECT_EQ(moved.after.at("cognitoSAMLIdentityProviderURL"), "http://idp.example/saml/metadata?a=b=c");
  ASSERT_EQ(moved.notes.size(), 2u);
  EXPECT_THAT(moved.notes[0], HasSubstr("no issuer of OpenID Connect"));
  EXPECT_THAT(moved.notes[1], HasSubstr("federationClientId"));
}

}  // namespace
}  // namespace upcall::parameters
