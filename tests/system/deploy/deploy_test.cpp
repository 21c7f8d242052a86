// upcall deploy and destroy with real servers: side by side, verified by a recorded call, and back by itself.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>

#include "installation.hpp"

namespace upcall::test {
namespace {

bool has(const Said& said, const std::string& text) { return said.text.find(text) != std::string::npos; }

// acceptance: 71, 73
TEST(Deploy, AReleaseIsPlacedVerifiedFollowedAndTakenBack) {
  DeployedInstallation here;
  const std::string one = here.release("1.0"), two = here.release("2.0");
  const Said planned = here.deploy(one, {"--plan"});
  EXPECT_EQ(planned.status, 0) << planned.text;
  EXPECT_TRUE(has(planned, "place backend from 1.0") && has(planned, "recorded")) << planned.text;
  EXPECT_EQ(here.serving(), 0) << "a plan changes nothing";

  const Said first = here.deploy(one);
  ASSERT_EQ(first.status, 0) << first.text;
  EXPECT_TRUE(has(first, "a recorded call verifies it")) << first.text;
  EXPECT_TRUE(has(first, "webAppURL = " + here.url() + "/\n")) << first.text;
  const pid_t of_one = here.serving();
  EXPECT_GT(of_one, 0);
  EXPECT_EQ(here.page(), "1.0");
  EXPECT_TRUE(has(here.deploy(one), "deployed already"));
  EXPECT_EQ(here.serving(), of_one);

  // Pages alone come without another process.
  ASSERT_EQ(here.deploy(two, {"--part", "frontend"}).status, 0);
  EXPECT_EQ(here.page(), "2.0");
  EXPECT_EQ(here.serving(), of_one);

  const Said second = here.deploy(two);
  ASSERT_EQ(second.status, 0) << second.text;
  const pid_t of_two = here.serving();
  EXPECT_NE(of_two, of_one);
  EXPECT_TRUE(std::filesystem::equivalent(here.root() + "/parts/backend", here.root() + "/releases/2.0"));

  const Said back = here.run({"deploy", "--back"});
  ASSERT_EQ(back.status, 0) << back.text;
  EXPECT_TRUE(std::filesystem::equivalent(here.root() + "/parts/backend", here.root() + "/releases/1.0"));
  EXPECT_NE(here.serving(), of_two);
  EXPECT_NE(here.file("deployment.json").find("rolled back"), std::string::npos);
  // What verified it has left nothing that plays or logs in.
  const Said users = here.upcall({"user", "list", "--json"});
  EXPECT_TRUE(has(users, "verification-agent")) << users.text;
  EXPECT_FALSE(has(here.upcall({"recording", "list", "--json"}), "\"stored\""));
}

TEST(Deploy, AReleaseThatFailsLeavesTheOneOfBefore) {
  DeployedInstallation here;
  ASSERT_EQ(here.deploy(here.release("1.0")).status, 0);
  const pid_t before = here.serving();
  const auto still = [&](const Said& said, const std::string& sentence) {
    EXPECT_EQ(said.status, 1) << said.text;
    EXPECT_TRUE(has(said, sentence)) << said.text;
    EXPECT_EQ(here.page(), "1.0");
    EXPECT_TRUE(std::filesystem::equivalent(here.root() + "/parts/backend", here.root() + "/releases/1.0"));
  };
  // It does not start.
  still(here.deploy(here.release("2.0", "exit 3")), "this one serves on");
  EXPECT_EQ(here.serving(), before);
  // It fails when everything is its own already.
  still(here.deploy(here.release("3.0", "exec $REAL \"$@\" --master-key-command /bin/false")), "the release of before serves again");
  // It serves, and the call does not come about.
  const Said late = here.deploy(here.release("4.0", "[ \"$1\" = verify ] && { echo 'FAIL both join   12 ms  nobody came'; exit 1; }\nexec $REAL \"$@\""));
  still(late, "nobody came");
  std::smatch took;
  ASSERT_TRUE(std::regex_search(late.text, took, std::regex("serves, ([0-9]+) ms later"))) << late.text;
  EXPECT_LT(std::stoi(took[1]), 10'000);
  std::printf("deploy: back on the release of before %s ms after the call had failed\n", took[1].str().c_str());
  // Half a release, and no release.
  const std::string half = here.release("5.0");
  std::filesystem::remove(half + "/bin/upcall-recorder");
  still(here.deploy(half), "bin/upcall-recorder is missing");
  still(here.deploy(here.root() + "/nowhere"), "is no folder");
  const std::string nameless = here.release("6.0");
  std::filesystem::resize_file(nameless + "/release.json", 3);
  still(here.deploy(nameless), "names no release");
  // More than the disk has: a file that is all hole.
  const std::string large = here.release("6.1");
  std::ofstream(large + "/share/upcall/web/hole").close();
  std::filesystem::resize_file(large + "/share/upcall/web/hole", std::uintmax_t{8} << 40);
  still(here.deploy(large), "too little room");
  EXPECT_FALSE(std::filesystem::exists(here.root() + "/releases/5.0"));
  // Another one at the same moment is asked to wait; what was interrupted is cleared away.
  std::filesystem::create_directories(here.root() + "/releases/.7.0/bin");
  EXPECT_EQ(here.deploy(here.release("8.0"), {"--part", "frontend"}).status, 0);
  EXPECT_FALSE(std::filesystem::exists(here.root() + "/releases/.7.0"));
}

TEST(Deploy, PartsRecordingAndThePipelineDecideWhatMayBeDeployed) {
  DeployedInstallation here;
  const std::string one = here.release("1.0");
  const auto refused = [&](const Said& said, const std::string& sentence) {
    EXPECT_EQ(said.status, 1) << said.text;
    EXPECT_TRUE(has(said, sentence)) << said.text;
  };
  refused(here.deploy(one, {"--part", "frontend"}), "needs backend");
  refused(here.deploy(one, {"--part", "backend", "--part", "events"}), "needs recording");
  refused(here.deploy(one, {"--part", "kitchen"}), "there is no part \"kitchen\"");
  EXPECT_EQ(here.serving(), 0);
  ASSERT_EQ(here.upcall({"configure", "--deploy-recording-stack=false"}).status, 0);
  refused(here.deploy(one, {"--part", "backend", "--part", "recording"}), "recording is off");
  const Said without = here.deploy(one);
  ASSERT_EQ(without.status, 0) << without.text;
  EXPECT_TRUE(has(without, "a call verifies it")) << without.text;
  EXPECT_FALSE(std::filesystem::exists(here.root() + "/parts/recording"));
  ASSERT_EQ(here.upcall({"configure", "--deploy-recording-stack=true"}).status, 0);
  const Said with = here.deploy(one);
  ASSERT_EQ(with.status, 0) << with.text;
  EXPECT_TRUE(has(with, "a recorded call verifies it")) << with.text;
}

TEST(Destroy, AsksAndKeepsRecordingsUnlessTold) {
  DeployedInstallation here;
  EXPECT_EQ(here.run({"destroy", "--yes"}).status, 1) << "there is nothing";
  ASSERT_EQ(here.deploy(here.release("1.0"), {"--no-verify"}).status, 0);
  const Said asked = here.run({"destroy"});
  EXPECT_EQ(asked.status, 1);
  EXPECT_TRUE(has(asked, "--yes")) << asked.text;
  EXPECT_GT(here.serving(), 0);
  const Said gone = here.run({"destroy", "--yes"});
  EXPECT_EQ(gone.status, 0) << gone.text;
  EXPECT_EQ(here.serving(), 0);
  EXPECT_TRUE(std::filesystem::exists(here.data_dir() + "/upcall.db")) << "recordings need it";
  EXPECT_FALSE(std::filesystem::exists(here.root() + "/releases"));
  // And back: the same data serves again.
  ASSERT_EQ(here.deploy(here.release("2.0"), {"--no-verify"}).status, 0);
  EXPECT_EQ(here.run({"destroy", "--yes", "--with-recordings"}).status, 0);
  EXPECT_FALSE(std::filesystem::exists(here.data_dir()));
}

}  // namespace
}  // namespace upcall::test
