#include "wire/child_control.hpp"

#include <cstring>

namespace upcall::wire {

MutBytes ChildFrameSplitter::room(std::size_t at_least) {
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (buffer_.size() < end_ + at_least) buffer_.resize(end_ + at_least);
  return MutBytes(buffer_).subspan(end_);
}

ParseResult<std::optional<ChildFrame>> ChildFrameSplitter::next() {
  Reader in(Bytes(buffer_).subspan(begin_, end_ - begin_));
  const std::uint32_t size = in.u32();
  if (!in.ok()) return std::optional<ChildFrame>{};
  if (size < 1 || size > kChildFrameMax) return fail(ParseError::malformed);
  const Bytes frame = in.bytes(size);
  if (!in.ok()) return std::optional<ChildFrame>{};
  begin_ += 4 + size;
  return std::optional<ChildFrame>(ChildFrame{static_cast<ChildMessage>(frame[0]), frame.subspan(1)});
}

void encode_child_head(ChildMessage type, std::size_t body_size, std::uint8_t (&out)[5]) {
  Writer writer(out);
  writer.u32(static_cast<std::uint32_t>(body_size + 1));
  writer.u8(static_cast<std::uint8_t>(type));
}

}  // namespace upcall::wire
