// A server's own fate, what it takes up, and what clients ask it.
#include <algorithm>
#include <utility>

#include "recording/requests.hpp"
#include "sim/recording/server.hpp"

namespace upcall::sim {

using recording::Lifecycle;
using recording::State;

namespace {
constexpr Duration kLease = Duration::s(30);
constexpr Duration kAdopt = Duration::s(10);
}  // namespace

void Server::boot() {
  if (up_) return;
  world_.note(index_, -1, "boots");
  up_ = true;
  ++life_;
  stalled_until_ = Instant();
  for (const auto& [no, row] : world_.ledger.rows) delete_left_behind(no);
  adopt_all();
}

// What was stored and not deleted.
void Server::delete_left_behind(RecordingNo no) {
  const auto journal = world_.ledger.journals.find(no);
  const auto row = world_.ledger.rows.find(no);
  if (row == world_.ledger.rows.end() || row->second.life.state != State::stored || journal == world_.ledger.journals.end() || journal->second.deleted) return;
  later(world_.between(100, 3000), [this, no] { world_.ledger.delete_local(no, world_.mono()); });
}

void Server::crash() {
  if (!up_) return;
  ++world_.crashes;
  world_.note(index_, -1, "crashes");
  for (const auto& [no, live] : live_) {
    // What was not sealed yet is lost: at most 250 ms. A server that stood still has sealed nothing since.
    seal(live, world_.mono() - world_.between(0, 250));
    live->gone = true;
  }
  up_ = false;
  ++life_;
  live_.clear();
  tickets_.clear();
  lost_.clear();
  world_.queue.after(world_.between(500, 20'000), [this] { boot(); });
}

void Server::end_well() {
  if (!up_ || stalled()) return;
  for (const auto& [no, live] : live_) {
    seal(live, world_.mono());
    live->gone = true;
  }
  if (world_.mono() >= store_cut_until_) world_.ledger.release_leases(name());
  up_ = false;
  ++life_;
  live_.clear();
  tickets_.clear();
  lost_.clear();
  world_.queue.after(world_.between(500, 60'000), [this] { boot(); });
}

void Server::stand_still(Duration span) {
  if (!up_ || stalled()) return;
  ++world_.stalls;
  world_.note(index_, -1, "stands still for " + std::to_string(span.ms()) + " ms");
  std::vector<LivePtr> captured;
  for (const auto& [no, live] : live_) {
    if (live->capturing) captured.push_back(live);
    seal(live, world_.mono());
  }
  stalled_until_ = world_.mono() + span;
  later(span, [this, captured] {
    const std::uint64_t life = life_;
    std::vector<LivePtr> all;
    for (const auto& [no, live] : live_) all.push_back(live);
    for (const LivePtr& live : all) {
      if (life == life_) input(live, [](auto& l, const Now& n, auto& out) { l.tick(n, out); });
    }
    if (life != life_) return;
    for (const LivePtr& live : captured) {
      if (!live->gone) capture(live);
    }
  });
}

void Server::cut_off(Duration store, Duration objects) {
  ++world_.cuts;
  world_.note(index_, -1, "cut off: store " + std::to_string(store.ms()) + " ms, objects " + std::to_string(objects.ms()) + " ms");
  store_cut_until_ = std::max(store_cut_until_, world_.mono() + store);
  objects_cut_until_ = std::max(objects_cut_until_, world_.mono() + objects);
}

void Server::meeting_ended(MeetingNo meeting) {
  for (const auto& [no, live] : live_) {
    if (live->meeting != meeting) continue;
    later(world_.between(1, 50), [this, live] {
      if (!live->tap_open) return;
      seal(live, world_.mono());
      live->tap_open = false;
      input(live, [](auto& l, const Now& n, auto& out) { l.tap_closed(n, 0, out); });
    });
  }
}

void Server::adopt_all() {
  ask<std::vector<RecordingNo>>([this] { return world_.ledger.unfinished(); },
                                [this](std::optional<std::vector<RecordingNo>> found, bool) {
                                  if (!found) return;
                                  for (const RecordingNo no : *found) {
                                    if (!live_.contains(no)) adopt(no);
                                  }
                                  for (const RecordingNo no : std::exchange(lost_, {})) {
                                    if (std::ranges::find(*found, no) == found->end()) delete_left_behind(no);
                                    else if (!live_.contains(no)) lost_.insert(no);
                                  }
                                });
  if (world_.plant == Plant::nobody_takes_up) return;
  // The next look; one is enough.
  later(kAdopt, [this, look = ++looks_] {
    if (look == looks_) adopt_all();
  });
}

void Server::adopt(RecordingNo no) {
  struct Taken {
    std::optional<StoredRow> row;
    bool meeting_live = false;
  };
  const Now asked = now();
  ask<Taken>(
      [this, no, asked] {
        Taken out;
        out.row = world_.ledger.adopt(no, name(), asked.wall, asked.wall + kLease);
        if (out.row) out.meeting_live = world_.ledger.meeting_live[out.row->meeting];
        return out;
      },
      [this, no, asked](std::optional<Taken> taken, bool) {
        if (!taken || !taken->row || live_.contains(no)) return;
        const auto live = std::make_shared<Live>();
        live->no = no;
        live->meeting = taken->row->meeting;
        live->epoch = taken->row->epoch;
        recording::Owned owned;
        owned.row = taken->row->life;
        owned.claim = {name(), live->epoch};
        owned.lease_asked = asked.mono;
        owned.requested = world_.mono();
        owned.resumed = true;
        owned.meeting_live = taken->meeting_live;
        live->life.emplace(owned, now(), rules());
        live_[no] = live;
        input(live, [](auto& l, const Now& n, auto& out) { l.begin(n, out); });
      });
}

void Server::start(MeetingNo meeting, const std::string& owner, const std::string& key, Told told) {
  const auto live = std::make_shared<Live>();
  live->no = world_.next_recording++;
  live->meeting = meeting;
  live->epoch = 1;
  const Now asked = now();
  recording::Owned owned;
  owned.claim = {name(), 1};
  owned.lease_asked = owned.requested = asked.mono;
  live->life.emplace(owned, asked, rules());
  // Known before it is in the store: a stop that finds the row finds this too.
  live_[live->no] = live;
  ask<Ledger::Start>(
      [this, live, owner, meeting, key, asked] {
        return world_.ledger.start(live->no, owner, meeting, key, name(), asked.wall, asked.wall + kLease);
      },
      [this, live, told](std::optional<Ledger::Start> done, bool) {
        if (done && done->decision == recording::StartDecision::begin) {
          told(Reply::done, live->no);
          return input(live, [](auto& l, const Now& n, auto& out) { l.begin(n, out); });
        }
        live->gone = true;
        live_.erase(live->no);
        if (!done) return told(Reply::unavailable, -1);
        if (done->decision == recording::StartDecision::again) return told(Reply::again, done->recording);
        told(Reply::conflict, -1);
      });
}

void Server::stop(MeetingNo meeting, const std::string& key, wire::TapStopReason reason, Told told) {
  struct Seen {
    std::optional<RecordingNo> with_key, in_progress;
  };
  ask<Seen>(
      [this, meeting, key] {
        Seen out;
        if (!key.empty()) out.with_key = world_.ledger.by_stop_key(meeting, key);
        out.in_progress = world_.ledger.in_progress(meeting);
        return out;
      },
      [this, key, reason, told](std::optional<Seen> seen, bool) {
        if (!seen) return told(Reply::unavailable, -1);
        const auto at = seen->in_progress ? live_.find(*seen->in_progress) : live_.end();
        switch (recording::decide_stop({seen->with_key.has_value(), seen->in_progress.has_value(), at != live_.end()})) {
          case recording::StopDecision::again: return told(Reply::again, *seen->with_key);
          case recording::StopDecision::nothing: return told(Reply::conflict, -1);
          case recording::StopDecision::elsewhere: return told(Reply::elsewhere, -1);
          case recording::StopDecision::ask: break;
        }
        const LivePtr live = at->second;
        const auto answered = ticket([this, live, told](What what) {
          switch (what) {
            case What::done: return told(Reply::done, live->no);
            case What::stopping: return told(Reply::stopping, live->no);
            case What::unavailable: return told(Reply::unavailable, -1);
            default: return told(Reply::conflict, -1);
          }
        });
        const auto go = [this, live, reason, key, answered] {
          input(live, [&](auto& l, const Now& n, auto& out) { l.stop(n, reason, "agent", key, answered, out); });
        };
        if (world_.plant == Plant::stop_answered_unwritten) told(Reply::done, live->no);
        if (world_.plant != Plant::stop_key_apart || key.empty()) return go();
        ask<bool>([this, no = live->no, key] { return world_.ledger.set_stop_key(no, key), true; }, [go](auto, auto) { go(); });
      });
}

void Server::pause(MeetingNo meeting, Duration longest, Told told) {
  const LivePtr live = of_meeting(meeting);
  if (!live) return told(Reply::elsewhere, -1);
  const auto answered = ticket([live, told](What what) { told(what == What::done ? Reply::done : Reply::conflict, live->no); });
  input(live, [&](auto& l, const Now& n, auto& out) { l.pause(n, longest, "agent", answered, out); });
}

void Server::go_on(MeetingNo meeting, Told told) {
  const LivePtr live = of_meeting(meeting);
  if (!live) return told(Reply::elsewhere, -1);
  world_.ledger.asked_to_go_on(live->no, world_.mono());
  const auto answered = ticket([live, told](What what) { told(what == What::done ? Reply::done : Reply::conflict, live->no); });
  input(live, [&](auto& l, const Now& n, auto& out) { l.go_on(n, "agent", answered, out); });
}

}  // namespace upcall::sim
