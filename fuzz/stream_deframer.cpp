// A stream in two ways of cutting it: the same datagrams, the same end. The first byte says where to cut.
// link: upcall_rtc_framing
#include <cstdlib>
#include <vector>

#include "rtc/framing/stream_deframer.hpp"

using namespace upcall;

namespace {

struct Outcome {
  std::vector<ByteVector> datagrams;
  bool lost = false;
  bool operator==(const Outcome&) const = default;
};

Outcome run(Bytes stream, std::size_t piece) {
  Outcome out;
  rtc::StreamDeframer deframer;
  while (!stream.empty() && !out.lost) {
    const std::size_t n = std::min(piece, stream.size());
    out.lost = !deframer.feed(stream.first(n), [&](MutBytes d) {
      if (d.empty() || d.size() > rtc::StreamDeframer::kDatagramMax) std::abort();
      out.datagrams.emplace_back(d.begin(), d.end());
      std::fill(d.begin(), d.end(), 0);
    });
    stream = stream.subspan(n);
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Bytes stream(data + 1, size - 1);
  if (run(stream, 1 + data[0]) != run(stream, size)) std::abort();
  return 0;
}
