#include "rtc/framing/stream_deframer.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace upcall::rtc {
namespace {

ByteVector framed(const std::vector<ByteVector>& datagrams) {
  ByteVector out;
  for (const ByteVector& d : datagrams) {
    out.push_back(static_cast<std::uint8_t>(d.size() >> 8));
    out.push_back(static_cast<std::uint8_t>(d.size()));
    out.insert(out.end(), d.begin(), d.end());
  }
  return out;
}

const std::vector<ByteVector> kDatagrams = {{1}, ByteVector(300, 7), {}, {2, 3}, ByteVector(StreamDeframer::kDatagramMax, 9)};

TEST(StreamDeframer, CutsAStreamWhateverPiecesItComesIn) {
  const ByteVector stream = framed(kDatagrams);
  std::vector<ByteVector> wanted = kDatagrams;
  std::erase(wanted, ByteVector());   // a keep-alive
  for (const std::size_t piece : {std::size_t(1), std::size_t(2), std::size_t(3), std::size_t(299), stream.size()}) {
    StreamDeframer deframer;
    std::vector<ByteVector> got;
    for (std::size_t at = 0; at < stream.size(); at += piece) {
      const auto fed = deframer.feed(Bytes(stream).subspan(at, std::min(piece, stream.size() - at)), [&](MutBytes d) {
        got.emplace_back(d.begin(), d.end());
        std::fill(d.begin(), d.end(), 0xff);   // decrypting in place disturbs nothing
      });
      ASSERT_TRUE(fed);
    }
    EXPECT_EQ(got, wanted) << "pieces of " << piece;
  }
}

TEST(StreamDeframer, EveryTruncationGivesTheDatagramsThatAreThere) {
  const ByteVector stream = framed({{1, 2, 3}, {4, 5}});
  for (std::size_t size = 0; size < stream.size(); ++size) {
    StreamDeframer deframer;
    std::size_t got = 0;
    ASSERT_TRUE(deframer.feed(Bytes(stream).first(size), [&](MutBytes) { ++got; }));
    EXPECT_EQ(got, size >= 5 ? 1u : 0u) << size;
  }
}

TEST(StreamDeframer, ALongerDatagramEndsTheStreamForGood) {
  StreamDeframer deframer;
  std::size_t got = 0;
  const auto count = [&](MutBytes) { ++got; };
  ByteVector stream = framed({{1}});
  stream.insert(stream.end(), {(StreamDeframer::kDatagramMax + 1) >> 8, (StreamDeframer::kDatagramMax + 1) & 0xff, 0, 1, 1});
  const auto fed = deframer.feed(stream, count);
  ASSERT_FALSE(fed);
  EXPECT_EQ(fed.error(), ParseError::too_long);
  EXPECT_EQ(got, 1u);
  EXPECT_FALSE(deframer.feed(framed({{1}}), count));
  EXPECT_EQ(got, 1u);
}

}  // namespace
}  // namespace upcall::rtc
