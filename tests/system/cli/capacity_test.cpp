// `upcall capacity simulate` as a person runs it.
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

namespace bj = boost::json;
namespace fs = std::filesystem;

std::string text_of(const fs::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

class CapacityCommand : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "upcall-cli-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
  }
  void TearDown() override { fs::remove_all(directory_); }

  // Exit status; what it printed is in out_ and err_.
  int run(std::vector<std::string> arguments, const std::string& path) {
    arguments.insert(arguments.begin(), {"capacity", "simulate"});
    const int out = ::open((directory_ / "out").c_str(), O_CREAT | O_TRUNC | O_RDWR, 0600);
    const int err = ::open((directory_ / "err").c_str(), O_CREAT | O_TRUNC | O_RDWR, 0600);
    process::ChildHost host;
    process::ChildOptions options;
    options.program = std::string(UPCALL_BIN_DIR) + "/upcall";
    options.arguments = std::move(arguments);
    options.environment = {{"PATH", path}};
    options.descriptors = {{out, 1}, {err, 2}};
    int status = -1;
    {
      auto child = host.spawn(std::move(options));
      if (child) {
        if (const auto exit = (*child)->wait(Duration::s(50))) status = exit->signaled ? -exit->code : exit->code;
      }
    }
    ::close(out);
    ::close(err);
    out_ = text_of(directory_ / "out");
    err_ = text_of(directory_ / "err");
    return status;
  }

  fs::path directory_;
  std::string out_, err_;
};

TEST_F(CapacityCommand, PrintsAWeekAndDrawsIt) {
  const fs::path picture = directory_ / "a 'week'.svg";
  ASSERT_EQ(run({"--plot", picture.string(), "--json", "--days", "2"}, "/usr/bin:/bin"), 0) << err_;
  const auto week = json::parse_object(out_, 64 << 20);
  ASSERT_TRUE(week) << out_.substr(0, 200);
  EXPECT_EQ(json::array_at(*week, "samples")->size(), 2u * 24 * 60);
  EXPECT_EQ(json::integer_at(*week, "workers_max").value_or(0), 5);
  const std::string drawn = text_of(picture);
  EXPECT_NE(drawn.find("<svg"), std::string::npos);
  EXPECT_NE(drawn.find("capturing"), std::string::npos);
}

TEST_F(CapacityCommand, SaysWhatIsWrong) {
  EXPECT_EQ(run({"--target-capacity-percent", "0"}, "/usr/bin"), 1);
  EXPECT_NE(err_.find("targetCapacityPercent must be above 0 and at most 100."), std::string::npos) << err_;
  EXPECT_EQ(run({"--plot", "week.pdf"}, "/usr/bin"), 1);
  EXPECT_NE(err_.find(".svg or .png"), std::string::npos) << err_;
  EXPECT_EQ(run({"--plot", (directory_ / "week.svg").string()}, "/nowhere"), 1);
  EXPECT_NE(err_.find("gnuplot-nox"), std::string::npos) << err_;
  EXPECT_EQ(run({"--wrong"}, "/usr/bin"), 2);
}

}  // namespace
}  // namespace upcall
