// JoinInfo as the vendor's client takes it. Include it in .cpp files only (Boost.JSON).
#pragma once

#include <boost/json/object.hpp>

#include "api/meeting/meeting_api.hpp"

namespace upcall::api {

inline boost::json::object placement_json(const MeetingApi& api, const wire::HttpRequest& request, const std::string& meeting_id) {
  return {{"AudioHostUrl", api.options.audio_host},
          {"AudioFallbackUrl", ""},
          {"SignalingUrl", api.signaling_url(request, meeting_id)},
          {"TurnControlUrl", ""},
          {"ScreenDataUrl", ""},
          {"ScreenViewingUrl", ""},
          {"ScreenSharingUrl", ""}};
}

inline boost::json::object join_json(const MeetingApi& api, const wire::HttpRequest& request, const service::JoinInfo& info) {
  return {{"Meeting",
           {{"MeetingId", info.meeting.meeting_id},
            {"ExternalMeetingId", info.meeting.external_meeting_id},
            {"MediaRegion", api.options.media_region},
            {"MediaPlacement", placement_json(api, request, info.meeting.meeting_id)}}},
          {"Attendee",
           {{"ExternalUserId", info.attendee.external_user_id},
            {"AttendeeId", info.attendee.attendee_id},
            {"JoinToken", info.join_token}}}};
}

}  // namespace upcall::api
