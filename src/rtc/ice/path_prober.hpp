// What a NAT that gives a peer another address does to a call: the peer's media arrives from a stranger, and the peer
// itself notices nothing until its next check, which may be seconds away. So the server asks the stranger: a connectivity
// check (RFC 8445 §7.2.4, as a triggered one) that only the peer can answer. Until it has, nothing is taken from there.
//
// Nobody is flooded through it: never more bytes go to an address than came from it. One object a transport, on the
// thread of its meeting; nothing allocates after set_peer().
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/net_address.hpp"
#include "base/rng.hpp"
#include "base/time.hpp"
#include "crypto/hmac.hpp"
#include "rtc/ice/path.hpp"
#include "rtc/stun/message.hpp"

namespace upcall::ice {

class PathProber {
 public:
  static constexpr std::size_t kMaxStrangers = 4;                // at once; the one unheard for longest makes room
  static constexpr Duration kInterval = Duration::ms(50);        // between two checks of one address

  // From offer and answer; before it nobody is asked.
  void set_peer(std::string_view local_ufrag, std::string_view remote_ufrag, std::string_view remote_pwd);

  // `bytes` that look like the peer's came from `path`, which is not validated. Gives the check to send there (inside
  // `buffer`, of stun::kBuildBufferSize), mostly nothing. `tag` stands in its transaction id, so that the answer finds
  // its way: see tag_of().
  Bytes heard(Instant now, const Path& path, std::size_t bytes, std::uint32_t tag, RandomSource& random, MutBytes buffer);

  // Is this the answer to a check that was sent there, by whoever knows the peer's password? Each counts once.
  bool is_answer(const Path& path, const stun::Message& message);

  static std::uint32_t tag_of(const stun::TransactionId& id) {
    return static_cast<std::uint32_t>(id[0]) << 24 | static_cast<std::uint32_t>(id[1]) << 16 | static_cast<std::uint32_t>(id[2]) << 8 | id[3];
  }

 private:
  struct Stranger {
    Path path;
    std::size_t credit = 0;          // bytes heard, less those sent
    Instant last_heard, next_check;
    std::array<stun::TransactionId, 2> asked{};   // the answer to the one before may be under way
  };
  Stranger& slot_for(Instant now, const Path& path);

  std::string local_ufrag_, remote_ufrag_;
  std::optional<crypto::HmacSha1> key_;   // of the peer's password
  std::array<Stranger, kMaxStrangers> strangers_{};
  std::size_t count_ = 0;
};

}  // namespace upcall::ice
