// A server with TLS, its pipeline's repository and runner, and somebody with a git client and a clone: all real processes, the
// unmodified git. What goes wrong is a gtest failure that says where. One thread.
#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/demo/actors.hpp"
#include "io/git/git_command.hpp"
#include "io/pipeline_runs/run_store.hpp"
#include "json/json.hpp"

namespace upcall::test {

namespace bj = boost::json;

// A definition of these stages, each {name, command}.
struct StageText {
  std::string name, command;
  int timeout_s = 60;
};
std::string definition_text(const std::vector<StageText>& stages);

class PipelineWorld : public ::testing::Test {
 protected:
  PipelineWorld();
  ~PipelineWorld() override;

  struct Ran {
    int code = -1;
    std::string out;  // standard output and error
  };
  // Any program, with both outputs; ends within the time limit.
  Ran start(const std::string& program, std::vector<std::string> arguments, const std::string& directory = "", Duration within = Duration::s(60));
  // `upcall pipeline …` on this data directory.
  Ran upcall(std::vector<std::string> arguments);
  bj::object upcall_json(std::vector<std::string> arguments);
  // git in the clone, trusting the server's certificate, with the repository's user and the present password.
  Ran git(std::vector<std::string> arguments, Duration within = Duration::s(60));

  void start_server(bool tls = true);
  void stop_server();
  void start_runner(std::vector<std::string> more = {});
  void kill_runner();
  // Makes the repository with its user, and an empty clone. Needs the server.
  void init(std::vector<std::string> more = {});
  // Writes files of the clone, commits them; the commit.
  std::string commit(const std::string& subject, const std::vector<std::pair<std::string, std::string>>& files);
  Ran push(const std::string& what = "HEAD:main", Duration within = Duration::s(60)) { return git({"push", "origin", what}, within); }

  pipeline::Run wait_run(std::int64_t number, const std::function<bool(const pipeline::Run&)>& wanted, Duration within = Duration::s(60));
  pipeline::Run wait_over(std::int64_t number) {
    return wait_run(number, [](const pipeline::Run& r) { return pipeline::is_over(r.state); });
  }
  std::string log(std::int64_t number, const std::string& stage);
  bool until(const std::function<bool()>& condition, Duration within = Duration::s(30));
  pipeline::RunStore runs() const { return pipeline::RunStore(data_dir + "/pipeline"); }
  static pipeline::State state_of(const pipeline::Run& run, std::string_view stage);

  process::ChildHost host;
  std::string root, data_dir, clone, url, password, user;
  std::optional<demo::LineProcess> server, runner;
};

}  // namespace upcall::test
