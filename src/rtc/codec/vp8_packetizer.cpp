#include "rtc/codec/vp8_packetizer.hpp"

#include <algorithm>

namespace upcall::rtc {

void packetize_vp8(Bytes frame, std::uint16_t picture_id, std::size_t payload_max,
                   const std::function<void(Bytes payload, bool last)>& emit) {
  constexpr std::size_t kHeader = 4;
  if (frame.empty() || payload_max <= kHeader) return;
  const std::size_t room = payload_max - kHeader;
  // Equal pieces rather than full ones and a crumb: the loss of each costs the same.
  const std::size_t count = (frame.size() + room - 1) / room;
  const std::size_t piece = (frame.size() + count - 1) / count;
  ByteVector packet;
  packet.reserve(payload_max);
  for (std::size_t at = 0; at < frame.size(); at += piece) {
    const Bytes part = frame.subspan(at, std::min(piece, frame.size() - at));
    packet.clear();
    packet.push_back(static_cast<std::uint8_t>(0x80 | (at == 0 ? 0x10 : 0x00)));  // X, S on the first
    packet.push_back(0x80);                                                       // I
    packet.push_back(static_cast<std::uint8_t>(0x80 | (picture_id >> 8 & 0x7f)));
    packet.push_back(static_cast<std::uint8_t>(picture_id));
    packet.insert(packet.end(), part.begin(), part.end());
    emit(packet, at + piece >= frame.size());
  }
}

}  // namespace upcall::rtc
