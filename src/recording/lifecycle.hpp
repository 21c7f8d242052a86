// The life of one recording at one server: requested → starting → recording → stopping → composing → stored | failed.
// A core: what happened comes in with its time, what is to be done goes out as effects. The rules:
//   - a state is written before its effect; what could not be written is tried again and was not done until then;
//   - nothing is decided or written without the lease; when it is over, tap, journal and composers end at once and
//     somebody takes the recording up with the next epoch;
//   - local data goes after the row says that the film is stored.
//
// Errors: none; an input that does not fit the state any more changes nothing. Threads: one at a time.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "recording/effects.hpp"
#include "recording/lease.hpp"
#include "recording/state.hpp"

namespace upcall::recording {

inline constexpr const char* kSpoolWasFull = "the spool was full";

enum class ComposeWhen : std::uint8_t { live, after, on_demand };

// A recording that this server owns from now on, by the store.
struct Owned {
  LifeRow row;
  Claim claim;
  Instant lease_asked;             // before the store was
  Instant requested;               // monotonic; of a resumed one now
  ComposeWhen compose = ComposeWhen::live;
  bool resumed = false;            // somebody has had it before
  bool meeting_live = true;
  bool film_begun = false;         // there is a film spool: it is gone on with, whatever `compose` says
};

struct StoredFilm {
  std::int64_t duration_ms = 0, size_bytes = 0;
  std::vector<Fact> facts;
};

class Lifecycle {
 public:
  Lifecycle(const Owned& owned, const Now& now, const LeaseRules& rules = {});

  // Capturing may begin. Once, after the row is in the store; everything below may come before it.
  void begin(const Now& now, Effects& out);
  // The time is deadline(), or later.
  void tick(const Now& now, Effects& out);

  // From clients; each is answered by an effect Answer. `done` of a stop comes when it is written. `key`: may be empty.
  // `actor`: who stops it, for the audit; empty: nobody in person.
  void stop(const Now& now, wire::TapStopReason reason, const std::string& actor, const std::string& key, Ticket ticket, Effects& out);
  void pause(const Now& now, Duration longest, const std::string& actor, Ticket ticket, Effects& out);
  void go_on(const Now& now, const std::string& actor, Ticket ticket, Effects& out);
  void want_film(const Now& now, Effects& out);
  // It cannot be begun, for a reason that stays.
  void fail(const Now& now, std::string reason, Effects& out);

  // From the store.
  enum class Written : std::uint8_t {
    done,
    not_done,      // it is as it was: tried again
    refused,       // state or claim are not what they were: looked at first
    unknown,       // the answer was lost: looked at first
  };
  void written(const Now& now, Written result, Effects& out);
  void row_read(const Now& now, const std::optional<LifeRow>& row, const Claim& claim, Effects& out);
  void row_unreadable(const Now& now, Effects& out);
  void lease_held(const Now& now, Instant asked, Effects& out);
  void lease_refused(const Now& now, Effects& out);

  // From journal and tap.
  enum class Refusal : std::uint8_t { complete, corrupt, other };
  void journal_opened(const Now& now, Effects& out);
  void journal_refused(const Now& now, Refusal refusal, const std::string& message, Effects& out);
  void first_sealed(const Now& now, Instant at, Effects& out);
  // `ended`: its end lies on the disk. Otherwise it has to be opened once more.
  void journal_closed(const Now& now, bool ended, bool spool_full, double bytes, Effects& out);
  void tap_opened(const Now& now, Effects& out);
  void tap_closed(const Now& now, std::uint64_t dropped, Effects& out);
  // The spool or its disk has no room: it is ended while it can be ended well.
  void no_room(const Now& now, Effects& out);

  // From composing.
  void film_stored(const Now& now, const StoredFilm& film, Effects& out);
  void film_failed(const Now& now, std::string reason, Effects& out);

  // All of it ends here, to be taken up anew: the lease may still be this server's.
  void give_up(Effects& out);

  Instant deadline() const;
  const LifeRow& row() const { return row_; }       // as the store has it
  const Claim& claim() const { return claim_; }
  State state() const { return row_.state; }
  bool stop_requested() const { return stop_requested_; }
  bool paused() const { return row_.paused_until.has_value(); }
  bool over() const { return over_; }

 private:
  enum class Journal : std::uint8_t { none, opening, open, closing, closed };
  enum class Tap : std::uint8_t { none, asked, open, closing, closed };
  struct Wait {
    Ticket ticket = 0;             // 0: nobody waits
    std::string actor;
    Instant until;                 // of a pause
    WallTime until_wall;
  };
  struct Pending {
    LifeRow row;
    PauseChange pause = PauseChange::none;
    std::size_t facts = 0;         // of facts_, that it carries
    bool key = false, dirty = false;
  };

  bool alive(const Now& now, Effects& out);
  void settle(const Now& now, Effects& out);
  void act(const Now& now, Effects& out);
  void drive_capture(const Now& now, Effects& out);
  void compose_if_due(const Now& now, Effects& out);
  void write_next(const Now& now, Effects& out);
  std::optional<State> next_state() const;
  void send(LifeRow row, std::string_view event, PauseChange pause, const std::string& actor, Effects& out);
  void applied(const Now& now, Effects& out);
  void not_applied(const Now& now, Effects& out);
  void end_capture(const Now& now, wire::TapStopReason reason);
  void answer_all(std::vector<Ticket>& tickets, effect::Answer::What what, Effects& out);
  bool has_to_write() const;

  LifeRow row_;
  Claim claim_;
  Lease lease_;
  ComposeWhen compose_;
  Instant requested_;
  bool resumed_ = false, begun_ = false, over_ = false;

  Journal journal_ = Journal::none;
  Tap tap_ = Tap::none;
  bool attendee_removed_ = false;
  bool stop_requested_ = false, stop_taken_ = false;   // taken: a client has asked for it
  std::string stop_key_, stop_actor_;
  bool key_written_ = false;
  wire::TapStopReason stop_reason_ = wire::TapStopReason::server_shutdown;
  Instant stop_at_;
  std::optional<WallTime> tap_opened_, ended_;         // by the wall's clock, for the row
  std::vector<Ticket> stop_waits_;
  std::string capture_reason_;                         // why capturing ended by itself; stays when composing succeeds
  std::string failure_, compose_failure_;

  std::optional<Wait> pause_, go_on_;
  Instant resume_at_ = Instant::never();               // of what is paused

  bool film_begun_ = false, film_wanted_ = false, composing_ = false;
  std::optional<StoredFilm> film_;

  std::vector<Fact> facts_;
  bool dirty_ = false;                                 // facts or a reason that do not wait for the next state
  std::optional<Pending> pending_;
  bool reading_ = false, read_asked_ = false;          // what the store has must be looked at before anything is written
  Instant write_at_, journal_at_, compose_at_;         // not before
};

}  // namespace upcall::recording
