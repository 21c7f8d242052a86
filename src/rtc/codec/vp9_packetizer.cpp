#include "rtc/codec/vp9_packetizer.hpp"

#include <algorithm>

#include "rtc/codec/vp9.hpp"

namespace upcall::rtc {

void packetize_vp9(Bytes frame, std::uint16_t picture_id, std::size_t payload_max,
                   const std::function<void(Bytes payload, bool last)>& emit) {
  // I, P, F, B, E, V (RFC 9628 §4.2).
  constexpr std::uint8_t kI = 0x80, kP = 0x40, kF = 0x10, kB = 0x08, kE = 0x04, kV = 0x02;
  constexpr std::size_t kHeaderMax = 8;
  if (frame.empty() || payload_max <= kHeaderMax) return;
  const bool key = is_vp9_key_picture(frame);
  const auto size = vp9_frame_size(frame);
  const std::size_t room = payload_max - kHeaderMax;
  const std::size_t count = (frame.size() + room - 1) / room, piece = (frame.size() + count - 1) / count;
  ByteVector packet;
  packet.reserve(payload_max);
  for (std::size_t at = 0; at < frame.size(); at += piece) {
    const Bytes part = frame.subspan(at, std::min(piece, frame.size() - at));
    const bool first = at == 0, last = at + piece >= frame.size(), sized = first && size;
    packet.clear();
    packet.push_back(static_cast<std::uint8_t>(kI | kF | (key ? 0 : kP) | (first ? kB : 0) | (last ? kE : 0) | (sized ? kV : 0)));
    packet.push_back(static_cast<std::uint8_t>(0x80 | (picture_id >> 8 & 0x7f)));
    packet.push_back(static_cast<std::uint8_t>(picture_id));
    if (!key) packet.push_back(1 << 1);  // P_DIFF 1, no other
    if (sized) {
      packet.push_back(0x10);            // one layer, with its size
      for (const std::uint16_t side : {size->width, size->height}) {
        packet.push_back(static_cast<std::uint8_t>(side >> 8));
        packet.push_back(static_cast<std::uint8_t>(side));
      }
    }
    packet.insert(packet.end(), part.begin(), part.end());
    emit(packet, last);
  }
}

}  // namespace upcall::rtc
