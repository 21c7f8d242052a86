#include <gtest/gtest.h>

#include <functional>

#include "../../support/openssl_clock.hpp"
#include "rtc/dtls/record_filter.hpp"
#include "rtc/dtls/transport.hpp"

namespace upcall::dtls {
namespace {

using Datagrams = std::vector<ByteVector>;

struct End {
  End(const DtlsContext& context, Role role, const Fingerprint& peer) : transport(context, role, peer) {}

  Datagrams drain() {
    Datagrams out;
    for (std::size_t i = 0; i < box.size(); ++i) out.emplace_back(box[i].begin(), box[i].end());
    box.clear();
    return out;
  }
  Datagrams start(Instant now) {
    test::set_openssl_clock(now);
    transport.start(now, box);
    return drain();
  }
  Datagrams feed(Instant now, Bytes datagram) {
    test::set_openssl_clock(now);
    transport.handle(now, datagram, box);
    return drain();
  }
  Datagrams timeout(Instant now) {
    test::set_openssl_clock(now);
    transport.handle_timeout(now, box);
    return drain();
  }
  DtlsTransport transport;
  DtlsOutbox box;
};

class Dtls : public testing::Test {
 protected:
  Dtls()
      : server_context(DtlsContext::make(DtlsCertificate::make(WallTime::from_unix_ms(1'700'000'000'000)).value()).value()),
        client_context(DtlsContext::make(DtlsCertificate::make(WallTime::from_unix_ms(1'700'000'000'000)).value()).value()),
        server(server_context, Role::server, client_context.fingerprint()),
        client(client_context, Role::client, server_context.fingerprint()) {}

  // Carries datagrams to and fro until nobody has anything to say. `keep(to_server, datagram)` false loses it.
  void settle(Datagrams to_server, Datagrams to_client,
              const std::function<bool(bool, const ByteVector&)>& keep = [](bool, const ByteVector&) { return true; }) {
    while (!to_server.empty() || !to_client.empty()) {
      Datagrams next_client, next_server;
      for (const ByteVector& d : to_server) {
        if (!keep(true, d)) continue;
        for (ByteVector& answer : server.feed(now, d)) next_client.push_back(std::move(answer));
      }
      for (const ByteVector& d : to_client) {
        if (!keep(false, d)) continue;
        for (ByteVector& answer : client.feed(now, d)) next_server.push_back(std::move(answer));
      }
      to_server = std::move(next_server);
      to_client = std::move(next_client);
    }
  }
  void expect_equal_keys() {
    ASSERT_EQ(server.transport.state(), State::connected);
    ASSERT_EQ(client.transport.state(), State::connected);
    const auto s = server.transport.take_srtp_keys(), c = client.transport.take_srtp_keys();
    ASSERT_TRUE(s && c);
    EXPECT_EQ(s->send.profile, srtp::Profile::aead_aes_128_gcm);
    EXPECT_EQ(s->send.key.value, c->receive.key.value);
    EXPECT_EQ(s->send.salt.value, c->receive.salt.value);
    EXPECT_EQ(s->receive.key.value, c->send.key.value);
    EXPECT_EQ(s->receive.salt.value, c->send.salt.value);
    EXPECT_NE(s->send.key.value, s->receive.key.value);
    EXPECT_NE(s->send.key.value, (std::array<std::uint8_t, 32>{}));
    EXPECT_FALSE(server.transport.take_srtp_keys()) << "keys leave the transport once";
  }

