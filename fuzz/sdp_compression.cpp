// Compressed descriptions: bounded whatever comes, and what inflates can be deflated again to the same text. The first byte
// says how much of the rest is the dictionary.
// link: upcall_rtc_sdp
#include <cstdint>

#include "base/invariant.hpp"
#include "rtc/sdp/sdp_compression.hpp"
#include "rtc/sdp/session_description.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace upcall;
  if (size == 0) return 0;
  const Bytes rest(data + 1, size - 1);
  const std::size_t known = std::min<std::size_t>(data[0], rest.size());
  const std::string dictionary(as_text(rest.first(known)));
  const auto text = rtc::inflate_sdp(rest.subspan(known), dictionary);
  if (!text) return 0;
  UPCALL_INVARIANT(!text->empty() && text->size() <= rtc::kSdpTextMax, "limit of descriptions");
  UPCALL_INVARIANT(rtc::inflate_sdp(as_bytes(rtc::deflate_sdp(*text, dictionary)), dictionary) == *text, "deflating and inflating are inverse");
  return 0;
}
