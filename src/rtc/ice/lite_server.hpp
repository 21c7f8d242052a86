// The server's side of ICE: lite (RFC 8445 §2.5), always controlled, never sends a check. One object per transport, on
// the thread of its meeting; nothing allocates after construction.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "base/net_address.hpp"
#include "base/time.hpp"
#include "crypto/hmac.hpp"
#include "rtc/ice/credentials.hpp"
#include "rtc/stun/message.hpp"

namespace upcall::ice {

// Which of our sockets, and who is at the other end.
struct Path {
  std::uint32_t local_index = 0;
  NetAddress remote;
  bool operator==(const Path&) const = default;
};

enum class CheckOutcome : std::uint8_t {
  ignored,          // no answer
  replied,          // answered; nothing changed for the caller (a repeated check or an error answer)
  newly_validated,  // this path may carry media from now on
  nominated,        // newly selected (and validated): send here from now on
};

struct CheckResult {
  CheckOutcome outcome = CheckOutcome::ignored;
  Bytes reply;  // inside the caller's buffer, to be sent back on the same path; may be empty
};

class IceLiteServer {
 public:
  static constexpr std::size_t kMaxPaths = 8;
  // RFC 7675 §5.1: consent ends 30 s after the last authenticated check.
  static constexpr Duration kConsent = Duration::s(30);

  struct Counters {
    std::uint64_t checks = 0;          // authenticated
    std::uint64_t malformed = 0;       // not a STUN request that makes sense here
    std::uint64_t wrong_username = 0;
    std::uint64_t bad_integrity = 0;
    std::uint64_t role_conflicts = 0;
  };

  explicit IceLiteServer(Credentials local);

  const Credentials& local() const { return local_; }
  // From the offer. Until it is known, any sender fragment is accepted: the password authenticates.
  void set_remote_ufrag(std::string_view ufrag) { remote_ufrag_ = ufrag; }

  // A STUN datagram that arrived on `path`. `buffer` (at least stun::kBuildBufferSize) receives the answer. Answers to
  // what is not authenticated are never larger than the datagram itself, so that nobody is flooded through us.
  CheckResult handle(Instant now, const Path& path, const stun::Message& message, MutBytes buffer);
  CheckResult handle(Instant now, const Path& path, Bytes datagram, MutBytes buffer);

  // May DTLS and media be taken from this path? Any validated one may carry them, not only the nominated one.
  bool is_validated(const Path& path) const;
  // Where to send: the last nominated path, else the one validated last; none when every consent has expired.
  std::optional<Path> selected() const;
  std::size_t path_count() const { return count_; }

  // Forgets paths whose consent has expired. True when selected() has changed.
  bool handle_timeout(Instant now);
  Instant next_deadline() const;

  const Counters& counters() const { return counters_; }

 private:
  struct Validated {
    Path path;
    Instant last_check;
    std::uint64_t nominated = 0;  // order of nomination; 0 = never
    std::uint64_t validated = 0;  // order of validation
  };

  const Validated* best() const;
  Validated* find(const Path& path);
  Validated& slot_for(const Path& path);
  bool username_ok(std::string_view username) const;
  CheckResult refuse(const stun::Message& message, std::uint16_t code, MutBytes buffer, bool authenticated);

  Credentials local_;
  crypto::HmacSha1 key_;
  std::string remote_ufrag_;
  std::array<Validated, kMaxPaths> paths_{};
  std::size_t count_ = 0;
  std::uint64_t order_ = 0;
  Counters counters_;
};

}  // namespace upcall::ice
