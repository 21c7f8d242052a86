// Who may watch a recording, decided anew at each request, and how a film's bytes are answered: what stored films
// (recording_routes.cpp) and films that still grow (live_playback_routes.cpp) have in common. Blocks on the store.
#pragma once

#include <memory>
#include <string>

#include "api/common/responses.hpp"
#include "api/meeting/meeting_api.hpp"
#include "identity/access.hpp"

namespace upcall::api {

struct PlaybackRules {
  std::string profile_id;          // the security profile that lets people watch
  bool has_groups = false;
  std::int64_t link_minutes = 15;
};
Result<PlaybackRules> playback_rules(store::Database& db);
// Who reads a film for a command hook (service/events/hook_service.hpp).
inline constexpr std::string_view kHookViewer = "hook";
// For an hour, this one film.
std::string film_address_for_hook(MeetingApi& api, const std::string& recording_id, WallTime now);

identity::RecordingTag tag_of(const store::Recording& recording);

// The recording, if this principal may watch it now; forbidden, not_found.
Result<store::Recording> playable_recording(store::Database& db, const identity::Principal& who, const std::string& recording_id);

struct WatchedRecording {
  store::Recording recording;
  std::string viewer_id;
};
// The recording that the request's path and grant name, if the grant is valid and its viewer may watch now: a changed
// profile or a disabled user ends a playback that is running.
Result<WatchedRecording, ApiError> watched_recording(MeetingApi& api, const wire::HttpRequest& request);

// The film or the range of it that was asked for (206, 416). A viewing is noted in the audit before its first byte
// leaves (view_log.hpp).
wire::HttpResponse film_response(MeetingApi& api, const wire::HttpRequest& request, const WatchedRecording& watched,
                                 std::shared_ptr<wire::BodySource> source);

}  // namespace upcall::api
