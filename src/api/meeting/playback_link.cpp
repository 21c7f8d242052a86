#include "api/meeting/playback_link.hpp"

#include "base/bytes.hpp"
#include "crypto/hash.hpp"

namespace upcall::api {

namespace {
ByteVector random_key(RandomSource& random) {
  ByteVector key(32);
  random.fill(key);
  return key;
}
}  // namespace

PlaybackLinks::PlaybackLinks(RandomSource& random) : key_(random_key(random)) {}

std::string PlaybackLinks::sign(const PlaybackGrant& grant) const {
  ByteVector text(grant.recording_id.size() + grant.viewer_id.size() + 32 + 32);
  Writer out(text);
  out.text(grant.recording_id);
  out.text(grant.viewer_id);
  out.u64(static_cast<std::uint64_t>(grant.expires.unix_ms()));
  const auto mac = key_.mac(out.written());
  out.bytes(mac);
  return to_base64url(out.written());
}

std::optional<PlaybackGrant> PlaybackLinks::verify(std::string_view text, WallTime now) const {
  if (text.size() > 1024) return std::nullopt;
  const auto bytes = from_base64url(text);
  if (!bytes || bytes->size() < 32) return std::nullopt;
  const Bytes signed_part = Bytes(*bytes).first(bytes->size() - 32);
  if (!crypto::constant_time_equal(key_.mac(signed_part), Bytes(*bytes).last(32))) return std::nullopt;
  Reader in(signed_part);
  PlaybackGrant grant;
  grant.recording_id = in.text();
  grant.viewer_id = in.text();
  grant.expires = WallTime::from_unix_ms(static_cast<std::int64_t>(in.u64()));
  if (!in.ok() || grant.expires <= now) return std::nullopt;
  return grant;
}

}  // namespace upcall::api
