// VP9 payload descriptor (RFC 9628 §4.2): what an SFU and a depacketizer need to know of one packet.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.hpp"
#include "rtc/codec/video_size.hpp"

namespace upcall::rtc {

struct Vp9Descriptor {
  std::optional<std::uint16_t> picture_id;   // I: 7 or 15 bits
  bool picture_id_long = false;              // 15-bit form on the wire
  bool inter_predicted = false;              // P
  bool flexible = false;                     // F: references are named in each packet
  bool start_of_frame = false;               // B: of a layer's frame
  bool end_of_frame = false;                 // E
  bool not_reference = false;                // Z: of no use to higher spatial layers of this picture or the next
  std::optional<std::uint8_t> temporal_layer, spatial_layer;  // TID, SID
  bool switching_up = false;                 // U
  bool inter_layer = false;                  // D
  std::optional<std::uint8_t> tl0_picture_index;  // in non-flexible mode
  // The scalability structure's sizes (V, Y): of its largest layer.
  bool has_structure = false;
  std::optional<VideoSize> size;
  std::size_t header_size = 0;               // bytes of the descriptor
  std::size_t picture_id_offset = 0;         // where the picture id stands, when present
  std::size_t tl0_offset = 0;                // where TL0PICIDX stands, when present

  // First packet of a picture: of its lowest spatial layer.
  bool begins_picture() const { return start_of_frame && spatial_layer.value_or(0) == 0; }
};

ParseResult<Vp9Descriptor> parse_vp9_descriptor(Bytes payload);

// Is this RTP payload the first packet of a picture that needs no other?
bool is_vp9_key_frame(Bytes payload);

// Size of a key frame: from the scalability structure, else (profile 0) from the frame's own header; nothing for other
// packets.
std::optional<VideoSize> vp9_key_frame_size(Bytes payload);

// Of a whole picture's bytes: can a decoder begin here? (VP9 bitstream §6.2: frame_type of its first frame.)
bool is_vp9_key_picture(Bytes picture);
// Size of a key frame of profile 0 from its own header; nothing for others.
std::optional<VideoSize> vp9_frame_size(Bytes picture);

// Rewrites the picture id (keeping the wire's 7- or 15-bit form) and TL0PICIDX in place; absent fields stay absent.
void rewrite_vp9_ids(MutBytes payload, const Vp9Descriptor& descriptor, std::uint16_t picture_id,
                     std::uint8_t tl0_picture_index);

}  // namespace upcall::rtc
