// Picture id and TL0PICIDX of a payload descriptor, written in place: VP8 (RFC 7741 §4.2) and VP9 (RFC 9628 §4.2) have them in the
// same form. What is absent stays absent, 7 bits stay 7 bits.
#pragma once

#include <cstdint>

#include "base/bytes.hpp"

namespace upcall::rtc {

// A descriptor that was parsed from this payload.
template <class Descriptor>
void rewrite_picture_ids(MutBytes payload, const Descriptor& descriptor, std::uint16_t picture_id, std::uint8_t tl0_picture_index) {
  if (descriptor.picture_id) {
    if (descriptor.picture_id_long) {
      payload[descriptor.picture_id_offset] = static_cast<std::uint8_t>(0x80 | (picture_id >> 8 & 0x7f));
      payload[descriptor.picture_id_offset + 1] = static_cast<std::uint8_t>(picture_id);
    } else {
      payload[descriptor.picture_id_offset] = static_cast<std::uint8_t>(picture_id & 0x7f);
    }
  }
  if (descriptor.tl0_picture_index) payload[descriptor.tl0_offset] = tl0_picture_index;
}

}  // namespace upcall::rtc
