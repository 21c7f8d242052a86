#include "rtc/sdp/sdp_compression.hpp"

#include <zlib.h>

#include <algorithm>

#include "base/invariant.hpp"
#include "rtc/sdp/session_description.hpp"

namespace upcall::rtc {

namespace {

// Negative: raw, without zlib's header (zlib.h, inflateInit2).
constexpr int kRawWindowBits = -MAX_WBITS;
constexpr std::size_t kPiece = 16 * 1024;

Bytef* in_bytes(Bytes bytes) { return const_cast<Bytef*>(bytes.data()); }   // zlib's pointers are not const, its use of them is

Bytes dictionary_bytes(std::string_view dictionary) { return as_bytes(dictionary.substr(0, kSdpDictionaryMax)); }

}  // namespace

ParseResult<std::string> inflate_sdp(Bytes compressed, std::string_view dictionary) {
  if (compressed.empty()) return fail(ParseError::malformed);
  if (compressed.size() > kSdpTextMax) return fail(ParseError::too_long);
  z_stream stream{};
  UPCALL_INVARIANT(inflateInit2(&stream, kRawWindowBits) == Z_OK, "zlib has memory");
  const Bytes known = dictionary_bytes(dictionary);
  if (!known.empty()) inflateSetDictionary(&stream, known.data(), static_cast<uInt>(known.size()));
  stream.next_in = in_bytes(compressed);
  stream.avail_in = static_cast<uInt>(compressed.size());
  std::string out;
  int status = Z_OK;
  while (status == Z_OK && out.size() <= kSdpTextMax) {
    const std::size_t before = out.size();
    out.resize(before + kPiece);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + before);
    stream.avail_out = static_cast<uInt>(kPiece);
    status = inflate(&stream, Z_NO_FLUSH);
    out.resize(before + kPiece - stream.avail_out);
    if (status == Z_BUF_ERROR) break;   // it wants more than there is
  }
  const bool rest = stream.avail_in > 0;
  inflateEnd(&stream);
  if (out.size() > kSdpTextMax) return fail(ParseError::too_long);
  if (status == Z_OK || status == Z_BUF_ERROR) return fail(ParseError::truncated);
  if (status != Z_STREAM_END || rest || out.empty()) return fail(ParseError::malformed);
  return out;
}

std::string deflate_sdp(std::string_view text, std::string_view dictionary) {
  z_stream stream{};
  UPCALL_INVARIANT(deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kRawWindowBits, 8, Z_DEFAULT_STRATEGY) == Z_OK, "zlib has memory");
  const Bytes known = dictionary_bytes(dictionary);
  if (!known.empty()) deflateSetDictionary(&stream, known.data(), static_cast<uInt>(known.size()));
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = in_bytes(as_bytes(text));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int status = deflate(&stream, Z_FINISH);
  out.resize(out.size() - stream.avail_out);
  deflateEnd(&stream);
  UPCALL_INVARIANT(status == Z_STREAM_END, "deflateBound is a bound");
  return out;
}

}  // namespace upcall::rtc
