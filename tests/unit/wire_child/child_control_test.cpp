// Frames between server and composer: cut anywhere, put together again; nonsense is refused.
#include <gtest/gtest.h>

#include <cstring>

#include "wire/child_control.hpp"

namespace upcall::wire {
namespace {

ByteVector frame(ChildMessage type, const std::string& body) {
  std::uint8_t head[5];
  encode_child_head(type, body.size(), head);
  ByteVector out(sizeof head + body.size());
  Writer w(out);
  w.bytes(head);
  w.bytes(as_bytes(body));
  return out;
}

void give(ChildFrameSplitter& splitter, Bytes bytes) {
  const MutBytes room = splitter.room(bytes.size());
  ASSERT_GE(room.size(), bytes.size());
  if (!bytes.empty()) std::memcpy(room.data(), bytes.data(), bytes.size());
  splitter.added(bytes.size());
}

TEST(ChildControl, FramesComeOutWholeWhereverTheStreamIsCut) {
  ByteVector stream = frame(ChildMessage::compose, "{\"a\":1}");
  const ByteVector second = frame(ChildMessage::stop, ""), third = frame(ChildMessage::fragment, std::string(3000, 'x'));
  stream.insert(stream.end(), second.begin(), second.end());
  stream.insert(stream.end(), third.begin(), third.end());
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    ChildFrameSplitter splitter;
    std::vector<std::pair<ChildMessage, std::size_t>> got;
    for (const Bytes piece : {Bytes(stream).first(cut), Bytes(stream).subspan(cut)}) {
      give(splitter, piece);
      while (true) {
        const auto next = splitter.next();
        ASSERT_TRUE(next.has_value());
        if (!*next) break;
        got.emplace_back((*next)->type, (*next)->body.size());
      }
    }
    ASSERT_EQ(got, (std::vector<std::pair<ChildMessage, std::size_t>>{
                       {ChildMessage::compose, 7}, {ChildMessage::stop, 0}, {ChildMessage::fragment, 3000}}))
        << cut;
  }
}

TEST(ChildControl, AnEmptyOrHugeFrameIsRefusedBeforeItIsWaitedFor) {
  for (const std::uint32_t size : {0u, kChildFrameMax + 1, 0xffffffffu}) {
    ChildFrameSplitter splitter;
    std::uint8_t raw[4];
    Writer(raw).u32(size);
    give(splitter, raw);
    EXPECT_FALSE(splitter.next().has_value()) << size;
  }
}

}  // namespace
}  // namespace upcall::wire
