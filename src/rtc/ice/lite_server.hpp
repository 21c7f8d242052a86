// The server's side of ICE: lite (RFC 8445 §2.5), always controlled; the one check that it sends asks an address from which
// the peer's media came (PathProber). One object per transport, on the thread of its meeting; nothing allocates after the
// peer is known.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "base/net_address.hpp"
#include "base/time.hpp"
#include "crypto/hmac.hpp"
#include "rtc/ice/credentials.hpp"
#include "rtc/ice/path.hpp"
#include "rtc/ice/path_prober.hpp"
#include "rtc/stun/message.hpp"

namespace upcall::ice {

enum class CheckOutcome : std::uint8_t {
  ignored,          // no answer
  refused,          // answered with an error: says nothing about the peer, mostly it was somebody else
  replied,          // a repeated check: the peer is there, nothing else has changed
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
  // A nominated path that another one has followed: what is under way on it still counts, then it is refused, unless the
  // peer checks it again.
  static constexpr Duration kLinger = Duration::s(1);

  struct Counters {
    std::uint64_t checks = 0;          // authenticated
    std::uint64_t malformed = 0;       // not a STUN request that makes sense here
    std::uint64_t wrong_username = 0;
    std::uint64_t bad_integrity = 0;
    std::uint64_t role_conflicts = 0;
    std::uint64_t probes = 0;          // checks of ours
    std::uint64_t moved = 0;           // answers to them: the peer has another address
  };

  explicit IceLiteServer(Credentials local);

  const Credentials& local() const { return local_; }
  // From the offer. Until it is known, any sender fragment is accepted: the password authenticates.
  void set_remote_ufrag(std::string_view ufrag) { remote_ufrag_ = ufrag; }
  // With its password the peer can be asked whether it has moved.
  void set_remote(std::string_view ufrag, std::string_view pwd) {
    set_remote_ufrag(ufrag);
    prober_.set_peer(local_.ufrag, ufrag, pwd);
  }

  // A STUN datagram that arrived on `path`. `buffer` (at least stun::kBuildBufferSize) receives the answer. Answers to
  // what is not authenticated are never larger than the datagram itself, so that nobody is flooded through us.
  CheckResult handle(Instant now, const Path& path, const stun::Message& message, MutBytes buffer);
  CheckResult handle(Instant now, const Path& path, Bytes datagram, MutBytes buffer);

  // Something of the peer's, by its looks, came from this path, which is not validated: the check to send there, mostly
  // none. See PathProber::heard().
  Bytes probe(Instant now, const Path& path, std::size_t bytes, std::uint32_t tag, RandomSource& random, MutBytes buffer);

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
    Instant ends_at = Instant::never();   // followed by another
    std::uint64_t nominated = 0;  // order of nomination; 0 = never
    std::uint64_t validated = 0;  // order of validation
  };

  const Validated* best() const;
  Validated* find(const Path& path);
  Validated& slot_for(const Path& path);
  void nominate(Instant now, Validated& path);
  static Instant end_of(const Validated& v) { return v.ends_at < v.last_check + kConsent ? v.ends_at : v.last_check + kConsent; }
  bool username_ok(std::string_view username) const;
  CheckResult refuse(const stun::Message& message, std::uint16_t code, MutBytes buffer, bool authenticated);

  Credentials local_;
  crypto::HmacSha1 key_;
  std::string remote_ufrag_;
  PathProber prober_;
  std::array<Validated, kMaxPaths> paths_{};
  std::size_t count_ = 0;
  std::uint64_t order_ = 0;
  Counters counters_;
};

}  // namespace upcall::ice
