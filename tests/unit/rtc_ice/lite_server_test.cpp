#include <gtest/gtest.h>

#include "rtc/ice/lite_server.hpp"
#include "base/rng.hpp"
#include "rtc/stun/builder.hpp"

namespace upcall::ice {
namespace {

const Credentials kLocal{"srvr", "server-password-of-24chr"};
const NetAddress kPeer = NetAddress::v4(192, 0, 2, 7, 5000);

struct Request {
  std::string receiver = "srvr", sender = "peer", pwd = kLocal.pwd;
  bool use_candidate = false, controlled = false, priority = true, fingerprint = true;
  std::uint16_t extra_type = 0;
};

class LiteServer : public testing::Test {
 protected:
  LiteServer() : server(kLocal) { server.set_remote_ufrag("peer"); }

  CheckResult check(Instant now, const Path& path, const Request& r = {}) {
    stun::TransactionId id{};
    id[0] = ++serial;
    stun::Builder b(request, stun::Class::request, stun::kBindingMethod, id);
    b.username(r.receiver, r.sender);
    if (r.priority) b.priority(1);
    if (r.controlled) b.ice_controlled(5); else b.ice_controlling(5);
    if (r.use_candidate) b.use_candidate();
    b.integrity(crypto::HmacSha1(as_bytes(r.pwd)));
    if (r.fingerprint) b.fingerprint();
    sent = b.finish();
    return server.handle(now, path, sent, reply);
  }
  static Path path(std::uint16_t port) {
    Path p{0, kPeer};
    p.remote.port = port;
    return p;
  }
  static std::uint16_t error_of(const CheckResult& r) {
    const auto m = stun::parse(r.reply);
    return m && m->error_code ? *m->error_code : 0;
  }

