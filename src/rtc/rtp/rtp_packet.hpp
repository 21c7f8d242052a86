// RTP packet (RFC 3550 §5.1) with one- and two-byte header extensions (RFC 8285) as a view on received bytes, and a
// builder that writes a fresh header. A view never outlives its bytes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/bytes.hpp"

namespace upcall::rtc {

inline constexpr std::size_t kRtpHeaderMin = 12;
inline constexpr std::size_t kRtpPacketMax = 1500;

struct RtpView {
  std::uint8_t payload_type = 0;
  bool marker = false;
  std::uint16_t sequence = 0;
  std::uint32_t timestamp = 0;
  std::uint32_t ssrc = 0;
  Bytes payload;            // without padding
  std::uint8_t padding = 0; // bytes
  std::size_t header_size = 0;

  // Raw extension block and its form; use extension().
  Bytes extension_block;
  bool two_byte_extensions = false;

  // Value of header extension `id` (1..14, or 1..255 in the two-byte form); nothing when absent or id is 0.
  std::optional<Bytes> extension(std::uint8_t id) const;
};

// Checks version, lengths, CSRC count, extension length and padding (padding >= what is left is malformed).
ParseResult<RtpView> parse_rtp(Bytes packet);

// The extensions this server understands, as numbers of their own; ids on the wire are negotiated a connection.
enum class RtpExtension : std::uint8_t {
  mid,                // RFC 8843 §15
  rid,                // RFC 8852
  repaired_rid,
  audio_level,        // RFC 6464
  abs_send_time,      // 24-bit 6.18 fixed point seconds
  transport_cc,       // transport-wide sequence number
  orientation,        // 3GPP TS 26.114 CVO
  count_
};
inline constexpr std::size_t kRtpExtensionCount = static_cast<std::size_t>(RtpExtension::count_);

// Negotiated ids of one connection; 0: not negotiated.
struct RtpExtensionIds {
  std::array<std::uint8_t, kRtpExtensionCount> id{};
  std::uint8_t operator[](RtpExtension e) const { return id[static_cast<std::size_t>(e)]; }
  void set(RtpExtension e, std::uint8_t value) { id[static_cast<std::size_t>(e)] = value; }
};

// URI as it stands in a=extmap, and back.
std::string_view extension_uri(RtpExtension extension);
std::optional<RtpExtension> extension_from_uri(std::string_view uri);

// Writes an RTP header, then extensions, then payload, into memory of the caller:
//   RtpBuilder b(buffer, header); b.add_extension(id, value); ... b.finish(payload) -> whole packet
// finish() answers an empty span when it does not fit. One-byte form only (ids 1..14, values 1..16 bytes).
class RtpBuilder {
 public:
  struct Header {
    std::uint8_t payload_type = 0;
    bool marker = false;
    std::uint16_t sequence = 0;
    std::uint32_t timestamp = 0;
    std::uint32_t ssrc = 0;
  };
  RtpBuilder(MutBytes buffer, const Header& header);

  void add_extension(std::uint8_t id, Bytes value);
  // Where the next extension's value will stand, to patch it later (transport-cc is stamped at the moment of sending).
  std::size_t next_value_offset() const { return (started_ ? writer_.size() : kRtpHeaderMin + 4) + 1; }
  // Closes the extension block; returns the offset of the payload.
  std::size_t finish_header();
  MutBytes finish(Bytes payload);

 private:
  Writer writer_;
  bool started_ = false;
};

}  // namespace upcall::rtc
