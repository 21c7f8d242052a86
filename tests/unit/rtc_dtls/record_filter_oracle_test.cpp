// Two parsers of one thing must agree (CVE-2019-20503): the record filter looks at records and handshake headers before OpenSSL
// does. Real handshakes with one datagram of the client's changed: OpenSSL reads each record that passes as the filter read it,
// and what the filter refuses would have brought OpenSSL no further.
#include <gtest/gtest.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/rng.hpp"
#include "rtc/dtls/datagram_bio.hpp"
#include "rtc/dtls/record_filter.hpp"
#include "rtc/dtls/transport.hpp"

namespace upcall::dtls {
namespace {

DtlsContext make_context() { return DtlsContext::make(DtlsCertificate::make(WallTime::from_unix_ms(1'700'000'000'000)).value()).value(); }

// OpenSSL alone, telling what it reads.
class Bare {
 public:
  Bare(const DtlsContext& context, bool server) : ssl_(SSL_new(static_cast<SSL_CTX*>(context.ssl_ctx()))) {
    BIO* const bio = make_datagram_bio(&ends_);
    SSL_set_bio(ssl_, bio, bio);
    SSL_set_mtu(ssl_, static_cast<long>(kMtu));
    SSL_set_msg_callback(ssl_, [](int write, int, int type, const void* bytes, std::size_t size, SSL*, void* self) {
      if (write != 0) return;
      Bare& bare = *static_cast<Bare*>(self);
      const Bytes seen(static_cast<const std::uint8_t*>(bytes), size);
      if (type == SSL3_RT_HEADER) bare.headers.emplace_back(seen.begin(), seen.end());
      if (type == SSL3_RT_HANDSHAKE) ++bare.messages;
    });
    SSL_set_msg_callback_arg(ssl_, this);
    if (server) SSL_set_accept_state(ssl_);
    else SSL_set_connect_state(ssl_);
  }
  ~Bare() { SSL_free(ssl_); }
  Bare(const Bare&) = delete;
  Bare& operator=(const Bare&) = delete;

  // What it answers.
  std::vector<ByteVector> feed(Bytes datagram) {
    headers.clear();
    ends_.input = datagram;
    ends_.output = &out_;
    const int result = SSL_do_handshake(ssl_);
    dead = result != 1 && SSL_get_error(ssl_, result) != SSL_ERROR_WANT_READ;
    ERR_clear_error();
    left = ends_.input.size();
    std::vector<ByteVector> answers;
    for (std::size_t i = 0; i < out_.size(); ++i) answers.emplace_back(out_[i].begin(), out_[i].end());
    out_.clear();
    return answers;
  }
  SSL* ssl() const { return ssl_; }
  bool finished() const { return SSL_is_init_finished(ssl_) == 1; }
  // How far it has come.
  auto progress() const { return std::pair(messages, SSL_get_state(ssl_)); }

  std::vector<ByteVector> headers;   // of the records that the last feed() read
  std::size_t messages = 0;          // whole handshake messages
  std::size_t left = 0;
  bool dead = false;

