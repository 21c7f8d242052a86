// Header extensions of what we send to an attendee, stamped at the moment of sending.
#pragma once

#include <optional>
#include <string_view>

#include "rtc/rtp/rtp_packet.hpp"
#include "sfu/connection.hpp"

namespace upcall::sfu {

// The number that the packet gets when it is sent next (Connection::send_rtp): nothing may be sent between.
inline void add_transport_sequence(rtc::RtpBuilder& builder, const Connection& to) {
  // A later answer may have left the extension out.
  if (!to.down.stamps() || to.session.extensions.transport_cc == 0) return;
  std::uint8_t value[2];
  Writer(MutBytes(value)).u16(to.down.estimator->next_sequence());
  builder.add_extension(to.session.extensions.transport_cc, value);
}

// Of a video packet; the caller goes on with the payload.
inline void add_video_extensions(rtc::RtpBuilder& builder, const Connection& to, std::string_view mid,
                                 std::optional<std::uint8_t> rotation, Instant now) {
  const wire::SfuExtensionIds& ids = to.session.extensions;
  if (ids.mid != 0 && !mid.empty()) builder.add_extension(ids.mid, as_bytes(mid));
  add_transport_sequence(builder, to);
  if (ids.abs_send_time != 0) {
    // 24 bits of 6.18 fixed point seconds.
    std::uint8_t value[3];
    Writer(MutBytes(value)).u24(static_cast<std::uint32_t>(now.us() % 64'000'000 * (1 << 18) / 1'000'000) & 0xffffff);
    builder.add_extension(ids.abs_send_time, value);
  }
  if (ids.orientation != 0 && rotation) {
    const std::uint8_t value[1] = {*rotation};
    builder.add_extension(ids.orientation, value);
  }
}

}  // namespace upcall::sfu
