#include "rtc/sdp/sdp_compression.hpp"

#include <fstream>
#include <iterator>

#include <gtest/gtest.h>
#include <zlib.h>

#include "rtc/sdp/session_description.hpp"

namespace upcall::rtc {
namespace {

std::string capture(const std::string& file) {
  std::ifstream in(std::string(UPCALL_TEST_DIR) + "/captures/" + file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(SdpCompression, WhatIsDeflatedInflatesAloneAndAgainstADictionary) {
  const std::string first = capture("camera/01-offer.sdp"), second = capture("camera/03-offer.sdp");
  ASSERT_FALSE(first.empty());
  ASSERT_FALSE(second.empty());
  const std::string alone = deflate_sdp(second), against = deflate_sdp(second, first);
  EXPECT_EQ(inflate_sdp(as_bytes(alone)), second);
  EXPECT_EQ(inflate_sdp(as_bytes(against), first), second);
  EXPECT_LT(alone.size(), second.size() / 2);
  EXPECT_LT(against.size(), alone.size() / 2);
  EXPECT_NE(inflate_sdp(as_bytes(against)), second) << "without what it was deflated against";
}

TEST(SdpCompression, OnlySoMuchOfADictionaryCounts) {
  const std::string known = std::string(kSdpDictionaryMax, 'a') + "beyond";
  const std::string text = "v=0\r\n" + known;
  EXPECT_EQ(deflate_sdp(text, known), deflate_sdp(text, known.substr(0, kSdpDictionaryMax)));
  EXPECT_EQ(inflate_sdp(as_bytes(deflate_sdp(text, known)), known), text);
}

TEST(SdpCompression, ABombIsFoundBeforeItFillsMemory) {
  const std::string most = deflate_sdp(std::string(kSdpTextMax, 'a')), bomb = deflate_sdp(std::string(200 << 20, 'a'));
  EXPECT_EQ(inflate_sdp(as_bytes(most))->size(), kSdpTextMax);
  ASSERT_LT(bomb.size(), std::size_t(kSdpTextMax));
  EXPECT_EQ(inflate_sdp(as_bytes(bomb)).error(), ParseError::too_long);
  EXPECT_EQ(inflate_sdp(as_bytes(deflate_sdp(std::string(kSdpTextMax + 1, 'a')))).error(), ParseError::too_long);
  EXPECT_EQ(inflate_sdp(ByteVector(kSdpTextMax + 1, 0)).error(), ParseError::too_long);
}

TEST(SdpCompression, EveryTruncationAndEveryTailIsRefused) {
  const std::string whole = deflate_sdp(capture("camera/01-offer.sdp"));
  for (std::size_t n = 0; n < whole.size(); ++n) ASSERT_FALSE(inflate_sdp(as_bytes(whole).first(n))) << n;
  EXPECT_EQ(inflate_sdp(as_bytes(whole + "x")).error(), ParseError::malformed);
  EXPECT_EQ(inflate_sdp({}).error(), ParseError::malformed);
  EXPECT_FALSE(inflate_sdp(as_bytes("v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\n"))) << "a plain one";
  EXPECT_FALSE(inflate_sdp(as_bytes(deflate_sdp("")))) << "nothing";
}

TEST(SdpCompression, NoHeaderIsWritten) {
  const std::string raw = deflate_sdp(capture("camera/01-offer.sdp"));
  z_stream stream{};
  ASSERT_EQ(inflateInit(&stream), Z_OK);   // expects zlib's header
  std::string out(1 << 16, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(raw.data()));
  stream.avail_in = static_cast<uInt>(raw.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_DATA_ERROR);
  inflateEnd(&stream);
}

}  // namespace
}  // namespace upcall::rtc
