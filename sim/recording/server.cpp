#include "sim/recording/server.hpp"

#include <algorithm>
#include <cstdio>
#include <deque>
#include <iterator>

#include "recording/requests.hpp"

namespace upcall::sim {

namespace effect = recording::effect;
using recording::Effects;
using recording::Lifecycle;
using recording::State;

namespace {
constexpr Duration kLease = Duration::s(30);
}  // namespace

namespace {

constexpr const char* kEffects[] = {"write", "read the row", "renew the lease", "open the journal", "close the journal", "abandon the journal",
                                    "open the tap", "close the tap", "pause the tap", "remove the attendee", "compose", "stop composing",
                                    "release local data", "answer", "over"};
static_assert(std::size(kEffects) == std::variant_size_v<recording::Effect>);

std::string describe(const recording::Effect& what) {
  std::string out = kEffects[what.index()];
  if (const auto* w = std::get_if<effect::WriteRow>(&what)) {
    out += " " + std::to_string(int(w->from)) + " to " + std::to_string(int(w->row.state)) + " " + std::string(w->event);
  }
  if (const auto* p = std::get_if<effect::PauseTap>(&what)) out += p->paused ? ": on" : ": off";
  if (const auto* a = std::get_if<effect::Answer>(&what)) out += " " + std::to_string(int(a->what));
  return out;
}

}  // namespace

void World::note(int server, RecordingNo recording, const std::string& what) const {
  if (!trace) return;
  std::fprintf(stderr, "%10.3f  server %d  recording %d  %s\n", (mono() - Instant::from_ms(1'000'000)).seconds(), server, recording, what.c_str());
}

Server::Server(World& world, int index, Duration wall_skew) : world_(world), index_(index), skew_(wall_skew) {}

Now Server::now() const {
  const Now at = world_.queue.now();
  return {at.mono, at.wall + skew_};
}

recording::LeaseRules Server::rules() const {
  recording::LeaseRules out;
  if (world_.plant == Plant::lease_ignored) out.span = out.renew = Duration::s(100'000);
  return out;
}

Server::LivePtr Server::of_meeting(MeetingNo meeting) const {
  for (const auto& [no, live] : live_) {
    if (live->meeting == meeting && recording::is_in_progress(live->life->state())) return live;
  }
  return nullptr;
}

void Server::later(Duration delay, std::function<void()> action) {
  world_.queue.after(delay, [this, life = life_, action = std::move(action)]() mutable {
    if (!up_ || life != life_) return;
    if (stalled()) return later(stalled_until_ - world_.mono() + Duration::us(1), std::move(action));
    action();
  });
}

recording::Ticket Server::ticket(std::function<void(What)> told) {
  tickets_[next_ticket_] = std::move(told);
  return next_ticket_++;
}

void Server::input(const LivePtr& live, const Input& what) {
  if (live->gone) return;
  Effects effects;
  what(*live->life, now(), effects);
  carry_out(live, effects);
}

void Server::carry_out(const LivePtr& live, Effects& effects) {
  const std::uint64_t life = life_;
  std::deque<recording::Effect> due(effects.begin(), effects.end());
  while (!due.empty()) {
    if (world_.random.chance(world_.faults.crash_at_effect)) crash();
    if (life != life_) return;
    const recording::Effect next = std::move(due.front());
    due.pop_front();
    if (world_.trace) world_.note(index_, live->no, describe(next));
    Effects more;
    perform(live, next, more);
    if (life != life_) return;
    if (world_.random.chance(world_.faults.crash_at_effect)) crash();
    if (life != life_) return;
    due.insert(due.end(), more.begin(), more.end());
  }
  schedule_tick(live);
}

void Server::schedule_tick(const LivePtr& live) {
  const Instant at = live->life->deadline();
  if (at.is_never() || live->gone || (live->tick_at > world_.mono() && live->tick_at <= at)) return;
  live->tick_at = at;
  later(std::max(Duration::us(1), at - world_.mono()), [this, live] {
    live->tick_at = Instant::never();
    if (live->gone) return;
    if (live->life->deadline() <= world_.mono()) return input(live, [](auto& l, const Now& n, auto& out) { l.tick(n, out); });
    schedule_tick(live);
  });
}

void Server::perform(const LivePtr& live, const recording::Effect& next, Effects& more) {
  if (const auto* e = std::get_if<effect::WriteRow>(&next)) return write(live, *e, more);
  if (std::holds_alternative<effect::ReadRow>(next)) {
    using Seen = std::pair<recording::LifeRow, recording::Claim>;
    return ask<Seen>(
        [this, no = live->no] {
          const StoredRow& row = world_.ledger.rows.at(no);
          return Seen{row.life, {row.lease_owner, row.epoch}};
        },
        [this, live](std::optional<Seen> seen, bool) {
          input(live, [&](auto& l, const Now& n, auto& out) { seen ? l.row_read(n, seen->first, seen->second, out) : l.row_unreadable(n, out); });
        });
  }
  if (const auto* e = std::get_if<effect::RenewLease>(&next)) {
    return ask<bool>([this, no = live->no, claim = live->life->claim(), until = now().wall + kLease] { return world_.ledger.renew(no, claim, until); },
                     [this, live, asked = e->asked](std::optional<bool> held, bool) {
                       if (!held) return;
                       input(live, [&](auto& l, const Now& n, auto& out) { *held ? l.lease_held(n, asked, out) : l.lease_refused(n, out); });
                     });
  }
  if (std::holds_alternative<effect::OpenJournal>(next)) return open_journal(live, more);
  if (std::holds_alternative<effect::CloseJournal>(next)) {
    return later(world_.between(1, 100), [this, live] {
      if (live->gone || !live->journal_open) return;
      Journal& journal = world_.ledger.journals[live->no];
      const bool ended = !world_.random.chance(world_.faults.journal_without_end);
      if (ended && journal.epoch != live->epoch) world_.ledger.breach("a journal is ended by a writer of before");
      journal.ended = journal.ended || ended;
      live->journal_open = false;
      journal.writer = -1;
      input(live, [&](auto& l, const Now& n, auto& out) { l.journal_closed(n, ended, false, 1, out); });
    });
  }
  if (std::holds_alternative<effect::AbandonJournal>(next)) {
    seal(live, world_.mono());
    live->journal_open = false;
    Journal& journal = world_.ledger.journals[live->no];
    if (journal.writer == index_ && journal.writer_life == life_ && journal.epoch == live->epoch) journal.writer = -1;
    return;
  }
  if (const auto* e = std::get_if<effect::OpenTap>(&next)) return open_tap(live, e->paused);
  if (std::holds_alternative<effect::CloseTap>(next)) return close_tap(live);
  if (const auto* e = std::get_if<effect::PauseTap>(&next)) {
    return to_tap(live, 20, [this, live, paused = e->paused] {
      if (paused) seal(live, world_.mono());
      live->tap_paused = paused;
      capture(live);
    });
  }
  if (std::holds_alternative<effect::Compose>(next)) {
    live->composing = true;
    return later(world_.between(200, 3000), [this, live] { compose(live); });
  }
  if (std::holds_alternative<effect::StopComposing>(next)) {
    live->composing = false;
    return;
  }
  if (std::holds_alternative<effect::ReleaseLocalData>(next)) {
    return later(world_.between(100, 3000), [this, no = live->no] { world_.ledger.delete_local(no, world_.mono()); });
  }
  if (const auto* e = std::get_if<effect::Answer>(&next)) {
    if (auto told = tickets_.extract(e->ticket)) told.mapped()(e->what);
    return;
  }
  if (const auto* e = std::get_if<effect::Over>(&next)) {
    live->gone = true;
    live_.erase(live->no);
    if (!e->lost) return;
    ++world_.lost_leases;
    lost_.insert(live->no);
    if (world_.plant != Plant::nobody_takes_up) later(Duration::s(1), [this] { adopt_all(); });
  }
}

void Server::write(const LivePtr& live, const effect::WriteRow& write, Effects& more) {
  const auto told = [this, live](std::optional<bool> done, bool definite) {
    using Written = Lifecycle::Written;
    const Written result = done ? (*done ? Written::done : Written::refused) : (definite ? Written::not_done : Written::unknown);
    input(live, [&](auto& l, const Now& n, auto& out) { l.written(n, result, out); });
  };
  const auto work = [this, no = live->no, write, claim = live->life->claim()] { return world_.ledger.write(no, write, claim, world_.mono()); };
  if (world_.plant == Plant::effect_before_write) {
    ask<bool>(work, [](auto, auto) {});
    return live->life->written(now(), Lifecycle::Written::done, more);
  }
  ask<bool>(work, told);
}

void Server::open_journal(const LivePtr& live, Effects& more) {
  Journal& journal = world_.ledger.journals[live->no];
  using Refusal = Lifecycle::Refusal;
  if (world_.random.chance(world_.faults.journal_refused)) return live->life->journal_refused(now(), Refusal::other, "no room", more);
  if (journal.exists && live->epoch <= journal.epoch) world_.ledger.breach("a journal is opened with an epoch that it has had");
  if (journal.ended) return live->life->journal_refused(now(), Refusal::complete, "complete", more);
  for (const Server* other : others) {
    if (journal.writer == other->index_ && other->up_ && !other->stalled() && other->life_ == journal.writer_life) {
      world_.ledger.breach("recording " + std::to_string(live->no) + " has two writers");
    }
  }
  journal.exists = true;
  journal.epoch = live->epoch;
  journal.writer = index_;
  journal.writer_life = life_;
  live->journal_open = true;
  live->life->journal_opened(now(), more);
}

void Server::to_tap(const LivePtr& live, std::int64_t most_ms, std::function<void()> command) {
  live->tap_busy_until = std::max(live->tap_busy_until, world_.mono() + world_.between(1, most_ms));
  later(live->tap_busy_until - world_.mono(), std::move(command));
}

void Server::open_tap(const LivePtr& live, bool paused) {
  to_tap(live, 50, [this, live, paused] {
    if (live->gone) return;
    if (!world_.ledger.meeting_live[live->meeting]) {
      return input(live, [](auto& l, const Now& n, auto& out) { l.tap_closed(n, 0, out); });
    }
    live->tap_open = true;
    live->tap_paused = paused;
    capture(live);
    input(live, [](auto& l, const Now& n, auto& out) { l.tap_opened(n, out); });
  });
}

void Server::close_tap(const LivePtr& live) {
  to_tap(live, 50, [this, live] {
    seal(live, world_.mono());
    live->tap_open = false;
    input(live, [](auto& l, const Now& n, auto& out) { l.tap_closed(n, 0, out); });
  });
}

void Server::capture(const LivePtr& live) {
  if (live->tap_open && !live->tap_paused && live->journal_open && !live->capturing) live->capturing = world_.mono();
}

// What the tap has told so far lies in the journal, as far as that is open.
void Server::seal(const LivePtr& live, Instant until) {
  const auto since = std::exchange(live->capturing, std::nullopt);
  if (since && live->journal_open) world_.ledger.append(live->no, *since, until, live->epoch, world_.mono());
}

void Server::compose(const LivePtr& live) {
  if (live->gone || !live->composing) return;
  for (const Server* other : others) {
    const auto at = other->live_.find(live->no);
    if (other->up_ && !other->stalled() && at != other->live_.end() && at->second->composing && !at->second->film) {
      world_.ledger.breach("recording " + std::to_string(live->no) + " is composed twice at once");
    }
  }
  if (world_.random.chance(world_.faults.composer_dies)) {
    live->composing = false;
    return input(live, [](auto& l, const Now& n, auto& out) { l.film_failed(n, "the composer died", out); });
  }
  const Journal& journal = world_.ledger.journals[live->no];
  if (!journal.ended) return later(Duration::s(2), [this, live] { compose(live); });
  live->film = journal.seals;
  if (world_.plant == Plant::delete_before_confirm) world_.ledger.delete_local(live->no, world_.mono());
  upload(live);
}

// As often as it takes; the object is there or it is not.
void Server::upload(const LivePtr& live) {
  if (live->gone || !live->composing) return;
  const auto again = [this, live] { later(world_.between(500, 8000), [this, live] { upload(live); }); };
  if (world_.mono() < objects_cut_until_ || world_.random.chance(world_.faults.object_fails)) return again();
  world_.queue.after(world_.between(10, 5000), [this, life = life_, live, again, film = *live->film] {
    world_.ledger.films[live->no] = film;
    if (!up_ || life != life_) return;
    if (world_.mono() < objects_cut_until_ || world_.random.chance(world_.faults.object_answer_lost)) return later(kStoreTimeout, again);
    later(Duration(), [this, live] {
      if (live->gone || !live->composing) return;
      live->composing = false;
      input(live, [](auto& l, const Now& n, auto& out) { l.film_stored(n, {1000, 1, {}}, out); });
    });
  });
}

}  // namespace upcall::sim
