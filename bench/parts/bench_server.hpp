// A real `upcall serve` process with its own data directory, an agent and a supervisor, for benchmarks: they talk to it
// as everybody does and look at it from outside, in /proc. Ends with the object. One thread.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/demo/actors.hpp"
#include "crypto/random.hpp"
#include "io/process/child_process.hpp"

namespace upcall::bench {

inline constexpr Duration kSoon = Duration::s(20);

// Resident memory in bytes: all of it, and the part that belongs to no file.
struct Memory {
  double resident = 0, anonymous = 0;
};

struct JoinData {
  std::string external_meeting_id;
  boost::json::object meeting;                // as createMeeting answers it
  boost::json::object owner, customer;        // Attendee objects
};

class BenchServer {
 public:
  BenchServer();
  ~BenchServer();
  BenchServer(const BenchServer&) = delete;
  BenchServer& operator=(const BenchServer&) = delete;

  // Starts the process beside this program, adds the people, logs them in.
  Result<void> start(std::vector<std::string> more_arguments = {});
  // Ends it, does something with its directory, and starts it again as it was, with another address.
  Result<void> restart(const std::function<Result<void>()>& in_between);
  // Kills it (SIGKILL) and starts it again at the same address, as a supervisor of processes does.
  Result<void> crash_and_start();
  // The processors that it may use from the next start on; empty: all.
  void set_processors(std::vector<int> processors) { processors_ = std::move(processors); }
  Result<boost::json::value> admin(const std::string& command, boost::json::object arguments);
  // A meeting of the agent with a second attendee.
  Result<JoinData> create_meeting();
  // One more attendee of it: the Attendee object.
  Result<boost::json::object> add_attendee(const std::string& external_meeting_id);
  Result<void> end_meeting(const std::string& external_meeting_id);

  pid_t pid() { return server_->child().pid(); }
  const std::string& url() const { return url_; }
  const std::string& data_dir() const { return data_dir_; }
  const std::string& programs() const { return programs_; }
  demo::ApiClient& agent() { return *agent_; }
  demo::ApiClient& supervisor() { return *supervisor_; }
  const std::string& supervisor_password() const { return people_[1].password; }
  process::ChildHost& host() { return host_; }
  crypto::SystemRandom& random() { return random_; }

  Memory memory();
  // CPU time so far of the server's threads, in seconds, by the threads' names.
  std::map<std::string, double> thread_cpu();
  // … of its composers that are there now, together.
  double composer_cpu();
  // Datagrams that found no room in the queue of its media socket.
  double socket_drops();
  // A value of /metrics.
  double metric(const std::string& name);

 private:
  struct Person {
    std::string username, name, group;
    std::vector<std::string> profiles;
    std::string password;
  };
  Result<void> launch();
  Result<void> log_in();
  void end();

  std::string programs_, data_dir_, url_;
  std::vector<std::string> arguments_;
  std::vector<int> processors_;
  std::uint16_t media_port_ = 0;
  std::vector<Person> people_;   // the agent, the supervisor
  crypto::SystemRandom random_;
  process::ChildHost host_;
  std::optional<demo::LineProcess> server_;
  std::optional<demo::ApiClient> agent_, supervisor_;
};

// The same of any process.
Memory process_memory(pid_t pid);
std::map<std::string, double> process_thread_cpu(pid_t pid);
// A number of any kind, or 0.
double number_at(const boost::json::object& object, std::string_view name);
// Of the last minute.
double load_1m();

}  // namespace upcall::bench