  IceLiteServer server;
  std::array<std::uint8_t, stun::kBuildBufferSize> request, reply;
  Bytes sent;
  std::uint8_t serial = 0;
  Instant t0 = Instant::from_ms(1000);
};

TEST_F(LiteServer, ValidatesThenNominatesAndAnswersWithTheMappedAddress) {
  const CheckResult first = check(t0, path(5000));
  EXPECT_EQ(first.outcome, CheckOutcome::newly_validated);
  const auto m = stun::parse(first.reply);
  ASSERT_TRUE(m);
  EXPECT_EQ(m->cls, stun::Class::success);
  EXPECT_EQ(m->xor_mapped_address, kPeer);
  EXPECT_TRUE(stun::integrity_ok(*m, crypto::HmacSha1(as_bytes(kLocal.pwd))));
  EXPECT_TRUE(server.is_validated(path(5000)));
  EXPECT_EQ(server.selected(), path(5000)) << "before nomination the last validated path is the place to send to";
  EXPECT_EQ(check(t0, path(5000)).outcome, CheckOutcome::replied);
  EXPECT_EQ(check(t0, path(5000), {.use_candidate = true}).outcome, CheckOutcome::nominated);
  EXPECT_EQ(check(t0, path(5000), {.use_candidate = true}).outcome, CheckOutcome::replied);
}

TEST_F(LiteServer, LastNominatedWinsAndValidatedOnesStayUsable) {
  check(t0, path(1), {.use_candidate = true});
  check(t0, path(2));
  EXPECT_EQ(server.selected(), path(1));
  EXPECT_EQ(check(t0, path(2), {.use_candidate = true}).outcome, CheckOutcome::nominated);
  EXPECT_EQ(server.selected(), path(2));
  EXPECT_TRUE(server.is_validated(path(1)));
  Path other_socket = path(1);
  other_socket.local_index = 1;
  EXPECT_FALSE(server.is_validated(other_socket));
}

TEST_F(LiteServer, StrangersChangeNothingAndAnswersNeverGrow) {
  struct Case { Request request; std::uint16_t error; };
  Request wrong_pwd, wrong_receiver, wrong_sender;
  wrong_pwd.pwd = "another-password-of-24ch";
  wrong_receiver.receiver = "srvx";
  wrong_sender.sender = "else";
  for (const Case& c : {Case{wrong_pwd, 401}, Case{wrong_receiver, 401}, Case{wrong_sender, 401}}) {
    const CheckResult r = check(t0, path(1), c.request);
    EXPECT_EQ(error_of(r), c.error);
    EXPECT_LE(r.reply.size(), sent.size());
    EXPECT_FALSE(server.is_validated(path(1)));
  }
  EXPECT_EQ(server.path_count(), 0u);
  EXPECT_EQ(server.counters().bad_integrity, 1u);
  EXPECT_EQ(server.counters().wrong_username, 2u);

  // The smallest request with a fingerprint is 28 bytes; a 400 would take 36.
  const Bytes tiny = stun::Builder(request, stun::Class::request, 1, {}).fingerprint().finish();
  EXPECT_EQ(server.handle(t0, path(1), tiny, reply).outcome, CheckOutcome::ignored);
  EXPECT_EQ(check(t0, path(1), {.fingerprint = false}).outcome, CheckOutcome::ignored);
}

TEST_F(LiteServer, RemoteFragmentUnknownYetIsAccepted) {
  IceLiteServer fresh(kLocal);
  check(t0, path(1), {.sender = "whoever"});
  EXPECT_EQ(fresh.handle(t0, path(1), sent, reply).outcome, CheckOutcome::newly_validated);
}

TEST_F(LiteServer, AuthenticatedButWrong) {
  EXPECT_EQ(error_of(check(t0, path(1), {.controlled = true})), 487);
  EXPECT_EQ(error_of(check(t0, path(1), {.priority = false})), 400);
  EXPECT_EQ(server.path_count(), 0u);
  ByteVector raw(request.begin(), request.end());
  // An unknown comprehension-required attribute (0x0002), authenticated.
  Writer w(raw);
  w.u16(1); w.u16(0); w.u32(stun::kMagicCookie); w.zeros(12);
  w.u16(0x0006); w.u16(9); w.bytes(as_bytes("srvr:peer")); w.zeros(3);
  w.u16(0x0002); w.u16(0);
  const std::size_t at = w.size();
  w.patch_u16(2, static_cast<std::uint16_t>(at + 24 - 20));
  const auto mac = crypto::hmac_sha1(as_bytes(kLocal.pwd), Bytes(raw).first(at));
  w.u16(0x0008); w.u16(20); w.bytes(mac);
  w.patch_u16(2, static_cast<std::uint16_t>(w.size() + 8 - 20));
  const std::uint32_t crc = stun::fingerprint(w.written());
  w.u16(0x8028); w.u16(4); w.u32(crc);
  const CheckResult r = server.handle(t0, path(1), w.written(), reply);
  EXPECT_EQ(error_of(r), 420);
  EXPECT_EQ(server.path_count(), 0u);
}

TEST_F(LiteServer, PathsAreBoundedAndTheSelectedOneIsNeverEvicted) {
  check(t0, path(1), {.use_candidate = true});
  for (std::uint16_t port = 2; port < 100; ++port) check(t0 + Duration::ms(port), path(port));
  EXPECT_EQ(server.path_count(), IceLiteServer::kMaxPaths);
  EXPECT_EQ(server.selected(), path(1));
  EXPECT_TRUE(server.is_validated(path(99)));
  EXPECT_FALSE(server.is_validated(path(2)));
}

TEST_F(LiteServer, ConsentExpiresAndFallsBack) {
  check(t0, path(1), {.use_candidate = true});
  check(t0 + Duration::s(10), path(2));
  EXPECT_EQ(server.next_deadline(), t0 + Duration::s(30));
  EXPECT_FALSE(server.handle_timeout(t0 + Duration::s(30) - Duration::ns(1)));
  EXPECT_TRUE(server.handle_timeout(t0 + Duration::s(30)));
  EXPECT_EQ(server.selected(), path(2));
  EXPECT_TRUE(server.handle_timeout(t0 + Duration::s(40)));
  EXPECT_FALSE(server.selected());
  EXPECT_TRUE(server.next_deadline().is_never());
  // A new address after a dead one is taken without any renegotiation.
  EXPECT_EQ(check(t0 + Duration::s(60), path(3), {.use_candidate = true}).outcome, CheckOutcome::nominated);
  EXPECT_EQ(server.selected(), path(3));
}

TEST(Credentials, HaveTheRightShape) {
  SeededRandom random(1);
  for (int i = 0; i < 100; ++i) {
    const Credentials c = make_credentials(random);
    EXPECT_TRUE(valid_ufrag(c.ufrag)) << c.ufrag;
    EXPECT_TRUE(valid_pwd(c.pwd)) << c.pwd;
    EXPECT_EQ(c.ufrag.size(), 8u);
    EXPECT_EQ(c.pwd.size(), 24u);
  }
  EXPECT_FALSE(valid_ufrag("abc"));
  EXPECT_FALSE(valid_ufrag("abc d"));
  EXPECT_FALSE(valid_ufrag("abcd\r\n"));
  EXPECT_FALSE(valid_ufrag(std::string(257, 'a')));
  EXPECT_FALSE(valid_pwd("short"));
}

// A stranger sends what looks like the peer's media.
class Moved : public LiteServer {
 protected:
  Moved() {
    server.set_remote("peer", kPeerPwd);
    check(t0, path(5000), {.use_candidate = true});
  }
  // The check that goes to the stranger after `bytes` came from it.
  std::optional<stun::Message> heard(Instant now, std::uint16_t port, std::size_t bytes) {
    const Bytes sent_to = server.probe(now, path(port), bytes, 77, random, probe);
    if (sent_to.empty()) return std::nullopt;
    return *stun::parse(sent_to);
  }
  CheckResult answer(Instant now, const Path& from, const stun::Message& to, const std::string& pwd = kPeerPwd) {
    stun::Builder b(request, stun::Class::success, to.method, to.transaction_id);
    sent = b.xor_mapped_address(kPeer).integrity(crypto::HmacSha1(as_bytes(pwd))).fingerprint().finish();
    return server.handle(now, from, sent, reply);
  }
  static inline const std::string kPeerPwd = "peer-password-of-24-chars";
  SeededRandom random{5};
  std::array<std::uint8_t, stun::kBuildBufferSize> probe;
};

TEST_F(Moved, TheStrangerThatAnswersTheCheckIsThePeerAndTheOldAddressEnds) {
  const auto asked = heard(t0, 6000, 200);
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->cls, stun::Class::request);
  EXPECT_EQ(asked->username, "peer:srvr");
  EXPECT_TRUE(asked->ice_controlled.has_value());
  EXPECT_TRUE(stun::integrity_ok(*asked, crypto::HmacSha1(as_bytes(kPeerPwd))));
  EXPECT_EQ(PathProber::tag_of(asked->transaction_id), 77u);
  EXPECT_FALSE(server.is_validated(path(6000))) << "asking is not believing";

