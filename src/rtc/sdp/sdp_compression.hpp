// Descriptions as the media client compresses them: raw DEFLATE (RFC 1951), an answer with the end's answer before it as
// preset dictionary. By zlib; bounded whatever comes. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace upcall::rtc {

// The client knows so much of its previous answer, in bytes; the rest takes no part.
inline constexpr std::size_t kSdpDictionaryMax = 31744;

// truncated: it ends before its last block does. malformed: not DEFLATE, bytes behind its end, or empty. too_long: more
// than kSdpTextMax (which costs no more memory than that to find out).
ParseResult<std::string> inflate_sdp(Bytes compressed, std::string_view dictionary = {});

std::string deflate_sdp(std::string_view text, std::string_view dictionary = {});

}  // namespace upcall::rtc
