#include "pipeline_world.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "io/clock/system_clock.hpp"

namespace upcall::test {

namespace fs = std::filesystem;

namespace {
const std::string kUpcall = std::string(UPCALL_BIN_DIR) + "/upcall";
}

std::string definition_text(const std::vector<StageText>& stages) {
  bj::array list;
  for (const StageText& s : stages) list.push_back(bj::object{{"name", s.name}, {"commands", bj::array{bj::value(s.command)}}, {"timeoutSeconds", s.timeout_s}});
  return bj::serialize(bj::object{{"version", 1}, {"stages", std::move(list)}});
}

PipelineWorld::PipelineWorld() {
  std::string pattern = (fs::temp_directory_path() / "upcall-pipeline-XXXXXX").string();
  root = ::mkdtemp(pattern.data());
  data_dir = root + "/data";
  clone = root + "/clone";
}

PipelineWorld::~PipelineWorld() {
  for (auto* process : {&runner, &server}) {
    if (!*process) continue;
    (*process)->child().signal(SIGTERM);
    if (!(*process)->child().wait(Duration::s(15))) (*process)->child().kill_group();
    process->reset();
  }
  std::error_code ignored;
  if (!HasFailure()) fs::remove_all(root, ignored);
  else std::printf("kept: %s\n", root.c_str());
}

PipelineWorld::Ran PipelineWorld::start(const std::string& program, std::vector<std::string> arguments, const std::string& directory, Duration within) {
  Ran out;
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return out;
  process::ChildOptions options;
  options.program = program;
  options.arguments = std::move(arguments);
  options.environment = git::environment(root);
  for (const char* role : {"AUTHOR", "COMMITTER"}) {
    options.environment.emplace_back(std::string("GIT_") + role + "_NAME", "Ann Example");
    options.environment.emplace_back(std::string("GIT_") + role + "_EMAIL", "ann@example.com");
  }
  options.descriptors = {{ends[1], 1}, {ends[1], 2}};
  options.directory = directory;
  auto child = host.spawn(std::move(options));
  ::close(ends[1]);
  if (child) {
    const Instant end = system_now().mono + within;
    char piece[4096];
    for (;;) {
      const Duration left = end - system_now().mono;
      pollfd wait{ends[0], POLLIN, 0};
      if (left <= Duration() || ::poll(&wait, 1, static_cast<int>(left.ms() + 1)) <= 0) break;
      const ssize_t n = ::read(ends[0], piece, sizeof piece);
      if (n <= 0) break;
      out.out.append(piece, static_cast<std::size_t>(n));
    }
    const auto exit = (*child)->wait(Duration::s(2));
    out.code = exit && !exit->signaled ? exit->code : -1;
  }
  ::close(ends[0]);
  return out;
}

PipelineWorld::Ran PipelineWorld::upcall(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "pipeline");
  arguments.insert(arguments.end(), {"--data-dir", data_dir});
  return start(kUpcall, std::move(arguments));
}

bj::object PipelineWorld::upcall_json(std::vector<std::string> arguments) {
  arguments.push_back("--json");
  const Ran ran = upcall(std::move(arguments));
  auto parsed = json::parse_object(ran.out);
  EXPECT_TRUE(parsed && ran.code == 0) << ran.out;
  return parsed ? *parsed : bj::object{};
}

PipelineWorld::Ran PipelineWorld::git(std::vector<std::string> arguments, Duration within) {
  const std::string helper = "!f() { echo username=" + user + "; echo password=" + password + "; }; f";
  arguments.insert(arguments.begin(), {"-C", clone, "-c", "http.sslCAInfo=" + data_dir + "/tls/self-signed.crt", "-c", "credential.helper=" + helper});
  return start(git::program(), std::move(arguments), "", within);
}

void PipelineWorld::start_server(bool tls) {
  std::vector<std::string> arguments{"serve", "--data-dir", data_dir, "--listen", "127.0.0.1:0", "--media-address", "127.0.0.1", "--media-port", "0", "--log-file", root + "/server.log"};
  if (tls) arguments.insert(arguments.end(), {"--tls", "self-signed"});
  auto started = demo::LineProcess::start(host, kUpcall, std::move(arguments));
  ASSERT_TRUE(started) << started.error().message;
  server = std::move(*started);
  auto ready = server->wait_line([](const std::string& line) { return line.starts_with("ready "); }, Duration::s(30));
  ASSERT_TRUE(ready) << "the server did not start: " << root;
  url = ready->substr(6);
}

void PipelineWorld::stop_server() {
  server->child().signal(SIGTERM);
  EXPECT_TRUE(server->child().wait(Duration::s(30)));
  server.reset();
}

void PipelineWorld::start_runner(std::vector<std::string> more) {
  std::vector<std::string> arguments{"pipeline", "runner", "--data-dir", data_dir};
  arguments.insert(arguments.end(), more.begin(), more.end());
  auto started = demo::LineProcess::start(host, kUpcall, std::move(arguments));
  ASSERT_TRUE(started) << started.error().message;
  runner = std::move(*started);
  ASSERT_TRUE(runner->wait_line([](const std::string& line) { return line == "ready"; }, Duration::s(20)));
}

void PipelineWorld::kill_runner() {
  runner->child().signal(SIGKILL);
  ASSERT_TRUE(runner->child().wait(Duration::s(10)));
  runner.reset();
}

void PipelineWorld::init(std::vector<std::string> more) {
  more.insert(more.begin(), "init");
  const bj::object made = upcall_json(std::move(more));
  password = json::text_or(made, "password");
  user = json::text_or(made, "username");
  ASSERT_FALSE(password.empty());
  ASSERT_EQ(start(git::program(), {"init", "--quiet", "--initial-branch=main", clone}).code, 0);
  ASSERT_EQ(git({"remote", "add", "origin", json::text_or(made, "url")}).code, 0);
}

std::string PipelineWorld::commit(const std::string& subject, const std::vector<std::pair<std::string, std::string>>& files) {
  for (const auto& [path, text] : files) {
    std::error_code error;
    fs::create_directories((fs::path(clone) / path).parent_path(), error);
    std::ofstream(fs::path(clone) / path, std::ios::binary) << text;
  }
  EXPECT_EQ(git({"add", "--all"}).code, 0);
  EXPECT_EQ(git({"commit", "--quiet", "--allow-empty", "-m", subject}).code, 0);
  std::string head = git({"rev-parse", "HEAD"}).out;
  return head.substr(0, head.find('\n'));
}

bool PipelineWorld::until(const std::function<bool()>& condition, Duration within) {
  const Instant end = system_now().mono + within;
  while (!condition()) {
    if (system_now().mono > end) return false;
    (void)::poll(nullptr, 0, 20);
  }
  return true;
}

pipeline::Run PipelineWorld::wait_run(std::int64_t number, const std::function<bool(const pipeline::Run&)>& wanted, Duration within) {
  pipeline::Run last;
  const bool came = until([&] {
    auto run = runs().load(number);
    if (run) last = *run;
    return run && wanted(*run);
  }, within);
  EXPECT_TRUE(came) << pipeline::to_json(last);
  return last;
}

std::string PipelineWorld::log(std::int64_t number, const std::string& stage) { return upcall({"log", std::to_string(number), stage}).out; }

pipeline::State PipelineWorld::state_of(const pipeline::Run& run, std::string_view stage) {
  for (const auto& s : run.stages) {
    if (s.name == stage) return s.state;
  }
  ADD_FAILURE() << "no stage " << stage << ": " << pipeline::to_json(run);
  return pipeline::State::waiting;
}

}  // namespace upcall::test
