// DTLS 1.2 over OpenSSL for DTLS-SRTP (RFC 5764): the handshake, the peer's fingerprint, the SRTP keys. No socket and
// no thread; datagrams go in by a call and out through an outbox. OpenSSL's DTLS timer reads gettimeofday() inside
// libssl: production needs nothing, a test takes the clock over by defining that symbol, as
// tests/support/openssl_clock.hpp does.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "rtc/dtls/certificate.hpp"
#include "rtc/dtls/outbox.hpp"
#include "rtc/srtp/profile.hpp"

namespace upcall::dtls {

// What all transports of a process share: certificate, ciphers, SRTP profiles. Immutable after make(); any thread;
// copies share it.
class DtlsContext {
 public:
  static Result<DtlsContext> make(const DtlsCertificate& certificate);
  const Fingerprint& fingerprint() const { return fingerprint_; }
  void* ssl_ctx() const { return ssl_ctx_.get(); }

 private:
  std::shared_ptr<void> ssl_ctx_;
  Fingerprint fingerprint_;
};

enum class Role : std::uint8_t { server, client };
enum class State : std::uint8_t { fresh, connecting, connected, failed, closed };
enum class Failure : std::uint8_t {
  none,
  handshake,             // the peer cannot agree with us, again and again
  timeout,               // no agreement within kHandshakeLimit
  fingerprint_mismatch,  // the peer is not who the signalling said: nothing was exported
  no_srtp,               // no common SRTP profile
  too_much_data,         // more handshake bytes than any honest peer sends
};

// Keys of both directions as this end uses them.
struct SrtpKeys {
  srtp::MasterKey send;
  srtp::MasterKey receive;
};

// One association. One thread. Feed it only datagrams from ICE-validated paths.
class DtlsTransport {
 public:
  static constexpr Duration kFirstRetransmit = Duration::ms(100);  // doubling
  static constexpr Duration kLongestRetransmit = Duration::s(3);
  static constexpr Duration kHandshakeLimit = Duration::s(30);
  // Limits of what one handshake may make us hold; honest peers stay below a tenth.
  static constexpr std::size_t kMaxHandshakeBytes = 64 * 1024;
  static constexpr std::size_t kMaxHandshakeMessage = 8 * 1024;
  static constexpr std::size_t kMaxHandshakeMessages = 16 * 1024;  // announced lengths together
  // An encrypted record that overtook what changes the cipher: the last one is kept here. OpenSSL would keep up to a hundred,
  // each in a read buffer of 17 KiB. A Finished takes 61 bytes.
  static constexpr std::size_t kMaxEarlyRecord = 128;
  // A broken or forged first message must not cost the real peer its session: so often a handshake begins anew.
  static constexpr int kMaxRestarts = 3;

  struct Counters {
    std::uint64_t records = 0;  // taken
    std::uint64_t dropped = 0;  // refused before OpenSSL saw them
    std::uint64_t restarts = 0;
    std::uint64_t lost_output = 0;  // did not fit the outbox
  };

  DtlsTransport(const DtlsContext& context, Role role, const Fingerprint& peer);
  ~DtlsTransport();
  DtlsTransport(DtlsTransport&&) noexcept;
  DtlsTransport& operator=(DtlsTransport&&) noexcept;

  State state() const;
  Failure failure() const;

  // The client sends its first flight; the server starts its clock. Call once, when ICE has a path.
  void start(Instant now, DtlsOutbox& out);
  // One datagram (first byte 20..63). Keep calling after connected: the peer may have lost our last flight.
  // True when state() changed.
  bool handle(Instant now, Bytes datagram, DtlsOutbox& out);
  // Call at next_deadline(); early calls do nothing. True when state() changed.
  bool handle_timeout(Instant now, DtlsOutbox& out);
  Instant next_deadline() const;

  // Once connected and only then; the keys leave this object with the first call and are wiped here.
  std::optional<SrtpKeys> take_srtp_keys();

  // Tells the peer (close_notify) and ends.
  void close(DtlsOutbox& out);

  const Counters& counters() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace upcall::dtls
