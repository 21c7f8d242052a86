#include "api/meeting/playback_access.hpp"

#include <algorithm>
#include <charconv>

#include "api/meeting/byte_range.hpp"
#include "io/store/credential_repository.hpp"
#include "io/store/identity_repository.hpp"
#include "io/store/parameter_repository.hpp"

namespace upcall::api {

namespace {

// The viewer as the store knows it now; nothing when disabled or gone.
Result<std::optional<identity::Principal>> viewer(store::Database& db, const std::string& id) {
  if (id == kHookViewer) {
    // A program that the administrator named gets what it is told of; only the server makes such a grant.
    identity::Principal hook;
    hook.kind = identity::Principal::Kind::service;
    hook.id = id;
    hook.permissions = {identity::Permission::recording_playback, identity::Permission::recording_all_groups};
    return hook;
  }
  constexpr std::string_view kKey = "key/";
  if (!id.starts_with(kKey)) return store::users::principal(db, id);
  auto key = store::access_keys::find(db, std::string_view(id).substr(kKey.size()));
  if (!key) return tl::unexpected(key.error());
  if (!*key || (*key)->disabled) return std::nullopt;
  identity::Principal service;
  service.kind = identity::Principal::Kind::service;
  service.id = id;
  service.permissions = (*key)->permissions;
  return service;
}

}  // namespace

std::string film_address_for_hook(MeetingApi& api, const std::string& recording_id, WallTime now) {
  const PlaybackGrant grant{recording_id, std::string(kHookViewer), now + Duration::s(3600)};
  return api.options.public_url + "/api/recording/media/" + recording_id + "?grant=" + api.links.sign(grant);
}

Result<PlaybackRules> playback_rules(store::Database& db) {
  PlaybackRules out;
  auto profile = store::parameters::get_or(db, "recordingPlaybackSecurityProfileId", "");
  if (!profile) return tl::unexpected(profile.error());
  out.profile_id = *profile;
  auto groups = store::hierarchy::any(db);
  if (!groups) return tl::unexpected(groups.error());
  out.has_groups = *groups;
  auto minutes = store::parameters::get_or(db, "recordingPresignedURLExpiresMinutes", "15");
  if (!minutes) return tl::unexpected(minutes.error());
  std::from_chars(minutes->data(), minutes->data() + minutes->size(), out.link_minutes);
  out.link_minutes = std::clamp<std::int64_t>(out.link_minutes, 1, 24 * 60);
  return out;
}

identity::RecordingTag tag_of(const store::Recording& r) {
  return {r.hierarchy_group_id.value_or(""), r.hierarchy_path.value_or("")};
}

Result<store::Recording> playable_recording(store::Database& db, const identity::Principal& who, const std::string& recording_id) {
  auto playback = playback_rules(db);
  if (!playback) return tl::unexpected(playback.error());
  // Who may not watch anything learns nothing about what there is.
  if (!identity::may_ask_for_playback(who, playback->profile_id)) {
    return fail(ErrorCode::forbidden, "You are not allowed to watch this recording.");
  }
  auto recording = store::recordings::find(db, recording_id);
  if (!recording) return tl::unexpected(recording.error());
  if (!*recording) return fail(ErrorCode::not_found, "There is no such recording to watch.");
  if (identity::may_play(who, tag_of(**recording), playback->profile_id, playback->has_groups) != identity::Playback::allowed) {
    return fail(ErrorCode::forbidden, "You are not allowed to watch this recording.");
  }
  return std::move(**recording);
}

Result<WatchedRecording, ApiError> watched_recording(MeetingApi& api, const wire::HttpRequest& request) {
  const auto text = request.query_value("grant");
  const auto grant = text ? api.links.verify(*text, request.now.wall) : std::nullopt;
  const std::string recording_id(request.route_value("recordingId"));
  if (!grant || grant->recording_id != recording_id) {
    return refuse(ErrorCode::unauthenticated, "link_expired", "This address is not valid any more. Open the recording's page again.");
  }
  auto allowed = api.centre.store.read([&](store::Database& db) -> Result<store::Recording> {
    auto who = viewer(db, grant->viewer_id);
    if (!who) return tl::unexpected(who.error());
    if (!*who) return fail(ErrorCode::forbidden, "You are not allowed to watch this recording.");
    return playable_recording(db, **who, recording_id);
  });
  if (!allowed) {
    return tl::unexpected(ApiError{allowed.error(), allowed.error().code == ErrorCode::forbidden ? "playback_not_allowed" : ""});
  }
  return WatchedRecording{std::move(*allowed), grant->viewer_id};
}

wire::HttpResponse film_response(MeetingApi& api, const wire::HttpRequest& request, const WatchedRecording& watched,
                                 std::shared_ptr<wire::BodySource> source) {
  const std::uint64_t size = source->size();
  auto range = parse_byte_range(request.header("range"), size);
  if (!range) {
    wire::HttpResponse out = wire::error_response(416, range.error().message, request.request_id);
    out.set("content-range", "bytes */" + std::to_string(size));
    return out;
  }
  const std::string& id = watched.recording.recording_id;
  if (api.views.begins(watched.viewer_id, id, *range ? (*range)->first : 0, request.now.mono)) {
    // Before the first byte leaves, or it does not.
    auto noted = api.centre.store.write([&](store::Database& db) { return store::audit::add(db, {request.now.wall, watched.viewer_id, "recording.viewed", id, ""}); });
    if (!noted) {
      api.views.forget(watched.viewer_id, id);
      return failure(request, noted.error());
    }
  }
  wire::HttpResponse out;
  out.set("content-type", "video/mp4");
  out.set("accept-ranges", "bytes");
  out.set("cache-control", "private, no-store");
  out.source = std::move(source);
  if (*range) {
    out.status = 206;
    out.source_offset = (*range)->first;
    out.source_length = (*range)->last - (*range)->first + 1;
    out.set("content-range", "bytes " + std::to_string((*range)->first) + "-" + std::to_string((*range)->last) + "/" + std::to_string(size));
  } else {
    out.source_length = size;
  }
  return out;
}

}  // namespace upcall::api
