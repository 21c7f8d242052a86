#include "rtc/dtls/transport.hpp"

#include <algorithm>
#include <utility>

#include <sys/time.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "base/invariant.hpp"
#include "crypto/hash.hpp"
#include "rtc/dtls/datagram_bio.hpp"
#include "rtc/dtls/record_filter.hpp"

namespace upcall::dtls {

namespace {

struct FreeSsl {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};

// OpenSSL asks with 0 for the first interval, then with the last one.
unsigned retransmit_interval_us(SSL*, unsigned last_us) {
  constexpr auto kFirst = static_cast<unsigned>(DtlsTransport::kFirstRetransmit.us());
  constexpr auto kLongest = static_cast<unsigned>(DtlsTransport::kLongestRetransmit.us());
  return last_us == 0 ? kFirst : std::min(last_us * 2, kLongest);
}

}  // namespace

struct DtlsTransport::Impl {
  Impl(const DtlsContext& shared, Role r, const Fingerprint& p) : context(shared), role(r), peer(p) { new_ssl(); }

  void new_ssl() {
    ssl.reset(SSL_new(static_cast<SSL_CTX*>(context.ssl_ctx())));
    BIO* const bio = make_datagram_bio(&ends);
    UPCALL_INVARIANT(ssl != nullptr && bio != nullptr, "out of memory");
    SSL_set_bio(ssl.get(), bio, bio);
    SSL_set_mtu(ssl.get(), static_cast<long>(kMtu));
    DTLS_set_link_mtu(ssl.get(), static_cast<long>(kMtu));
    DTLS_set_timer_cb(ssl.get(), retransmit_interval_us);
    if (role == Role::server) {
      SSL_set_accept_state(ssl.get());
    } else {
      SSL_set_connect_state(ssl.get());
    }
    early_size = 0;
    plain_number = 0;
    budget = HandshakeBudget(kMaxHandshakeMessages);
  }

  // The peer's change of cipher has come, so that OpenSSL can read what is encrypted.
  bool reads_encrypted() const {
    const OSSL_HANDSHAKE_STATE at = SSL_get_state(ssl.get());
    return at == (role == Role::server ? TLS_ST_SR_CHANGE : TLS_ST_CR_CHANGE);
  }
  // Nothing of the peer's was understood yet.
  bool awaits_first_message() const {
    const OSSL_HANDSHAKE_STATE at = SSL_get_state(ssl.get());
    return at == TLS_ST_BEFORE || at == TLS_ST_CW_CLNT_HELLO;
  }
  std::size_t overhead() const {
    const SSL_CIPHER* const agreed = state == State::connected ? SSL_get_current_cipher(ssl.get()) : SSL_get_pending_cipher(ssl.get());
    return agreed != nullptr && SSL_CIPHER_get_cipher_nid(agreed) == NID_chacha20_poly1305 ? kChachaOverhead : kGcmOverhead;
  }
  void keep_early(const Record& record) {
    if (record.type != ContentType::handshake || record.raw.size() > early.size()) {
      ++counters.dropped;
      return;
    }
    early_size = record.raw.size();
    std::copy(record.raw.begin(), record.raw.end(), early.begin());
  }
  void take(Instant now, const Record& record, DtlsOutbox& out) {
    ++counters.records;
    ends.input = record.raw;
    // The number of a record in plain text is anybody's. With a high one all that follow would look like repetitions to
    // OpenSSL, so that it gets numbers of ours; messages have their own, by which it knows a repetition.
    if (record.epoch == 0) ends.number = plain_number++;
    drive(now, out);
    ends.number.reset();
    if (early_size == 0 || state != State::connecting || !reads_encrypted()) return;
    ++counters.records;
    ends.input = Bytes(early).first(std::exchange(early_size, 0));
    drive(now, out);
  }

  void give_up(Failure why) {
    state = State::failed;
    failure = why;
    keys.reset();
    ssl.reset();
  }

  // After every call into OpenSSL: its error queue belongs to the thread and must not leak into another transport.
  void drive(Instant now, DtlsOutbox& out) {
    begin_call(out);
    if (state == State::connecting) {
      const int result = SSL_do_handshake(ssl.get());
      if (result == 1) {
        finish_handshake();
      } else if (SSL_get_error(ssl.get(), result) != SSL_ERROR_WANT_READ) {
        restart_or_fail();
      }
    }
    if (state == State::connected && !broken) read_all();
    update_deadline(now);
    end_call();
  }

