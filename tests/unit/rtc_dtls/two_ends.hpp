// A server and a client of ours under a clock of the test's, for tests of DTLS.
#pragma once

#include <functional>

#include <gtest/gtest.h>

#include "rtc/dtls/record_filter.hpp"
#include "rtc/dtls/transport.hpp"

namespace upcall::dtls {

// Of OpenSSL's timers (openssl_clock.hpp, which one source file of a program includes).
void set_clock(Instant now);

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
    set_clock(now);
    transport.start(now, box);
    return drain();
  }
  Datagrams feed(Instant now, Bytes datagram) {
    set_clock(now);
    transport.handle(now, datagram, box);
    return drain();
  }
  Datagrams timeout(Instant now) {
    set_clock(now);
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

inline ByteVector plain_record(std::uint8_t type, Bytes payload) {
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

}  // namespace upcall::dtls
