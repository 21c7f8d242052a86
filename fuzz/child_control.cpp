// Frames of the composer's control stream, in pieces of a size that the first byte names.
// link: upcall_wire
#include <algorithm>
#include <cstring>

#include "wire/child_control.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace upcall;
  if (size < 1) return 0;
  const std::size_t step = std::size_t{data[0]} + 1;
  Bytes rest(data + 1, size - 1);
  wire::ChildFrameSplitter splitter;
  std::size_t sum = 0;
  while (!rest.empty()) {
    const Bytes piece = rest.first(std::min(step, rest.size()));
    rest = rest.subspan(piece.size());
    std::memcpy(splitter.room(piece.size()).data(), piece.data(), piece.size());
    splitter.added(piece.size());
    while (true) {
      const auto frame = splitter.next();
      if (!frame) return 0;
      if (!*frame) break;
      for (const std::uint8_t b : (*frame)->body) sum += b;
    }
  }
  return sum == SIZE_MAX ? 1 : 0;
}
