// The table itself: the original's 22 parameters, names that lead to one, and the guide that is made from it.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>

#include "parameters/check.hpp"
#include "parameters/guide.hpp"
#include "parameters/rules.hpp"

namespace upcall::parameters {
namespace {

struct Original {
  const char *name, *flag, *parent;
  bool boolean;
};
// In the order in which it asks.
constexpr Original kOriginal[] = {
    {"connectInstanceARN", "connect-instance-arn", "", false},
    {"connectInstanceURL", "connect-instance-url", "", false},
    {"connectDefaultContactFlowId", "connect-default-contact-flow-id", "", false},
    {"cognitoDomainPrefix", "cognito-domain-prefix", "", false},
    {"agentAPIAllowedOrigins", "agent-api-allowed-origins", "", false},
    {"websiteAPIAllowedOrigins", "website-api-allowed-origins", "", false},
    {"websiteAdHocRouteBaseURL", "website-ad-hoc-route-base-url", "", false},
    {"cognitoSAMLEnabled", "cognito-saml-enabled", "", true},
    {"ccpLoginLambdaRoleToAssume", "ccpLogin-lambda-role-to-assume", "cognitoSAMLEnabled", false},
    {"cognitoSAMLIdentityProviderURL", "cognito-saml-identity-provider-url", "cognitoSAMLEnabled", false},
    {"cognitoSAMLIdentityProviderName", "cognito-saml-identity-provider-name", "cognitoSAMLEnabled", false},
    {"cognitoSAMLCallbackUrls", "cognito-saml-callback-urls", "cognitoSAMLEnabled", false},
    {"cognitoSAMLLogoutUrls", "cognito-saml-logout-urls", "cognitoSAMLEnabled", false},
    {"cdkPipelineEnabled", "cdk-pipeline-enabled", "", true},
    {"cdkPipelineRepositoryName", "cdk-pipeline-repository-name", "cdkPipelineEnabled", false},
    {"cdkPipelineRepositoryBranchName", "cdk-pipeline-repository-branch-name", "cdkPipelineEnabled", false},
    {"cdkPipelineCreateNewRepository", "cdk-pipeline-create-new-repository", "cdkPipelineEnabled", true},
    {"cdkPipelineStageName", "cdk-pipeline-stage-name", "cdkPipelineEnabled", false},
    {"deployRecordingStack", "deploy-recording-stack", "", true},
    {"recordingPlaybackSecurityProfileId", "recording-playback-security-profile-id", "deployRecordingStack", false},
    {"recordingAttendeeName", "recording-attendee-name", "deployRecordingStack", false},
    {"recordingPresignedURLExpiresMinutes", "recording-presigned-url-expires-minutes", "deployRecordingStack", false},
};

// acceptance: 67
TEST(ParameterTable, TheOriginals22AreTheFirstInItsOrder) {
  ASSERT_EQ(std::size(kOriginal), kOriginals);
  for (std::size_t i = 0; i < kOriginals; ++i) {
    const ParameterRow& row = rows()[i];
    EXPECT_EQ(row.name, kOriginal[i].name);
    EXPECT_EQ(row.flag, kOriginal[i].flag);
    EXPECT_EQ(row.parent, kOriginal[i].parent) << row.name;
    EXPECT_EQ(row.kind == Kind::boolean, kOriginal[i].boolean) << row.name;
    EXPECT_TRUE(is_original(row));
  }
  EXPECT_FALSE(is_original(rows()[kOriginals]));
  const Values fresh = in_force({}, {});
  for (const auto& [name, value] : {std::pair{"websiteAPIAllowedOrigins", "*"}, {"cognitoSAMLEnabled", "false"}, {"cdkPipelineEnabled", "false"}, {"cdkPipelineCreateNewRepository", "true"},
                                    {"recordingAttendeeName", "RECORDING"}, {"recordingPresignedURLExpiresMinutes", "15"}}) {
    EXPECT_EQ(fresh.at(name), value);
  }
  EXPECT_EQ(shown(*find("cognitoDomainPrefix"), ""), "not-defined");
  EXPECT_EQ(shown(*find("recordingS3Bucket"), ""), "") << "only the original's say so";
}

TEST(ParameterTable, HoldsTogether) {
  std::set<std::string_view> names;
  for (const ParameterRow& row : rows()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_TRUE(names.insert(row.flag).second || row.flag == row.name) << row.flag;
    EXPECT_FALSE(row.help.empty());
    EXPECT_FALSE(must_be(row).empty()) << row.name;
    if (const auto [parent, wanted] = parent_of(row); !parent.empty()) {
      ASSERT_NE(find(parent), nullptr) << row.name;
      EXPECT_TRUE(normal_value(*find(parent), wanted)) << row.name << ": its parent can never be " << wanted;
    }
    if (!row.fallback.empty()) {
      const auto normal = normal_value(row, row.fallback);
      ASSERT_TRUE(normal) << row.name << "'s default is refused: " << normal.error().message;
      EXPECT_EQ(*normal, row.fallback) << row.name;
    }
    EXPECT_EQ(find_any(row.name), &row);
    EXPECT_EQ(find_any("--" + std::string(row.flag)), &row);
    EXPECT_EQ(find_any("/VideoCallEscalation/" + std::string(row.name)), &row);
  }
  EXPECT_EQ(find_any("/VideoCallEscalation/recording-attendee-name"), nullptr) << "paths end in names";
}

TEST(ParameterTable, WhatWasProbablyMeant) {
  EXPECT_EQ(nearest("--recoding-attendee-name"), "recording-attendee-name");
  EXPECT_EQ(nearest("maxcapacity"), "maxCapacity");
  EXPECT_EQ(nearest("--max-capacty"), "max-capacity");
  EXPECT_EQ(nearest("--frobnicate"), "");
  EXPECT_EQ(nearest(std::string(100'000, 'x')), "");
  EXPECT_NE(unknown_parameter("--max-capacty").find("Did you mean --max-capacity?"), std::string::npos);
}

// UPCALL_WRITE_GUIDE=1 writes the tables anew.
TEST(ParameterTable, TheGuideSaysWhatTheTableSays) {
  const auto read = [] {
    std::ifstream in(UPCALL_GUIDE);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  std::string text = read();
  const std::string head = guide_table(true).substr(0, guide_table(true).find('\n'));
  const char* write = std::getenv("UPCALL_WRITE_GUIDE");
  if (write != nullptr && std::string_view(write) == "1") {
    std::size_t at = 0;
    for (const bool originals : {true, false}) {
      at = text.find(head, at);
      ASSERT_NE(at, std::string::npos) << "the guide has no table to write anew";
      std::size_t end = at;
      while (end < text.size() && text[end] == '|') end = text.find('\n', end) + 1;
      const std::string table = guide_table(originals);
      text.replace(at, end - at, table);
      at += table.size();
    }
    std::ofstream(UPCALL_GUIDE) << text;
    text = read();
  }
  for (const bool originals : {true, false}) {
    EXPECT_NE(text.find(guide_table(originals)), std::string::npos) << "docs/guides/configure.md is not what the table says; UPCALL_WRITE_GUIDE=1 with this test writes it anew";
  }
}

}  // namespace
}  // namespace upcall::parameters
