// The questions of `upcall configure -i`, without a process.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "cli/configure_dialog.hpp"

namespace upcall::cli {
namespace {

using parameters::Values;
using ::testing::HasSubstr;

using Answers = std::map<std::string, std::deque<std::string>>;

class Script final : public Questions {
 public:
  explicit Script(Answers answers) : answers_(std::move(answers)) {}
  std::optional<std::string> ask(const std::string& prompt, bool secret) override {
    const std::string flag = prompt.substr(0, prompt.find(' '));
    asked.push_back(prompt);
    if (secret) secrets.push_back(flag);
    if (flag == end) return std::nullopt;
    const auto at = answers_.find(flag);
    if (at == answers_.end() || at->second.empty()) return "";
    std::string line = at->second.front();
    at->second.pop_front();
    return line;
  }
  void say(const std::string& line) override { said += line + "\n"; }
  bool was_asked(const std::string& flag) const {
    return std::any_of(asked.begin(), asked.end(), [&](const std::string& p) { return p.starts_with(flag + " ["); });
  }
  std::vector<std::string> asked, secrets;
  std::string said, end;

 private:
  Answers answers_;
};

DialogStart start(DialogStart::Ours ours = DialogStart::Ours::none) {
  const Values instance{{"connectInstanceARN", "arn:aws:connect:local:000000000000:instance/i"}, {"connectInstanceURL", "http://127.0.0.1:8080"},
                        {"connectDefaultContactFlowId", "11111111-2222-4333-8444-555555555555"}, {"recordingPlaybackSecurityProfileId", "21111111-2222-4333-8444-555555555555"}};
  DialogStart out;
  out.defaults = parameters::in_force({}, instance);
  out.in_force = parameters::in_force({{"recordingAttendeeName", "Bot"}, {"maxCapacity", "8"}, {"smtpPassword", "x"}, {"mailMethod", "smtp"}, {"smtpURL", "smtp://m.example:25"}}, instance);
  out.ours = ours;
  return out;
}
const Weigh kFine = [](const Values&) -> Result<void> { return {}; };

TEST(Dialog, EnterKeepsAndChildrenComeWithTheirParent) {
  Script script(Answers{{"recording-attendee-name", {"Tape"}}});
  const auto got = configure_dialog(script, start(), kFine);
  ASSERT_TRUE(got);
  EXPECT_EQ(*got, (Values{{"recordingAttendeeName", "Tape"}}));
  EXPECT_EQ(script.asked.front(), "connect-instance-arn [arn:aws:connect:local:000000000000:instance/i]: ");
  EXPECT_TRUE(script.was_asked("recording-attendee-name"));
  EXPECT_FALSE(script.was_asked("cognito-saml-callback-urls"));
  EXPECT_FALSE(script.was_asked("cdk-pipeline-stage-name"));
  EXPECT_FALSE(script.was_asked("max-capacity"));
  Script other(Answers{{"cdk-pipeline-enabled", {"TRUE"}}, {"deploy-recording-stack", {"false"}}});
  ASSERT_TRUE(configure_dialog(other, start(), kFine));
  EXPECT_TRUE(other.was_asked("cdk-pipeline-stage-name"));
  EXPECT_FALSE(other.was_asked("recording-attendee-name"));
}

TEST(Dialog, WhatIsWrongIsSaidAndAskedAgain) {
  Script script(Answers{{"recording-presigned-url-expires-minutes", {"soon", "0", "30"}}});
  const auto got = configure_dialog(script, start(), kFine);
  ASSERT_TRUE(got);
  EXPECT_EQ(*got, (Values{{"recordingPresignedURLExpiresMinutes", "30"}}));
  EXPECT_THAT(script.said, HasSubstr("must be a whole number from 1 to 1440"));
  EXPECT_EQ(std::count_if(script.asked.begin(), script.asked.end(), [](const std::string& p) { return p.starts_with("recording-presigned"); }), 3);
}

TEST(Dialog, WhatCannotBeTogetherIsAskedAgainByName) {
  Script script(Answers{{"cdk-pipeline-enabled", {"true"}}, {"cdk-pipeline-stage-name", {"", "Prod"}}});
  int weighed = 0;
  const auto got = configure_dialog(script, start(), [&](const Values& given) -> Result<void> {
    ++weighed;
    if (given.contains("cdkPipelineStageName")) return {};
    return fail(ErrorCode::invalid_argument, "cdkPipelineStageName must be given (--cdk-pipeline-stage-name).");
  });
  ASSERT_TRUE(got);
  EXPECT_EQ(weighed, 2);
  EXPECT_EQ(got->at("cdkPipelineStageName"), "Prod");
  EXPECT_THAT(script.said, HasSubstr("cdkPipelineStageName must be given"));
}

TEST(Dialog, AHyphenTakesBackAndSecretsAreNotShown) {
  Script script(Answers{{"max-capacity", {"-"}}, {"recording-attendee-name", {"-"}}, {"smtp-password", {"new one"}}});
  const auto got = configure_dialog(script, start(DialogStart::Ours::all), kFine);
  ASSERT_TRUE(got);
  EXPECT_EQ(*got, (Values{{"maxCapacity", ""}, {"recordingAttendeeName", ""}, {"smtpPassword", "new one"}}));
  EXPECT_THAT(script.secrets, ::testing::Contains("smtp-password"));
  EXPECT_TRUE(std::find(script.asked.begin(), script.asked.end(), "smtp-password [(set)]: ") != script.asked.end());
}

TEST(Dialog, WithoutLoadItBeginsWithDefaultsAndResetsOnlyWhatIsAsked) {
  Script script(Answers{});
  DialogStart from = start();
  from.load = false;
  const auto got = configure_dialog(script, from, kFine);
  ASSERT_TRUE(got);
  EXPECT_EQ(got->at("recordingAttendeeName"), "RECORDING");
  EXPECT_FALSE(got->contains("maxCapacity")) << "it was not asked";
  EXPECT_FALSE(got->contains("cdkPipelineStageName")) << "nor was a child of what is false";
  EXPECT_FALSE(got->contains("connectInstanceURL")) << "nor is there anything to reset";
  from.in_force["connectInstanceURL"] = "https://calls.example.com";
  const auto again = configure_dialog(script, from, kFine);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->at("connectInstanceURL"), "") << "what the instance knows of itself is not pinned";
}

TEST(Dialog, FlagsStandInTheBrackets) {
  Script script(Answers{});
  DialogStart from = start();
  from.given = {{"recordingAttendeeName", "Flag"}};
  const auto got = configure_dialog(script, from, kFine);
  ASSERT_TRUE(got);
  EXPECT_EQ(*got, from.given);
  EXPECT_TRUE(std::find(script.asked.begin(), script.asked.end(), "recording-attendee-name [Flag]: ") != script.asked.end());
}

TEST(Dialog, TheEndOfLinesStoresNothing) {
  Script script(Answers{{"recording-attendee-name", {"Tape"}}});
  script.end = "recording-presigned-url-expires-minutes";
  bool weighed = false;
  EXPECT_FALSE(configure_dialog(script, start(), [&](const Values&) -> Result<void> {
    weighed = true;
    return {};
  }));
  EXPECT_FALSE(weighed);
}

}  // namespace
}  // namespace upcall::cli
