// Calls on one server, recorded again and again, while composers and the server are killed with -9 at moments that come
// from a seed: in capture, right after a start, while a recording stops, composes and is uploaded. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/rng.hpp"
#include "harness.hpp"
#include "take.hpp"

namespace upcall::story {

struct KillOptions {
  std::uint64_t seed = 1;
  int kills = 6;
  int calls = 2;                 // at once
  std::string keep_directory;    // films stay here; empty: nowhere
};

struct KillReport {
  int server = 0, composer = 0;
  std::map<std::string, int> states;             // "server recording": recordings in this state at a kill of this kind
  std::vector<double> lost_ms;                   // media lost a kill of the server in capture, a camera
  std::vector<double> away_ms;
  std::vector<double> missing;                   // pictures of recordings whose server was not killed in between
  std::vector<double> longest_step_ms;
  int films = 0;
  int disturbed = 0;                             // films whose recording met a kill
  std::vector<std::string> faults;               // what must not be
};

class KillRun {
 public:
  explicit KillRun(KillOptions options);
  // Throws Trouble where the story cannot go on: a recording that fails or is not stored in time, a server that does not start.
  KillReport run();

 private:
  enum class Kind { server, composer, server_after_stop, composer_after_stop, server_after_start };
  struct Lane {
    Call call;
    std::optional<Take> take;
    bool stopped = false;
    std::int64_t due_ms = 0;      // the next start or stop
    std::string status;
  };

  Kind draw();
  void go_on_until(std::int64_t clock_ms);
  void step(Lane& lane);
  void start(Lane& lane);
  void stop(Lane& lane);
  void look(Lane& lane);
  void judge(Lane& lane);
  void check_manifest(const Take& take, const std::string& file);
  void note_sent(Lane& lane, std::optional<SentAt> (&out)[2]);
  void kill(bool server);
  Lane* lane_that(bool capturing);
  std::int64_t below(std::int64_t ms) { return static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(ms))); }

  KillOptions options_;
  SeededRandom random_;
  World world_;
  std::vector<Lane> lanes_;
  KillReport report_;
  bool ending_ = false;          // nothing is started any more
};

}  // namespace upcall::story