  EXPECT_EQ(answer(t0, path(6000), *asked).outcome, CheckOutcome::nominated);
  EXPECT_EQ(server.selected(), path(6000));
  EXPECT_TRUE(server.is_validated(path(5000))) << "for what is under way";
  EXPECT_EQ(server.next_deadline(), t0 + IceLiteServer::kLinger);
  server.handle_timeout(t0 + IceLiteServer::kLinger);
  EXPECT_FALSE(server.is_validated(path(5000)));
  EXPECT_EQ(server.selected(), path(6000));
}

TEST_F(Moved, NobodyElseCanAnswer) {
  const auto asked = heard(t0, 6000, 200);
  ASSERT_TRUE(asked);
  EXPECT_EQ(answer(t0, path(6000), *asked, "another-password-of-24-ch").outcome, CheckOutcome::ignored);
  EXPECT_EQ(answer(t0, path(6001), *asked).outcome, CheckOutcome::ignored) << "from where it did not go";
  stun::Message other = *asked;
  other.transaction_id[11] ^= 1;
  EXPECT_EQ(answer(t0, path(6000), other).outcome, CheckOutcome::ignored);
  other.transaction_id = {};
  EXPECT_EQ(answer(t0, path(6000), other).outcome, CheckOutcome::ignored);
  EXPECT_EQ(answer(t0, path(6000), *asked).outcome, CheckOutcome::nominated);
  EXPECT_EQ(answer(t0, path(6000), *asked).outcome, CheckOutcome::ignored) << "twice";
}

TEST_F(Moved, NeverMoreBytesGoToAStrangerThanCameFromIt) {
  std::size_t in = 0, out = 0;
  for (int ms = 0; ms < 5000; ms += 20) {
    in += 23;
    if (const auto asked = heard(t0 + Duration::ms(ms), 6000, 23)) out += asked->raw.size();
    EXPECT_LE(out, in);
  }
  EXPECT_GT(out, 1000u);
}

TEST_F(Moved, ChecksOfOneAddressAreApartAndOneOfManyIsForgotten) {
  EXPECT_TRUE(heard(t0, 6000, 1000));
  EXPECT_FALSE(heard(t0 + Duration::ms(49), 6000, 1000));
  EXPECT_TRUE(heard(t0 + PathProber::kInterval, 6000, 1000));
  std::optional<stun::Message> first;
  std::array<std::uint8_t, stun::kBuildBufferSize> kept;
  for (std::uint16_t port = 7000; port < 7000 + PathProber::kMaxStrangers; ++port) {
    const auto asked = heard(t0 + Duration::s(port - 6999), port, 200);
    ASSERT_TRUE(asked);
    kept = probe;
    first = *stun::parse(Bytes(kept).first(asked->raw.size()));
  }
  EXPECT_EQ(answer(t0 + Duration::s(9), path(7000 + PathProber::kMaxStrangers - 1), *first).outcome, CheckOutcome::nominated);
}

TEST_F(Moved, WithoutItsPasswordThePeerCannotBeAsked) {
  IceLiteServer young(kLocal);
  EXPECT_TRUE(young.probe(t0, path(6000), 1000, 1, random, probe).empty());
}

TEST_F(Moved, APathThatAnotherFollowedLivesOnWhenItIsCheckedAgain) {
  check(t0, path(5001), {.use_candidate = true});
  check(t0 + Duration::ms(500), path(5000));
  server.handle_timeout(t0 + Duration::s(2));
  EXPECT_TRUE(server.is_validated(path(5000)));
  EXPECT_EQ(server.selected(), path(5001));
}

}  // namespace
}  // namespace upcall::ice
