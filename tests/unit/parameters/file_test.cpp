// Parameters as a file, ours and the original's.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "parameters/file.hpp"

namespace upcall::parameters {
namespace {

using ::testing::HasSubstr;

std::string refused(std::string_view text) {
  const auto got = read_file(text);
  EXPECT_FALSE(got) << text;
  return got ? "" : got.error().message;
}

// As the original's script writes it.
constexpr std::string_view kOriginalCache =
    "{\n\t\"/VideoCallEscalation/cognitoDomainPrefix\": \"vce-1\",\n\t\"/VideoCallEscalation/cognitoSAMLEnabled\": false,\n"
    "\t\"/VideoCallEscalation/cognitoSAMLIdentityProviderURL\": \"not-defined\",\n\t\"/VideoCallEscalation/recordingPresignedURLExpiresMinutes\": \"15\",\n"
    "\t\"/VideoCallEscalation/cdkPipelineCreateNewRepository\": true\n}";

TEST(ParameterFile, TheOriginalsCacheIsOne) {
  const auto got = read_file(kOriginalCache);
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(*got, (Values{{"cognitoDomainPrefix", "vce-1"}, {"cognitoSAMLEnabled", "false"}, {"recordingPresignedURLExpiresMinutes", "15"}, {"cdkPipelineCreateNewRepository", "true"}}));
}

TEST(ParameterFile, NamesFlagsAndNumbers) {
  const auto got = read_file(R"({"maxCapacity": 8, "target-capacity-percent": 62.5, "recordingAttendeeName": "a=b"})");
  ASSERT_TRUE(got) << got.error().message;
  const auto plan = parameters::plan({}, *got, {});
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_EQ(plan->write, (Values{{"maxCapacity", "8"}, {"targetCapacityPercent", "62.5"}, {"recordingAttendeeName", "a=b"}}));
}

TEST(ParameterFile, WhatIsWrongIsSaid) {
  EXPECT_THAT(refused("[]"), HasSubstr("one JSON object"));
  EXPECT_THAT(refused("{"), HasSubstr("one JSON object"));
  EXPECT_THAT(refused("maxCapacity=8"), HasSubstr("one JSON object"));
  EXPECT_THAT(refused(R"({"maxCapacitty": 8})"), HasSubstr("Did you mean maxCapacity?"));
  EXPECT_THAT(refused(R"({"maxCapacity": [8]})"), HasSubstr("maxCapacity must be"));
  EXPECT_THAT(refused(R"({"maxCapacity": null})"), HasSubstr("maxCapacity must be"));
  EXPECT_THAT(refused(R"({"maxCapacity": 8, "/VideoCallEscalation/maxCapacity": 9})"), HasSubstr("twice"));
  EXPECT_TRUE(read_file(R"({"maxCapacity": 8, "max-capacity": "8"})")) << "the same twice is no contradiction";
  EXPECT_THAT(refused(R"({"/VideoCallEscalation/outputParameters/RepositoryURL": "x"})"), HasSubstr("is an output"));
  EXPECT_THAT(refused("{\"recordingAttendeeName\": \"" + std::string(kFileMax, 'x') + "\"}"), HasSubstr("1 MiB"));
  for (std::size_t n = 0; n < kOriginalCache.size(); ++n) EXPECT_FALSE(read_file(kOriginalCache.substr(0, n))) << n;
}

// acceptance: 68
TEST(ParameterFile, TheCacheHasTheOriginalsFormAndNoSecrets) {
  const Values own{{"smtpPassword", "a-secret"}, {"recordingAttendeeName", "a\"b"}, {"deployRecordingStack", "false"}};
  const std::string text = cache_file(in_force(own, {}));
  EXPECT_TRUE(text.starts_with("{\n\t\"/VideoCallEscalation/connectInstanceARN\": \"not-defined\",\n"));
  EXPECT_THAT(text, HasSubstr("\t\"/VideoCallEscalation/deployRecordingStack\": false,\n"));
  EXPECT_THAT(text, HasSubstr("\t\"/VideoCallEscalation/recordingAttendeeName\": \"a\\\"b\",\n"));
  EXPECT_EQ(text.find("smtpPassword"), std::string::npos);
  EXPECT_EQ(text.find("a-secret"), std::string::npos);
  // What it says is in force is what it sets.
  const auto again = read_file(text);
  ASSERT_TRUE(again) << again.error().message;
  const auto plan = parameters::plan(own, *again, {});
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_TRUE(plan->changes.empty());
}

}  // namespace
}  // namespace upcall::parameters