  // The record buffers are half of what a connection holds (34 of 69 KiB, measured) and idle once it stands, so they
  // live only for the length of a call. OpenSSL makes the read buffer anew by itself, but writes through a null
  // pointer without SSL_alloc_buffers.
  void begin_call(DtlsOutbox& out) {
    ends.output = &out;
    ERR_clear_error();
    if (state == State::connected) UPCALL_INVARIANT(SSL_alloc_buffers(ssl.get()) == 1, "out of memory");
  }
  void end_call() {
    if (ssl != nullptr && state == State::connected) SSL_free_buffers(ssl.get());
    ERR_clear_error();
    ends.input = {};
    ends.output = nullptr;
  }

  // Nothing about the peer was proven yet, so the fault may be a stranger's: forget the attempt, not the session.
  void restart_or_fail() {
    if (counters.restarts == static_cast<std::uint64_t>(kMaxRestarts)) {
      give_up(Failure::handshake);
      return;
    }
    ++counters.restarts;
    new_ssl();
    ends.input = {};
    ERR_clear_error();
    if (role == Role::client) SSL_do_handshake(ssl.get());  // a new first flight; the server waits for one
  }

  void finish_handshake() {
    if (!peer_is_who_we_expect()) {
      SSL_shutdown(ssl.get());
      give_up(Failure::fingerprint_mismatch);
      return;
    }
    if (!export_keys()) {
      SSL_shutdown(ssl.get());
      give_up(Failure::no_srtp);
      return;
    }
    state = State::connected;
  }

  bool peer_is_who_we_expect() const {
    X509* const certificate = SSL_get1_peer_certificate(ssl.get());
    if (certificate == nullptr) return false;
    std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    const bool ok = X509_digest(certificate, EVP_sha256(), digest.data(), &size) == 1 &&
                    crypto::constant_time_equal(Bytes(digest).first(size), peer.value);
    X509_free(certificate);
    return ok;
  }

  bool export_keys() {
    const SRTP_PROTECTION_PROFILE* const chosen = SSL_get_selected_srtp_profile(ssl.get());
    if (chosen == nullptr) return false;
    const auto profile = static_cast<srtp::Profile>(chosen->id);
    const std::size_t key = srtp::key_size(profile), salt = srtp::salt_size(profile);
    crypto::Secret<std::size_t(2) * (32 + 14)> material;
    const MutBytes bytes = material.bytes().first(2 * (key + salt));
    constexpr std::string_view kLabel = "EXTRACTOR-dtls_srtp";
    if (SSL_export_keying_material(ssl.get(), bytes.data(), bytes.size(), kLabel.data(), kLabel.size(), nullptr, 0,
                                   0) != 1) {
      return false;
    }
    // RFC 5764 §4.2: client key, server key, client salt, server salt.
    srtp::MasterKey client, server;
    client.profile = server.profile = profile;
    std::copy_n(bytes.begin(), key, client.key.value.begin());
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(key), key, server.key.value.begin());
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(2 * key), salt, client.salt.value.begin());
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(2 * key + salt), salt, server.salt.value.begin());
    keys.emplace(role == Role::client ? SrtpKeys{client, server} : SrtpKeys{server, client});
    return true;
  }

  // Answers repeated flights and notices close_notify. There is no application data in our use of DTLS.
  void read_all() {
    std::array<std::uint8_t, 2048> unwanted;
    for (;;) {
      const int n = SSL_read(ssl.get(), unwanted.data(), static_cast<int>(unwanted.size()));
      if (n > 0) continue;
      const int error = SSL_get_error(ssl.get(), n);
      if (error == SSL_ERROR_ZERO_RETURN) {
        state = State::closed;
        keys.reset();
      } else if (error != SSL_ERROR_WANT_READ) {
        // Only the proven peer can cause this. The media keys are as good as before: the call goes on without DTLS.
        broken = true;
      }
      return;
    }
  }

  void update_deadline(Instant now) {
    retransmit_at = Instant::never();
    timeval left{};
    if (ssl != nullptr && !broken && (state == State::connecting || state == State::connected) &&
        DTLSv1_get_timeout(ssl.get(), &left) == 1) {
      retransmit_at = now + Duration::s(left.tv_sec) + Duration::us(left.tv_usec);
    }
  }

  DtlsContext context;
  Role role;
  Fingerprint peer;
  DatagramEnds ends;  // before ssl: the BIO points here until it is freed
  std::unique_ptr<SSL, FreeSsl> ssl;
  State state = State::fresh;
  Failure failure = Failure::none;
  bool broken = false;
  std::array<std::uint8_t, kMaxEarlyRecord> early;
  std::size_t early_size = 0;
  std::uint64_t plain_number = 0;
  HandshakeBudget budget{kMaxHandshakeMessages};
  std::size_t handshake_bytes = 0;
  Instant give_up_at = Instant::never();
  Instant retransmit_at = Instant::never();
  std::optional<SrtpKeys> keys;
  mutable Counters counters;
};