  DtlsContext server_context, client_context;
  End server, client;
  Instant now = Instant::from_ms(1000);
};

TEST_F(Dtls, HandshakeGivesTheSameKeysInFewSmallDatagrams) {
  std::size_t count = 0, largest = 0;
  settle(client.start(now), server.start(now), [&](bool, const ByteVector& d) {
    ++count;
    largest = std::max(largest, d.size());
    return true;
  });
  expect_equal_keys();
  EXPECT_LE(count, 8u);
  EXPECT_LE(largest, kMtu);
  EXPECT_TRUE(server.transport.next_deadline().is_never());
  EXPECT_TRUE(client.transport.next_deadline().is_never());
}

TEST_F(Dtls, WrongFingerprintGivesNoKeys) {
  Fingerprint other = client_context.fingerprint();
  other.value[31] ^= 1;
  End strict(server_context, Role::server, other);
  std::swap(strict.transport, server.transport);
  settle(client.start(now), {});
  EXPECT_EQ(server.transport.state(), State::failed);
  EXPECT_EQ(server.transport.failure(), Failure::fingerprint_mismatch);
  EXPECT_FALSE(server.transport.take_srtp_keys());
  EXPECT_TRUE(server.transport.next_deadline().is_never());
}

TEST_F(Dtls, TheClientChecksTheServerToo) {
  End strict(client_context, Role::client, client_context.fingerprint());
  std::swap(strict.transport, client.transport);
  settle(client.start(now), {});
  EXPECT_EQ(client.transport.failure(), Failure::fingerprint_mismatch);
  EXPECT_FALSE(client.transport.take_srtp_keys());
}

TEST_F(Dtls, LostLastFlightIsRepeatedByTheConnectedServer) {
  bool lost = false;
  settle(client.start(now), {}, [&](bool to_server, const ByteVector&) {
    if (!to_server && server.transport.state() == State::connected && !lost) {
      lost = true;
      return false;
    }
    return true;
  });
  ASSERT_TRUE(lost);
  ASSERT_EQ(server.transport.state(), State::connected);
  ASSERT_EQ(client.transport.state(), State::connecting);
  now = client.transport.next_deadline();
  EXPECT_LE(now, Instant::from_ms(1000) + Duration::ms(100));
  settle(client.timeout(now), {});
  expect_equal_keys();
}

// The server answers a repeated last flight as often as it comes, also long after it was done with everything.
TEST_F(Dtls, AConnectedServerRepeatsItsLastFlightAgainAndAgain) {
  int losses = 5;
  const auto lose_last_flight = [&](bool to_server, const ByteVector&) {
    return to_server || server.transport.state() != State::connected || losses-- <= 0;
  };
  settle(client.start(now), {}, lose_last_flight);
  while (client.transport.state() == State::connecting) {
    now = client.transport.next_deadline();
    settle(client.timeout(now), {}, lose_last_flight);
  }
  EXPECT_LT(losses, 0);
  expect_equal_keys();
  server.transport.close(server.box);
  for (const ByteVector& d : server.drain()) client.feed(now, d);
  EXPECT_EQ(client.transport.state(), State::closed);
}

TEST_F(Dtls, RetransmitsWithBackOffAndGivesUpAfterThirtySeconds) {
  client.start(now);
  std::vector<std::int64_t> sent_ms;
  const Instant begin = now;
  while (client.transport.state() == State::connecting) {
    now = client.transport.next_deadline();
    ASSERT_FALSE(now.is_never());
    if (!client.timeout(now).empty()) sent_ms.push_back((now - begin).ms());
  }
  EXPECT_EQ(client.transport.failure(), Failure::timeout);
  EXPECT_LE(now - begin, DtlsTransport::kHandshakeLimit);
  EXPECT_GE(now - begin, Duration::s(20));
  ASSERT_GE(sent_ms.size(), 8u);
  EXPECT_NEAR(static_cast<double>(sent_ms[0]), 100, 16);
  EXPECT_NEAR(static_cast<double>(sent_ms[1]), 300, 32);
  EXPECT_NEAR(static_cast<double>(sent_ms[2]), 700, 48);
}

ByteVector plain_record(std::uint8_t type, Bytes payload) {
  ByteVector out(kRecordHeaderSize + payload.size());
  Writer w(out);
  w.u8(type);
  w.u16(0xfefd);
  w.u16(0);
  w.zeros(4);
  w.u16(99);
  w.u16(static_cast<std::uint16_t>(payload.size()));
  w.bytes(payload);
  return out;
}

TEST_F(Dtls, PlainTextAlertsAndDataChangeNothingBeforeOrAfter) {
  const std::uint8_t fatal_alert[] = {2, 40}, close_notify[] = {1, 0};
  const ByteVector junk[] = {plain_record(21, fatal_alert), plain_record(21, close_notify),
                             plain_record(23, as_bytes("plain text that must never be data"))};
  settle(client.start(now), {}, [&](bool to_server, const ByteVector&) {
    // Before each honest datagram, both ways.
    for (const ByteVector& j : junk) (to_server ? server : client).feed(now, j);
    return true;
  });
  for (const ByteVector& j : junk) {
    EXPECT_TRUE(server.feed(now, j).empty());
    EXPECT_TRUE(client.feed(now, j).empty());
  }
  EXPECT_GE(server.transport.counters().dropped, 6u);
  EXPECT_EQ(server.transport.counters().restarts, 0u);
  expect_equal_keys();
}

// CVE-2023-51443: a hello that cannot be agreed with must not cost the real client its session.
TEST_F(Dtls, AStrangersHelloWithoutACommonCipherDoesNotKillTheSession) {
  const Datagrams hello = client.start(now);
  ASSERT_EQ(hello.size(), 1u);
  ByteVector bad = hello[0];
  Reader reader(bad);
  reader.skip(kRecordHeaderSize + kHandshakeHeaderSize + 2 + 32);
  reader.skip(reader.u8());  // session id
  reader.skip(reader.u8());  // cookie
  const std::size_t ciphers = reader.u16(), at = reader.position();
  ASSERT_TRUE(reader.ok());
  for (std::size_t i = 0; i < ciphers; ++i) bad[at + i] = 0xfa;
  server.feed(now, bad);
  EXPECT_EQ(server.transport.state(), State::connecting);
  EXPECT_EQ(server.transport.counters().restarts, 1u);
  settle(hello, {});
  expect_equal_keys();
}

// The same in the middle of the handshake (CVE-2023-51443), before each datagram of the client's in turn, as from its own
// address: OpenSSL knows it for an old message and goes on.
TEST_F(Dtls, AStrangersHelloDuringTheHandshakeDoesNotKillIt) {
  for (int position = 0;; ++position) {
    End fresh_server(server_context, Role::server, client_context.fingerprint());
    End fresh_client(client_context, Role::client, server_context.fingerprint());
    std::swap(fresh_server.transport, server.transport);
    std::swap(fresh_client.transport, client.transport);
    const Datagrams hello = client.start(now);
    ByteVector bad = hello[0];
    const std::size_t ciphers_at = kRecordHeaderSize + kHandshakeHeaderSize + 2 + 32;
    for (std::size_t i = ciphers_at + 6; i < ciphers_at + 14; ++i) bad[i] = 0xfa;
    int at = 0;
    settle(hello, {}, [&](bool to_server, const ByteVector&) {
      if (to_server && at++ == position && position > 0) {
        server.feed(now, bad);
      }
      return true;
    });
    if (at <= position) break;   // the handshake has no more datagrams
    SCOPED_TRACE(position);
    EXPECT_EQ(server.transport.counters().restarts, 0u);
    expect_equal_keys();
  }
}

// What no client ever sends in plain text: a HelloVerifyRequest, a ServerHello, a Finished, each before every datagram and
// under every number that may be the next.
TEST_F(Dtls, MessagesThatNoClientSendsDisturbNoHandshake) {
  for (const std::uint8_t type : {0, 2, 3, 14, 20}) {
    End fresh_server(server_context, Role::server, client_context.fingerprint());
    End fresh_client(client_context, Role::client, server_context.fingerprint());
    std::swap(fresh_server.transport, server.transport);
    std::swap(fresh_client.transport, client.transport);
    settle(client.start(now), {}, [&](bool to_server, const ByteVector&) {
      for (std::uint8_t number = 0; to_server && number < 6; ++number) {
        const std::uint8_t forged[] = {type, 0, 0, 3, 0, number, 0, 0, 0, 0, 0, 3, 0xfe, 0xff, 0};
        server.feed(now, plain_record(22, forged));
      }
      return true;
    });
    SCOPED_TRACE(int(type));
    EXPECT_EQ(server.transport.counters().restarts, 0u);
    expect_equal_keys();
  }
}

// OpenSSL drops the header of a record of another version, and takes its body for records: what the filter looks at and what
// OpenSSL reads must not differ. Here an alert lies in a body, where a handshake's message seems to be.
TEST_F(Dtls, ARecordOfAnotherVersionHidesNoOther) {
  const std::uint8_t alert[] = {2, 40};
  const ByteVector hidden = plain_record(21, alert);
  for (const std::uint8_t number : {0, 1, 5}) {
    End fresh_server(server_context, Role::server, client_context.fingerprint());
    End fresh_client(client_context, Role::client, server_context.fingerprint());
    std::swap(fresh_server.transport, server.transport);
    std::swap(fresh_client.transport, client.transport);
    const auto length = static_cast<std::uint8_t>(1 + hidden.size());
    ByteVector body{11, 0, 0, 200, 0, number, 0, 0, 0, 0, 0, length, 0};
    body.insert(body.end(), hidden.begin(), hidden.end());
    ByteVector forged = plain_record(22, body);
    forged[2] = 0xff;
    bool first = true;
    settle(client.start(now), {}, [&](bool to_server, const ByteVector&) {
      if (to_server && !std::exchange(first, false)) server.feed(now, forged);
      return true;
    });
    server.feed(now, forged);
    SCOPED_TRACE(int(number));
    EXPECT_EQ(server.transport.counters().restarts, 0u);
    expect_equal_keys();
  }
}

// The client's last datagram from its last record to its first: its Finished is encrypted under what the record before brings.
TEST_F(Dtls, AFinishedThatOvertakesItsChangeOfCipherIsKept) {
  int finished = 0;
  settle(client.start(now), {}, [&](bool to_server, const ByteVector& datagram) {
    if (!to_server) return true;
    std::vector<ByteVector> records;
    for (Bytes rest = datagram; const auto record = next_record(rest);) {
      records.emplace_back(record->raw.begin(), record->raw.end());
      finished += record->epoch == 1;
    }
    if (finished != 1) return true;
    const Datagrams none = server.feed(now, records.back());
    EXPECT_TRUE(none.empty());
    EXPECT_EQ(server.transport.state(), State::connecting);
    // What others encrypt, and too large a record, takes no place.
    server.feed(now, [] { ByteVector junk = plain_record(21, ByteVector(20, 7)); junk[4] = 1; return junk; }());
    server.feed(now, [] { ByteVector junk = plain_record(22, ByteVector(600, 7)); junk[4] = 1; return junk; }());
    Datagrams answers;
    for (std::size_t i = 0; i + 1 < records.size(); ++i) {
      for (ByteVector& answer : server.feed(now, records[i])) answers.push_back(std::move(answer));
    }
    EXPECT_EQ(server.transport.state(), State::connected) << "without a repetition";
    for (const ByteVector& answer : answers) client.feed(now, answer);
    return false;
  });
  EXPECT_EQ(finished, 1);
  expect_equal_keys();
}

TEST_F(Dtls, GoesDownAfterTooManyBrokenHandshakes) {
  const std::uint8_t key_exchange[] = {16, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0, 12, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  server.start(now);
  for (int i = 0; i <= DtlsTransport::kMaxRestarts; ++i) {
    EXPECT_EQ(server.transport.state(), State::connecting) << i;
    server.feed(now, plain_record(22, key_exchange));
  }
  EXPECT_EQ(server.transport.failure(), Failure::handshake);
}

TEST_F(Dtls, TruncatedHellosNeverKill) {
  const Datagrams hello = client.start(now);
  for (std::size_t n = 0; n < hello[0].size(); ++n) {
    server.feed(now, Bytes(hello[0]).first(n));
    ASSERT_EQ(server.transport.state(), State::connecting) << n;
  }
  EXPECT_EQ(server.transport.counters().restarts, 0u) << "a cut record never reaches OpenSSL";
  settle(hello, {});
  expect_equal_keys();
}

TEST_F(Dtls, HandshakeBytesAreBounded) {
  server.start(now);
  // The same fragments of two messages that never become whole, for ever.
  ByteVector fragment(kHandshakeHeaderSize + 1000);
  std::size_t fed = 0;
  for (std::uint16_t i = 0; server.transport.state() == State::connecting; ++i) {
    Writer w(fragment);
    w.u8(1);
    w.u24(8000);
    w.u16(static_cast<std::uint16_t>(i % 2));
    w.u24(i % 7 * 1000u);
    w.u24(1000);
    fed += fragment.size();
    ASSERT_LT(fed, 2 * DtlsTransport::kMaxHandshakeBytes);
    server.feed(now, plain_record(22, fragment));
  }
  EXPECT_EQ(server.transport.state(), State::failed);
}

TEST_F(Dtls, CloseNotifyReachesTheOther) {
  settle(client.start(now), {});
  client.transport.close(client.box);
  EXPECT_EQ(client.transport.state(), State::closed);
  const Datagrams bye = client.drain();
  ASSERT_EQ(bye.size(), 1u);
  ByteVector forged = bye[0];
  forged.back() ^= 1;
  server.feed(now, forged);
  EXPECT_EQ(server.transport.state(), State::connected) << "what is not authenticated ends nothing";
  server.feed(now, bye[0]);
  EXPECT_EQ(server.transport.state(), State::closed);
  EXPECT_FALSE(server.transport.take_srtp_keys());
}

TEST(RecordFilter, TakesRecordsOneByOneAndRefusesWhatIsNotOne) {
  const std::uint8_t one[] = {1};
  ByteVector two = plain_record(20, one);
  const ByteVector second = plain_record(23, as_bytes("x"));
  two.insert(two.end(), second.begin(), second.end());
  for (std::size_t n = 0; n <= two.size(); ++n) {
    Bytes rest = Bytes(two).first(n);
    std::size_t records = 0;
    while (next_record(rest)) ++records;
    EXPECT_EQ(records, n / 14) << n;
  }
  ByteVector stun(20, 0);
  Bytes rest = stun;
  EXPECT_FALSE(next_record(rest));
}

TEST(RecordFilter, HandshakeLengthsMustMakeSense) {
  const auto allowed = [](std::uint32_t length, std::uint32_t offset, std::uint32_t fragment, std::size_t payload) {
    ByteVector body(kHandshakeHeaderSize + payload);
    Writer w(body);
    w.u8(1);
    w.u24(length);
    w.u16(0);
    w.u24(offset);
    w.u24(fragment);
    const ByteVector raw = plain_record(22, body);
    Bytes rest = raw;
    return acceptable_in_handshake(*next_record(rest), 8192);
  };
  EXPECT_TRUE(allowed(100, 0, 100, 100));
  EXPECT_TRUE(allowed(100, 60, 40, 40));
  EXPECT_TRUE(allowed(0, 0, 0, 0)) << "ServerHelloDone is empty";
  EXPECT_FALSE(allowed(100, 0, 0, 0)) << "an empty fragment of a message is never consumed";
  EXPECT_FALSE(allowed(100, 61, 40, 40));
  EXPECT_FALSE(allowed(8193, 0, 40, 40));
  EXPECT_FALSE(allowed(100, 0, 41, 40)) << "longer than the record";
  EXPECT_FALSE(allowed(100, 0xffffff, 40, 40));
}

TEST(RecordFilter, AnnouncedLengthsAreBoundedTogether) {
  HandshakeBudget budget(10'000);
  const auto admit = [&](std::uint16_t sequence, std::uint32_t length) {
    ByteVector body(kHandshakeHeaderSize + 10);
    Writer w(body);
    w.u8(11);
    w.u24(length);
    w.u16(sequence);
    w.u24(0);
    w.u24(10);
    const ByteVector raw = plain_record(22, body);
    Bytes rest = raw;
    return budget.admit(*next_record(rest));
  };
  EXPECT_TRUE(admit(0, 6000));
  EXPECT_TRUE(admit(0, 6000)) << "a repetition costs nothing";
  EXPECT_FALSE(admit(1, 4001));
  EXPECT_TRUE(admit(1, 4000));
  EXPECT_FALSE(admit(2, 10));
  EXPECT_FALSE(HandshakeBudget(10'000).admit([] {
    static const ByteVector raw = plain_record(22, ByteVector{1, 0, 0, 0, 0, 32, 0, 0, 0, 0, 0, 0});
    Bytes rest = raw;
    return *next_record(rest);
  }())) << "the 33rd message";
}

TEST(Fingerprint, TextRoundTripAndBadTexts) {
  const auto certificate = DtlsCertificate::make(WallTime::from_unix_ms(1'700'000'000'000)).value();
  const std::string text = certificate.fingerprint().text();
  EXPECT_EQ(text.size(), 95u);
  EXPECT_EQ(Fingerprint::parse("SHA-256", text), certificate.fingerprint());
  EXPECT_EQ(Fingerprint::parse("sha-1", text).error(), ParseError::unsupported);
  for (std::size_t n = 0; n < text.size(); ++n) EXPECT_FALSE(Fingerprint::parse("sha-256", text.substr(0, n)));
  std::string bad = text;
  bad[2] = '-';
  EXPECT_FALSE(Fingerprint::parse("sha-256", bad));
  bad = text;
  bad[0] = 'G';
  EXPECT_FALSE(Fingerprint::parse("sha-256", bad));
}

}  // namespace
}  // namespace upcall::dtls
