// One simulated server: the shell around the real recording::Lifecycle. It can crash before and after each effect, stand
// still, and be cut off from the store and the object store.
//
// A server that stood still looks at its leases before it captures on (sim assumption; docs/adr/0013).
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/rng.hpp"
#include "recording/lifecycle.hpp"
#include "sim/event_queue.hpp"
#include "sim/recording/ledger.hpp"

namespace upcall::sim {

inline constexpr Duration kStoreTimeout = Duration::s(2);

// How bad the world is; all 0: nothing fails.
struct Faults {
  double crash_at_effect = 0;       // before it, and once more after it
  double journal_refused = 0, journal_without_end = 0, composer_dies = 0;
  double object_fails = 0, object_answer_lost = 0;
  double store_unavailable = 0;     // of requests; nothing was done
  double store_answer_lost = 0;     // and it was done
};

struct World {
  World(std::uint64_t seed, Plant planted) : random(seed), ledger(planted), plant(planted) {}
  EventQueue queue;
  SeededRandom random;
  Ledger ledger;
  Plant plant;
  Faults faults;
  RecordingNo next_recording = 0;
  bool trace = false;               // to the standard error
  std::uint64_t crashes = 0, stalls = 0, cuts = 0, lost_leases = 0, answers_lost = 0;

  Instant mono() const { return queue.now().mono; }
  void note(int server, RecordingNo recording, const std::string& what) const;
  Duration between(std::int64_t low_ms, std::int64_t high_ms) {
    return Duration::ms(low_ms + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(high_ms - low_ms + 1))));
  }
};

enum class Reply : std::uint8_t { done, again, conflict, stopping, elsewhere, unavailable };

class Server {
 public:
  using Told = std::function<void(Reply, RecordingNo)>;
  using What = recording::effect::Answer::What;

  Server(World& world, int index, Duration wall_skew);

  // What happens to it.
  void boot();
  void crash();
  void end_well();
  void stand_still(Duration span);
  void cut_off(Duration store, Duration objects);
  void meeting_ended(MeetingNo meeting);
  bool up() const { return up_; }
  bool stalled() const { return world_.mono() < stalled_until_; }

  // What clients ask. `told` may never come: the server died.
  void start(MeetingNo meeting, const std::string& owner, const std::string& key, Told told);
  void stop(MeetingNo meeting, const std::string& key, wire::TapStopReason reason, Told told);
  void pause(MeetingNo meeting, Duration longest, Told told);
  void go_on(MeetingNo meeting, Told told);
  bool owns_of(MeetingNo meeting) const { return of_meeting(meeting) != nullptr; }

  std::vector<Server*> others;

 private:
  struct Live {
    RecordingNo no = 0;
    MeetingNo meeting = 0;
    std::optional<recording::Lifecycle> life;
    std::uint32_t epoch = 0;
    bool journal_open = false, tap_open = false, tap_paused = false, gone = false;
    std::optional<Instant> capturing;     // not sealed since then
    bool composing = false;
    std::optional<std::vector<Seal>> film;  // complete, in the spool
    Instant tick_at = Instant::never();
    Instant tap_busy_until;               // commands to the media thread keep their order
  };
  using LivePtr = std::shared_ptr<Live>;
  using Input = std::function<void(recording::Lifecycle&, const Now&, recording::Effects&)>;

  Now now() const;
  std::string name() const { return "server-" + std::to_string(index_); }
  LivePtr of_meeting(MeetingNo meeting) const;
  // On this life of the server; later when it stands still.
  void later(Duration delay, std::function<void()> action);
  // A transaction. Nothing: unavailable when `definite`, else whether it was done is unknown.
  template <class R>
  void ask(std::function<R()> work, std::function<void(std::optional<R>, bool definite)> told);

  void input(const LivePtr& live, const Input& what);
  void carry_out(const LivePtr& live, recording::Effects& effects);
  void perform(const LivePtr& live, const recording::Effect& effect, recording::Effects& more);
  void write(const LivePtr& live, const recording::effect::WriteRow& write, recording::Effects& more);
  void open_journal(const LivePtr& live, recording::Effects& more);
  void to_tap(const LivePtr& live, std::int64_t most_ms, std::function<void()> command);
  void open_tap(const LivePtr& live, bool paused);
  void close_tap(const LivePtr& live);
  void capture(const LivePtr& live);
  void seal(const LivePtr& live, Instant until);
  void compose(const LivePtr& live);
  void upload(const LivePtr& live);
  void schedule_tick(const LivePtr& live);
  void adopt_all();
  void delete_left_behind(RecordingNo no);
  void adopt(RecordingNo no);
  recording::LeaseRules rules() const;
  recording::Ticket ticket(std::function<void(What)> told);

  World& world_;
  const int index_;
  const Duration skew_;
  bool up_ = false;
  std::uint64_t life_ = 0;
  Instant stalled_until_, store_cut_until_, objects_cut_until_;
  std::map<RecordingNo, LivePtr> live_;
  std::map<recording::Ticket, std::function<void(What)>> tickets_;
  recording::Ticket next_ticket_ = 1;
  std::uint64_t looks_ = 0;
  std::set<RecordingNo> lost_;      // given up here
};

template <class R>
void Server::ask(std::function<R()> work, std::function<void(std::optional<R>, bool)> told) {
  const auto lost = [this, told] { later(kStoreTimeout, [this, told] { ++world_.answers_lost; told(std::nullopt, false); }); };
  if (world_.mono() < store_cut_until_) return lost();
  if (world_.random.chance(world_.faults.store_unavailable)) return later(world_.between(1, 30), [told] { told(std::nullopt, true); });
  // On its way it belongs to nobody: it is done though the server dies.
  world_.queue.after(world_.between(1, 30), [this, life = life_, work = std::move(work), told, lost] {
    const bool heard = up_ && life == life_;
    if (world_.mono() < store_cut_until_) {
      if (heard) lost();
      return;
    }
    auto result = work();
    if (!heard) return;
    world_.queue.after(world_.between(1, 30), [this, life, result = std::move(result), told, lost] {
      if (!up_ || life != life_) return;
      if (world_.mono() < store_cut_until_ || world_.random.chance(world_.faults.store_answer_lost)) return lost();
      later(Duration(), [told, result] { told(result, true); });
    });
  });
}

}  // namespace upcall::sim