DtlsTransport::DtlsTransport(const DtlsContext& context, Role role, const Fingerprint& peer)
    : impl_(std::make_unique<Impl>(context, role, peer)) {}
DtlsTransport::~DtlsTransport() = default;
DtlsTransport::DtlsTransport(DtlsTransport&&) noexcept = default;
DtlsTransport& DtlsTransport::operator=(DtlsTransport&&) noexcept = default;

State DtlsTransport::state() const { return impl_->state; }
Failure DtlsTransport::failure() const { return impl_->failure; }

void DtlsTransport::start(Instant now, DtlsOutbox& out) {
  if (impl_->state != State::fresh) return;
  impl_->state = State::connecting;
  impl_->give_up_at = now + kHandshakeLimit;
  impl_->drive(now, out);
}

bool DtlsTransport::handle(Instant now, Bytes datagram, DtlsOutbox& out) {
  Impl& d = *impl_;
  const State before = d.state;
  // A client that is faster than our caller: its hello starts the server.
  if (d.state == State::fresh && d.role == Role::server) start(now, out);
  while (!datagram.empty() && (d.state == State::connecting || d.state == State::connected)) {
    const auto record = next_record(datagram);
    if (!record) {
      ++d.counters.dropped;
      break;
    }
    if (d.state == State::connecting) {
      if (!of_right_version(*record, d.awaits_first_message()) || !acceptable_in_handshake(*record, kMaxHandshakeMessage) || (d.role == Role::server && !of_a_client(*record)) || !d.budget.admit(*record)) {
        ++d.counters.dropped;
        continue;
      }
      if (!of_right_length(*record, d.overhead())) {
        ++d.counters.dropped;
        continue;
      }
      if (record->epoch > 0 && !d.reads_encrypted()) {
        d.keep_early(*record);
        continue;
      }
      // What is encrypted is read at once or not at all.
      if (record->epoch == 0) d.handshake_bytes += record->raw.size();
      if (d.handshake_bytes > kMaxHandshakeBytes) {
        d.give_up(Failure::too_much_data);
        break;
      }
    } else if (!acceptable_when_connected(*record) || !of_right_version(*record, false) || d.broken || !of_right_length(*record, d.overhead())) {
      ++d.counters.dropped;
      continue;
    }
    d.take(now, *record, out);
  }
  return d.state != before;
}

bool DtlsTransport::handle_timeout(Instant now, DtlsOutbox& out) {
  Impl& d = *impl_;
  const State before = d.state;
  if (d.state == State::connecting && now >= d.give_up_at) {
    d.give_up(Failure::timeout);
  } else if (now >= d.retransmit_at && d.ssl != nullptr) {
    d.begin_call(out);
    const bool lost_hope = DTLSv1_handle_timeout(d.ssl.get()) < 0;
    if (lost_hope && d.state == State::connecting) d.give_up(Failure::timeout);
    d.update_deadline(now);
    // OpenSSL goes by the wall clock: set back meanwhile, it may still be waiting. Never spin on it.
    if (d.retransmit_at <= now) d.retransmit_at = now + Duration::ms(5);
    d.end_call();
  }
  return d.state != before;
}

Instant DtlsTransport::next_deadline() const {
  const Impl& d = *impl_;
  if (d.state == State::connecting) return std::min(d.retransmit_at, d.give_up_at);
  return d.state == State::connected ? d.retransmit_at : Instant::never();
}

std::optional<SrtpKeys> DtlsTransport::take_srtp_keys() {
  if (impl_->state != State::connected) return std::nullopt;
  return std::exchange(impl_->keys, std::nullopt);
}

void DtlsTransport::close(DtlsOutbox& out) {
  Impl& d = *impl_;
  if (d.state == State::failed || d.state == State::closed) return;
  if (d.state == State::connected && !d.broken) {
    d.begin_call(out);
    SSL_shutdown(d.ssl.get());
    d.end_call();
  }
  d.state = State::closed;
  d.keys.reset();
  d.ssl.reset();
}

const DtlsTransport::Counters& DtlsTransport::counters() const {
  impl_->counters.lost_output = impl_->ends.lost_output;
  return impl_->counters;
}

}  // namespace upcall::dtls
