// The address of one recording for one viewer for some minutes: bound to all three by a MAC, so it can be handed to a
// player without a log-in header. It opens nothing by itself: each request checks the viewer's permission again.
//
// The key lives as long as the process: after a restart pages renew their addresses. Any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/rng.hpp"
#include "base/time.hpp"
#include "crypto/hmac.hpp"

namespace upcall::api {

struct PlaybackGrant {
  std::string recording_id;
  std::string viewer_id;  // identity::Principal::id
  WallTime expires;
};

class PlaybackLinks {
 public:
  explicit PlaybackLinks(RandomSource& random);
  // Text for a query parameter (base64url).
  std::string sign(const PlaybackGrant& grant) const;
  // Nothing for a text that was changed or whose time is over.
  std::optional<PlaybackGrant> verify(std::string_view text, WallTime now) const;

 private:
  crypto::HmacSha256 key_;
};

}  // namespace upcall::api
