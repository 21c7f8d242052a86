// Records of somebody who has no key, from the peer's own address (an address is written on packets by whoever sends them):
// before, during and after a handshake they disturb nothing.
#include "two_ends.hpp"

namespace upcall::dtls {
namespace {

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

// Numbers of records in plain text are anybody's: a high one must not make all later ones look like repetitions. Once a repeated
// hello, once a change of cipher, before each record of the client's in turn.
TEST_F(Dtls, AHighNumberOfARecordMakesNoLaterOneOld) {
  for (const bool hello : {true, false}) {
    for (int position = 0; position < 6; ++position) {
      End fresh_server(server_context, Role::server, client_context.fingerprint());
      End fresh_client(client_context, Role::client, server_context.fingerprint());
      std::swap(fresh_server.transport, server.transport);
      std::swap(fresh_client.transport, client.transport);
      const Datagrams first = client.start(now);
      const std::uint8_t change[] = {1};
      ByteVector forged = hello ? first[0] : plain_record(20, change);
      forged[2] = 0xfd;
      forged[5] = 0x7f;
      int records = 0;
      Datagrams to_server = first;
      while (!to_server.empty()) {
        Datagrams to_client;
        for (const ByteVector& datagram : std::exchange(to_server, {})) {
          Bytes rest = datagram;
          while (const auto record = next_record(rest)) {
            if (records++ == position) {
              for (ByteVector& answer : server.feed(now, forged)) to_client.push_back(std::move(answer));
            }
            for (ByteVector& answer : server.feed(now, record->raw)) to_client.push_back(std::move(answer));
          }
        }
        for (const ByteVector& datagram : to_client) {
          for (ByteVector& more : client.feed(now, datagram)) to_server.push_back(std::move(more));
        }
      }
      SCOPED_TRACE(std::to_string(position) + (hello ? " hello" : " change of cipher"));
      EXPECT_EQ(records, 6) << "a hello, and a flight of five";
      EXPECT_EQ(server.transport.counters().restarts, 0u);
      expect_equal_keys();
    }
  }
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

// What seems encrypted, of any length and from anybody, ends no session that stands: OpenSSL tells the peer so, and it hangs up.
TEST_F(Dtls, RecordsThatAreTooShortToBeEncryptedChangeNothing) {
  settle(client.start(now), {});
  for (std::uint8_t type = 20; type <= 23; ++type) {
    for (std::size_t length = 1; length <= 40; ++length) {
      ByteVector junk = plain_record(type, ByteVector(length, 7));
      junk[4] = 1;
      EXPECT_TRUE(server.feed(now, junk).empty()) << "it tells the peer of it";
      EXPECT_TRUE(client.feed(now, junk).empty());
    }
  }
  expect_equal_keys();
  client.transport.close(client.box);
  for (const ByteVector& d : client.drain()) server.feed(now, d);
  EXPECT_EQ(server.transport.state(), State::closed) << "it still hears what the peer says";
}

}  // namespace
}  // namespace upcall::dtls
