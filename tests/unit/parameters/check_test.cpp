// One value at a time: what each kind takes, how it is stored, and what it refuses.
#include <gtest/gtest.h>

#include "parameters/check.hpp"

namespace upcall::parameters {
namespace {

constexpr const char* kUuid = "11111111-2222-4333-8444-555555555555";

struct Row {
  const char *name, *given, *stored;   // stored: nullptr, refused
};
const Row kRows[] = {
    {"deployRecordingStack", "TRUE", "true"},
    {"deployRecordingStack", " False ", "false"},
    {"deployRecordingStack", "yes", nullptr},
    {"deployRecordingStack", "1", nullptr},
    {"recordingPresignedURLExpiresMinutes", "15", "15"},
    {"recordingPresignedURLExpiresMinutes", "0", nullptr},
    {"recordingPresignedURLExpiresMinutes", "1441", nullptr},
    {"recordingPresignedURLExpiresMinutes", "15.5", nullptr},
    {"recordingPresignedURLExpiresMinutes", "15m", nullptr},
    {"recordingPresignedURLExpiresMinutes", "nan", nullptr},
    {"recordingPresignedURLExpiresMinutes", "-1", nullptr},
    {"recordingScreenWidth", "1280", "1280"},
    {"recordingScreenWidth", "1281", nullptr},
    {"targetCapacityPercent", "62.5", "62.5"},
    {"targetCapacityPercent", "inf", nullptr},
    {"recordingCompose", "after", "after"},
    {"recordingCompose", "live after", nullptr},
    {"recordingCompose", "AFTER", nullptr},
    {"connectInstanceARN", "arn:aws:connect:eu-central-1:123456789012:instance/11111111-2222-4333-8444-555555555555", "arn:aws:connect:eu-central-1:123456789012:instance/11111111-2222-4333-8444-555555555555"},
    {"connectInstanceARN", "arn:aws:connect:eu-central-1:123456789012:queue/1", nullptr},
    {"connectInstanceARN", "arn:aws:connect", nullptr},
    {"connectInstanceARN", "11111111-2222-4333-8444-555555555555", nullptr},
    {"ccpLoginLambdaRoleToAssume", "arn:aws:iam::123456789012:role/x", "arn:aws:iam::123456789012:role/x"},
    {"connectInstanceURL", "https://x.my.connect.aws", "https://x.my.connect.aws"},
    {"connectInstanceURL", "x.my.connect.aws", nullptr},
    {"connectInstanceURL", "javascript:alert(1)", nullptr},
    {"websiteAdHocRouteBaseURL", "https://www.example.com/call?a=b&c=d==", "https://www.example.com/call?a=b&c=d=="},
    {"websiteAdHocRouteBaseURL", "https://", nullptr},
    {"websiteAdHocRouteBaseURL", "https://a.example/\" onload=", nullptr},
    {"cognitoSAMLIdentityProviderURL", "https://idp.example/metadata?a=b=c&d=e", "https://idp.example/metadata?a=b=c&d=e"},
    {"connectDefaultContactFlowId", kUuid, kUuid},
    {"connectDefaultContactFlowId", "arn:aws:connect:local:000000000000:instance/x/contact-flow/11111111-2222-4333-8444-555555555555", kUuid},
    {"connectDefaultContactFlowId", "flow-1", nullptr},
    {"recordingPlaybackSecurityProfileId", "1111", nullptr},
    {"cognitoDomainPrefix", "my-prefix", "my-prefix"},
    {"cognitoDomainPrefix", "my prefix", nullptr},
    {"websiteAPIAllowedOrigins", "https://A.example:443 , http://b.example", "https://a.example,http://b.example"},
    {"websiteAPIAllowedOrigins", "*", "*"},
    {"approvedOrigins", "*", nullptr},
    {"cognitoSAMLCallbackUrls", "https://a.example/, https://b.example/?x=1", "https://a.example/,https://b.example/?x=1"},
    {"cognitoSAMLCallbackUrls", "http://a.example/", nullptr},
    {"cognitoSAMLCallbackUrls", "http://127.0.0.1:5173/", "http://127.0.0.1:5173/"},
    {"federationIssuer", "https://idp.example/realm/.well-known/openid-configuration", "https://idp.example/realm"},
    {"federationIssuer", "http://idp.example", nullptr},
    {"smtpURL", "smtp://mail.example:587", "smtp://mail.example:587"},
    {"smtpURL", "mail.example", nullptr},
    {"cdkPipelineRepositoryName", "VideoCallEscalation", "VideoCallEscalation"},
    {"cdkPipelineRepositoryName", "/srv/git/upcall.git", "/srv/git/upcall.git"},
    {"cdkPipelineRepositoryName", "--upload-pack=x", nullptr},
    {"cdkPipelineRepositoryBranchName", "release/1.2", "release/1.2"},
    {"cdkPipelineRepositoryBranchName", "a..b", nullptr},
    {"cdkPipelineRepositoryBranchName", "-x", nullptr},
    {"cdkPipelineRepositoryBranchName", "a b", nullptr},
    {"cdkPipelineRepositoryBranchName", "x.lock", nullptr},
    {"cdkPipelineStageName", "Prod", "Prod"},
    {"cdkPipelineStageName", "Prod/1", nullptr},
    {"recordingAttendeeName", "  Réc = 1 ", "Réc = 1"},
    {"recordingAttendeeName", "a\nb", nullptr},
    {"recordingAttendeeName", "a\xff", nullptr},
    {"recordingS3SecretAccessKey", " with blanks ", " with blanks "},
    {"smtpPassword", "a\nb", nullptr},
};

TEST(ParameterValue, WhatEachKindTakes) {
  for (const Row& row : kRows) {
    const ParameterRow* parameter = find(row.name);
    ASSERT_NE(parameter, nullptr) << row.name;
    const auto got = normal_value(*parameter, row.given);
    ASSERT_EQ(got.has_value(), row.stored != nullptr) << row.name << " = " << row.given << (got ? "" : ": " + got.error().message);
    if (got) {
      EXPECT_EQ(*got, row.stored) << row.name;
      EXPECT_EQ(*normal_value(*parameter, *got), *got) << "what is stored is taken again";
    } else {
      EXPECT_EQ(got.error().code, ErrorCode::invalid_argument);
      EXPECT_TRUE(got.error().message.starts_with(row.name)) << got.error().message;
    }
  }
}

TEST(ParameterValue, NothingAndNotDefinedAreNoValue) {
  for (const ParameterRow& row : rows()) {
    EXPECT_EQ(*normal_value(row, ""), "") << row.name;
    if (is_original(row)) EXPECT_EQ(*normal_value(row, "not-defined"), "") << row.name;
  }
  EXPECT_EQ(*normal_value(*find("mailFrom"), "not-defined"), "not-defined") << "of ours it is a value like others";
}

TEST(ParameterValue, NoKindTakesEndlessTexts) {
  const std::string endless(10'000, 'a');
  for (const ParameterRow& row : rows()) EXPECT_FALSE(normal_value(row, endless)) << row.name;
}

}  // namespace
}  // namespace upcall::parameters
