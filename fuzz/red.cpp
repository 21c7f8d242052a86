// Redundant audio on arbitrary bytes: what is read lies inside of the packet, and what is written again reads the same.
// link: upcall_rtc_red
#include <cstdint>
#include <cstdlib>

#include "rtc/red/red.hpp"
#include "rtc/red/red_receiver.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace rtc = upcall::rtc;
  const upcall::Bytes payload(data, size);
  const auto red = rtc::parse_red(payload);
  if (!red) return 0;
  std::size_t inside = 1 + red->primary.payload.size();
  for (const rtc::RedBlock& block : red->earlier()) inside += 4 + block.payload.size();
  if (inside != size) std::abort();
  rtc::RedReceiver receiver;
  for (const rtc::RedFrame& frame : receiver.split(100, 1'000'000, red->primary.payload_type, *red)) {
    if (frame.sequence > 100 || frame.sequence < 100 - rtc::RedReceiver::kBackMax) std::abort();
  }
  std::uint8_t again[4096];
  const std::size_t written = rtc::write_red(again, red->earlier(), red->primary.payload_type, red->primary.payload);
  if (size <= sizeof again && (written != size || !std::equal(payload.begin(), payload.end(), again))) std::abort();
  return 0;
}
