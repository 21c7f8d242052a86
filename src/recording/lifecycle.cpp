// What comes in. What follows from it: lifecycle_plan.cpp.
#include "recording/lifecycle.hpp"

#include <algorithm>

namespace upcall::recording {

namespace {
constexpr Duration kJournalRetry = Duration::s(5);
constexpr Duration kComposeRetry = Duration::s(60);
using What = effect::Answer::What;
}  // namespace

Lifecycle::Lifecycle(const Owned& owned, const Now& now, const LeaseRules& rules)
    : row_(owned.row),
      claim_(owned.claim),
      lease_(rules, owned.lease_asked),
      compose_(owned.compose),
      requested_(owned.requested),
      resumed_(owned.resumed),
      film_begun_(owned.film_begun) {
  if (row_.reason == kSpoolWasFull) capture_reason_ = row_.reason;
  if (row_.paused_until) resume_at_ = now.mono + std::max(Duration(), *row_.paused_until - now.wall);
  if (resumed_ && (!owned.meeting_live || row_.state >= State::stopping)) {
    // Stopped, or its meeting ended, while nobody was there: it is closed as it stands.
    stop_requested_ = true;
    stop_at_ = now.mono;
    ended_ = now.wall;
  }
}

// Every input begins here: without the lease nothing is decided any more.
bool Lifecycle::alive(const Now& now, Effects& out) {
  if (!over_ && lease_.is_over(now.mono)) give_up(out);
  return !over_;
}

void Lifecycle::begin(const Now& now, Effects& out) {
  if (!alive(now, out)) return;
  begun_ = true;
  settle(now, out);
}

void Lifecycle::tick(const Now& now, Effects& out) {
  if (!alive(now, out)) return;
  if (paused() && resume_at_ <= now.mono && !go_on_ && !stop_requested_) go_on_ = Wait{0, "system", {}, {}};
  if (compose_at_ <= now.mono) compose_at_ = Instant();
  settle(now, out);
}

void Lifecycle::stop(const Now& now, wire::TapStopReason reason, const std::string& actor, const std::string& key, Ticket ticket, Effects& out) {
  if (!alive(now, out)) return out.push_back(effect::Answer{ticket, What::unavailable});
  if (!failure_.empty() || row_.state >= State::composing) return out.push_back(effect::Answer{ticket, What::not_recording});
  if (stop_taken_ && (key.empty() || key != stop_key_)) return out.push_back(effect::Answer{ticket, What::stopping});
  if (!stop_taken_) {
    stop_taken_ = true;
    stop_key_ = key;
    stop_actor_ = actor;
  }
  end_capture(now, reason);
  stop_waits_.push_back(ticket);
  if (!pending_ && row_.state >= State::stopping && (stop_key_.empty() || key_written_)) answer_all(stop_waits_, What::done, out);
  settle(now, out);
}

void Lifecycle::pause(const Now& now, Duration longest, const std::string& actor, Ticket ticket, Effects& out) {
  if (!alive(now, out)) return out.push_back(effect::Answer{ticket, What::unavailable});
  if (row_.state != State::recording || stop_requested_ || !failure_.empty()) return out.push_back(effect::Answer{ticket, What::not_recording});
  if (paused() || pause_) return out.push_back(effect::Answer{ticket, What::paused});
  pause_ = Wait{ticket, actor, now.mono + longest, now.wall + longest};
  // Before it is written: what is said from now on is not to be kept, whatever the store does.
  out.push_back(effect::PauseTap{true});
  write_at_ = Instant();
  settle(now, out);
}

void Lifecycle::go_on(const Now& now, const std::string& actor, Ticket ticket, Effects& out) {
  if (!alive(now, out)) return out.push_back(effect::Answer{ticket, What::unavailable});
  if (!paused() || stop_requested_ || (go_on_ && go_on_->ticket != 0)) return out.push_back(effect::Answer{ticket, What::not_paused});
  go_on_ = Wait{ticket, actor, {}, {}};
  write_at_ = Instant();
  settle(now, out);
}

void Lifecycle::want_film(const Now& now, Effects& out) {
  if (!alive(now, out) || film_wanted_ || compose_ != ComposeWhen::on_demand) return;
  film_wanted_ = true;
  settle(now, out);
}

void Lifecycle::fail(const Now& now, std::string reason, Effects& out) {
  if (!alive(now, out) || is_final(row_.state)) return;
  failure_ = std::move(reason);
  if (!ended_) ended_ = now.wall;
  settle(now, out);
}

void Lifecycle::written(const Now& now, Written result, Effects& out) {
  if (!alive(now, out) || !pending_ || reading_) return;
  switch (result) {
    case Written::done: applied(now, out); break;
    case Written::not_done: not_applied(now, out); break;
    case Written::refused:
    case Written::unknown:
      reading_ = read_asked_ = true;
      out.push_back(effect::ReadRow{});
      break;
  }
  settle(now, out);
}

void Lifecycle::row_read(const Now& now, const std::optional<LifeRow>& row, const Claim& claim, Effects& out) {
  if (!alive(now, out) || !reading_) return;
  reading_ = read_asked_ = false;
  if (!row || claim != claim_ || !pending_) return give_up(out);
  const LifeRow& wanted = pending_->row;
  const bool moved = wanted.state != row_.state || pending_->pause != PauseChange::none;
  if (moved && row->state == wanted.state && row->paused_until == wanted.paused_until) {
    applied(now, out);
  } else {
    row_ = *row;
    if (is_final(row_.state)) return give_up(out);
    not_applied(now, out);
  }
  settle(now, out);
}

void Lifecycle::row_unreadable(const Now& now, Effects& out) {
  if (!alive(now, out) || !reading_) return;
  read_asked_ = false;
  write_at_ = now.mono + Duration::s(1);
  settle(now, out);
}

void Lifecycle::lease_held(const Now& now, Instant asked, Effects& out) {
  // First of all: with it the lease of before may have been over for a moment without being anybody's else.
  if (over_) return;
  lease_.held(asked);
  (void)alive(now, out);
}

void Lifecycle::lease_refused(const Now& now, Effects& out) {
  if (alive(now, out)) give_up(out);
}

void Lifecycle::journal_opened(const Now& now, Effects& out) {
  if (!alive(now, out) || journal_ != Journal::opening) return;
  journal_ = Journal::open;
  settle(now, out);
}

void Lifecycle::journal_refused(const Now& now, Refusal refusal, const std::string& message, Effects& out) {
  if (!alive(now, out) || journal_ != Journal::opening) return;
  if (!resumed_) {
    journal_ = Journal::none;
    return fail(now, message, out);
  }
  if (refusal == Refusal::other) {
    // What was captured before lies there: it is not given up for a disk that is full now.
    journal_ = Journal::none;
    journal_at_ = now.mono + kJournalRetry;
  } else {
    // Only composing is left, of a damaged one up to the damage.
    journal_ = Journal::closed;
    end_capture(now, wire::TapStopReason::server_shutdown);
  }
  settle(now, out);
}

void Lifecycle::first_sealed(const Now& now, Instant at, Effects& out) {
  if (!alive(now, out) || resumed_) return;
  facts_.emplace_back("start_ms", (at - requested_).seconds() * 1000.0);
  dirty_ = true;
  settle(now, out);
}

void Lifecycle::journal_closed(const Now& now, bool ended, bool spool_full, double bytes, Effects& out) {
  if (!alive(now, out) || (journal_ != Journal::open && journal_ != Journal::closing)) return;
  journal_ = Journal::closed;
  // Without its end no composer finishes: the next epoch writes it.
  if (!ended) return give_up(out);
  facts_.emplace_back("journal_bytes", bytes);
  if (spool_full) capture_reason_ = kSpoolWasFull;
  end_capture(now, spool_full ? wire::TapStopReason::spool_full : wire::TapStopReason::server_shutdown);
  settle(now, out);
}

void Lifecycle::tap_opened(const Now& now, Effects& out) {
  if (!alive(now, out)) return;
  if (tap_ == Tap::asked) tap_ = Tap::open;
  if (!tap_opened_) tap_opened_ = now.wall;
  settle(now, out);
}

void Lifecycle::tap_closed(const Now& now, std::uint64_t dropped, Effects& out) {
  if (!alive(now, out) || tap_ == Tap::none || tap_ == Tap::closed) return;
  tap_ = Tap::closed;
  if (dropped > 0) facts_.emplace_back("dropped_records", static_cast<double>(dropped));
  // The meeting ended under us, or was not there: the same as a stop.
  end_capture(now, wire::TapStopReason::meeting_ended);
  settle(now, out);
}

void Lifecycle::no_room(const Now& now, Effects& out) {
  if (!alive(now, out) || stop_requested_ || tap_ == Tap::none) return;
  capture_reason_ = kSpoolWasFull;
  end_capture(now, wire::TapStopReason::spool_full);
  settle(now, out);
}

void Lifecycle::film_stored(const Now& now, const StoredFilm& film, Effects& out) {
  if (!alive(now, out) || !composing_) return;
  composing_ = false;
  film_ = film;
  facts_.insert(facts_.end(), film.facts.begin(), film.facts.end());
  if (stop_at_ != Instant()) facts_.emplace_back("finalize_ms", (now.mono - stop_at_).seconds() * 1000.0);
  settle(now, out);
}

// Nothing is lost: journal and film spool stay, and it is tried again, also after a restart.
void Lifecycle::film_failed(const Now& now, std::string reason, Effects& out) {
  if (!alive(now, out) || !composing_) return;
  composing_ = false;
  compose_at_ = now.mono + kComposeRetry;
  compose_failure_ = std::move(reason);
  dirty_ = true;
  settle(now, out);
}

void Lifecycle::end_capture(const Now& now, wire::TapStopReason reason) {
  if (stop_requested_) return;
  stop_requested_ = true;
  stop_reason_ = reason;
  stop_at_ = now.mono;
  ended_ = now.wall;
  write_at_ = Instant();
}

void Lifecycle::give_up(Effects& out) {
  if (over_) return;
  over_ = true;
  // First the writer: what the tap says of its end is not to be taken for the recording's.
  if (journal_ == Journal::opening || journal_ == Journal::open || journal_ == Journal::closing) out.push_back(effect::AbandonJournal{});
  if (tap_ == Tap::asked || tap_ == Tap::open || tap_ == Tap::closing) out.push_back(effect::CloseTap{wire::TapStopReason::server_shutdown});
  if (composing_) out.push_back(effect::StopComposing{});
  answer_all(stop_waits_, What::unavailable, out);
  for (auto* wait : {&pause_, &go_on_}) {
    if (*wait && (*wait)->ticket != 0) out.push_back(effect::Answer{(*wait)->ticket, What::unavailable});
    wait->reset();
  }
  out.push_back(effect::Over{true});
}

void Lifecycle::answer_all(std::vector<Ticket>& tickets, What what, Effects& out) {
  for (const Ticket ticket : tickets) out.push_back(effect::Answer{ticket, what});
  tickets.clear();
}

}  // namespace upcall::recording
