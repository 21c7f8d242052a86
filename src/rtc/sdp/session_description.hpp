// SDP (RFC 8866) as far as WebRTC offers and answers use it (RFC 8829): parsed into plain data, with limits on
// everything, and written back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace upcall::rtc {

inline constexpr std::size_t kSdpTextMax = 256 * 1024;
inline constexpr std::size_t kSdpSectionsMax = 64;
inline constexpr std::size_t kSdpPayloadsMax = 64;
inline constexpr std::size_t kSdpLinesPerSectionMax = 1024;
// Of all sections together: 63 sections as browsers offer them have about 2 900 payload types and 3 500 feedback lines. One
// "a=rtcp-fb:*" stands for as many as its section has payload types.
inline constexpr std::size_t kSdpPayloadsOfAllMax = 3072;
inline constexpr std::size_t kSdpFeedbackOfAllMax = 4096;

enum class SdpDirection : std::uint8_t { sendrecv, sendonly, recvonly, inactive };
std::string_view to_string(SdpDirection direction);
SdpDirection reversed(SdpDirection direction);

struct SdpCodec {
  std::uint8_t payload_type = 0;
  std::string name;                 // as written: "VP8", "opus"
  std::uint32_t clock_rate = 0;
  std::uint8_t channels = 1;
  std::string fmtp;                 // parameters, verbatim; empty when there is no line
  std::vector<std::string> feedback;  // "nack", "nack pli", "transport-cc", ...
};

struct SdpExtMap {
  std::uint8_t id = 0;
  std::string uri;
};

struct SdpSsrc {
  std::uint32_t ssrc = 0;
  std::string cname;
};

struct SdpCandidate {
  std::string address;  // an IP or an mDNS name; never resolved
  std::uint16_t port = 0;
  std::string type;     // host, srflx, ...
  bool udp = true;
};

// One m= section.
struct SdpMedia {
  std::string kind;                 // "audio", "video"
  std::uint16_t port = 9;           // 0: rejected or stopped, unless bundle_only
  bool bundle_only = false;         // lives on the transport of its BUNDLE group alone (RFC 9143 §6); Firefox's sections
                                    // after the first, with port 0. Never set for a mid outside the group.
  std::string mid;
  SdpDirection direction = SdpDirection::sendrecv;
  std::vector<SdpCodec> codecs;     // in the order of the m= line
  std::vector<SdpExtMap> extensions;
  std::vector<SdpSsrc> ssrcs;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> fid_groups;  // (primary, rtx), RFC 5576 §4.2
  std::vector<std::string> rids;    // RFC 8851
  std::vector<std::string> simulcast_send;  // rids of what is sent several times over (RFC 8853 §5.1), the first of each
                                    // set of alternatives; also those that are paused ("~")
  std::vector<std::string> simulcast_receive;  // likewise, as an answer takes them
  std::vector<SdpCandidate> candidates;
  std::string ice_ufrag, ice_pwd;
  std::string fingerprint_hash;     // "sha-256"
  std::string fingerprint;          // upper-case hex with colons
  std::string setup;                // "actpass", "active", "passive"
  std::string msid;                 // "stream track"
  bool rtcp_mux = false;

  // Not in use: what a port of 0 says about a section that is not bundle-only.
  bool is_rejected() const { return port == 0 && !bundle_only; }
  // First codec of this name (case-insensitive), nothing when not offered.
  const SdpCodec* codec(std::string_view name) const;
  // The RTX codec whose apt names `payload_type` (RFC 4588 §8.1).
  const SdpCodec* rtx_for(std::uint8_t payload_type) const;
};

struct SessionDescription {
  std::string origin;               // rest of the o= line
  bool ice_lite = false;
  std::vector<std::string> bundle;  // mids of the BUNDLE group
  std::vector<SdpMedia> media;
};

// Session-level ICE and DTLS attributes are copied into sections that have none of their own (RFC 8839 §5.4).
ParseResult<SessionDescription> parse_sdp(std::string_view text);

}  // namespace upcall::rtc