 private:
  DatagramEnds ends_;
  SSL* ssl_;
  DtlsOutbox out_;
};

void change(ByteVector& datagram, SeededRandom& random) {
  const auto put = [&](std::size_t at, std::uint64_t value) {
    if (at < datagram.size()) datagram[at] = static_cast<std::uint8_t>(value);
  };
  for (std::uint64_t n = 1 + random.below(2); n > 0; --n) {
    // The record to be changed, of those in the datagram.
    std::size_t record = 0;
    for (std::uint64_t skip = random.below(4); skip > 0; --skip) {
      if (record + kRecordHeaderSize >= datagram.size()) break;
      const std::size_t next = record + kRecordHeaderSize + static_cast<std::size_t>(datagram[record + 11] << 8 | datagram[record + 12]);
      if (next >= datagram.size()) break;
      record = next;
    }
    switch (random.below(9)) {
      case 0: put(random.below(datagram.size()), random.below(256)); break;
      case 1: datagram.resize(1 + random.below(datagram.size())); break;
      case 2: put(record + random.below(kRecordHeaderSize), random.below(256)); break;                              // record header
      case 3: put(record + kRecordHeaderSize + random.below(kHandshakeHeaderSize), random.below(256)); break;       // handshake header
      case 4: put(record + 12, datagram[std::min(record + 12, datagram.size() - 1)] + random.below(5) - 2); break;  // a length that is nearly right
      case 5: put(record + 13 + random.below(4) * 3, random.below(20)); break;
      case 6: put(record + kRecordHeaderSize + 11, random.below(4)); break;                                         // of the fragment
      case 7: datagram.insert(datagram.end(), datagram.begin() + static_cast<std::ptrdiff_t>(record), datagram.end()); break;
      default: put(record, 19 + random.below(6)); put(record + 4, random.below(3));
    }
    if (datagram.size() > kMtu) datagram.resize(kMtu);
  }
}

struct Seen {
  int passed = 0, refused = 0, progressed = 0, stricter = 0;
};

// What we refuse by rules of our own, and OpenSSL takes.
bool is_stricter(Bytes refused) {
  // Versions of DTLS that never were: OpenSSL takes any 254.x in a first record.
  if (refused.size() > 2 && refused[1] == 0xfe && refused[2] != 0xff && refused[2] != 0xfd) return true;
  // A whole message with something behind it that is none: OpenSSL takes the one.
  if (refused.size() < kRecordHeaderSize + kHandshakeHeaderSize || refused[0] != 22) return false;
  Reader reader(refused.subspan(kRecordHeaderSize));
  reader.skip(1);
  const std::size_t length = reader.u24();
  reader.skip(2);
  const std::size_t offset = reader.u24(), fragment = reader.u24();
  return offset == 0 && fragment == length && fragment < reader.remaining();
}

void one_handshake(std::uint64_t seed, const DtlsContext& server_context, const DtlsContext& client_context, Seen& seen) {
  SeededRandom random(seed);
  Bare server(server_context, true), client(client_context, false);
  std::vector<ByteVector> to_server = client.feed({});
  const std::uint64_t changed = random.below(3);
  for (std::uint64_t at = 0; !to_server.empty();) {
    std::vector<ByteVector> to_client;
    for (ByteVector& datagram : to_server) {
      const bool mutate = at++ == changed;
      if (mutate) change(datagram, random);
      Bytes rest = datagram;
      while (!rest.empty()) {
        const Bytes whole = rest;
        const auto record = next_record(rest);
        const bool passes = record && of_right_version(*record, SSL_get_state(server.ssl()) == TLS_ST_BEFORE) && acceptable_in_handshake(*record, DtlsTransport::kMaxHandshakeMessage) && of_a_client(*record);
        if (record) {
          // The same record, by a reading of its own.
          Reader reader(whole);
          ASSERT_EQ(static_cast<std::uint8_t>(record->type), reader.u8());
          reader.skip(2);
          ASSERT_EQ(record->epoch, reader.u16());
          reader.skip(6);
          ASSERT_EQ(record->raw.size(), kRecordHeaderSize + reader.u16());
        }
        Bytes refused = record ? record->raw : whole;
        if (!record && whole.size() >= kRecordHeaderSize) {
          // Up to where its length says that it ends; what follows is refused with it.
          const std::size_t length = static_cast<std::size_t>(whole[11] << 8 | whole[12]);
          refused = whole.first(std::min(whole.size(), kRecordHeaderSize + length));
        }
        if (!passes && is_stricter(refused)) {
          ++seen.stricter;
          if (!record) break;
          continue;
        }
        const auto before = server.progress();
        for (ByteVector& answer : server.feed(passes ? record->raw : refused)) to_client.push_back(std::move(answer));
        if (passes) {
          ++seen.passed;
          ASSERT_LE(server.headers.size(), 1u) << "OpenSSL saw several records in one";
          if (!server.headers.empty()) {
            ASSERT_EQ(to_hex(server.headers[0]), to_hex(record->raw.first(kRecordHeaderSize)));
          }
          ASSERT_TRUE(server.left == 0 || server.dead);
          seen.progressed += server.progress().first != before.first;
        } else {
          ++seen.refused;
          // A dead one has come nowhere either: that is why such records are kept from it.
          ASSERT_TRUE(server.dead || server.progress() == before) << "OpenSSL made something of " << to_hex(refused);
        }
        if (server.dead || server.finished()) return;
        if (!record) break;
      }
    }
    to_server.clear();
    for (const ByteVector& datagram : to_client) {
      for (ByteVector& answer : client.feed(datagram)) to_server.push_back(std::move(answer));
      if (client.dead) return;
    }
  }
}

TEST(RecordFilterOracle, AgreesWithOpensslOnChangedHandshakes) {
  const DtlsContext server = make_context(), client = make_context();
  Seen seen;
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    SCOPED_TRACE(seed);
    one_handshake(seed, server, client, seen);
    if (HasFatalFailure()) return;
  }
  std::printf("%d records passed, %d brought OpenSSL further, %d were refused, %d of them by our rules alone\n", seen.passed, seen.progressed,
              seen.refused, seen.stricter);
  EXPECT_GT(seen.refused, 400);
  EXPECT_GT(seen.progressed, 2000);
}

}  // namespace
}  // namespace upcall::dtls
