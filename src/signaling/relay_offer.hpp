// TURN for clients that no address of ours can be reached from: which relays, credentials that end by themselves, and who is
// given any. Pure.
//
// The client that is given a relay uses nothing else, so nobody gets one who may come in directly: only the second JOIN of a
// session whose first attempt validated no address. When the relay did not help either, the next attempt is direct again.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/rng.hpp"
#include "base/time.hpp"

namespace upcall::signaling {

struct RelaySettings {
  std::vector<std::string> uris;   // "turn:host:3478?transport=udp", "turns:host:443?transport=tcp"; empty: none
  std::string secret;              // shared with the TURN server; never leaves
};

struct RelayCredentials {
  std::string username, password;
  std::uint32_t ttl_s = 0;
};

// So long a relay can be asked for: the longest call, as the client never asks for new ones.
inline constexpr Duration kRelayLife = Duration::s(12 * 3600);

// The "TURN REST API" convention (draft-uberti-behave-turn-rest): the name is the end of its life and something random, the
// password its HMAC-SHA1 under the secret.
RelayCredentials make_relay_credentials(WallTime now, const std::string& secret, RandomSource& random);

// invalid_argument: not of RFC 7065's form, or more than 8 of them, or uris without a secret (and the other way).
Result<void> check_relay(const RelaySettings& settings);

// What became of the attempts of each attendee's device to reach us.
class ReachLog {
 public:
  // An attempt shorter than this says nothing about the network.
  static constexpr Duration kPatience = Duration::s(5);

  // `session`: audio_session_id of the device, which outlives its reconnects.
  void reached(const std::string& attendee_id, std::uint64_t session, bool over_relay) { log_[attendee_id] = {session, over_relay}; }
  void unreached(const std::string& attendee_id, std::uint64_t session, bool over_relay) { log_[attendee_id] = {session, !over_relay}; }
  bool wants_relay(const std::string& attendee_id, std::uint64_t session) const {
    const auto at = log_.find(attendee_id);
    return at != log_.end() && at->second.session == session && at->second.relay_next;
  }

 private:
  struct Entry {
    std::uint64_t session = 0;
    bool relay_next = false;
  };
  std::map<std::string, Entry> log_;   // as many as the meeting has attendees
};

}  // namespace upcall::signaling
