// What becomes of a command line before it is parsed.
#include <gtest/gtest.h>

#include <fstream>

#include "cli/arguments.hpp"

namespace upcall::cli {
namespace {

class ConfigFile : public testing::Test {
 protected:
  std::string file(const std::string& text) {
    const std::string path = testing::TempDir() + "upcall-config-" + std::to_string(::testing::UnitTest::GetInstance()->random_seed()) + "-" + std::to_string(++made_) + ".conf";
    std::ofstream(path) << text;
    return path;
  }
  using Arguments = std::vector<std::string>;
  int made_ = 0;
};

TEST_F(ConfigFile, LinesBecomeFlagsAndFlagsWin) {
  const std::string path = file("# a comment\ndata-dir=\"/var/lib/upcall\"\nlisten=\"127.0.0.1:8080\"\nmedia-port=41000\nmedia-address=[\"a=b\", \"c\"]\ndemo-routing=true\n");
  const auto got = with_config_file({"serve", "--config", path, "--listen", "0.0.0.0:443"});
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(*got, (Arguments{"serve", "--config", path, "--listen", "0.0.0.0:443", "--data-dir=/var/lib/upcall", "--media-port=41000", "--media-address=a=b", "--media-address=c",
                             "--demo-routing=true"}));
  const auto other = with_config_file({"serve", "--config=" + path, "--listen=1.2.3.4:1", "--data-dir=/x", "--media-port=1", "--media-address=z", "--no-demo-routing"});
  ASSERT_TRUE(other);
  EXPECT_EQ(other->size(), 7u);
}

TEST_F(ConfigFile, OtherCommandsAndNoFileAreLeftAlone) {
  EXPECT_EQ(*with_config_file({}), Arguments{});
  EXPECT_EQ(*with_config_file({"demo", "--config", "/nowhere"}), (Arguments{"demo", "--config", "/nowhere"}));
  EXPECT_EQ(*with_config_file({"serve", "--listen", "x"}), (Arguments{"serve", "--listen", "x"}));
}

TEST_F(ConfigFile, WhatCannotBeReadIsSaidWithTheFile) {
  for (const std::string& path : {std::string("/nowhere/at.conf"), file("[section]\nlisten=\"x\"\n"), file("config=\"other.conf\"\n")}) {
    const auto got = with_config_file({"serve", "--config", path});
    ASSERT_FALSE(got) << path;
    EXPECT_NE(got.error().message.find(path), std::string::npos);
  }
}

TEST(EmptyValues, AreWhatTheySay) {
  using Arguments = std::vector<std::string>;
  EXPECT_EQ(with_empty_values({"configure", "--scan-command=", "--data-dir", "d", "--a=b=", "--b=c", "--", "x="}),
            (Arguments{"configure", "--scan-command", "", "--data-dir", "d", "--a=b=", "--b=c", "--", "x="}));
}

TEST(BareBooleans, AreTrueOfConfigureAlone) {
  using Arguments = std::vector<std::string>;
  EXPECT_EQ(with_bare_booleans({"configure", "--deploy-recording-stack", "--cognitoSAMLEnabled", "false", "--max-capacity", "--smtp-url", "x", "--cdk-pipeline-enabled"}),
            (Arguments{"configure", "--deploy-recording-stack=true", "--cognitoSAMLEnabled", "false", "--max-capacity", "--smtp-url", "x", "--cdk-pipeline-enabled=true"}));
  EXPECT_EQ(with_bare_booleans(with_empty_values({"configure", "--deploy-recording-stack="})), (Arguments{"configure", "--deploy-recording-stack", ""}));
  EXPECT_EQ(with_bare_booleans({"serve", "--deploy-recording-stack"}), (Arguments{"serve", "--deploy-recording-stack"}));
  EXPECT_EQ(with_bare_booleans({}), Arguments{});
}

}  // namespace
}  // namespace upcall::cli
