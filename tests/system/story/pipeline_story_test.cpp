// Pushes to the pipeline while a call is being recorded: a change of the product, one of the pipeline itself and a broken one.
// The stages are a small installation's: a page is checked, and copied to where the server serves it from.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "cli/deploy/server_process.hpp"
#include "harness.hpp"
#include "io/git/git_command.hpp"
#include "io/net/http_client.hpp"
#include "io/pipeline_runs/run_store.hpp"

namespace upcall::story {
namespace {

namespace fs = std::filesystem;

bj::object stage(const char* name, const std::string& command) { return {{"name", name}, {"commands", bj::array{bj::value(command)}}, {"timeoutSeconds", 60}}; }

// A clone of the pipeline's repository, and a runner.
class Pipeline {
 public:
  explicit Pipeline(World& world, const std::vector<std::string>& runner_options = {}) : world_(world), clone_(world.data_dir() + "/clone") {
    const std::string upcall = std::string(UPCALL_BIN_DIR) + "/upcall";
    auto init = world.need(demo::LineProcess::start(host_, upcall, {"pipeline", "init", "--data-dir", world.data_dir(), "--json"}), "init");
    access_ = world.need(init.wait_for([](const bj::object&) { return true; }, Duration::s(20)), "init's answer");
    world.secrets.push_back(json::text_or(access_, "password"));
    git({"init", "--quiet", "--initial-branch=main", clone_}, false);
    std::vector<std::string> arguments{"pipeline", "runner", "--data-dir", world.data_dir()};
    arguments.insert(arguments.end(), runner_options.begin(), runner_options.end());
    runner_ = world.need(demo::LineProcess::start(host_, upcall, std::move(arguments)), "the runner");
    world.need(runner_->wait_line([](const std::string& line) { return line == "ready"; }, Duration::s(20)), "the runner's start");
  }
  ~Pipeline() {
    runner_->child().signal(SIGTERM);
    (void)runner_->child().wait(Duration::s(10));
  }

  // Until the push has ended, which it does with its run.
  void push(const std::string& subject, const std::string& page, const std::vector<bj::object>& stages) {
    std::error_code error;
    fs::create_directories(clone_ + "/deploy/pipeline", error);
    std::ofstream(clone_ + "/page.html") << page;
    bj::array list;
    for (const bj::object& s : stages) list.push_back(s);
    std::ofstream(clone_ + "/deploy/pipeline/pipeline.json") << bj::serialize(bj::object{{"version", 1}, {"stages", std::move(list)}});
    git({"add", "--all"});
    git({"commit", "--quiet", "--allow-empty", "-m", subject});
    std::string address = json::text_or(access_, "url");
    address.insert(address.find("://") + 3, json::text_or(access_, "username") + ":" + json::text_or(access_, "password") + "@");
    git({"push", "--quiet", address, "HEAD:main"});
  }
  pipeline::Run run(std::int64_t number) {
    const pipeline::RunStore runs(world_.data_dir() + "/pipeline");
    std::optional<pipeline::Run> out;
    world_.until("the end of run " + std::to_string(number), Duration::s(60), [&] {
      auto found = runs.load(number);
      if (found && pipeline::is_over(found->state)) out = std::move(*found);
      return out.has_value();
    });
    return *out;
  }

 private:
  void git(std::vector<std::string> words, bool in_clone = true) {
    if (in_clone) words.insert(words.begin(), {"-C", clone_, "-c", "user.name=Ann", "-c", "user.email=ann@example.com"});
    const auto answer = world_.need(git::run(host_, words, world_.data_dir(), Duration::s(60)), "git");
    if (!answer.ok()) world_.trouble("git: " + answer.complaint);
  }

