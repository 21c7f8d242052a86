// All meetings of one media thread, sans-I/O: finds the connection that a datagram belongs to, applies commands, keeps
// the timers. The shell (io/net) gives it sockets and a clock.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <unordered_map>

#include "rtc/demux/classify.hpp"
#include "rtc/stun/message.hpp"
#include "sfu/load_shedder.hpp"
#include "sfu/meeting.hpp"

namespace upcall::sfu {

class Worker {
 public:
  // `context`, `mixers` (may be null) and `random` must outlive the worker.
  // `rates`: limits of what is taken for the capacity of a receiver's link.
  Worker(Now now, const dtls::DtlsContext& context, AudioMixerFactory* mixers, RandomSource& random,
         const rtc::bwe::RateLimits& rates = {});

  void handle(Instant now, const ice::Path& path, MutBytes datagram, Outbox& out);
  void command(Now now, const wire::SfuCommand& command, Outbox& out);
  void handle_timeout(Instant now, Outbox& out);
  Instant next_deadline() const;
  // Once after each batch of inputs.
  void end_turn();
  // Each LoadShedder::kPeriod: of a processor, what the thread used since the last time.
  void on_load(Instant now, unsigned busy_percent);
  // LoadShedder::kAll: nobody goes without.
  std::size_t cameras_most() const { return load_.cameras_most(); }

  struct Counters {
    std::uint64_t datagrams = 0;
    std::uint64_t unknown_address = 0;  // neither a check for us nor from a validated path, nor somebody's media by its SSRC
    std::uint64_t unknown_user = 0;     // checks with a name nobody has
  };
  const Counters& counters() const { return counters_; }
  // Video packets that were not passed on to a receiver: its link or this thread has no room, or no key frame came yet.
  std::uint64_t video_held() const { return shared_.video_held; }
  std::size_t meeting_count() const { return meetings_.size(); }
  std::size_t connection_count() const { return by_ufrag_.size(); }
  // May media come in on this path now?
  bool carries(const ice::Path& path) const;
  std::size_t path_count() const { return by_path_.size(); }
  // Test and metrics view.
  const Meeting* meeting(wire::MeetingNo no) const;

 private:
  struct Place {
    Meeting* meeting = nullptr;
    Connection* connection = nullptr;
  };
  struct PathHash {
    std::size_t operator()(const ice::Path& p) const noexcept {
      return std::hash<NetAddress>{}(p.remote) ^ (std::size_t(p.local_index) * 0x9e3779b97f4a7c15ull);
    }
  };
  Meeting* meeting_of(wire::ConnectionNo connection);
  void forget(Connection& connection);
  // Whose is it, if its address says nothing?
  Place place_of_stun(const stun::Message& message);
  Place place_by_ssrc(Bytes datagram, rtc::PacketKind kind);
  void list_ssrcs(Meeting& meeting, Connection& connection, const wire::SfuSetSession& session);
  void add_route(const ice::Path& path, const Place& place);

  Shared shared_;
  LoadShedder load_;
  std::map<wire::MeetingNo, std::unique_ptr<Meeting>> meetings_;
  std::unordered_map<std::string, Place> by_ufrag_;
  std::unordered_map<ice::Path, Place, PathHash> by_path_;
  std::unordered_map<std::uint32_t, Place> by_ssrc_;   // of what peers send; of two with one SSRC the first
  std::unordered_map<wire::ConnectionNo, Meeting*> by_connection_;
  std::map<wire::TapNo, Meeting*> by_tap_;
  Counters counters_;
};

}  // namespace upcall::sfu
