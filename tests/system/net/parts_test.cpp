// The pure parts of the network shell.
#include <gtest/gtest.h>

#include "base/wall_text.hpp"
#include "io/net/peer_key.hpp"
#include "io/net/response_head.hpp"
#include "io/net/tls_identity.hpp"

namespace upcall::net {
namespace {

TEST(PeerKey, SipHashReferenceVector) {
  // The example in appendix A of the SipHash paper: key 00..0f, input 00..0e.
  SipKey key;
  for (std::size_t i = 0; i < 16; ++i) key[i] = static_cast<std::uint8_t>(i);
  EXPECT_EQ(siphash24(key, Bytes(key.data(), 15)), 0xa129ca6149be45e5ull);
  EXPECT_EQ(siphash24(key, {}), 0x726fdb47dd0e0e31ull);
}

TEST(PeerKey, CountsHostsNotPorts) {
  const SipKey key{1, 2, 3};
  const NetAddress a = NetAddress::v4(192, 0, 2, 1, 1000);
  EXPECT_EQ(peer_key(key, a), peer_key(key, NetAddress::v4(192, 0, 2, 1, 2000)));
  EXPECT_NE(peer_key(key, a), peer_key(key, NetAddress::v4(192, 0, 2, 2, 1000)));
  EXPECT_NE(peer_key(key, a), peer_key(SipKey{9}, a));
  EXPECT_EQ(peer_key(key, *parse_ip("2001:db8:1:2::1", 1)), peer_key(key, *parse_ip("2001:db8:1:2:ffff::2", 1)));
  EXPECT_NE(peer_key(key, *parse_ip("2001:db8:1:2::1", 1)), peer_key(key, *parse_ip("2001:db8:1:3::1", 1)));
  EXPECT_EQ(peer_key(key, *parse_ip("::ffff:192.0.2.1", 1)), peer_key(key, a));
}

TEST(ResponseHead, DatesAndLengths) {
  EXPECT_EQ(http_date(*parse_iso8601("1994-11-06T08:49:37Z")), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(http_date(*parse_iso8601("2024-02-29T00:00:00Z")), "Thu, 29 Feb 2024 00:00:00 GMT");
  wire::HttpResponse none;
  none.status = 204;
  EXPECT_EQ(response_head(none, 0, true, "", WallTime()).find("content-length"), std::string::npos);
  none.status = 200;
  EXPECT_NE(response_head(none, 0, true, "", WallTime()).find("content-length: 0\r\n"), std::string::npos);
}

TEST(TlsIdentity, SelfSignedNamesAndFingerprint) {
  const auto made = make_self_signed({"localhost", "::1"}, *parse_iso8601("2026-01-01T00:00:00Z"));
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(certificate_fingerprint(made->certificate_pem)->size(), 95u);
  EXPECT_FALSE(make_self_signed({}, WallTime()));
  EXPECT_FALSE(make_self_signed({"a,DNS:evil"}, WallTime()));
  EXPECT_FALSE(certificate_fingerprint("nonsense"));
  EXPECT_FALSE(load_tls_identity("/nonexistent/cert.pem", "/nonexistent/key.pem"));
}

}  // namespace
}  // namespace upcall::net