  World& world_;
  process::ChildHost host_;
  std::string clone_;
  bj::object access_;
  std::optional<demo::LineProcess> runner_;
};

std::string served_page(World& world) {
  net::HttpClient http;
  return world.need(http.get(world.url() + "/demo-website.html"), "the page").body;
}

TEST(PipelineStory, PushesWhileACallIsRecorded) {
  std::string web = (fs::temp_directory_path() / "upcall-pages-XXXXXX").string();
  ASSERT_NE(::mkdtemp(web.data()), nullptr);
  const std::shared_ptr<void> gone(nullptr, [&web](void*) {
    std::error_code ignored;
    fs::remove_all(web, ignored);
  });
  WorldOptions options;
  options.more = {"--web-dir", web};
  World world(options);
  Pipeline pipeline(world);
  Call call = world.begin_call();
  ASSERT_EQ(world.start_recording(call), 200);

  const bj::object build = stage("BuildAndTest", "grep -q greeting page.html");
  const bj::object deploy = stage("Deploy", "mkdir -p " + web + "/demo-website && cp page.html " + web + "/demo-website/demo-website.html.new && mv " + web + "/demo-website/demo-website.html.new " + web + "/demo-website/demo-website.html");
  pipeline.push("a product", "<p>the first greeting</p>", {build, deploy});
  EXPECT_EQ(pipeline.run(1).state, pipeline::State::succeeded);
  EXPECT_NE(served_page(world).find("the first greeting"), std::string::npos);
  world.expect_media(call, Duration::s(20));

  // A change of the product.
  pipeline.push("another greeting", "<p>the second greeting</p>", {build, deploy});
  const pipeline::Run product = pipeline.run(2);
  EXPECT_EQ(product.state, pipeline::State::succeeded) << product.message;
  EXPECT_FALSE(product.definition_changed);
  EXPECT_NE(served_page(world).find("the second greeting"), std::string::npos);

  // A change of the pipeline: the new stage is there in this very run.
  const bj::object verify = stage("Verify", "grep -q 'second greeting' " + web + "/demo-website/demo-website.html");
  pipeline.push("the pipeline verifies", "<p>the second greeting</p>", {build, deploy, verify});
  const pipeline::Run changed = pipeline.run(3);
  EXPECT_EQ(changed.state, pipeline::State::succeeded) << changed.message;
  EXPECT_TRUE(changed.definition_changed);
  ASSERT_EQ(changed.stages.size(), 5u);
  EXPECT_EQ(changed.stages.back().name, "Verify");

  // A broken one: what is served stays.
  pipeline.push("a mistake", "<p>nothing nice</p>", {build, deploy, verify});
  const pipeline::Run broken = pipeline.run(4);
  EXPECT_EQ(broken.state, pipeline::State::failed);
  EXPECT_EQ(broken.message, "BuildAndTest: command 1 of 1 ended with status 1.");
  EXPECT_NE(served_page(world).find("the second greeting"), std::string::npos);

  // The call has noticed nothing.
  world.expect_media(call, Duration::s(20));
  ASSERT_EQ(world.stop_recording(call), 200);
  const bj::object film = world.film(world.wait_stored(call));
  (void)world.people_in(film);
}

// The same with real deployments: each push that succeeds replaces the server, and follows its run over that.
// acceptance: 72
TEST(PipelineStory, PushesDeployReleasesWhileACallIsRecorded) {
  std::string root = (fs::temp_directory_path() / "upcall-root-XXXXXX").string();
  ASSERT_NE(::mkdtemp(root.data()), nullptr);
  const std::shared_ptr<void> gone(nullptr, [&root](void*) {
    std::error_code ignored;
    fs::remove_all(root, ignored);
  });
  const std::string bin = UPCALL_BIN_DIR;
  WorldOptions options;
  options.more = {"--web-dir", root + "/parts/frontend/share/upcall/web", "--recorder", bin + "/upcall-recorder"};
  World world(options);
  Pipeline pipeline(world, {"--root", root});
  world.admin("configure", {{"cdkPipelineEnabled", "true"}, {"cdkPipelineRepositoryName", "upcall"}, {"cdkPipelineRepositoryBranchName", "main"}, {"cdkPipelineStageName", "Demo"}});
  Call call = world.begin_call();
  const std::int64_t started_ms = world.clock_ms();
  ASSERT_EQ(world.start_recording(call), 200);

  // What tools/release.sh does after a build, with the programs that are built already.
  const std::string lay = "mkdir -p $UPCALL_RELEASE/bin $UPCALL_RELEASE/share/upcall/web/agent-app $UPCALL_RELEASE/share/upcall/web/demo-website && "
                          "for p in upcall upcall-recorder upcall-attendee; do ln -s " + bin + "/$p $UPCALL_RELEASE/bin/; done && "
                          "cp page.html $UPCALL_RELEASE/share/upcall/web/agent-app/index.html && cp page.html $UPCALL_RELEASE/share/upcall/web/demo-website/demo-website.html && "
                          "printf '{\"name\":\"r-%s\"}' $UPCALL_COMMIT > $UPCALL_RELEASE/release.json";
  const bj::object build = stage("BuildAndTest", "grep -q greeting page.html");
  const bj::object package = stage("Package", lay);
  const bj::object deploy = stage("Deploy", bin + "/upcall deploy --data-dir \"$UPCALL_DATA_DIR\" --root \"$UPCALL_ROOT\" --release \"$UPCALL_RELEASE\" --no-verify");
  const bj::object verify = stage("Verify", "\"$UPCALL_PROGRAM\" verify --data-dir \"$UPCALL_DATA_DIR\" --seconds 3");
  pid_t serving = world.server_pid();
  const auto pushed = [&](const std::string& subject, const std::string& page, const std::vector<bj::object>& stages, std::int64_t number) {
    pipeline.push(subject, page, stages);
    const auto at_once = pipeline::RunStore(world.data_dir() + "/pipeline").load(number);
    EXPECT_TRUE(at_once && pipeline::is_over(at_once->state)) << "the push has followed its run to the end";
    pipeline::Run run = pipeline.run(number);
    const pid_t now = world.serving_pid();
    if (now != serving) world.adopt_successor();
    EXPECT_EQ(now != serving, run.state == pipeline::State::succeeded) << run.message;
    serving = now;
    world.expect_media(call, Duration::s(20));
    return run;
  };

  EXPECT_EQ(pushed("a product", "<p>the first greeting</p>", {build, package, deploy, verify}, 1).state, pipeline::State::succeeded);
  EXPECT_NE(served_page(world).find("the first greeting"), std::string::npos);
  // By hand it is refused from now on.
  const auto by_hand = deploy::run_program(bin + "/upcall", {"deploy", "--data-dir", world.data_dir(), "--root", root, "--back"}, Duration::s(30));
  ASSERT_TRUE(by_hand.has_value());
  EXPECT_EQ(by_hand->status, 1);
  EXPECT_NE(by_hand->out.find("by its pipeline only"), std::string::npos) << by_hand->out;
  // The product changes.
  EXPECT_EQ(pushed("another greeting", "<p>the second greeting</p>", {build, package, deploy, verify}, 2).state, pipeline::State::succeeded);
  EXPECT_NE(served_page(world).find("the second greeting"), std::string::npos);
  // The pipeline changes: the stage is there in this very run.
  const pipeline::Run changed = pushed("a stage of its own", "<p>the second greeting</p>", {build, package, deploy, verify, stage("Announce", "echo announced")}, 3);
  EXPECT_EQ(changed.state, pipeline::State::succeeded) << changed.message;
  EXPECT_TRUE(changed.definition_changed);
  EXPECT_EQ(changed.stages.back().name, "Announce");
  // A release that does not start: what serves stays.
  const bj::object broken = stage("Package", lay + " && rm $UPCALL_RELEASE/bin/upcall && printf '#!/bin/sh\\nexit 3\\n' > $UPCALL_RELEASE/bin/upcall && chmod +x $UPCALL_RELEASE/bin/upcall");
  const pipeline::Run failed = pushed("a mistake", "<p>the third greeting</p>", {build, broken, deploy, verify}, 4);
  EXPECT_EQ(failed.state, pipeline::State::failed);
  EXPECT_NE(served_page(world).find("the second greeting"), std::string::npos);

  const std::int64_t stopped_ms = world.clock_ms();
  ASSERT_EQ(world.stop_recording(call), 200);
  const bj::object film = world.film(world.wait_stored(call));
  EXPECT_GE(number_at(film, "duration_s"), static_cast<double>(stopped_ms - started_ms) / 1000 - 1.5);
  EXPECT_LE(number_at(film, "longest_hold_s"), 0.5) << "no gap where a release was replaced";
  (void)world.people_in(film);
}

}  // namespace
}  // namespace upcall::story
