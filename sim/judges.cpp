// What must hold at the end: agreement of all ends, whole recordings, nothing left behind.
#include <algorithm>

#include "sim/world.hpp"
#include "wire/tap_record.hpp"

namespace upcall::sim {

namespace {
std::string owner_of(const std::string& attendee_id) { return attendee_id.substr(0, attendee_id.find('#')); }

std::string list(const std::set<std::string>& names) {
  std::string out = "{";
  for (const std::string& n : names) out += (out.size() > 1 ? ", " : "") + n;
  return out + "}";
}
}  // namespace

void World::judge_agreement(const std::string& meeting) {
  const std::vector<Participant*> all = present(meeting);
  std::set<std::string> roster, cameras;
  for (Participant* p : all) {
    if (!p->attendee.connected()) breach(p->options.attendee_id + " is not connected");
    roster.insert(p->options.attendee_id + (p->muted ? " muted" : ""));
    if (p->camera) cameras.insert(p->options.attendee_id);
  }
  for (const auto& r : server_->recordings()) {
    if (r->meeting == meeting && !r->closed) roster.insert("RECORDING muted");
  }
  const bool talk = std::any_of(all.begin(), all.end(), [](const Participant* p) { return p->talking && !p->muted; });
  for (Participant* p : all) {
    const std::string& me = p->options.attendee_id;
    std::set<std::string> seen;
    for (const auto& [id, muted] : p->attendee.roster()) seen.insert(id + (muted ? " muted" : ""));
    if (seen != roster) breach(me + " has the roster " + list(seen) + ", it is " + list(roster));
    std::set<std::string> indexed;
    for (const auto& [id, stream] : p->index()) indexed.insert(id);
    if (indexed != cameras) breach(me + " has the index " + list(indexed) + ", it is " + list(cameras));
    if (p->index_participants() != all.size()) {
      breach(me + " counts " + std::to_string(p->index_participants()) + " participants of " + std::to_string(all.size()));
    }
    if (p->options.content) continue;
    const Instant recent = queue_.now().mono - Duration::ms(1500);
    for (Participant* other : all) {
      if (owner_of(other->options.attendee_id) == owner_of(me)) continue;
      const auto last = p->last_video_of(other->options.id);
      if (other->camera && (!last || *last < recent)) breach(me + " does not see " + other->options.attendee_id);
      if (!other->camera && last && *last >= recent) breach(me + " sees the camera of " + other->options.attendee_id + " that is off");
    }
    const bool others_talk = std::any_of(all.begin(), all.end(), [&](const Participant* o) {
      return o->talking && !o->muted && owner_of(o->options.attendee_id) != owner_of(me);
    });
    if (talk && others_talk && (!p->last_audio() || *p->last_audio() < recent)) breach(me + " hears nobody");
  }
}

void World::judge_links(const std::string& meeting) {
  const std::vector<Participant*> all = present(meeting);
  for (Participant* p : all) {
    for (Participant* other : all) {
      const std::uint32_t strength = p->attendee.signal_strength(other->options.attendee_id);
      if (strength != 2) breach(p->options.attendee_id + " takes the link of " + other->options.attendee_id + " for " + std::to_string(strength));
    }
  }
}

void World::judge_repaired(const std::string& meeting) {
  for (const Participant* p : present(meeting)) {
    if (p->attendee.media() && p->attendee.media()->oldest_missing()) breach(p->options.attendee_id + " still misses a packet");
  }
  for (const auto& [no, id] : server_->attendee_of_connection()) {
    for (const auto& [connection, of] : server_->meeting_of_connection()) {
      if (connection == no && of == meeting && server_->misses_packets(no)) breach("the server still misses a packet of " + id);
    }
  }
}

void World::judge_recording(const Recording& recording) {
  const auto no = [&](const std::string& what) { breach("recording of " + recording.meeting + ": " + what); };
  if (!recording.closed) return no("was never closed");
  if (recording.records.empty()) return no("is empty");
  if (recording.records.size() != recording.reported_records) no("the count of its records is wrong");
  std::map<std::uint32_t, wire::TapSource> sources;
  std::set<std::uint32_t> ended;
  std::set<std::string> attendees;
  std::uint64_t last_us = 0, gaps = 0;
  bool stopped = false;
  const std::uint32_t number = meeting_numbers_.at(recording.meeting);
  std::map<std::uint32_t, bool> key_seen;
  for (std::size_t i = 0; i < recording.records.size(); ++i) {
    const auto record = wire::decode_tap_record(recording.records[i]);
    if (!record) return no("a record cannot be read");
    if ((i == 0) != std::holds_alternative<wire::TapStart>(*record)) return no("TapStart stands in the wrong place");
    if (stopped) return no("a record follows TapStop");
    const auto time = [&](std::uint64_t at_us) {
      if (at_us < last_us) no("time goes back");
      last_us = at_us;
    };
    if (const auto* a = std::get_if<wire::TapAttendee>(&*record)) {
      time(a->at_us);
      attendees.insert(a->attendee_id);
    } else if (const auto* s = std::get_if<wire::TapSource>(&*record)) {
      time(s->at_us);
      if (!sources.emplace(s->source, *s).second) no("a source number is used twice");
      if (!attendees.contains(s->attendee_id)) no("a source of somebody who is not there");
    } else if (const auto* e = std::get_if<wire::TapSourceEnd>(&*record)) {
      time(e->at_us);
      if (!sources.contains(e->source) || !ended.insert(e->source).second) no("a source ends that is not there");
    } else if (const auto* p = std::get_if<wire::TapPacket>(&*record)) {
      time(p->at_us);
      const auto at = sources.find(p->source);
      if (at == sources.end() || ended.contains(p->source)) {
        no("a packet of an unknown source");
        continue;
      }
      if (at->second.kind == wire::TapKind::audio) {
        const auto heard = read_audio_packet(p->payload);
        if (!heard || !heard->one) {
          no("an audio packet was changed");
        } else if (heard->one->meeting != number || participants_[heard->one->sender - 1]->options.attendee_id != at->second.attendee_id) {
          no("an audio packet of another sender");
        }
      } else if (p->key_frame) {
        key_seen[p->source] = true;
      }
    } else if (const auto* g = std::get_if<wire::TapGap>(&*record)) {
      time(g->at_us);
      if (g->until_us < g->at_us) no("a gap ends before it begins");
      gaps += g->dropped;
    } else if (std::holds_alternative<wire::TapStop>(*record)) {
      stopped = true;
    }
  }
  if (!stopped && recording.reported_dropped == 0) no("has no TapStop");
  if (gaps > recording.reported_dropped) no("marks more losses than there were");
}

void World::judge_emptiness() {
  const sfu::Worker& worker = server_->worker();
  if (worker.meeting_count() != 0) breach("a meeting was left behind");
  if (worker.connection_count() != 0) breach("a connection was left behind");
  if (worker.path_count() != 0) breach("an address was left behind");
  if (!worker.next_deadline().is_never()) breach("a timer was left behind");
}

}  // namespace upcall::sim
