// Recording: the original's RecordingAPI, and playback of what was recorded.
#include <algorithm>
#include <charconv>

#include "api/centre/contact_lookup.hpp"
#include "api/common/external_id.hpp"
#include "api/common/responses.hpp"
#include "api/meeting/meeting_api.hpp"
#include "api/meeting/playback_access.hpp"
#include "api/meeting/recording_start.hpp"
#include "base/wall_text.hpp"
#include "identity/access.hpp"
#include "io/store/identity_repository.hpp"
#include "io/store/parameter_repository.hpp"
#include "json/json.hpp"

namespace upcall::api {
namespace {

namespace bj = boost::json;

constexpr Operation kOperations[] = {
    {"POST", "/api/recording/recording", "startRecording", "Start recording an own meeting.", OperationAuth::staff,
     R"({"type":"object","required":["externalMeetingId"],"properties":{"externalMeetingId":{"type":"string"},"connectContactId":{"type":"string"}}})",
     R"({"type":"object","properties":{"success":{"type":"string"},"data":{"type":"object","properties":{"recordingId":{"type":"string"},"message":{"type":"string"}}},"reqId":{"type":"string"}}})",
     "400 401 403 404 409", ""},
    {"DELETE", "/api/recording/recording", "stopRecording", "Stop recording an own meeting.", OperationAuth::staff,
     R"({"type":"object","required":["externalMeetingId"],"properties":{"externalMeetingId":{"type":"string"}}})",
     R"({"type":"object"})", "400 401 403 404 409", ""},
    {"POST", "/api/recording/pause", "pauseRecording", "Pause the recording of an own meeting; it goes on by itself at resumesAt.", OperationAuth::staff,
     R"({"type":"object","required":["externalMeetingId"],"properties":{"externalMeetingId":{"type":"string"}}})",
     R"({"type":"object"})", "400 401 403 404 409", ""},
    {"POST", "/api/recording/resume", "resumeRecording", "End the pause.", OperationAuth::staff,
     R"({"type":"object","required":["externalMeetingId"],"properties":{"externalMeetingId":{"type":"string"}}})",
     R"({"type":"object"})", "400 401 403 404 409", ""},
    {"POST", "/api/recording/forget", "forgetRecording",
     "Destroy the last seconds of what is being recorded of an own meeting. They are in no film, and nobody can bring them back.", OperationAuth::staff,
     R"({"type":"object","required":["externalMeetingId","seconds"],"properties":{"externalMeetingId":{"type":"string"},"seconds":{"type":"integer","minimum":1,"maximum":300}}})",
     R"({"type":"object","properties":{"success":{"type":"string"},"data":{"type":"object","properties":{"recordingId":{"type":"string"},"from":{"type":"string"},"until":{"type":"string"}}},"reqId":{"type":"string"}}})",
     "400 401 403 404 409", ""},
    {"GET", "/api/recording/recording-summary", "getRecordingSummary", "The recordings of a meeting that the caller may watch.",
     OperationAuth::staff, "", R"({"type":"object"})", "400 401 403 404", "externalMeetingId"},
    {"GET", "/api/recording/media/{recordingId}", "getRecordingMedia", "The film itself, by ranges, with a summary's address.",
     OperationAuth::none, "", "", "206 401 403 404 416", "grant"},
};

wire::HttpResponse not_deployed(const wire::HttpRequest& request) {
  return failure(request, ErrorCode::not_found, "recording_off", "Recording is switched off here.");
}

Result<std::string> meeting_id_in(const wire::HttpRequest& request) {
  auto body = body_object(request);
  if (!body) return tl::unexpected(body.error());
  // The contact is the meeting's own; what a client says of it is only checked.
  if (body->contains("connectContactId")) {
    const auto contact = json::text_at(*body, "connectContactId");
    if (!contact || contact->size() > 256 || !json::is_clean_text(*contact)) {
      return fail(ErrorCode::invalid_argument, "connectContactId must be a clean text of at most 256 bytes.");
    }
  }
  if (!body->contains("externalMeetingId")) return fail(ErrorCode::invalid_argument, "You must provide externalMeetingId.");
  const auto text = json::text_at(*body, "externalMeetingId");
  if (!text || !is_external_id(*text)) {
    return fail(ErrorCode::invalid_argument, "externalMeetingId must be 2 to 64 letters, digits, '-' or '_'.");
  }
  return std::string(*text);
}

// Idempotency-Key: 1 to 128 visible characters, or none (draft-ietf-httpapi-idempotency-key-header).
Result<std::string> idempotency_key(const wire::HttpRequest& request) {
  const auto key = request.header("idempotency-key");
  if (!key) return std::string();
  const auto visible = [](char c) { return c > ' ' && c <= '~'; };
  if (key->empty() || key->size() > 128 || !std::all_of(key->begin(), key->end(), visible)) {
    return fail(ErrorCode::invalid_argument, "Idempotency-Key must be 1 to 128 visible characters.");
  }
  return "client/" + std::string(*key);
}

// May this principal stop what somebody else records? A supervisor may, where the hierarchy rule lets him.
Result<bool> supervises(MeetingApi& api, const identity::Principal& principal, const std::string& id) {
  return api.centre.store.read([&](store::Database& db) -> Result<bool> {
    auto recording = store::recordings::in_progress(db, id);
    if (!recording) return tl::unexpected(recording.error());
    auto groups = store::hierarchy::any(db);
    if (!groups) return tl::unexpected(groups.error());
    return *recording && identity::may_stop(principal, tag_of(**recording), *groups);
  });
}

enum class Control : std::uint8_t { start, stop };

// The meeting whose recording the caller controls: an own one, if its contact leaves that to the agent; a supervisor
// stops whatever the contact says.
Result<store::Meeting, ApiError> controlled_meeting(MeetingApi& api, const identity::Principal& principal, const std::string& id, Control control) {
  auto meeting = api.directory.find(id);
  if (!meeting) return tl::unexpected(meeting.error());
  if (!*meeting) return refuse(ErrorCode::not_found, "no_such_meeting", "There is no such meeting.");
  if (!identity::owns(principal, (*meeting)->owner_principal)) {
    const auto may = control == Control::stop ? supervises(api, principal, id) : Result<bool>(false);
    if (!may) return tl::unexpected(may.error());
    if (!*may) return refuse(ErrorCode::forbidden, "not_owner", "You are not the owner of this meeting.");
    return std::move(**meeting);
  }
  if ((*meeting)->contact_id) {
    auto facts = contact_facts(api.centre, *(*meeting)->contact_id);
    if (!facts) return tl::unexpected(facts.error());
    // The flow decides whether the agent controls the recording, not the button in a page.
    if (*facts) {
      const auto flag = (*facts)->attributes.find("videoRecordingStartStopEnabled");
      std::string value = flag == (*facts)->attributes.end() ? "" : flag->second;
      std::transform(value.begin(), value.end(), value.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      if (value != "true") return refuse(ErrorCode::forbidden, "recording_not_enabled", "Recording is not in the agent's hands for this contact.");
    }
  }
  return std::move(**meeting);
}

struct PauseRules {
  bool allowed = false;
  std::int64_t longest_s = 300;
};

Result<PauseRules> pause_rules(MeetingApi& api) {
  return api.centre.store.read([](store::Database& db) -> Result<PauseRules> {
    auto allowed = store::parameters::get_or(db, "recordingPauseAllowed", "false");
    if (!allowed) return tl::unexpected(allowed.error());
    auto longest = store::parameters::get_or(db, "recordingPauseMaxSeconds", "300");
    if (!longest) return tl::unexpected(longest.error());
    PauseRules out{*allowed == "true", 300};
    std::from_chars(longest->data(), longest->data() + longest->size(), out.longest_s);
    return out;
  });
}

// POST pause, resume and forget: the same caller, meeting and rules; then `act`.
template <class F>
wire::HttpResponse control_pause(MeetingApi& api, const wire::HttpRequest& request, const ApiError& not_allowed, F act) {
  auto principal = api.centre.authenticator.authorize(request);
  if (!principal) return failure(request, principal.error());
  if (!api.recording_deployed()) return not_deployed(request);
  auto id = meeting_id_in(request);
  if (!id) return failure(request, id.error());
  auto rules = pause_rules(api);
  if (!rules) return failure(request, rules.error());
  if (!rules->allowed) return failure(request, not_allowed);
  auto meeting = controlled_meeting(api, *principal, *id, Control::start);
  if (!meeting) return failure(request, meeting.error());
  return act(*principal, *id, *rules);
}

const ApiError kNoPausing{{ErrorCode::forbidden, "Pausing recordings is not allowed here."}, "pause_not_allowed"};
const ApiError kNoForgetting{{ErrorCode::forbidden, "Forgetting parts of recordings is not allowed here."}, "forget_not_allowed"};

wire::HttpResponse pause(MeetingApi& api, const wire::HttpRequest& request) {
  return control_pause(api, request, kNoPausing, [&](const identity::Principal& principal, const std::string& id, const PauseRules& rules) {
    auto paused = api.recordings.pause(id, Duration::s(rules.longest_s), principal.id);
    if (!paused) return failure(request, ApiError{paused.error(), paused.error().code == ErrorCode::conflict ? "nothing_to_pause" : ""});
    return success(request, "Recording paused", bj::object{{"recordingId", paused->recording_id}, {"resumesAt", to_iso8601(paused->resumes_at)}, {"resumesInMs", (paused->resumes_at - request.now.wall).ms()}});
  });
}

wire::HttpResponse go_on(MeetingApi& api, const wire::HttpRequest& request) {
  return control_pause(api, request, kNoPausing, [&](const identity::Principal& principal, const std::string& id, const PauseRules&) {
    auto resumed = api.recordings.go_on(id, principal.id);
    if (!resumed) return failure(request, ApiError{resumed.error(), resumed.error().code == ErrorCode::conflict ? "not_paused" : ""});
    return success(request, "Recording goes on", bj::object{});
  });
}

wire::HttpResponse forget(MeetingApi& api, const wire::HttpRequest& request) {
  return control_pause(api, request, kNoForgetting, [&](const identity::Principal& principal, const std::string& id, const PauseRules&) {
    auto body = body_object(request);
    if (!body) return failure(request, body.error());
    // Which numbers are allowed is the recording's own; one that is none is out of every range.
    auto forgotten = api.recordings.forget(id, json::integer_at(*body, "seconds").value_or(0), principal.id);
    if (!forgotten) {
      const ErrorCode code = forgotten.error().code;
      return failure(request, ApiError{forgotten.error(), code == ErrorCode::conflict ? "nothing_to_forget" : code == ErrorCode::forbidden ? "forget_not_allowed" : ""});
    }
    return success(request, "Forgotten", bj::object{{"recordingId", forgotten->recording_id}, {"from", to_iso8601(forgotten->from)}, {"until", to_iso8601(forgotten->until)}});
  });
}

wire::HttpResponse start(MeetingApi& api, const wire::HttpRequest& request) {
  auto principal = api.centre.authenticator.authorize(request);
  if (!principal) return failure(request, principal.error());
  if (!api.recording_deployed()) return not_deployed(request);
  auto id = meeting_id_in(request);
  if (!id) return failure(request, id.error());
  auto key = idempotency_key(request);
  if (!key) return failure(request, key.error());
  auto meeting = controlled_meeting(api, *principal, *id, Control::start);
  if (!meeting) return failure(request, meeting.error());
  auto recording = start_recording(api, {*id, *principal, meeting->contact_id, *key});
  if (!recording) {
    if (recording.error().code == ErrorCode::exhausted) return failure(request, ErrorCode::unavailable, "disk_full", recording.error().message);
    const bool conflict = recording.error().code == ErrorCode::conflict;
    return failure(request, ApiError{recording.error(), !conflict ? "" : meeting->ended ? "meeting_ended" : "recording_in_progress"});
  }
  return success(request, "Recording started", bj::object{{"recordingId", recording->recording_id}, {"message", "Recording start initiated"}});
}

wire::HttpResponse stop(MeetingApi& api, const wire::HttpRequest& request) {
  auto principal = api.centre.authenticator.authorize(request);
  if (!principal) return failure(request, principal.error());
  if (!api.recording_deployed()) return not_deployed(request);
  auto id = meeting_id_in(request);
  if (!id) return failure(request, id.error());
  auto key = idempotency_key(request);
  if (!key) return failure(request, key.error());
  auto meeting = controlled_meeting(api, *principal, *id, Control::stop);
  if (!meeting) return failure(request, meeting.error());
  auto stopped = api.recordings.stop(*id, wire::TapStopReason::requested, principal->id, *key);
  if (!stopped) return failure(request, ApiError{stopped.error(), stopped.error().code == ErrorCode::conflict ? "nothing_to_stop" : ""});
  return success(request, "Recording stopped",
                 bj::object{{"recordingsStopped", stopped->stopped}, {"recordingsNotStopped", stopped->not_stopped}});
}

// What a page shows of a film that cannot be watched yet.
bj::object progress_of(const store::Recording& r, std::int64_t composed_ms, WallTime now) {
  const Duration captured = r.started ? r.stopped.value_or(now) - *r.started : Duration();
  const double captured_s = std::max(captured, Duration()).seconds();
  // The composer counts on the journal's clock, which may run a little past the stop.
  return {{"capturedSeconds", captured_s}, {"composedSeconds", std::min(static_cast<double>(composed_ms) / 1000, captured_s)}};
}

wire::HttpResponse summary(MeetingApi& api, const wire::HttpRequest& request) {
  auto principal = api.centre.authenticator.authorize(request);
  if (!principal) return failure(request, principal.error());
  const auto id = request.query_value("externalMeetingId");
  if (!id || id->empty()) return failure(request, ErrorCode::invalid_argument, "You must provide externalMeetingId.");
  auto read = api.centre.store.read([&](store::Database& db) -> Result<std::pair<PlaybackRules, std::vector<store::Recording>>> {
    auto playback = playback_rules(db);
    if (!playback) return tl::unexpected(playback.error());
    auto list = store::recordings::of_meeting(db, *id);
    if (!list) return tl::unexpected(list.error());
    return std::pair(std::move(*playback), std::move(*list));
  });
  if (!read) return failure(request, read.error());
  auto& [playback, list] = *read;
  // Who may not watch anything learns nothing about what there is.
  if (!identity::may_ask_for_playback(*principal, playback.profile_id)) {
    return failure(request, ErrorCode::forbidden, "playback_not_allowed", "You are not allowed to watch recordings.");
  }
  if (list.empty()) return failure(request, ErrorCode::not_found, "no_recordings", "There are no recordings of this meeting.");
  bj::array out;
  for (const store::Recording& r : list) {
    if (identity::may_play(*principal, tag_of(r), playback.profile_id, playback.has_groups) != identity::Playback::allowed) continue;
    bj::object entry{{"recordingId", r.recording_id},
                     {"createdAt", to_iso8601(r.requested)},
                     {"status", store::to_string(r.state)}};
    if (r.stopped) entry["endedAt"] = to_iso8601(*r.stopped);
    if (r.duration_ms) entry["durationMs"] = *r.duration_ms;
    if (r.size_bytes) entry["sizeBytes"] = *r.size_bytes;
    if (!r.reason.empty()) entry["reason"] = r.reason;
    if (auto facts = json::parse_object(r.data)) entry["facts"] = *facts;
    if (const auto until = service::paused_until(r)) entry["paused"] = bj::object{{"resumesAt", to_iso8601(*until)}};
    if (r.state != store::RecordingState::stored && r.state != store::RecordingState::failed) {
      entry["progress"] = progress_of(r, api.recordings.composed_ms(r.recording_id), request.now.wall);
    }
    // Who asks with the right to watch is the viewer that a film on demand waits for.
    api.recordings.want_film(r.recording_id);
    const auto address = [&](const std::string& folder, const char* file) {
      const PlaybackGrant grant{r.recording_id, principal->id, request.now.wall + Duration::s(playback.link_minutes * 60)};
      return base_url(request, api.options.public_url) + "/api/recording/" + folder + r.recording_id + file + "?grant=" + api.links.sign(grant);
    };
    if (r.state == store::RecordingState::stored) {
      entry["recordingURL"] = address("media/", "");
    } else if (r.state != store::RecordingState::failed && api.recordings.film(r.recording_id)) {
      entry["liveURL"] = address("live/", "/index.m3u8");
    }
    out.push_back(std::move(entry));
  }
  if (out.empty()) return failure(request, ErrorCode::forbidden, "playback_not_allowed", "You are not allowed to watch these recordings.");
  return success(request, "Recording summary", std::move(out));
}

wire::HttpResponse media(MeetingApi& api, const wire::HttpRequest& request) {
  auto watched = watched_recording(api, request);
  if (!watched) return failure(request, watched.error());
  if (watched->recording.state != store::RecordingState::stored) {
    return failure(request, ErrorCode::not_found, "There is no such recording to watch.");
  }
  auto source = api.objects.open(watched->recording.object_key);
  if (!source) return failure(request, source.error());
  return film_response(api, request, *watched, std::move(*source));
}

}  // namespace

void add_recording_routes(wire::Router& router, MeetingApi& api, OpenApi& openapi) {
  openapi.add(kOperations);
  router.add("POST", "/api/recording/recording", [&api](const wire::HttpRequest& r) { return start(api, r); });
  router.add("DELETE", "/api/recording/recording", [&api](const wire::HttpRequest& r) { return stop(api, r); });
  router.add("POST", "/api/recording/pause", [&api](const wire::HttpRequest& r) { return pause(api, r); });
  router.add("POST", "/api/recording/resume", [&api](const wire::HttpRequest& r) { return go_on(api, r); });
  router.add("POST", "/api/recording/forget", [&api](const wire::HttpRequest& r) { return forget(api, r); });
  router.add("GET", "/api/recording/recording-summary", [&api](const wire::HttpRequest& r) { return summary(api, r); });
  router.add("GET", "/api/recording/media/{recordingId}", [&api](const wire::HttpRequest& r) { return media(api, r); });
  add_live_playback_routes(router, api, openapi);
  add_manifest_routes(router, api, openapi);
}

}  // namespace upcall::api
