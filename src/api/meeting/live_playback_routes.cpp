// Watching a recording before it is stored: an HLS playlist over the film's spool, and the spool's bytes by ranges.
#include "api/meeting/playback_access.hpp"
#include "compose/hls_playlist.hpp"

namespace upcall::api {
namespace {

constexpr Operation kOperations[] = {
    {"GET", "/api/recording/live/{recordingId}/index.m3u8", "getLivePlaylist", "HLS playlist of a film that is not stored yet, with a summary's liveURL.",
     OperationAuth::none, "", "", "401 403 404 410", "grant"},
    {"GET", "/api/recording/live/{recordingId}/film.mp4", "getLiveFilm", "What the playlist's ranges are ranges of: the film as far as it is composed.",
     OperationAuth::none, "", "", "206 401 403 404 410 416", "grant"},
};

struct LiveFilm {
  WatchedRecording watched;
  std::shared_ptr<const film_spool::FilmSpool> film;
};

Result<LiveFilm, ApiError> live_film(MeetingApi& api, const wire::HttpRequest& request) {
  auto watched = watched_recording(api, request);
  if (!watched) return tl::unexpected(watched.error());
  auto film = api.recordings.film(watched->recording.recording_id);
  if (watched->recording.state == store::RecordingState::stored) {
    return refuse(ErrorCode::gone, "recording_stored", "The recording is complete now. Open the recording's page again.");
  }
  if (!film || watched->recording.state == store::RecordingState::failed) {
    return refuse(ErrorCode::not_found, "no_live_film", "There is nothing to watch of this recording at the moment.");
  }
  return LiveFilm{std::move(*watched), std::move(film)};
}

wire::HttpResponse playlist(MeetingApi& api, const wire::HttpRequest& request) {
  auto live = live_film(api, request);
  if (!live) return failure(request, live.error());
  const auto view = live->film->view();
  wire::HttpResponse out;
  out.set("content-type", "application/vnd.apple.mpegurl");
  out.set("cache-control", "private, no-store");
  // The grant is base64url: it stands in an address and in a quoted attribute as it is.
  out.body = compose::hls_playlist(view.index, "film.mp4?grant=" + std::string(*request.query_value("grant")), view.complete);
  return out;
}

wire::HttpResponse film(MeetingApi& api, const wire::HttpRequest& request) {
  auto live = live_film(api, request);
  if (!live) return failure(request, live.error());
  return film_response(api, request, live->watched, live->film->source());
}

}  // namespace

void add_live_playback_routes(wire::Router& router, MeetingApi& api, OpenApi& openapi) {
  openapi.add(kOperations);
  router.add("GET", "/api/recording/live/{recordingId}/index.m3u8", [&api](const wire::HttpRequest& r) { return playlist(api, r); });
  router.add("GET", "/api/recording/live/{recordingId}/film.mp4", [&api](const wire::HttpRequest& r) { return film(api, r); });
}

}  // namespace upcall::api
