// The signed manifest of a stored film, for whoever may watch it, and the key to verify it with.
#include "api/meeting/playback_access.hpp"
#include "json/json.hpp"
#include "recording/object_names.hpp"

namespace upcall::api {
namespace {

namespace bj = boost::json;

constexpr Operation kOperations[] = {
    {"GET", "/api/recording/manifest/{recordingId}", "getRecordingManifest",
     "What is said of a stored film: who was in it when, gaps, pauses, fragments with checksums; signed (compact JWS over the manifest as canonical JSON).",
     OperationAuth::staff, "",
     R"({"type":"object","required":["manifest","signature"],"properties":{"manifest":{"type":"object"},"signature":{"type":"string"}}})",
     "401 403 404", ""},
    {"GET", "/api/recording/manifest-key", "getRecordingManifestKey", "The public key that manifests are signed with, as a JWK.",
     OperationAuth::staff, "", R"({"type":"object"})", "401", ""},
};

wire::HttpResponse manifest(MeetingApi& api, const wire::HttpRequest& request) {
  auto principal = api.centre.authenticator.authorize(request);
  if (!principal) return failure(request, principal.error());
  const std::string id(request.route_value("recordingId"));
  auto recording = api.centre.store.read([&](store::Database& db) { return playable_recording(db, *principal, id); });
  if (!recording) {
    return failure(request, ApiError{recording.error(), recording.error().code == ErrorCode::forbidden ? "playback_not_allowed" : ""});
  }
  const auto source = recording->state == store::RecordingState::stored
                          ? api.objects.open(recording::manifest_key(recording->object_key))
                          : Result<std::shared_ptr<wire::BodySource>>(fail(ErrorCode::not_found, ""));
  if (!source) {
    if (source.error().code != ErrorCode::not_found) return failure(request, source.error());
    return failure(request, ErrorCode::not_found, "no_manifest", "There is no manifest of this recording (yet).");
  }
  wire::HttpResponse out;
  out.set("content-type", "application/json");
  out.set("cache-control", "private, no-store");
  out.source = *source;
  out.source_length = (*source)->size();
  return out;
}

wire::HttpResponse key(MeetingApi& api, const wire::HttpRequest& request) {
  auto principal = api.centre.authenticator.authorize(request);
  if (!principal) return failure(request, principal.error());
  return json_response(200, json::parse(api.options.record_key).value_or(nullptr));
}

}  // namespace

void add_manifest_routes(wire::Router& router, MeetingApi& api, OpenApi& openapi) {
  openapi.add(kOperations);
  router.add("GET", "/api/recording/manifest/{recordingId}", [&api](const wire::HttpRequest& r) { return manifest(api, r); });
  router.add("GET", "/api/recording/manifest-key", [&api](const wire::HttpRequest& r) { return key(api, r); });
}

}  // namespace upcall::api
