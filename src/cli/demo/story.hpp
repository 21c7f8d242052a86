// The demo's story, step by step, with real processes: a server, two attendees, a customer, an agent, two supervisors.
// A step that fails ends the story and says where to look.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace upcall::demo {

struct StoryOptions {
  int seconds = 20;                 // of talking while recorded
  std::string data_dir;             // of the server; the film is left there
  std::string program_dir;          // where upcall, upcall-recorder and upcall-attendee are
  bool keep = false;                // go on serving afterwards
  // Of a verification: the running server, and whether its own certificate is fine. Empty: the address that it hands out.
  std::string url;
  bool insecure = false;
  bool records = true;              // recording is deployed
  std::function<void(const std::string& name, bool ok, std::int64_t ms, const std::string& note)> on_step;
};

struct StepResult {
  std::string name;
  bool ok = false;
  std::int64_t ms = 0;
  std::string error;
};

struct StoryResult {
  bool ok = false;
  std::vector<StepResult> steps;
  std::int64_t join_ms_agent = 0, join_ms_customer = 0;
  // The slower of the two: connected, and the other's first picture seen, both from its start. From drawing a picture to decoding
  // it at the other's, mean. How much later than its picture sound is in the film. Absent where the story did not come so far.
  std::optional<double> connected_ms, first_picture_ms, delay_ms, av_offset_ms;
  std::string file, url;
  std::string film_json;            // what upcall-recorder inspect read back
  double start_ms = 0, finalize_ms = 0, composer_cpu_core_seconds = 0, composer_peak_rss_mib = 0;
  std::uint64_t packets_forwarded = 0;
  double server_cpu_core_seconds = 0;
  std::string server_url;
  std::vector<std::pair<std::string, std::string>> logins;  // user name, password
};

class Story {
 public:
  explicit Story(StoryOptions options);
  ~Story();
  StoryResult play();
  // Another story, on a server that runs: two people in a meeting of their own (no customer, no queue, no agent of the centre's
  // is touched), with a recording that is played, checked and deleted again. `data_dir`: the server's. Nothing is left but two
  // disabled users.
  StoryResult verify();
  // With keep: serves until the server ends.
  void serve();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace upcall::demo
