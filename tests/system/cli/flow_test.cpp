// Contact flows, hours and functions as an administrator handles them: the program itself, on a data directory without a server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include <fcntl.h>
#include <unistd.h>

#include "io/process/child_process.hpp"
#include "json/json.hpp"

namespace upcall {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

std::string text_of(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

class FlowCommand : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "upcall-flow-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    data_ = (directory_ / "data").string();
    // Any command makes a data directory; there is no server.
    ASSERT_EQ(run({"instance", "show"}), 0) << err_;
  }
  void TearDown() override { fs::remove_all(directory_); }

  // Exit status; what it printed is in out_ and err_.
  int run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin() + 2, {"--data-dir", data_});
    const int out = ::open((directory_ / "out").c_str(), O_CREAT | O_TRUNC | O_RDWR, 0600);
    const int err = ::open((directory_ / "err").c_str(), O_CREAT | O_TRUNC | O_RDWR, 0600);
    process::ChildHost host;
    process::ChildOptions options;
    options.program = std::string(UPCALL_BIN_DIR) + "/upcall";
    options.arguments = std::move(arguments);
    options.environment = {{"PATH", "/usr/bin:/bin"}};
    options.descriptors = {{out, 1}, {err, 2}};
    auto child = host.spawn(std::move(options));
    EXPECT_TRUE(child);
    const auto exit = child ? (*child)->wait(Duration::s(60)) : std::nullopt;
    ::close(out);
    ::close(err);
    out_ = text_of(directory_ / "out");
    err_ = text_of(directory_ / "err");
    return exit ? exit->code : -1;
  }
  std::string file(const std::string& name, const std::string& text) {
    std::ofstream(directory_ / name) << text;
    return (directory_ / name).string();
  }

  fs::path directory_;
  std::string data_, out_, err_;
};

TEST_F(FlowCommand, ImportsWritesInTheOtherFormatAndReadsThatAgain) {
  ASSERT_EQ(run({"flow", "import", std::string(UPCALL_FLOWS_DIR) + "/video-call-chat.json", "--name", "Mine"}), 0) << err_;
  ASSERT_EQ(run({"flow", "export", "--flow", "Mine", "--format", "2019-10-30"}), 0) << err_;
  auto written = json::parse_object(out_);
  ASSERT_TRUE(written) << "without --json it is the file, and nothing else: " << out_.substr(0, 200);
  EXPECT_EQ(json::text_or(*written, "Version"), "2019-10-30");
  const std::string path = file("written.json", out_);
  ASSERT_EQ(run({"flow", "validate", path}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("valid: true"));
  ASSERT_EQ(run({"flow", "import", path, "--json"}), 0) << err_;
  EXPECT_TRUE(json::boolean_at(*json::parse_object(out_), "updated").value_or(false));
  ASSERT_EQ(run({"flow", "export", "--flow", "Mine", "--format", "legacy", "--json"}), 0) << err_;
  EXPECT_THAT(json::text_or(*json::parse_object(out_), "content"), HasSubstr("\"modules\""));
}

TEST_F(FlowCommand, WhatIsWrongIsToldWithItsBlock) {
  const std::string path = file("bad.json", R"({"Version":"2019-10-30","StartAction":"a","Metadata":{"name":"F"},"Actions":[{"Identifier":"a","Type":"ShowView","Transitions":{}},{"Identifier":"b","Type":"Wait","Parameters":{},"Transitions":{}}]})");
  EXPECT_EQ(run({"flow", "import", path}), 1);
  EXPECT_THAT(err_, HasSubstr("block a: actions of type \"ShowView\" are not supported"));
  EXPECT_THAT(err_, HasSubstr("block b: a wait is 1 to 604800 seconds"));
  EXPECT_THAT(err_, HasSubstr("block b: result WaitCompleted is not connected"));
  EXPECT_EQ(run({"flow", "trace", "no-such-contact"}), 1);
  EXPECT_THAT(err_, HasSubstr("no such contact"));
}

TEST_F(FlowCommand, HoursAndFunctions) {
  const std::string hours = file("hours.json", R"({"TimeZone":"Europe/Berlin","Config":[{"Day":"MONDAY","StartTime":{"Hours":0,"Minutes":0},"EndTime":{"Hours":0,"Minutes":0}}]})");
  ASSERT_EQ(run({"hours", "import", hours, "--name", "Office"}), 0) << err_;
  ASSERT_EQ(run({"hours", "assign", "--queue", "BasicQueue", "--hours", "Office"}), 0) << err_;
  ASSERT_EQ(run({"hours", "list", "--json"}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("Europe/Berlin"));
  ASSERT_EQ(run({"flow-function", "add", "--name", "lookup", "--url", "https://example.com/lookup"}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("whsec_"));
  ASSERT_EQ(run({"flow-function", "list", "--json"}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("lookup"));
  EXPECT_EQ(out_.find("whsec_"), std::string::npos);
}

}  // namespace
}  // namespace upcall
