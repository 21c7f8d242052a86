// What follows from what is known: one write at a time, and the effects of what is written.
#include <algorithm>
#include <utility>

#include "recording/lifecycle.hpp"

namespace upcall::recording {

namespace {
constexpr Duration kWriteRetry = Duration::s(1);
using What = effect::Answer::What;

std::string_view event_of(State state) {
  switch (state) {
    case State::recording: return "recording.started";
    case State::stopping: return "recording.stopped";
    case State::stored: return "recording.stored";
    case State::failed: return "recording.failed";
    default: return {};
  }
}
}  // namespace

void Lifecycle::settle(const Now& now, Effects& out) {
  if (over_) return;
  if (lease_.is_renewal_due(now.mono)) {
    lease_.renewing(now.mono);
    out.push_back(effect::RenewLease{now.mono});
  }
  act(now, out);
  if (write_at_ > now.mono || pending_.has_value() != reading_) return;
  if (!reading_) return write_next(now, out);
  if (read_asked_) return;
  read_asked_ = true;
  out.push_back(effect::ReadRow{});
}

void Lifecycle::act(const Now& now, Effects& out) {
  if (!begun_ || !failure_.empty()) return;
  drive_capture(now, out);
  if (journal_ == Journal::closed && !attendee_removed_) {
    attendee_removed_ = true;
    out.push_back(effect::RemoveAttendee{});
  }
  compose_if_due(now, out);
}

void Lifecycle::drive_capture(const Now& now, Effects& out) {
  if (journal_ == Journal::none && row_.state != State::requested && journal_at_ <= now.mono) {
    journal_ = Journal::opening;
    out.push_back(effect::OpenJournal{});
  }
  const bool stopped = row_.state >= State::stopping;
  if (journal_ == Journal::open && tap_ == Tap::none) {
    if (resumed_ && stop_requested_) {
      if (!stopped) return;
      // Nothing more is captured: its end is all that is missing.
      journal_ = Journal::closing;
      out.push_back(effect::CloseJournal{wire::TapStopReason::server_shutdown});
      return;
    }
    tap_ = Tap::asked;
    out.push_back(effect::OpenTap{paused() || pause_.has_value()});
  }
  if ((tap_ == Tap::asked || tap_ == Tap::open) && stop_requested_ && stopped) {
    tap_ = Tap::closing;
    out.push_back(effect::CloseTap{stop_reason_});
  }
  if (journal_ == Journal::open && tap_ == Tap::closed && stopped) {
    journal_ = Journal::closing;
    out.push_back(effect::CloseJournal{stop_reason_});
  }
}

void Lifecycle::compose_if_due(const Now& now, Effects& out) {
  if (composing_ || film_ || compose_at_ > now.mono) return;
  const bool readable = (tap_ == Tap::open && row_.state == State::recording) || (journal_ == Journal::closed && row_.state == State::composing);
  const bool wanted = compose_ == ComposeWhen::live || film_wanted_ || film_begun_ || (compose_ == ComposeWhen::after && journal_ == Journal::closed);
  if (!readable || !wanted) return;
  composing_ = film_begun_ = true;
  out.push_back(effect::Compose{});
}

std::optional<State> Lifecycle::next_state() const {
  if (is_final(row_.state)) return std::nullopt;
  if (!failure_.empty()) return State::failed;
  const bool ended = stop_requested_ || journal_ == Journal::closed;
  switch (row_.state) {
    case State::requested:
      if (ended) return State::stopping;
      if (begun_) return State::starting;
      break;
    case State::starting:
      if (ended) return State::stopping;
      if (tap_ == Tap::open) return State::recording;
      break;
    case State::recording:
      if (ended) return State::stopping;
      break;
    case State::stopping:
      if (journal_ == Journal::closed) return State::composing;
      break;
    case State::composing:
      if (film_) return State::stored;
      break;
    default: break;
  }
  return std::nullopt;
}

bool Lifecycle::has_to_write() const {
  return next_state() || pause_ || go_on_ || dirty_ || (!stop_key_.empty() && !key_written_);
}

void Lifecycle::write_next(const Now& now, Effects& out) {
  LifeRow row = row_;
  if (!capture_reason_.empty()) row.reason = capture_reason_;
  if (!compose_failure_.empty()) row.reason = compose_failure_;
  if (const auto next = next_state()) {
    row.state = *next;
    if (*next == State::recording && !row.started) row.started = tap_opened_;
    if (*next >= State::stopping && !row.stopped) row.stopped = ended_.value_or(now.wall);
    if (*next == State::failed) row.reason = failure_;
    if (*next == State::stored) {
      row.reason = capture_reason_;
      row.stored = now.wall;
      row.duration_ms = film_->duration_ms;
      row.size_bytes = film_->size_bytes;
    }
    const bool ends_pause = *next >= State::stopping && paused();
    if (ends_pause) row.paused_until.reset();
    const std::string actor = *next != State::stopping ? "" : stop_actor_.empty() ? "system" : stop_actor_;
    return send(std::move(row), event_of(*next), ends_pause ? PauseChange::end : PauseChange::none, actor, out);
  }
  if (pause_) {
    row.paused_until = pause_->until_wall;
    return send(std::move(row), "recording.paused", PauseChange::begin, pause_->actor, out);
  }
  if (go_on_) {
    row.paused_until.reset();
    return send(std::move(row), "recording.resumed", PauseChange::end, go_on_->actor, out);
  }
  if (has_to_write()) send(std::move(row), {}, PauseChange::none, {}, out);
}

void Lifecycle::send(LifeRow row, std::string_view event, PauseChange pause, const std::string& actor, Effects& out) {
  Pending pending;
  pending.row = row;
  pending.pause = pause;
  pending.facts = facts_.size();
  pending.key = !stop_key_.empty() && !key_written_ && row.state >= State::stopping;
  pending.dirty = std::exchange(dirty_, false);
  effect::WriteRow write{row_.state, std::move(row), event, pause, actor, pending.key ? stop_key_ : std::string(), facts_, stop_reason_};
  pending_ = std::move(pending);
  out.push_back(std::move(write));
}

// It is in the store.
void Lifecycle::applied(const Now& now, Effects& out) {
  const Pending done = std::move(*pending_);
  pending_.reset();
  row_ = done.row;
  write_at_ = now.mono;
  facts_.erase(facts_.begin(), facts_.begin() + static_cast<std::ptrdiff_t>(done.facts));
  if (done.key) key_written_ = true;
  const bool stopped = row_.state >= State::stopping;
  if (done.pause == PauseChange::begin && pause_) {
    resume_at_ = pause_->until;
    out.push_back(effect::Answer{pause_->ticket, What::done});
    pause_.reset();
  }
  if (done.pause == PauseChange::end) {
    resume_at_ = Instant::never();
    if (!stopped) out.push_back(effect::PauseTap{false});
    if (go_on_ && go_on_->ticket != 0) out.push_back(effect::Answer{go_on_->ticket, stopped ? What::not_paused : What::done});
    go_on_.reset();
  }
  if (!stopped) return;
  if (pause_) out.push_back(effect::Answer{pause_->ticket, What::not_recording});
  pause_.reset();
  if (stop_key_.empty() || key_written_) answer_all(stop_waits_, row_.state == State::failed ? What::not_recording : What::done, out);
  if (!is_final(row_.state)) return;
  over_ = true;
  if (row_.state == State::stored) out.push_back(effect::ReleaseLocalData{});
  if (!attendee_removed_) out.push_back(effect::RemoveAttendee{});
  out.push_back(effect::Over{false});
}

// The row is as it was.
void Lifecycle::not_applied(const Now& now, Effects& out) {
  const Pending lost = std::move(*pending_);
  pending_.reset();
  dirty_ = dirty_ || lost.dirty;
  write_at_ = now.mono + kWriteRetry;
  if (lost.pause == PauseChange::begin && pause_) {
    // Whoever asked is told, and asks again.
    if (!stop_requested_) out.push_back(effect::PauseTap{false});
    out.push_back(effect::Answer{pause_->ticket, What::unavailable});
    pause_.reset();
  }
  if (lost.pause == PauseChange::end && go_on_ && go_on_->ticket != 0) {
    out.push_back(effect::Answer{go_on_->ticket, What::unavailable});
    go_on_.reset();
  }
}

Instant Lifecycle::deadline() const {
  if (over_) return Instant::never();
  Instant out = lease_.deadline();
  if ((reading_ && !read_asked_) || (!pending_ && has_to_write())) out = std::min(out, write_at_);
  if (paused() && !go_on_ && !stop_requested_) out = std::min(out, resume_at_);
  if (begun_ && failure_.empty() && journal_ == Journal::none && row_.state != State::requested) out = std::min(out, journal_at_);
  if (compose_at_ != Instant()) out = std::min(out, compose_at_);
  return out;
}

}  // namespace upcall::recording
