// What lies on disks and in stores, and what may never happen to it. Both servers see the same ledger; every change is
// looked at here, and what is against a rule becomes a breach. Times are the simulation's.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "recording/lifecycle.hpp"
#include "recording/requests.hpp"

namespace upcall::sim {

using RecordingNo = int;
using MeetingNo = int;

// Faults that are put into the shell, so that it can be seen that the rules catch them.
enum class Plant : std::uint8_t {
  none,
  lease_ignored,            // the owner does not look at its lease
  epoch_not_raised,         // whoever takes a recording up writes under the epoch of before
  effect_before_write,      // effects do not wait for their state
  start_key_ignored,
  stop_answered_unwritten,  // "stopped" is answered before it is in the store
  stop_key_apart,           // the stop's key is written before the stop, in a transaction of its own
  pause_in_memory,          // a pause is not in the row
  delete_before_confirm,    // local data goes when the film is composed
  nobody_takes_up,       // a write is taken for done, whatever its answer
};
const char* to_string(Plant plant);
inline constexpr Plant kPlants[] = {Plant::lease_ignored, Plant::epoch_not_raised, Plant::effect_before_write, Plant::start_key_ignored,
                                    Plant::stop_answered_unwritten, Plant::stop_key_apart, Plant::pause_in_memory,
                                    Plant::delete_before_confirm, Plant::nobody_takes_up};

// Media that was captured in this span and is sealed.
struct Seal {
  Instant from, to;
  std::uint32_t epoch = 0;
  bool operator==(const Seal&) const = default;
};

struct Journal {
  std::vector<Seal> seals;
  bool exists = false, ended = false, deleted = false;
  std::uint32_t epoch = 0;      // the highest that has written
  // Who has it open: a server and which of its lives.
  int writer = -1;
  std::uint64_t writer_life = 0;
};

struct StoredRow {
  std::string owner;            // principal
  MeetingNo meeting = 0;
  recording::LifeRow life;
  std::string start_key, stop_key;
  std::string lease_owner;
  WallTime lease_until;
  std::uint32_t epoch = 0;
  std::vector<std::string> events;   // of the outbox, in order
};

class Ledger {
 public:
  explicit Ledger(Plant plant) : plant_(plant) {}

  // The store. Each call is one transaction.
  struct Start {
    recording::StartDecision decision = recording::StartDecision::begin;
    RecordingNo recording = -1;
  };
  Start start(RecordingNo fresh, const std::string& owner, MeetingNo meeting, const std::string& key, const std::string& server, WallTime at,
              WallTime lease_until);
  bool write(RecordingNo no, const recording::effect::WriteRow& write, const recording::Claim& claim, Instant at);
  bool renew(RecordingNo no, const recording::Claim& claim, WallTime until);
  // Nothing: another server's, or final.
  std::optional<StoredRow> adopt(RecordingNo no, const std::string& server, WallTime now, WallTime until);
  void release_leases(const std::string& server);
  void set_stop_key(RecordingNo no, const std::string& key) { rows.at(no).stop_key = key; }
  std::optional<RecordingNo> in_progress(MeetingNo meeting) const;
  std::optional<RecordingNo> by_stop_key(MeetingNo meeting, const std::string& key) const;
  std::vector<RecordingNo> unfinished() const;

  // The spool.
  void append(RecordingNo no, Instant from, Instant to, std::uint32_t epoch, Instant now);
  void delete_local(RecordingNo no, Instant now);

  // What clients were told.
  void told_started(RecordingNo no, const std::string& owner, const std::string& key);
  void told_stopped(RecordingNo no, Instant at, Duration bound);
  void told_paused(RecordingNo no, Instant at, Instant until);
  void asked_to_go_on(RecordingNo no, Instant at);

  // After everything has come to rest.
  void last_look(Instant now);

  void breach(std::string what) { breaches.push_back(std::move(what)); }

  std::map<RecordingNo, StoredRow> rows;
  std::map<RecordingNo, Journal> journals;
  std::map<RecordingNo, std::vector<Seal>> films;      // of the object store
  std::map<MeetingNo, bool> meeting_live;
  std::vector<std::string> breaches;
  std::uint64_t takeovers = 0, writes = 0, refused = 0;

 private:
  // What a server that stood still before it carried a command to the tap may still capture when it wakes.
  static constexpr Duration kWake = Duration::ms(100);
  struct Span {
    RecordingNo recording = 0;
    Instant from, to;
    bool pause = false;
  };
  void look_at_events(RecordingNo no, const StoredRow& row);

  Plant plant_;
  std::map<std::string, RecordingNo> told_;            // owner and key → recording
  std::vector<Span> silent_;                           // nothing may be sealed in these
};

}  // namespace upcall::sim
