// VP8 payload descriptor (RFC 7741 §4.2): what an SFU and a depacketizer need to know of one packet.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.hpp"

namespace upcall::rtc {

struct Vp8Descriptor {
  bool non_reference = false;         // N: may be dropped without harm
  bool start_of_partition = false;    // S
  std::uint8_t partition_id = 0;      // PID, 0..7
  std::optional<std::uint16_t> picture_id;  // 7 or 15 bits
  bool picture_id_long = false;       // 15-bit form on the wire
  std::optional<std::uint8_t> tl0_picture_index;
  std::optional<std::uint8_t> temporal_layer;  // TID
  bool layer_sync = false;            // Y
  std::optional<std::uint8_t> key_index;
  std::size_t header_size = 0;        // bytes of the descriptor
  std::size_t picture_id_offset = 0;  // where the picture id stands, when present
  std::size_t tl0_offset = 0;         // where TL0PICIDX stands, when present

  // First packet of a frame: S set and partition 0.
  bool begins_frame() const { return start_of_partition && partition_id == 0; }
};

ParseResult<Vp8Descriptor> parse_vp8_descriptor(Bytes payload);

// Is this RTP payload the first packet of a key frame? (RFC 7741 §4.3: P bit of the payload header is 0.)
bool is_vp8_key_frame(Bytes payload);

struct Vp8FrameSize {
  std::uint16_t width = 0, height = 0;
};
// Size of a key frame from its payload header (RFC 6386 §9.1); nothing for other packets.
std::optional<Vp8FrameSize> vp8_key_frame_size(Bytes payload);

// Rewrites the picture id (keeping the wire's 7- or 15-bit form) and TL0PICIDX in place; absent fields stay absent.
void rewrite_vp8_ids(MutBytes payload, const Vp8Descriptor& descriptor, std::uint16_t picture_id,
                     std::uint8_t tl0_picture_index);

}  // namespace upcall::rtc
