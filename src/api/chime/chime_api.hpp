// /aws/chime: the vendor's meetings interface (rest-json, API version 2021-07-15) for its SDKs as they are. Signed with an
// access key of the store (SigV4, service "chime"); the key needs meeting.create, and sees its own principal's meetings: to
// everybody else they are not there. Operations of the model that have no meaning here answer in its own error shape.
//
// Rates by access key and operation are those that the vendor documents for CreateMeeting: ten a second, twenty at once.
//
// Threads: handlers run on the API pool and block on the store.
#pragma once

#include "api/common/rate_limiter.hpp"
#include "api/meeting/meeting_api.hpp"
#include "service/meetings/program_meetings.hpp"

namespace upcall::api {

class ChimeApi {
 public:
  // References must outlive it.
  ChimeApi(MeetingApi& with_meetings, service::ProgramMeetings& with_programs) : meetings(with_meetings), programs(with_programs) {}

  MeetingApi& meetings;
  service::ProgramMeetings& programs;
  RateLimiter calls{10, 20};
};

// `api` must outlive the router.
void add_chime_sdk_routes(wire::Router& router, ChimeApi& api);

}  // namespace upcall::api
