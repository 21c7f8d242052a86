// The least of a full ICE agent (RFC 8445) that a headless attendee needs against a lite server: it knows the server's
// host candidates, checks them paced and with retransmission, uses the first that answers, nominates it and keeps
// consent (RFC 7675). It gathers nothing. It answers the check with which a server asks whether its address has changed.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/rng.hpp"
#include "base/time.hpp"
#include "rtc/ice/lite_server.hpp"
#include "rtc/stun/builder.hpp"

namespace upcall::ice {

// Datagrams that one call wants to send; bounded, reusable. The caller sends and clears.
class CheckOutbox {
 public:
  struct Item {
    Path path;
    std::size_t size = 0;
    std::array<std::uint8_t, stun::kBuildBufferSize> data;
    Bytes bytes() const { return Bytes(data).first(size); }
  };
  std::span<const Item> items() const { return std::span(items_).first(count_); }
  void clear() { count_ = 0; }
  // Null when full; the check is then tried again at its next retransmission.
  Item* add() { return count_ < items_.size() ? &items_[count_++] : nullptr; }
  void drop_last() { --count_; }

 private:
  std::array<Item, 8> items_;
  std::size_t count_ = 0;
};

enum class AgentState : std::uint8_t { checking, connected, failed };

// One thread. `random` must outlive the agent.
class IceControllingAgent {
 public:
  static constexpr std::size_t kMaxCandidates = 16;
  static constexpr Duration kPacing = Duration::ms(20);             // between first checks of different paths
  static constexpr Duration kFirstRetransmit = Duration::ms(100);   // doubling
  static constexpr Duration kLongestRetransmit = Duration::ms(1600);
  static constexpr Duration kConsentInterval = Duration::s(5);      // times 0.8..1.2
  static constexpr Duration kGiveUp = Duration::s(30);              // without an answer: failed

  // Paths beyond kMaxCandidates are ignored. Checks start with the first handle_timeout().
  IceControllingAgent(Instant now, Credentials local, Credentials remote, std::span<const Path> candidates,
                      RandomSource& random);

  AgentState state() const { return state_; }
  // The path in use once connected.
  std::optional<Path> selected() const;
  // Our address as the server sees it, once connected.
  std::optional<NetAddress> reflexive() const { return reflexive_; }

  // A STUN datagram from `path`. True when the state or the selected path changed.
  bool handle(Instant now, const Path& path, Bytes datagram, CheckOutbox& out);
  // Call at next_deadline() (and once at the start). True when the state changed.
  bool handle_timeout(Instant now, CheckOutbox& out);
  Instant next_deadline() const;

 private:
  struct Check {
    Path path;
    stun::TransactionId id{};
    bool started = false;
    bool in_flight = false;
    bool nominating = false;
    Instant next_send;
    Duration interval = kFirstRetransmit;
  };

  void begin(Check& check, bool nominate);
  void send(Instant now, Check& check, CheckOutbox& out);
  Duration consent_interval();
  void answer(const Path& path, const stun::Message& request, CheckOutbox& out);

  Credentials local_;
  Credentials remote_;
  crypto::HmacSha1 key_;      // the server's password: of our requests and their answers
  crypto::HmacSha1 own_key_;  // ours: of its requests and our answers
  RandomSource& random_;
  std::uint64_t tie_breaker_;
  std::vector<Check> checks_;
  std::optional<std::size_t> selected_;
  std::optional<NetAddress> reflexive_;
  AgentState state_ = AgentState::checking;
  Instant last_answer_;
};

}  // namespace upcall::ice
