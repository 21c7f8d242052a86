// Two offers of one client, one after the other, and our answers: what a renegotiation leaves behind must not confuse the next
// (CVE-2020-13901, CVE-2023-40019).
// link: upcall_signaling
//
// Input: the first offer behind its 16-bit length (big-endian), the second to the end.
#include <cstdint>
#include <map>
#include <set>

#include "base/bytes.hpp"
#include "base/invariant.hpp"
#include "signaling/answer.hpp"

namespace {
using namespace upcall;

// A section that is refused is about this long, however short its offer was ("m=a 0 X\r\n").
constexpr std::size_t kSectionBytes = 512;

struct Client {
  std::map<std::string, std::pair<std::uint32_t, std::pair<std::uint32_t, std::uint32_t>>> sending;   // mid → stream, SSRCs
  std::uint32_t next_ssrc = 1;
  std::uint32_t version = 1;

  void offers(std::string_view text) {
    signaling::AnswerInput input;
    input.transport = {.ice_ufrag = "u", .ice_pwd = "p", .fingerprint = "AA", .setup = "passive", .ice_lite = true, .candidates = {}};
    input.session_id = 1;
    input.version = version++;
    input.cname = "c";
    input.camera_wanted = true;
    input.audio_ssrc = 1'000'000;
    input.camera_stream_id = 1;
    for (std::uint32_t i = 0; i < 64; ++i) input.receive_stream_ids.push_back(10 + i % 40);
    input.is_published = [](std::uint32_t id) { return id % 3 != 0; };
    input.ssrcs_for = [this](const std::string& mid, std::uint32_t stream) {
      auto& slot = sending[mid];
      if (slot.first != stream) {
        slot.first = stream;
        slot.second.first = next_ssrc++;
        slot.second.second = next_ssrc++;
      }
      return slot.second;
    };
    const auto answer = signaling::build_answer(text, input);
    if (!answer) return;
    const auto offer = rtc::parse_sdp(text), back = rtc::parse_sdp(answer->sdp);
    UPCALL_INVARIANT(back.has_value(), "an answer parses");
    UPCALL_INVARIANT(offer && offer->media.size() == back->media.size(), "an answer has the sections of its offer");
    for (std::size_t i = 0; i < back->media.size(); ++i) {
      UPCALL_INVARIANT(offer->media[i].mid == back->media[i].mid && offer->media[i].kind == back->media[i].kind, "in their order");
      for (const auto& codec : back->media[i].codecs) {
        bool offered = false;
        for (const auto& theirs : offer->media[i].codecs) offered = offered || theirs.payload_type == codec.payload_type;
        UPCALL_INVARIANT(offered, "nothing is answered that was not offered");
      }
    }
    UPCALL_INVARIANT(answer->sdp.size() <= 4 * text.size() + 4096 + kSectionBytes * back->media.size(), "an answer is not an amplifier");
    UPCALL_INVARIANT(answer->session.receives.size() <= input.receives_max, "no more videos than were announced");
    std::set<std::uint32_t> ssrcs, streams;
    for (const auto& receive : answer->session.receives) {
      UPCALL_INVARIANT(streams.insert(receive.stream_id).second, "a stream in one section");
      // Sections of one mid are one section to us; a client that writes two gets the same numbers in both.
      ssrcs.insert(receive.ssrc);
    }
    UPCALL_INVARIANT(ssrcs.size() == streams.size(), "an SSRC for one stream");
  }
};
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Reader in{Bytes(data, size)};
  if (in.remaining() < 2) return 0;
  const Bytes first = in.bytes(std::min<std::size_t>(in.u16(), in.remaining()));
  const Bytes second = in.bytes(in.remaining());
  Client client;
  client.offers(as_text(first));
  client.offers(as_text(second));
  client.offers(as_text(first));
  return 0;
}
