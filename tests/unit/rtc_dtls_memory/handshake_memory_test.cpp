// What OpenSSL holds for one handshake, counted in its own allocations: whatever a stranger sends, little more than for an
// honest peer, and nothing of it stays. A program of its own, as OpenSSL's allocator can be replaced before its first use only.
#include <gtest/gtest.h>

#include <malloc.h>

#include <openssl/crypto.h>

#include "base/rng.hpp"
#include "rtc/dtls/record_filter.hpp"
#include "rtc/dtls/transport.hpp"

namespace upcall::dtls {
namespace {

std::size_t live = 0, peak = 0;   // bytes, as the allocator rounds them

void* counted(void* p) {
  if (p != nullptr) live += malloc_usable_size(p);
  peak = std::max(peak, live);
  return p;
}
void forget(void* p) { live -= p == nullptr ? 0 : malloc_usable_size(p); }

const bool replaced = CRYPTO_set_mem_functions([](std::size_t size, const char*, int) { return counted(std::malloc(size)); },
                                               [](void* p, std::size_t size, const char*, int) {
                                                 const std::size_t before = p == nullptr ? 0 : malloc_usable_size(p);
                                                 void* const moved = std::realloc(p, size);
                                                 if (moved != nullptr) live -= before;
                                                 return counted(moved);
                                               },
                                               [](void* p, const char*, int) {
                                                 forget(p);
                                                 std::free(p);
                                               }) == 1;

// Of one handshake, beyond what its object takes from the beginning.
constexpr std::size_t kMost = 64 * 1024;
// OpenSSL 3.0: 72 KiB, of which 34 are the two record buffers; another version may take a little more.
constexpr std::size_t kFreshMost = 88 * 1024;

DtlsContext make_context() { return DtlsContext::make(DtlsCertificate::make(WallTime::from_unix_ms(1'700'000'000'000)).value()).value(); }

ByteVector record(std::uint8_t type, std::uint16_t epoch, std::uint32_t number, Bytes body) {
  ByteVector out(kRecordHeaderSize + body.size());
  Writer w(out);
  w.u8(type);
  w.u16(0xfefd);
  w.u16(epoch);
  w.u16(0);
  w.u32(number);
  w.u16(static_cast<std::uint16_t>(body.size()));
  w.bytes(body);
  return out;
}
ByteVector fragment(std::uint32_t number, std::uint8_t type, std::uint32_t length, std::uint16_t sequence, std::uint32_t offset, std::size_t size) {
  ByteVector body(kHandshakeHeaderSize + size, 0x55);
  Writer w(body);
  w.u8(type);
  w.u24(length);
  w.u16(sequence);
  w.u24(offset);
  w.u24(static_cast<std::uint32_t>(size));
  return record(22, 0, number, body);
}

class HandshakeMemory : public testing::Test {
 protected:
  HandshakeMemory() {
    // What OpenSSL makes once a process is made by an honest handshake.
    for (int i = 0; i < 2; ++i) honest();
    before = live;
  }
  void SetUp() override { ASSERT_TRUE(replaced) << "OpenSSL had allocated already"; }
  void TearDown() override { EXPECT_EQ(live, before) << "something of a handshake stays"; }

  ByteVector hello() {
    DtlsTransport client(client_context, Role::client, server_context.fingerprint());
    client.start(now, out);
    ByteVector made(out[0].begin(), out[0].end());
    out.clear();
    return made;
  }
  // The most that a server and a client hold together is of no interest: the peak is taken of the server's turns alone.
  void honest() {
    DtlsTransport server(server_context, Role::server, client_context.fingerprint());
    DtlsTransport client(client_context, Role::client, server_context.fingerprint());
    std::vector<ByteVector> to_server, to_client;
    const auto take = [&](std::vector<ByteVector>& into) {
      for (std::size_t i = 0; i < out.size(); ++i) into.emplace_back(out[i].begin(), out[i].end());
      out.clear();
    };
    client.start(now, out);
    take(to_server);
    while (!to_server.empty()) {
      for (const ByteVector& d : std::exchange(to_server, {})) server.handle(now, d, out);
      take(to_client);
      for (const ByteVector& d : std::exchange(to_client, {})) client.handle(now, d, out);
      take(to_server);
    }
    ASSERT_EQ(server.state(), State::connected);
  }

