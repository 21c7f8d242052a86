// The pipeline's repository as a git client meets it: over TLS, with its user, and without.
#include "pipeline_world.hpp"

#include <filesystem>
#include <fstream>

#include "base/rng.hpp"

namespace upcall::test {
namespace {

namespace fs = std::filesystem;

std::string noise(std::size_t size) {
  SeededRandom random(7);
  std::string out(size, '\0');
  random.fill(MutBytes(reinterpret_cast<std::uint8_t*>(out.data()), out.size()));
  return out;
}

using Repository = PipelineWorld;

TEST_F(Repository, IsPushedToAndClonedOverTls) {
  start_server();
  init({"--repository", "product", "--branch", "main"});
  EXPECT_EQ(user, "codecommit-user-product");
  EXPECT_GE(password.size(), 32u);
  // Larger than git's http.postBuffer, so the pack comes in chunks, and incompressible; the refs' negotiation is gzipped.
  const std::string head = commit("first", {{"a.bin", noise(3 << 20)}, {"readme", "hello"}});
  const Ran pushed = push();
  ASSERT_EQ(pushed.code, 0) << pushed.out;
  ASSERT_EQ(git({"clone", "--quiet", "--branch", "main", url + "/git/product.git", root + "/second"}).code, 0);
  std::ifstream in(root + "/second/a.bin", std::ios::binary);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), noise(3 << 20));
  const Ran fetched = git({"ls-remote", "origin"});
  EXPECT_NE(fetched.out.find(head + "\trefs/heads/main"), std::string::npos) << fetched.out;
}

TEST_F(Repository, ARevokedUserAndAWrongPasswordGet401) {
  start_server();
  init();
  commit("first", {{"readme", "hello"}});
  ASSERT_EQ(push().code, 0);
  const std::string old = password;
  password = "upcall-git-wrong";
  Ran refused = push();
  EXPECT_NE(refused.code, 0);
  EXPECT_NE(refused.out.find("Authentication failed"), std::string::npos) << refused.out;
  password = old;
  EXPECT_EQ(json::text_or(upcall_json({"user", "revoke"}), "userState"), "revoked");
  refused = push();
  EXPECT_NE(refused.code, 0);
  EXPECT_NE(refused.out.find("Authentication failed"), std::string::npos) << refused.out;
  EXPECT_NE(git({"ls-remote", "origin"}).code, 0) << "nothing is read either";
  password = json::text_or(upcall_json({"user", "reset"}), "password");
  EXPECT_NE(password, old);
  EXPECT_EQ(push().code, 0);
  EXPECT_EQ(upcall_json({"user", "show"}).contains("password"), false);
  password = old;
  EXPECT_NE(push().code, 0) << "the old password is void";
}

TEST_F(Repository, ManyWrongPasswordsHaveToWait) {
  start_server();
  init();
  const std::string right = password;
  password = "upcall-git-wrong";
  for (int i = 0; i < 12; ++i) EXPECT_NE(git({"ls-remote", "origin"}).code, 0);
  password = right;
  const Ran waiting = git({"ls-remote", "origin"});
  EXPECT_NE(waiting.code, 0);
  EXPECT_NE(waiting.out.find("429"), std::string::npos) << waiting.out;
}

TEST_F(Repository, OtherRepositoriesPathsAndServicesAreNotThere) {
  start_server();
  init({"--repository", "product"});
  for (const char* path : {"/git/other.git", "/git/..%2fproduct.git", "/git/product"}) {
    EXPECT_NE(git({"ls-remote", url + path}).code, 0) << path;
  }
  ASSERT_EQ(start(git::program(), {"-C", data_dir + "/pipeline", "init", "--quiet", "--bare", "other.git"}).code, 0);
  EXPECT_NE(git({"ls-remote", url + "/git/other.git"}).code, 0) << "a folder beside it is no repository of the pipeline";
}

TEST_F(Repository, PlainHttpIsForThisHostAlone) {
  start_server(false);
  init();
  commit("first", {{"readme", "hello"}});
  EXPECT_EQ(push().code, 0) << "a proxy with TLS stands in front of a server that listens on loopback";
}

TEST_F(Repository, AdoptsOneWithItsHistory) {
  const std::string old = root + "/old";
  ASSERT_EQ(start(git::program(), {"init", "--quiet", "--initial-branch=main", old}).code, 0);
  std::ofstream(old + "/readme") << "from before";
  ASSERT_EQ(start(git::program(), {"-C", old, "add", "readme"}).code, 0);
  ASSERT_EQ(start(git::program(), {"-C", old, "commit", "--quiet", "-m", "history"}).code, 0);
  ASSERT_EQ(start(git::program(), {"-C", old, "tag", "v1"}).code, 0);
  start_server();
  init({"--adopt", old});
  const Ran there = git({"ls-remote", "origin"});
  EXPECT_NE(there.out.find("refs/tags/v1"), std::string::npos) << there.out;
  EXPECT_NE(there.out.find("refs/heads/main"), std::string::npos);
  const Ran again = upcall({"init", "--adopt", old});
  EXPECT_NE(again.code, 0) << "what is there is not overwritten";
  EXPECT_NE(again.out.find("there is a repository already"), std::string::npos) << again.out;
  EXPECT_EQ(runs().numbers(INT64_MAX, 10).size(), 0u) << "what was there before starts no run";
}

TEST_F(Repository, AMirrorTakesNoPushes) {
  const std::string source = root + "/source";
  ASSERT_EQ(start(git::program(), {"init", "--quiet", "--initial-branch=main", source}).code, 0);
  ASSERT_EQ(start(git::program(), {"-C", source, "commit", "--quiet", "--allow-empty", "-m", "history"}).code, 0);
  start_server();
  init({"--mirror", source});
  ASSERT_EQ(git({"pull", "--quiet", "origin", "main"}).code, 0);
  commit("mine", {{"readme", "x"}});
  const Ran refused = push();
  EXPECT_NE(refused.code, 0);
  EXPECT_NE(refused.out.find("mirrors another one"), std::string::npos) << refused.out;
}

TEST_F(Repository, WhatIsGivenWronglyIsSaid) {
  start_server();
  EXPECT_NE(upcall({"init", "--repository", "../up"}).code, 0);
  EXPECT_NE(upcall({"init", "--branch", "a..b"}).code, 0);
  EXPECT_NE(upcall({"init", "--adopt", root + "/nowhere"}).code, 0);
  EXPECT_FALSE(fs::exists(data_dir + "/pipeline/upcall.git"));
  EXPECT_NE(upcall({"user", "reset"}).code, 0) << "before init there is no user";
}

}  // namespace
}  // namespace upcall::test
