#include "rtc/codec/h264_packetizer.hpp"

#include <algorithm>
#include <vector>

#include "rtc/codec/h264.hpp"

namespace upcall::rtc {

void packetize_h264(Bytes access_unit, std::size_t payload_max, const std::function<void(Bytes payload, bool last)>& emit) {
  constexpr std::size_t kFragmentHeader = 2;
  if (payload_max <= kFragmentHeader) return;
  // One packet stays behind until it is known whether it is the last.
  ByteVector held;
  const auto put = [&](ByteVector&& payload) {
    if (!held.empty()) emit(held, false);
    held = std::move(payload);
  };
  ByteVector sets;   // a STAP-A in the making
  const auto flush_sets = [&] {
    if (!sets.empty()) put(std::exchange(sets, {}));
  };
  for_each_h264_nal(access_unit, [&](Bytes nal) {
    const auto type = static_cast<H264Nal>(nal[0] & 0x1f);
    if ((type == H264Nal::sps || type == H264Nal::pps) && nal.size() + 3 <= payload_max && nal.size() <= 0xffff) {
      if (sets.size() + 2 + nal.size() > payload_max) flush_sets();
      if (sets.empty()) sets.push_back(static_cast<std::uint8_t>(0x60 | static_cast<std::uint8_t>(H264Nal::stap_a)));
      sets.push_back(static_cast<std::uint8_t>(nal.size() >> 8));
      sets.push_back(static_cast<std::uint8_t>(nal.size()));
      sets.insert(sets.end(), nal.begin(), nal.end());
      return;
    }
    flush_sets();
    if (nal.size() <= payload_max) return put(ByteVector(nal.begin(), nal.end()));
    // Equal pieces rather than full ones and a crumb: the loss of each costs the same.
    const Bytes body = nal.subspan(1);
    const std::size_t room = payload_max - kFragmentHeader;
    const std::size_t count = (body.size() + room - 1) / room, piece = (body.size() + count - 1) / count;
    for (std::size_t at = 0; at < body.size(); at += piece) {
      const Bytes part = body.subspan(at, std::min(piece, body.size() - at));
      ByteVector packet;
      packet.reserve(kFragmentHeader + part.size());
      packet.push_back(static_cast<std::uint8_t>((nal[0] & 0x60) | static_cast<std::uint8_t>(H264Nal::fu_a)));
      packet.push_back(static_cast<std::uint8_t>((at == 0 ? 0x80 : 0) | (at + piece >= body.size() ? 0x40 : 0) | (nal[0] & 0x1f)));
      packet.insert(packet.end(), part.begin(), part.end());
      put(std::move(packet));
    }
  });
  flush_sets();
  if (!held.empty()) emit(held, true);
}

}  // namespace upcall::rtc
