#include "two_ends.hpp"

#include "../../support/openssl_clock.hpp"

namespace upcall::dtls {

void set_clock(Instant now) { test::set_openssl_clock(now); }

namespace {

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

TEST(RecordFilter, AChangeOfCipherIsOneByteOfOne) {
  const auto allowed = [](const ByteVector& body) {
    const ByteVector raw = plain_record(20, body);
    Bytes rest = raw;
    return acceptable_in_handshake(*next_record(rest), 8192);
  };
  EXPECT_TRUE(allowed({1}));
  EXPECT_FALSE(allowed({9})) << "OpenSSL would end the handshake";
  EXPECT_FALSE(allowed({0}));
  EXPECT_FALSE(allowed({1, 1}));
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
