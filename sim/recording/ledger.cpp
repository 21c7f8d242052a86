#include "sim/recording/ledger.hpp"

#include <algorithm>

namespace upcall::sim {

using recording::State;

const char* to_string(Plant plant) {
  switch (plant) {
    case Plant::none: return "none";
    case Plant::lease_ignored: return "lease_ignored";
    case Plant::epoch_not_raised: return "epoch_not_raised";
    case Plant::effect_before_write: return "effect_before_write";
    case Plant::start_key_ignored: return "start_key_ignored";
    case Plant::stop_answered_unwritten: return "stop_answered_unwritten";
    case Plant::stop_key_apart: return "stop_key_apart";
    case Plant::pause_in_memory: return "pause_in_memory";
    case Plant::delete_before_confirm: return "delete_before_confirm";
    case Plant::nobody_takes_up: return "nobody_takes_up";
  }
  return "";
}

namespace {

std::string name(RecordingNo no) { return "recording " + std::to_string(no); }

bool is_legal(State from, State to) {
  if (from == to) return !recording::is_final(from);
  switch (from) {
    case State::requested: return to == State::starting || to == State::stopping || to == State::failed;
    case State::starting: return to == State::recording || to == State::stopping || to == State::failed;
    case State::recording: return to == State::stopping || to == State::failed;
    case State::stopping: return to == State::composing || to == State::failed;
    case State::composing: return to == State::stored || to == State::failed;
    default: return false;
  }
}

}  // namespace

Ledger::Start Ledger::start(RecordingNo fresh, const std::string& owner, MeetingNo meeting, const std::string& key, const std::string& server,
                            WallTime at, WallTime lease_until) {
  recording::StartFacts facts;
  const std::string meeting_name = std::to_string(meeting);
  facts.external_meeting_id = meeting_name;
  RecordingNo earlier = -1;
  if (!key.empty() && plant_ != Plant::start_key_ignored) {
    for (const auto& [no, row] : rows) {
      if (row.owner == owner && row.start_key == key) {
        facts.earlier_meeting = std::to_string(row.meeting);
        earlier = no;
      }
    }
  }
  facts.meeting_live = meeting_live[meeting];
  const auto other = in_progress(meeting);
  facts.in_progress = other.has_value();
  Start out{recording::decide_start(facts), earlier};
  if (out.decision != recording::StartDecision::begin) return out;
  StoredRow row;
  row.owner = owner;
  row.meeting = meeting;
  row.start_key = key;
  row.lease_owner = server;
  row.lease_until = lease_until;
  row.epoch = 1;
  (void)at;
  if (in_progress(meeting)) breach("two recordings of meeting " + meeting_name + " are in progress");
  rows.emplace(fresh, std::move(row));
  out.recording = fresh;
  return out;
}

bool Ledger::write(RecordingNo no, const recording::effect::WriteRow& write, const recording::Claim& claim, Instant) {
  ++writes;
  const auto at = rows.find(no);
  if (at == rows.end()) return false;
  StoredRow& row = at->second;
  if (row.life.state != write.from || row.lease_owner != claim.owner || row.epoch != claim.epoch) {
    ++refused;
    return false;
  }
  if (!is_legal(row.life.state, write.row.state)) breach(name(no) + " goes from state " + std::to_string(int(row.life.state)) + " to " + std::to_string(int(write.row.state)));
  const auto paused_until = row.life.paused_until;
  row.life = write.row;
  if (plant_ == Plant::pause_in_memory) row.life.paused_until = paused_until;
  if (!write.stop_key.empty()) row.stop_key = write.stop_key;
  if (!write.event.empty()) row.events.emplace_back(write.event);
  if (recording::is_final(row.life.state)) row.lease_owner.clear();
  return true;
}

bool Ledger::renew(RecordingNo no, const recording::Claim& claim, WallTime until) {
  const auto at = rows.find(no);
  if (at == rows.end() || at->second.lease_owner != claim.owner || at->second.epoch != claim.epoch) return false;
  at->second.lease_until = until;
  return true;
}

std::optional<StoredRow> Ledger::adopt(RecordingNo no, const std::string& server, WallTime now, WallTime until) {
  const auto at = rows.find(no);
  if (at == rows.end() || recording::is_final(at->second.life.state)) return std::nullopt;
  StoredRow& row = at->second;
  if (!row.lease_owner.empty() && row.lease_owner != server && row.lease_until > now) return std::nullopt;
  if (!row.lease_owner.empty() && row.lease_owner != server) ++takeovers;
  row.lease_owner = server;
  row.lease_until = until;
  if (plant_ != Plant::epoch_not_raised) ++row.epoch;
  return row;
}

void Ledger::release_leases(const std::string& server) {
  for (auto& [no, row] : rows) {
    if (row.lease_owner == server) row.lease_owner.clear();
  }
}

std::optional<RecordingNo> Ledger::in_progress(MeetingNo meeting) const {
  for (const auto& [no, row] : rows) {
    if (row.meeting == meeting && recording::is_in_progress(row.life.state)) return no;
  }
  return std::nullopt;
}

std::optional<RecordingNo> Ledger::by_stop_key(MeetingNo meeting, const std::string& key) const {
  for (const auto& [no, row] : rows) {
    if (row.meeting == meeting && row.stop_key == key) return no;
  }
  return std::nullopt;
}

std::vector<RecordingNo> Ledger::unfinished() const {
  std::vector<RecordingNo> out;
  for (const auto& [no, row] : rows) {
    if (!recording::is_final(row.life.state)) out.push_back(no);
  }
  return out;
}

void Ledger::append(RecordingNo no, Instant from, Instant to, std::uint32_t epoch, Instant now) {
  if (to <= from) return;
  Journal& journal = journals[no];
  if (journal.deleted) breach(name(no) + " is written after its local data was deleted");
  if (journal.ended) breach(name(no) + " is written after its end");
  if (journal.epoch != epoch) breach(name(no) + " is written under epoch " + std::to_string(epoch) + " while " + std::to_string(journal.epoch) + " writes");
  journal.seals.push_back({from, to, epoch});
  (void)now;
}

// The film that the store has must be all of it.
void Ledger::delete_local(RecordingNo no, Instant) {
  Journal& journal = journals[no];
  if (journal.deleted) return;
  const auto row = rows.find(no);
  if (row == rows.end() || row->second.life.state != State::stored) breach("local data of " + name(no) + " goes before its row says stored");
  const auto film = films.find(no);
  if (film == films.end() || film->second != journal.seals) breach("local data of " + name(no) + " goes and the store has not all of the film");
  journal.deleted = true;
}

void Ledger::told_started(RecordingNo no, const std::string& owner, const std::string& key) {
  if (!rows.contains(no)) breach("a start was answered with " + name(no) + ", which the store does not know");
  if (key.empty()) return;
  const auto [at, fresh] = told_.emplace(owner + "/" + key, no);
  if (!fresh && at->second != no) breach("a repeated start was answered with " + name(no) + ", before with " + std::to_string(at->second));
}

void Ledger::told_stopped(RecordingNo no, Instant at, Duration bound) {
  if (rows.at(no).life.state < State::stopping) breach(name(no) + " was said to be stopped and the store says otherwise");
  silent_.push_back({no, at + bound, Instant::never(), false});
}

void Ledger::told_paused(RecordingNo no, Instant at, Instant until) { silent_.push_back({no, at + Duration::ms(200), until, true}); }

void Ledger::asked_to_go_on(RecordingNo no, Instant at) {
  for (Span& span : silent_) {
    if (span.recording == no && span.pause) span.to = std::min(span.to, at);
  }
}

// Started, then pauses, stopped, and one end.
void Ledger::look_at_events(RecordingNo no, const StoredRow& row) {
  bool started = false, paused = false, stopped = false, over = false;
  for (const std::string& e : row.events) {
    bool legal = !over;
    if (e == "recording.started") legal = legal && !started && !stopped, started = true;
    if (e == "recording.paused") legal = legal && started && !stopped && !paused, paused = true;
    if (e == "recording.resumed") legal = legal && paused && !stopped, paused = false;
    if (e == "recording.stopped") legal = legal && !stopped, stopped = true;
    if (e == "recording.stored") legal = legal && stopped, over = true;
    if (e == "recording.failed") over = true;
    if (!legal) breach(name(no) + ": event " + e + " out of its order");
  }
  if (!over) breach(name(no) + " has told of no end");
}

void Ledger::last_look(Instant) {
  std::map<std::string, RecordingNo> keys;
  for (const auto& [no, row] : rows) {
    if (!row.start_key.empty() && !keys.emplace(row.owner + "/" + row.start_key, no).second) breach("two recordings for the key " + row.start_key);
    if (!recording::is_final(row.life.state)) breach(name(no) + " has come to no end: state " + std::to_string(int(row.life.state)));
    look_at_events(no, row);
    const Journal& journal = journals[no];
    if (row.life.state == State::stored) {
      const auto film = films.find(no);
      if (film == films.end()) breach(name(no) + " is stored and has no film");
      else if (film->second != journal.seals) breach(name(no) + ": what was sealed is missing in the film");
      if (!journal.deleted) breach("local data of " + name(no) + " stays");
    }
    if (row.life.state == State::failed && !journal.seals.empty()) breach(name(no) + " failed and had captured something");
  }
  for (const auto& [no, journal] : journals) {
    for (const Seal& seal : journal.seals) {
      for (const Span& span : silent_) {
        if (span.recording != no || std::min(seal.to, span.to) - std::max(seal.from, span.from) <= kWake) continue;
        breach(name(no) + (span.pause ? " was captured while it paused" : " was captured after it was stopped"));
      }
    }
  }
}

}  // namespace upcall::sim
