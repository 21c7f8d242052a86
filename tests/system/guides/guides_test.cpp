// The commands of guides are carried out as they stand there: every fenced block marked "sh" of a guide, in order, in one
// shell, in a folder of its own. What else a guide shows (indented, or in other fences) is not run.
#include <gtest/gtest.h>

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "../../support/free_port.hpp"

namespace upcall {
namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// One script; each block begins with a line that tells where it stands in the guide.
std::string script_of(const std::string& guide, int& blocks) {
  std::ifstream in(std::string(UPCALL_SOURCE_DIR) + "/docs/guides/" + guide);
  std::string out = "set -euo pipefail\n";
  bool inside = false;
  int number = 0;
  blocks = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (!inside && line == "```sh") {
      inside = true;
      ++blocks;
      out += "echo '--- " + guide + ", line " + std::to_string(number) + "'\n";
    } else if (inside && line == "```") {
      inside = false;
    } else if (inside) {
      out += line + "\n";
    }
  }
  EXPECT_FALSE(inside) << guide << ": a block has no end";
  return out;
}

class Guides : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "upcall-guides-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    dir_ = pattern;
    for (const char* program : {"/usr/bin/bash", "/usr/bin/curl", "/usr/bin/python3"}) {
      if (::access(program, X_OK) != 0) GTEST_SKIP() << program << " is not here";
    }
  }
  void TearDown() override {
    std::error_code ignored;
    if (!HasFailure()) fs::remove_all(dir_, ignored);
  }
  // Its exit status; what it said is in `said`. `before`: a script of this folder that makes what the guide finds.
  int run(const std::string& guide, std::vector<std::pair<std::string, std::string>> variables, std::string& said, const std::string& before = {}) {
    int blocks = 0;
    const std::string file = dir_ / "guide.sh";
    std::string script = script_of(guide, blocks);
    if (!before.empty()) script.insert(0, "set -euo pipefail\n" + read(std::string(UPCALL_TEST_DIR) + "/system/guides/" + before));
    std::ofstream(file) << script;
    EXPECT_GT(blocks, 3) << guide;
    const pid_t child = ::fork();
    if (child == 0) {
      ::setpgid(0, 0);
      const std::string output = dir_ / "output";
      if (::chdir(dir_.c_str()) != 0 || ::freopen(output.c_str(), "w", stdout) == nullptr || ::dup2(STDOUT_FILENO, STDERR_FILENO) < 0) ::_exit(126);
      ::clearenv();
      ::setenv("PATH", UPCALL_BIN_DIR ":/usr/bin:/bin", 1);
      ::setenv("HOME", dir_.c_str(), 1);
      for (const auto& [name, value] : variables) ::setenv(name.c_str(), value.c_str(), 1);
      ::execl("/usr/bin/bash", "bash", file.c_str(), nullptr);
      ::_exit(127);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    ::kill(-child, SIGKILL);  // what a guide that failed has left running
    said = read(dir_ / "output");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  fs::path dir_;
};

// acceptance: 76
TEST_F(Guides, TryingARecordingAndItsPlayback) {
  std::string said;
  EXPECT_EQ(run("try-recording.md", {{"TRY", (dir_ / "try").string()}, {"MEDIA_PORT", std::to_string(test::free_port(SOCK_DGRAM))}}, said), 0) << said;
  EXPECT_FALSE(fs::exists(dir_ / "try")) << "cleaned up";
}

// acceptance: 76
TEST_F(Guides, Administrator) {
  fs::create_directory(dir_ / "copies");
  std::string said;
  EXPECT_EQ(run("administrator.md", {{"DATA", (dir_ / "data").string()}, {"COPIES", (dir_ / "copies").string()}, {"FLOWS", std::string(UPCALL_SOURCE_DIR) + "/deploy/flows"}}, said), 0) << said;
}

// acceptance: 71, 76
TEST_F(Guides, Releases) {
  std::string said;
  EXPECT_EQ(run("deploy.md", {{"DATA", (dir_ / "data").string()}, {"ROOT", (dir_ / "root").string()}, {"RELEASE", (dir_ / "one").string()}, {"NEWER", (dir_ / "two").string()}}, said, "before_deploy.sh"), 0) << said;
  EXPECT_FALSE(fs::exists(dir_ / "root" / "releases")) << "removed at the end";
  EXPECT_TRUE(fs::exists(dir_ / "data" / "upcall.db")) << "what people made is kept";
}

// acceptance: 72, 76
TEST_F(Guides, Pipeline) {
  std::string said;
  EXPECT_EQ(run("pipeline.md", {{"DATA", (dir_ / "data").string()}, {"ROOT", (dir_ / "root").string()}, {"SOURCE", (dir_ / "source").string()}, {"MEDIA_PORT", std::to_string(test::free_port(SOCK_DGRAM))}}, said, "before_pipeline.sh"), 0) << said;
  EXPECT_NE(said.find("for Prod"), std::string::npos) << said;
}

TEST_F(Guides, Developer) {
  std::string said;
  EXPECT_EQ(run("developer.md", {{"TRY", (dir_ / "try").string()}, {"MEDIA_PORT", std::to_string(test::free_port(SOCK_DGRAM))}}, said), 0) << said;
}

}  // namespace
}  // namespace upcall
