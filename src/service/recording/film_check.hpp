// Looks after films that are stored: each is read once more from its spool by a child (upcall-recorder check), which decodes
// it sparsely and compares it with what its composer told. One film at a time, at the lowest priority, for a bounded time.
// Whatever becomes of a check, its recording is stored already.
#pragma once

#include <array>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "io/film_spool/film_spool.hpp"
#include "io/process/child_process.hpp"
#include "recording/film_health.hpp"

namespace upcall::service {

struct FilmCheckOrder {
  std::string recording_id;
  std::shared_ptr<const film_spool::FilmSpool> film;   // complete
  std::optional<std::int64_t> session_ms;              // from start to stop by the service's clock; nothing: not compared
};

struct FilmHealth {
  std::vector<recording::HealthFinding> findings;
  double cpu_core_seconds = 0;
  // Sound against picture, positive: late. By the timestamps at fragment borders, the farthest; and as heard, against where
  // it was mixed (recording::heard_offset_ms).
  std::optional<std::int64_t> skew_ms, heard_offset_ms;
  bool alarm() const;
};

class FilmChecks {
 public:
  // On the checks' thread, once for each order that was begun.
  using Done = std::function<void(const FilmCheckOrder& order, Result<FilmHealth> health)>;
  // `program`: upcall-recorder. The host must outlive the checks.
  FilmChecks(process::ChildHost& children, std::string program, Done done);
  // Kills the running child; what waits is not checked, and not told of.
  ~FilmChecks();
  FilmChecks(const FilmChecks&) = delete;
  FilmChecks& operator=(const FilmChecks&) = delete;

  // Any thread.
  void add(FilmCheckOrder order);
  struct Counters {
    std::uint64_t checked = 0, failed = 0;             // failed: the check, not the film
    std::array<std::uint64_t, recording::kHealthKinds> alarms{};
  };
  Counters counters() const;

 private:
  void loop();
  bool stopping() const;
  Result<FilmHealth> check(const FilmCheckOrder& order);
  Result<FilmHealth> converse(const FilmCheckOrder& order, int fd);

  process::ChildHost& children_;
  const std::string program_;
  const Done done_;
  mutable std::mutex mutex_;   // guards what follows
  std::condition_variable wake_;
  bool stop_ = false;
  std::deque<FilmCheckOrder> waiting_;
  Counters counters_;
  std::thread thread_;
};

// The child's answer, checked: it has decoded what strangers sent.
ParseResult<FilmHealth> parse_film_health(std::string_view json);
// As facts of a recording have it: {"findings":[…],"cpu_core_seconds":…,"skew_ms":…,"heard_offset_ms":…}, or {"error":…} of a check that failed.
std::string health_json(const Result<FilmHealth>& health);

}  // namespace upcall::service
