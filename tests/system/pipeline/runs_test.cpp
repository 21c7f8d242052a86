// Pushes become runs: with the real server, runner and git client, and definitions that do little.
#include "pipeline_world.hpp"

#include "pipeline/definition.hpp"

#include <signal.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace upcall::test {
namespace {

namespace fs = std::filesystem;
using OneRun = pipeline::Run;
using pipeline::State;

const std::string kFile(pipeline::kDefinitionPath);

std::string text_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class Runs : public PipelineWorld {
 protected:
  void begin(std::vector<std::string> init_arguments = {}) {
    start_server();
    init(std::move(init_arguments));
    start_runner();
  }
};

TEST_F(Runs, APushIsFollowedToItsEnd) {
  begin({"--stage", "Demo"});
  const std::string head = commit("first product", {{kFile, definition_text({{"BuildAndTest", "echo building $UPCALL_COMMIT"}, {"Deploy", "echo to $UPCALL_STAGE > $UPCALL_DATA_DIR/deployed; cat page"}})}, {"page", "hello page\n"}});
  const Ran pushed = push();
  ASSERT_EQ(pushed.code, 0) << pushed.out;
  for (const std::string& said : {std::string("remote: Run 1"), std::string("remote: --- BuildAndTest"), "remote: building " + head, std::string("remote: hello page"), std::string("remote: --- Deploy: succeeded"), std::string("remote: Run 1 succeeded.")}) {
    EXPECT_NE(pushed.out.find(said), std::string::npos) << said << "\n" << pushed.out;
  }
  EXPECT_EQ(text_of(data_dir + "/deployed"), "to Demo\n");
  const OneRun run = wait_over(1);
  EXPECT_EQ(run.commit, head);
  EXPECT_EQ(run.author, "Ann Example");
  EXPECT_EQ(run.subject, "first product");
  EXPECT_EQ(run.by, user);
  EXPECT_TRUE(run.definition_changed) << "there was none before";
  EXPECT_EQ(log(1, "Deploy"), "$ echo to $UPCALL_STAGE > $UPCALL_DATA_DIR/deployed; cat page\nhello page\n");
  const bj::object shown = upcall_json({"show", "1"});
  EXPECT_EQ(json::text_or(shown, "state"), "succeeded");
}

TEST_F(Runs, OtherBranchesStartNothing) {
  begin();
  commit("x", {{kFile, definition_text({{"Build", "true"}})}});
  const Ran pushed = push("HEAD:feature");
  EXPECT_EQ(pushed.code, 0);
  EXPECT_NE(pushed.out.find("refs/heads/feature starts no run: the pipeline runs pushes to main."), std::string::npos) << pushed.out;
  EXPECT_TRUE(runs().numbers(INT64_MAX, 10).empty());
}

TEST_F(Runs, TheDefinitionOfAPushCountsInThatVeryPush) {
  begin();
  commit("one", {{kFile, definition_text({{"Build", "echo one >> $UPCALL_DATA_DIR/trace"}})}});
  ASSERT_EQ(push().code, 0);
  commit("two", {{kFile, definition_text({{"Build", "echo two >> $UPCALL_DATA_DIR/trace"}, {"More", "echo more >> $UPCALL_DATA_DIR/trace"}})}});
  ASSERT_EQ(push().code, 0);
  EXPECT_EQ(text_of(data_dir + "/trace"), "one\ntwo\nmore\n");
  const OneRun second = wait_over(2);
  EXPECT_TRUE(second.definition_changed);
  ASSERT_EQ(second.stages.size(), 4u);
  // Broken: refused with its line, and the one before stays.
  const std::string good = text_of(data_dir + "/pipeline/definition.json");
  commit("three", {{kFile, "{\n  \"version\": 1,\n  \"stages\": [ oops ]\n}\n"}});
  const Ran pushed = push();
  EXPECT_NE(pushed.out.find("UpdatePipeline: deploy/pipeline/pipeline.json, line 3: this is not JSON"), std::string::npos) << pushed.out;
  EXPECT_EQ(wait_over(3).state, State::failed);
  EXPECT_EQ(text_of(data_dir + "/pipeline/definition.json"), good);
  EXPECT_EQ(text_of(data_dir + "/trace"), "one\ntwo\nmore\n");
}

TEST_F(Runs, AFailingStageEndsTheRunBeforeTheRest) {
  begin();
  commit("x", {{kFile, definition_text({{"BuildAndTest", "echo about to fail; exit 3"}, {"Deploy", "touch $UPCALL_DATA_DIR/deployed"}})}});
  const Ran pushed = push();
  EXPECT_NE(pushed.out.find("Run 1 failed: BuildAndTest: command 1 of 1 ended with status 3."), std::string::npos) << pushed.out;
  EXPECT_FALSE(fs::exists(data_dir + "/deployed"));
  EXPECT_EQ(state_of(wait_over(1), "Deploy"), State::skipped);
  // The same commit again, once the reason is gone, is a run of its own.
  EXPECT_EQ(upcall({"retry", "1"}).out, "Run 2\n");
  EXPECT_EQ(wait_over(2).retry_of, 1);
}

TEST_F(Runs, QueueInOrderAndOneAtATime) {
  begin();
  const std::string stages = definition_text({{"Build", "echo begin $UPCALL_RUN >> $UPCALL_DATA_DIR/trace; until [ -e $UPCALL_DATA_DIR/go ]; do sleep 0.05; done; echo end $UPCALL_RUN >> $UPCALL_DATA_DIR/trace"}});
  commit("one", {{kFile, stages}});
  auto first = demo::LineProcess::start(host, "/usr/bin/git", {"-C", clone, "-c", "http.sslCAInfo=" + data_dir + "/tls/self-signed.crt", "-c", "credential.helper=!f() { echo username=" + user + "; echo password=" + password + "; }; f", "push", "--quiet", "origin", "HEAD:main"});
  ASSERT_TRUE(first);
  wait_run(1, [](const OneRun& r) { return r.stages.size() > 2 && r.stages[2].state == State::running; });
  // Whoever pushed goes away: the run does not end with them.
  first->child().kill_group();
  for (const char* text : {"two", "three"}) {
    commit(text, {{"page", text}});
    EXPECT_EQ(git({"push", "--quiet", "origin", "HEAD:main"}, Duration::s(2)).code, -1) << "it is still following when it is cut off";
  }
  EXPECT_EQ(runs().queued(), (std::vector<std::int64_t>{1, 2, 3}));
  EXPECT_EQ(upcall({"stop", "2"}).code, 0);
  std::ofstream(data_dir + "/go") << "";
  EXPECT_EQ(wait_over(1).state, State::succeeded);
  EXPECT_EQ(wait_over(2).state, State::stopped);
  EXPECT_EQ(wait_over(3).state, State::succeeded);
  EXPECT_EQ(text_of(data_dir + "/trace"), "begin 1\nend 1\nbegin 3\nend 3\n");
}

TEST_F(Runs, AHangingStageIsEndedWithAllThatItStarted) {
  begin();
  // A child that ignores the request to end, and one in the background.
  commit("x", {{kFile, definition_text({{"Hang", "trap '' TERM; sh -c 'echo $$ > $UPCALL_DATA_DIR/background; exec sleep 1000' & while :; do sleep 1; done", 2}})}});
  const Ran pushed = push("HEAD:main", Duration::s(60));
  EXPECT_EQ(pushed.code, 0) << pushed.out;
  const OneRun run = wait_over(1);
  EXPECT_EQ(run.state, State::timed_out);
  EXPECT_EQ(run.message, "Hang: It took longer than its limit of 2 s.");
  const pid_t left = std::atoi(text_of(data_dir + "/background").c_str());
  ASSERT_GT(left, 1);
  EXPECT_TRUE(until([left] { return ::kill(left, 0) != 0; })) << "nothing of it is left";
}

TEST_F(Runs, AKilledRunnerLeavesAnInterruptedRunAndTheQueueGoesOn) {
  begin();
  commit("one", {{kFile, definition_text({{"Build", "echo $$ > $UPCALL_DATA_DIR/pid; [ $UPCALL_RUN = 2 ] || sleep 1000"}})}});
  EXPECT_EQ(git({"push", "--quiet", "origin", "HEAD:main"}, Duration::s(3)).code, -1);
  wait_run(1, [](const OneRun& r) { return r.process_group > 0; });
  ASSERT_TRUE(until([this] { return fs::exists(data_dir + "/pid"); }));
  kill_runner();
  commit("two", {{"page", "two"}});
  const Ran pushed = push();
  EXPECT_NE(pushed.out.find("No runner works at the moment"), std::string::npos) << pushed.out;
  start_runner();
  const OneRun first = wait_over(1);
  EXPECT_EQ(first.state, State::interrupted);
  EXPECT_EQ(state_of(first, "Build"), State::interrupted);
  EXPECT_EQ(wait_over(2).state, State::succeeded);
  // A second one has no place beside it.
  EXPECT_EQ(upcall({"runner", "--once"}).code, 1);
}

TEST_F(Runs, APushWhoseHookNeverCameGetsItsRunAllTheSame) {
  begin();
  const std::string hook = data_dir + "/pipeline/upcall.git/hooks/post-receive";
  fs::rename(hook, hook + ".away");
  const std::string head = commit("x", {{kFile, definition_text({{"Build", "true"}})}});
  ASSERT_EQ(push().code, 0);
  const OneRun run = wait_over(1);
  EXPECT_EQ(run.commit, head);
  EXPECT_EQ(run.state, State::succeeded);
}

TEST_F(Runs, SecretsReachNeitherLogNorPusher) {
  begin();
  const std::string secret = "the-mail-server's-password";
  ASSERT_EQ(start(std::string(UPCALL_BIN_DIR) + "/upcall", {"configure", "--data-dir", data_dir, "--smtp-password=" + secret}).code, 0);
  bj::object stage{{"name", "Build"}, {"commands", bj::array{"cat leak; echo $MY_TOKEN; env"}}, {"environment", {{"MY_TOKEN", "tok-abcdef-0123"}}}};
  commit("carelessly " + password, {{kFile, bj::serialize(bj::object{{"version", 1}, {"stages", bj::array{stage}}})}, {"leak", "a " + secret + " b\n" + password + "\n"}});
  const Ran pushed = push();
  ASSERT_EQ(pushed.code, 0);
  wait_over(1);
  std::string all = pushed.out;
  for (const auto& file : fs::recursive_directory_iterator(data_dir + "/pipeline/runs")) {
    if (file.is_regular_file()) all += text_of(file.path());
  }
  EXPECT_NE(all.find("a *** b"), std::string::npos);
  EXPECT_EQ(all.find(secret), std::string::npos);
  EXPECT_EQ(all.find(password), std::string::npos);
  EXPECT_EQ(all.find("tok-abcdef-0123"), std::string::npos);
  // Stages get an environment of their own: nothing of whoever started the runner.
  EXPECT_EQ(log(1, "Build").find("SHELL="), std::string::npos);
  EXPECT_NE(log(1, "Build").find("UPCALL_BY_PIPELINE=1"), std::string::npos);
}

TEST_F(Runs, AFullDiskFailsTheStageAndIsSaid) {
  begin();
  commit("x", {{kFile, definition_text({{"Build", "true"}})}});
  ASSERT_EQ(push().code, 0);
  ASSERT_EQ(wait_over(1).state, State::succeeded);
  // The next run's log is a device that is always full.
  const std::string next = data_dir + "/pipeline/runs/2";
  kill_runner();
  commit("y", {{"page", "y"}});
  ASSERT_EQ(push().code, 0);
  fs::create_symlink("/dev/full", next + "/02-Build.log");
  start_runner();
  const OneRun full = wait_over(2);
  EXPECT_EQ(full.state, State::failed);
  EXPECT_EQ(full.message, "Build: The log cannot be written: No space left on device");
  commit("z", {{"page", "z"}});
  EXPECT_EQ(push().code, 0);
  EXPECT_EQ(wait_over(3).state, State::succeeded) << "the next one is not touched by it";
}

TEST_F(Runs, TheServersEndIsNoneOfThePush) {
  begin();
  commit("x", {{kFile, definition_text({{"Deploy", "touch $UPCALL_DATA_DIR/there; until [ -e $UPCALL_DATA_DIR/go ]; do sleep 0.05; done"}})}});
  const std::string helper = "!f() { echo username=" + user + "; echo password=" + password + "; }; f";
  auto pushing = demo::LineProcess::start(host, "/usr/bin/git", {"-C", clone, "-c", "http.sslCAInfo=" + data_dir + "/tls/self-signed.crt", "-c", "credential.helper=" + helper, "push", "--porcelain", "origin", "HEAD:main"});
  ASSERT_TRUE(pushing);
  ASSERT_TRUE(until([this] { return fs::exists(data_dir + "/there"); }));
  stop_server();
  const auto exit = pushing->child().wait(Duration::s(20));
  ASSERT_TRUE(exit);
  EXPECT_TRUE(exit->ok()) << "the push was done, and git says so";
  std::ofstream(data_dir + "/go") << "";
  EXPECT_EQ(wait_over(1).state, State::succeeded);
}

TEST_F(Runs, AMirrorIsFollowed) {
  const std::string source = root + "/source";
  ASSERT_EQ(start(git::program(), {"init", "--quiet", "--initial-branch=main", source}).code, 0);
  ASSERT_EQ(start(git::program(), {"-C", source, "commit", "--quiet", "--allow-empty", "-m", "before"}).code, 0);
  start_server();
  init({"--mirror", source});
  fs::create_directories(fs::path(source) / "deploy/pipeline");
  std::ofstream(fs::path(source) / kFile) << definition_text({{"Build", "true"}});
  ASSERT_EQ(start(git::program(), {"-C", source, "add", "--all"}).code, 0);
  ASSERT_EQ(start(git::program(), {"-C", source, "commit", "--quiet", "-m", "with a pipeline"}).code, 0);
  start_runner();
  const OneRun run = wait_over(1);
  EXPECT_EQ(run.state, State::succeeded);
  EXPECT_EQ(run.subject, "with a pipeline");
}

TEST_F(Runs, ArtifactsAreKeptWithTheRun) {
  begin();
  const std::string stages = R"({"version":1,"stages":[{"name":"Build","commands":["mkdir -p out/deep; echo $UPCALL_RUN > out/deep/file"],"artifacts":["out"]},
    {"name":"Use","commands":["cat $UPCALL_ARTIFACTS/out/deep/file"]},{"name":"Lack","commands":["true"],"artifacts":["nowhere"]}]})";
  commit("x", {{kFile, stages}, {".gitignore", "out\n"}});
  const Ran pushed = push();
  EXPECT_EQ(text_of(data_dir + "/pipeline/runs/1/artifacts/out/deep/file"), "1\n");
  EXPECT_NE(pushed.out.find("Run 1 failed: Lack: The artifact nowhere is not there."), std::string::npos) << pushed.out;
  EXPECT_TRUE(fs::exists(data_dir + "/pipeline/work/out/deep/file")) << "what is ignored stays, so that caches are warm";
}

}  // namespace
}  // namespace upcall::test
