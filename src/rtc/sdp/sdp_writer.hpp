// Writes offers and answers. Sections are given as data; everything in them was validated by whoever made it.
#pragma once

#include <string>
#include <vector>

#include "rtc/sdp/session_description.hpp"

namespace upcall::rtc {

// What is the same for all sections of one bundled session.
struct SdpTransport {
  std::string ice_ufrag, ice_pwd;
  std::string fingerprint;               // sha-256, upper-case hex with colons
  std::string setup;                     // answer: "passive"
  bool ice_lite = false;
  std::vector<SdpCandidate> candidates;  // host candidates, UDP before TCP; port of the m= line is the first one's
};

// `session_id`: a number of this session; `version` rises by one a description (RFC 8866 §5.2).
std::string write_sdp(std::uint64_t session_id, std::uint32_t version, const SdpTransport& transport,
                      const std::vector<SdpMedia>& media);

}  // namespace upcall::rtc
