// Whole stories with real processes: a server of its own per test in a directory of its own, killed and started again
// on the same ports, with people, a contact and headless attendees. What goes wrong throws Trouble with the place of
// the server's log; gtest reports that as the test's failure and the directory is kept. One thread.
#pragma once

#include <boost/json.hpp>

#include <atomic>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "cli/demo/actors.hpp"
#include "crypto/random.hpp"
#include "json/json.hpp"

namespace upcall::story {

namespace bj = boost::json;

struct Trouble : std::runtime_error {
  using std::runtime_error::runtime_error;
};

double number_at(const bj::object& object, std::string_view name);
// The time of a condition's checks, never the condition itself.
void pause_briefly();

struct WorldOptions {
  int spool_limit_mib = 0;
  std::vector<std::string> more;  // arguments of `upcall serve`
  std::string media_address = "127.0.0.1";
  // What the devices' cameras send. Small pictures: the tests run beside compilers on small machines.
  int width = 640, height = 360, fps = 15, kbps = 700;
  // Called with the data directory before the server starts for the first time.
  std::function<void(const std::string& data_dir)> prepare;
};

// An agent's contact with its meeting and both devices.
struct Call {
  std::string meeting, customer_user, contact, participant_token, connection_token;
  bj::object agent_join, customer_join;
  std::string agent_attendee, customer_attendee;
  std::optional<demo::LineProcess> agent_device, customer_device;
};

class World {
 public:
  explicit World(WorldOptions options = {});
  ~World();
  World(const World&) = delete;

  void start_server();
  void kill_server();                      // SIGKILL, and waits for its end
  int terminate_server(Duration within);   // SIGTERM; the exit status
  // Another data directory from the next start on; the old one is removed.
  void move_to(const std::string& data_dir);
  const std::string& url() const { return url_; }
  const std::string& data_dir() const { return dir_; }
  std::string log_file() const { return dir_ + "/server.log"; }
  std::uint16_t media_port() const { return media_port_; }
  // Another process takes over from the running server; its process id. `server_pid()` stays the one that was started here.
  pid_t hand_over(const std::string& program = "");
  // Whoever serves now, where nobody named it.
  void adopt_successor();
  pid_t serving_pid();
  // What hand_over() started last, ended: SIGKILL or SIGTERM.
  void end_successor(int signal);
  // The exit status of the process that was started here, when its last call has ended.
  int wait_drained(Duration within);
  // While it lives another server may be started here; the one before is `server_` again afterwards.
  class Aside {
   public:
    explicit Aside(World& world) : world_(world), aside_(std::exchange(world.server_, std::nullopt)) {}
    ~Aside() { world_.server_ = std::move(aside_); }

   private:
    World& world_;
    std::optional<demo::LineProcess> aside_;
  };
  bool server_lives() { return server_ && !server_->child().wait(Duration()).has_value(); }
  pid_t server_pid() { return server_->child().pid(); }

  bj::value admin(const std::string& command, bj::object arguments);
  std::string refused_admin(const std::string& command, const bj::object& arguments);  // the sentence
  void set_parameter(const std::string& name, const std::string& value);
  double metric(const std::string& name);
  // Chat, accept, meeting, the customer's join data; with devices, both have joined and see each other.
  Call begin_call(bool with_devices = true);
  // The same without chat and contact: as many at once as wanted.
  Call begin_meeting();
  demo::LineProcess join(const bj::object& join_info, const std::string& label, int participant);
  // Both devices read at least `frames` new pictures of the other, and hear something. Throws after `within`.
  void expect_media(Call& call, Duration within, int frames = 5);
  bj::object device_facts(demo::LineProcess& device);

  // Status codes of the routes, called by the agent.
  int start_recording(const Call& call);
  int stop_recording(const Call& call);
  int end_meeting(const Call& call);
  // The last recording of the meeting as the supervisor sees it.
  bj::object recording(const Call& call);
  bj::object wait_recording(const Call& call, const std::function<bool(const bj::object&)>& wanted, Duration within);
  bj::object wait_stored(const Call& call, Duration within = Duration::s(90));
  // Downloads the stored film and reads it back.
  bj::object film(const bj::object& entry);
  // Throws unless both people of this run are in the film and no clock runs backwards; gives them (agent, customer).
  std::pair<bj::object, bj::object> people_in(const bj::object& film);
  // Process ids of this server's composers.
  std::vector<pid_t> composers();
  int ready_status();
  std::int64_t clock_ms() const;           // of the devices' pictures, now

  // Waits for a condition; throws Trouble(what) after `within`.
  void until(const std::string& what, Duration within, const std::function<bool()>& condition);
  [[noreturn]] void trouble(const std::string& what);

  demo::ApiClient& agent() { return *agent_; }
  const std::string& agent_password() const { return agent_password_; }
  demo::ApiClient& supervisor() { return *supervisor_; }
  demo::ApiClient client() const { return demo::ApiClient(url_); }
  // What must never stand in a log, an argument or an environment.
  std::vector<std::string> secrets;

  template <class T>
  T need(Result<T> result, const std::string& what) {
    if (!result) trouble(what + ": " + result.error().message);
    if constexpr (!std::is_void_v<T>) return std::move(*result);
  }

 private:
  void add_people();
  void bring_devices(Call& call);
  WorldOptions options_;
  crypto::SystemRandom random_;
  process::ChildHost host_;
  std::string dir_, url_, run_;
  std::uint16_t port_ = 0, media_port_ = 0;
  std::int64_t zero_ms_ = 0;
  std::optional<demo::LineProcess> server_;
  std::vector<pid_t> successors_;          // nobody's children when the one before them is gone
  std::string agent_password_;
  std::optional<demo::ApiClient> agent_, supervisor_;
  std::optional<demo::EventSocket> agent_events_;
};

}  // namespace upcall::story
