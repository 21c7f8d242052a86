// What the routes of meetings and recordings share, and the functions that add them to a router. References in
// MeetingApi must outlive the router.
#pragma once

#include <optional>
#include <string>

#include "api/centre/centre_api.hpp"
#include "api/common/openapi.hpp"
#include "api/common/view_log.hpp"
#include "api/meeting/playback_link.hpp"
#include "service/meetings/meeting_directory.hpp"
#include "service/recording/recording_service.hpp"

namespace upcall::api {

struct MeetingApiOptions {
  std::string public_url;        // http(s)://host[:port], no slash at its end
  std::string media_region = "local";
  std::string record_key;        // JWK of the key that signs manifests
  std::string audio_host;        // any non-empty text switches the client's audio on
};

class MeetingApi {
 public:
  MeetingApi(CentreApi& with_centre, service::MeetingDirectory& with_directory, service::MeetingRuntime& with_runtime,
             service::RecordingService& with_recordings, objects::ObjectStore& with_objects, MeetingApiOptions with_options)
      : centre(with_centre),
        directory(with_directory),
        runtime(with_runtime),
        recordings(with_recordings),
        objects(with_objects),
        options(std::move(with_options)),
        links(with_centre.random) {}

  CentreApi& centre;
  service::MeetingDirectory& directory;
  service::MeetingRuntime& runtime;
  service::RecordingService& recordings;
  objects::ObjectStore& objects;
  const MeetingApiOptions options;
  PlaybackLinks links;
  ViewLog views;

  // The recording stack is switched by a parameter, without a restart.
  bool recording_deployed();
  // wss://…/control/{meetingId} or ws://
  std::string signaling_url(const wire::HttpRequest& request, const std::string& meeting_id) const;
};

// /api/chime/*: create and end meetings, attendees (staff).
void add_chime_routes(wire::Router& router, MeetingApi& api, OpenApi& openapi);
// /api/meeting/*: the customer's own join data and the names in the meeting.
void add_customer_meeting_routes(wire::Router& router, MeetingApi& api, OpenApi& openapi);
// /api/recording/*: start, stop, summary, playback.
void add_recording_routes(wire::Router& router, MeetingApi& api, OpenApi& openapi);
// /api/recording/live/*: films that are not stored yet; add_recording_routes does it.
void add_live_playback_routes(wire::Router& router, MeetingApi& api, OpenApi& openapi);
// /api/recording/manifest/*: what is said of a film for good; add_recording_routes does it.
void add_manifest_routes(wire::Router& router, MeetingApi& api, OpenApi& openapi);
// The signalling socket /control/{meetingId} and /internal/meetings/{id}.
void add_control_routes(wire::Router& router, MeetingApi& api);

}  // namespace upcall::api
