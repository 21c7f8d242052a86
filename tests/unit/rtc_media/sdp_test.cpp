#include "rtc/sdp/session_description.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "rtc/sdp/sdp_writer.hpp"

namespace upcall::rtc {
namespace {

std::string read(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string capture(const std::string& name) {
  return read(std::filesystem::path(UPCALL_TEST_DIR) / "captures" / name);
}

TEST(Sdp, EveryCapturedDescriptionParses) {
  int count = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(std::filesystem::path(UPCALL_TEST_DIR) / "captures")) {
    if (entry.path().extension() != ".sdp") continue;
    const auto sdp = parse_sdp(read(entry.path()));
    ASSERT_TRUE(sdp) << entry.path() << " " << to_string(sdp.error());
    EXPECT_GE(sdp->media.size(), 1u);
    for (const SdpMedia& m : sdp->media) {
      EXPECT_FALSE(m.mid.empty());
      EXPECT_FALSE(m.ice_ufrag.empty());
      EXPECT_EQ(m.fingerprint_hash, "sha-256");
    }
    ++count;
  }
  EXPECT_GT(count, 40);
}

TEST(Sdp, CameraOfferHasItsParts) {
  const auto sdp = parse_sdp(capture("camera/03-offer.sdp"));
  ASSERT_TRUE(sdp);
  ASSERT_EQ(sdp->media.size(), 2u);
  const SdpMedia& camera = sdp->media[1];
  EXPECT_EQ(camera.direction, SdpDirection::sendrecv);
  ASSERT_EQ(camera.fid_groups.size(), 1u);
  EXPECT_EQ(camera.ssrcs.size(), 2u);
  const SdpCodec* vp8 = camera.codec("vp8");
  ASSERT_NE(vp8, nullptr);
  EXPECT_EQ(vp8->payload_type, 96);
  ASSERT_NE(camera.rtx_for(96), nullptr);
  EXPECT_EQ(camera.rtx_for(96)->payload_type, 97);
  EXPECT_EQ(camera.rtx_for(9), nullptr);
  EXPECT_EQ(sdp->media[0].codec("opus")->channels, 2);
  EXPECT_EQ(sdp->bundle.size(), 2u);
}

TEST(Sdp, StoppedSectionsKeepTheirPlace) {
  const auto sdp = parse_sdp(capture("remote/07-offer.sdp"));
  ASSERT_TRUE(sdp);
  ASSERT_EQ(sdp->media.size(), 4u);
  EXPECT_EQ(sdp->media[2].port, 0);
  EXPECT_EQ(sdp->media[3].direction, SdpDirection::recvonly);
}

// RFC 9143 §6: Firefox offers every section after the first so, and a stopped one without the word.
TEST(Sdp, BundleOnlyIsNoRejection) {
  const std::string head = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\n";
  const std::string audio = "m=audio 9 UDP/TLS/RTP/SAVPF 109\r\na=mid:0\r\n";
  const auto section = [](const std::string& mid, const std::string& more) {
    return "m=video 0 UDP/TLS/RTP/SAVPF 120\r\na=mid:" + mid + "\r\n" + more;
  };
  const auto sdp = parse_sdp(head + audio + section("1", "a=bundle-only\r\n") + section("2", "a=inactive\r\n") +
                             section("3", "a=bundle-only\r\n"));
  ASSERT_TRUE(sdp);
  ASSERT_EQ(sdp->media.size(), 4u);
  EXPECT_FALSE(sdp->media[0].is_rejected());
  EXPECT_FALSE(sdp->media[1].is_rejected());
  EXPECT_TRUE(sdp->media[2].is_rejected());
  EXPECT_TRUE(sdp->media[3].is_rejected()) << "outside the group the word says nothing";
}

TEST(Sdp, SimulcastRidsAreRead) {
  const auto sdp = parse_sdp(capture("simulcast/03-offer.sdp"));
  ASSERT_TRUE(sdp);
  EXPECT_EQ(sdp->media[1].rids, (std::vector<std::string>{"low", "mid", "hi"}));
  EXPECT_EQ(sdp->media[1].simulcast_send, sdp->media[1].rids) << "also the one that rests";
  const auto with = [](const std::string& line) {
    return parse_sdp("v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\na=simulcast:" + line + "\r\n");
  };
  const auto both = with("send 1,2;~3,4 recv 5");
  ASSERT_TRUE(both);
  EXPECT_EQ(both->media[0].simulcast_send, (std::vector<std::string>{"1", "3"})) << "the first of alternatives";
  EXPECT_EQ(both->media[0].simulcast_receive, (std::vector<std::string>{"5"}));
  for (const char* bad : {"send", "send ", "both 1", "send ~", "send 1;;2", "send 12345678901234567"}) EXPECT_FALSE(with(bad)) << bad;
  std::string many = "send 1";
  for (int i = 0; i < 16; ++i) many += ";" + std::to_string(i);
  EXPECT_FALSE(with(many));
}

TEST(Sdp, WhatWeWriteWeRead) {
  SdpTransport transport{.ice_ufrag = "abcd", .ice_pwd = "0123456789012345678901", .fingerprint = "AA:BB", .setup = "passive", .ice_lite = true,
                         .candidates = {{"192.0.2.1", 40000, "host", true}, {"2001:db8::1", 40000, "host", true}, {"192.0.2.1", 40001, "host", false}}};
  SdpMedia audio{.kind = "audio", .mid = "0", .codecs = {{111, "opus", 48000, 2, "minptime=10;useinbandfec=1", {"transport-cc"}}}, .extensions = {{4, "urn:x"}}};
  SdpMedia dead{.kind = "video", .port = 0, .mid = "1", .direction = SdpDirection::inactive, .codecs = {{96, "VP8", 90000, 1, "", {}}}};
  SdpMedia video{.kind = "video", .mid = "v", .direction = SdpDirection::sendonly, .codecs = {{96, "VP8", 90000, 1, "", {"nack", "nack pli"}}, {97, "rtx", 90000, 1, "apt=96", {}}}};
  video.fid_groups = {{11, 12}};
  video.ssrcs = {{11, "c"}, {12, "c"}};
  video.msid = "v_v track";
  const std::string text = write_sdp(5, 2, transport, {audio, dead, video});
  EXPECT_GT(text.find("a=ice-lite"), text.find("t=0 0"));
  const auto sdp = parse_sdp(text);
  ASSERT_TRUE(sdp);
  EXPECT_TRUE(sdp->ice_lite);
  EXPECT_EQ(sdp->bundle, (std::vector<std::string>{"0", "v"}));
  ASSERT_EQ(sdp->media.size(), 3u);
  ASSERT_EQ(sdp->media[0].candidates.size(), 3u);
  EXPECT_TRUE(sdp->media[0].candidates[1].udp);
  EXPECT_FALSE(sdp->media[0].candidates[2].udp);
  // RFC 6544 §4.5: the client connects. Below all of UDP.
  EXPECT_THAT(text, testing::HasSubstr("a=candidate:3 1 tcp 1516240895 192.0.2.1 40001 typ host tcptype passive\r\n"));
  EXPECT_THAT(text, testing::HasSubstr("m=audio 40000 "));
  EXPECT_EQ(sdp->media[1].port, 0);
  EXPECT_EQ(sdp->media[2].direction, SdpDirection::sendonly);
  EXPECT_EQ(sdp->media[2].fid_groups, (std::vector<std::pair<std::uint32_t, std::uint32_t>>{{11, 12}}));
  EXPECT_EQ(sdp->media[2].rtx_for(96)->payload_type, 97);
  EXPECT_EQ(sdp->media[2].msid, "v_v track");
}

TEST(Sdp, EveryTruncationAndJunkIsHandled) {
  const std::string text = capture("camera/03-offer.sdp");
  for (std::size_t n = 0; n < text.size(); ++n) parse_sdp(std::string_view(text).substr(0, n));
  EXPECT_FALSE(parse_sdp(""));
  EXPECT_FALSE(parse_sdp("hello"));
  EXPECT_FALSE(parse_sdp("v=0\r\nm=audio 70000 X 1\r\n"));
  EXPECT_FALSE(parse_sdp("v=0\r\nm=audio 9 X 1 1\r\n")) << "one payload type twice";
  EXPECT_FALSE(parse_sdp("v=0\r\nm=audio 9 X 1\r\na=mid:a b\r\n")) << "a mid with a blank would break our answer";
  std::string bomb = "v=0\r\n";
  for (int i = 0; i < 65; ++i) bomb += "m=video 9 X 96\r\n";
  EXPECT_EQ(parse_sdp(bomb).error(), ParseError::too_long);
  EXPECT_EQ(parse_sdp(std::string(kSdpTextMax + 1, 'a')).error(), ParseError::too_long);
}

// A component is a number that others used as an index (CVE-2023-40018).
TEST(Sdp, CandidatesHaveTheirRanges) {
  const auto parses = [](const std::string& candidate) { return parse_sdp("v=0\r\nm=audio 9 X 1\r\na=candidate:" + candidate + "\r\n").has_value(); };
  EXPECT_TRUE(parses("1 1 udp 5 192.0.2.1 9 typ host"));
  EXPECT_TRUE(parses("1 256 TCP 5 192.0.2.1 65535 typ host tcptype active"));
  for (const char* bad : {"1 0 udp 5 192.0.2.1 9 typ host", "1 257 udp 5 192.0.2.1 9 typ host", "1 4294967296 udp 5 192.0.2.1 9 typ host",
                          "1 -1 udp 5 192.0.2.1 9 typ host", "1 x udp 5 192.0.2.1 9 typ host", "1 1 udp 5 192.0.2.1 65536 typ host",
                          "1 1 udp 5 192.0.2.1 9", "1 1 udp 5 192.0.2.1 9 typ", "1 1 udp 5  9 typ host", "1 1 udp 5 192.0.2.1 9 kind host", ""}) {
    EXPECT_FALSE(parses(bad)) << bad;
  }
  std::string many = "v=0\r\nm=audio 9 X 1\r\n";
  for (int i = 0; i < 65; ++i) many += "a=candidate:1 1 udp 5 192.0.2.1 9 typ host\r\n";
  EXPECT_EQ(parse_sdp(many)->media[0].candidates.size(), 64u);
}

}  // namespace
}  // namespace upcall::rtc