  DtlsContext server_context = make_context(), client_context = make_context();
  DtlsOutbox out;
  Instant now = Instant::from_ms(1000);
  std::size_t before = 0;
};

// The measure of all that follows.
TEST_F(HandshakeMemory, AFreshOneAndOneThatSaidHello) {
  DtlsTransport server(server_context, Role::server, client_context.fingerprint());
  server.start(now, out);
  const std::size_t fresh = live - before;
  const ByteVector first = hello();
  peak = live;
  server.handle(now, first, out);
  RecordProperty("fresh_bytes", static_cast<int>(fresh));
  RecordProperty("half_open_bytes", static_cast<int>(live - before));
  std::printf("fresh %zu, half open %zu, peak %zu bytes\n", fresh, live - before, peak - before);
  EXPECT_LT(fresh, kFreshMost);
  EXPECT_LT(peak - before, fresh + kMost / 4);
}

// Everything that passes the filter and asks for memory, in any order.
TEST_F(HandshakeMemory, NoFloodMakesItGrow) {
  std::size_t worst = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SeededRandom random(seed);
    DtlsTransport server(server_context, Role::server, client_context.fingerprint());
    server.start(now, out);
    const std::size_t fresh = live;
    std::vector<ByteVector> hellos;
    for (int i = 0; i < 3; ++i) hellos.push_back(hello());
    peak = live;
    std::uint32_t number = 0;
    // What the stranger likes best: a hello first, or never; few long messages or many short ones.
    const std::uint64_t style = random.below(4);
    constexpr std::uint8_t kTypes[] = {1, 11, 15, 16};
    for (int i = 0; i < 400 && server.state() == State::connecting; ++i) {
      ++number;
      switch (style == 0 && i == 0 ? 0 : random.below(style == 3 ? 3 : 8)) {
        case 0: {  // another hello, or the same again
          ByteVector again = hellos[random.below(hellos.size())];
          again[10] = static_cast<std::uint8_t>(number);
          again[18] = static_cast<std::uint8_t>(random.below(3) == 0 ? random.below(4) : 0);
          server.handle(now, again, out);
          break;
        }
        case 1: {  // encrypted ones that come too early, as large as they may be
          ByteVector body(1 + random.below(1180), 0xaa);
          server.handle(now, record(static_cast<std::uint8_t>(20 + random.below(3)), 1, number, body), out);
          break;
        }
        default: {
          const std::uint32_t length = style == 1 ? 8192 : static_cast<std::uint32_t>(1 + random.below(8192));
          const std::size_t size = 1 + random.below(std::min<std::uint32_t>(length, 1100));
          server.handle(now, fragment(number, kTypes[random.below(4)], length, static_cast<std::uint16_t>(random.below(40)),
                                      static_cast<std::uint32_t>(random.below(length - size + 1)), size), out);
        }
      }
      out.clear();
    }
    worst = std::max(worst, peak - fresh);
    ASSERT_LE(peak - fresh, kMost) << "seed " << seed;
  }
  RecordProperty("worst_bytes", static_cast<int>(worst));
  std::printf("worst %zu bytes beyond a fresh one\n", worst);
}

TEST_F(HandshakeMemory, AConnectedOneHoldsLess) {
  DtlsTransport server(server_context, Role::server, client_context.fingerprint());
  {
    DtlsTransport client(client_context, Role::client, server_context.fingerprint());
    DtlsOutbox back;
    client.start(now, out);
    for (int round = 0; round < 8 && out.size() + back.size() > 0; ++round) {
      for (std::size_t i = 0; i < out.size(); ++i) server.handle(now, out[i], back);
      out.clear();
      for (std::size_t i = 0; i < back.size(); ++i) client.handle(now, back[i], out);
      back.clear();
    }
    ASSERT_EQ(client.state(), State::connected);
  }
  out.clear();
  ASSERT_EQ(server.state(), State::connected);
  RecordProperty("connected_bytes", static_cast<int>(live - before));
  std::printf("connected %zu bytes\n", live - before);
  EXPECT_LT(live - before, 48u * 1024);
  const std::size_t quiet = live;
  SeededRandom random(9);
  for (std::uint32_t i = 0; i < 2000; ++i) {
    const ByteVector body(1 + random.below(1180), 0xaa);
    server.handle(now, record(static_cast<std::uint8_t>(20 + random.below(4)), static_cast<std::uint16_t>(random.below(4)), 100 + i, body), out);
    out.clear();
  }
  EXPECT_EQ(server.state(), State::connected);
  EXPECT_LE(live, quiet + 40u * 1024) << "records of another epoch pile up";
}

}  // namespace
}  // namespace upcall::dtls
