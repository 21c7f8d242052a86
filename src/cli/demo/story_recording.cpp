// The steps of the story that are the recording: start and stop, its film in the store, who may watch it and what it shows.
#include <cmath>
#include <cstdio>
#include <thread>

#include "cli/demo/story_state.hpp"
#include "io/clock/system_clock.hpp"

namespace upcall::demo {

Story::State::Note Story::State::start_recording() {
  bj::object body{{"externalMeetingId", external_meeting_id}};
  if (!contact_id.empty()) body["connectContactId"] = contact_id;
  auto started = agent->expect(200, "POST", "/api/recording/recording", &body);
  if (!started) return tl::unexpected(started.error());
  recording_id = json::text_or(started->data(), "recordingId");
  for (auto* d : {&*agent_device, &*customer_device}) {
    auto line = d->wait_for(
        [&](const bj::object& o) {
          const std::string who = json::text_or(o, "attendee_id");
          return is_event(o, "roster_joined") && who != agent_attendee_id && who != customer_attendee_id;
        },
        kSoon);
    if (!line) return fail(ErrorCode::unavailable, "RECORDING did not appear in a roster");
  }
  return "RECORDING is in both rosters";
}

Story::State::Note Story::State::second_start_refused() {
  const bj::object body{{"externalMeetingId", external_meeting_id}, {"connectContactId", contact_id}};
  auto again = agent->expect(409, "POST", "/api/recording/recording", &body);
  if (!again) return tl::unexpected(again.error());
  return "409";
}

Result<bj::object> Story::State::summary() {
  if (supervisor->token().empty()) {
    if (auto r = supervisor->log_in(supervisor_name, supervisor_password); !r) return tl::unexpected(r.error());
  }
  auto answer = supervisor->expect(200, "GET", "/api/recording/recording-summary?externalMeetingId=" + external_meeting_id);
  if (!answer) return tl::unexpected(answer.error());
  const bj::array* list = json::array_at(answer->body, "data");
  if (list == nullptr || list->empty() || !list->at(0).is_object()) return fail(ErrorCode::internal, "the summary is empty");
  return list->at(0).as_object();
}

Story::State::Note Story::State::stop_recording() {
  const bj::object body{{"externalMeetingId", external_meeting_id}};
  auto stopped = agent->expect(200, "DELETE", "/api/recording/recording", &body);
  if (!stopped) return tl::unexpected(stopped.error());
  if (number_at(stopped->data(), "recordingsStopped") != 1) return fail(ErrorCode::internal, "nothing was stopped");
  auto nothing = agent->call("DELETE", "/api/recording/recording", &body);
  if (!nothing) return tl::unexpected(nothing.error());
  if (nothing->status != 409) return fail(ErrorCode::internal, "a second stop answered " + std::to_string(nothing->status));
  return "stopped";
}

Story::State::Note Story::State::stored() {
  const Instant deadline = system_now().mono + Duration::s(60 + options.seconds);
  for (;;) {
    auto entry = summary();
    if (!entry) return tl::unexpected(entry.error());
    const std::string status = json::text_or(*entry, "status");
    if (status == "stored") {
      result.url = json::text_or(*entry, "recordingURL");
      if (const bj::object* facts = json::object_at(*entry, "facts")) {
        result.start_ms = number_at(*facts, "start_ms");
        result.finalize_ms = number_at(*facts, "finalize_ms");
        result.composer_cpu_core_seconds = number_at(*facts, "cpu_core_seconds");
        result.composer_peak_rss_mib = number_at(*facts, "peak_rss_mib");
      }
      return "stored and verified";
    }
    if (status == "failed") return fail(ErrorCode::internal, "the recording failed: " + json::text_or(*entry, "reason"));
    if (system_now().mono > deadline) return fail(ErrorCode::unavailable, "the recording is still " + status);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

// Through the playback address, into result.file.
Story::State::Note Story::State::download() {
  std::FILE* file = std::fopen(result.file.c_str(), "wb");
  if (file == nullptr) return fail(ErrorCode::unavailable, "cannot write " + result.file);
  std::uint64_t bytes = 0;
  bool wrote = true;
  auto whole = supervisor->http().download({"GET", result.url, {}, {}}, [&](Bytes piece) {
    wrote = wrote && std::fwrite(piece.data(), 1, piece.size(), file) == piece.size();
    bytes += piece.size();
    return wrote;
  });
  wrote = std::fclose(file) == 0 && wrote;
  if (!whole) return tl::unexpected(whole.error());
  if (whole->status != 200 || !wrote || bytes == 0) return fail(ErrorCode::internal, "the film could not be read through its address");
  return std::to_string(bytes / 1024) + " KiB in " + result.file;
}

Story::State::Note Story::State::playback() {
  auto part = supervisor->http().send({"GET", result.url, {{"range", "bytes=0-1023"}}, {}});
  if (!part) return tl::unexpected(part.error());
  if (part->status != 206 || part->body.size() != 1024) return fail(ErrorCode::internal, "a range answered " + std::to_string(part->status));
  result.file = options.data_dir + "/demo.mp4";
  return download();
}

Story::State::Note Story::State::others_refused() {
  if (auto r = stranger->log_in("otto@example.com", stranger_password); !r) return tl::unexpected(r.error());
  const std::string path = "/api/recording/recording-summary?externalMeetingId=" + external_meeting_id;
  auto other_group = stranger->expect(403, "GET", path);
  if (!other_group) return tl::unexpected(other_group.error());
  auto no_profile = agent->expect(403, "GET", path);
  if (!no_profile) return tl::unexpected(no_profile.error());
  ApiClient nobody(result.server_url);
  auto anonymous = nobody.expect(401, "GET", path);
  if (!anonymous) return tl::unexpected(anonymous.error());
  auto changed = nobody.http().get(result.url.substr(0, result.url.size() - 4) + "AAAA");
  if (!changed || changed->status != 401) return fail(ErrorCode::internal, "a changed playback address was not refused");
  return "403 for another group, 403 without the profile, 401 without a log-in, 401 for a changed address";
}

// result.file, as the recorder's inspector reads it back.
Result<bj::object> Story::State::inspected() {
  auto inspector = LineProcess::start(host, options.program_dir + "/upcall-recorder", {"inspect", result.file, "--json"});
  if (!inspector) return tl::unexpected(inspector.error());
  auto line = inspector->wait_line([](const std::string& text) { return text.starts_with("{"); }, Duration::s(60 + 4 * options.seconds));
  if (!line) return fail(ErrorCode::internal, "the film cannot be read back");
  result.film_json = *line;
  auto film = json::parse_object(*line);
  if (!film) return fail(ErrorCode::internal, "the inspector's answer cannot be read");
  return *film;
}

Story::State::Note Story::State::film_is_true() {
  auto film = inspected();
  if (!film) return tl::unexpected(film.error());
  if (number_at(*film, "width") != 1920 || number_at(*film, "height") != 1080) return fail(ErrorCode::internal, "the film is not 1920x1080");
  if (number_at(*film, "fps") != 30) return fail(ErrorCode::internal, "the film's pictures lie on no 30 fps grid");
  const double duration = number_at(*film, "duration_s");
  if (duration < options.seconds - 1.0) return fail(ErrorCode::internal, "the film is too short: " + std::to_string(duration) + " s");
  bool saw[2] = {false, false}, screen = false;
  if (const bj::array* people = json::array_at(*film, "participants")) {
    for (const bj::value& v : *people) {
      const bj::object& p = v.as_object();
      if (json::text_or(p, "run") != run_text) return fail(ErrorCode::internal, "the film shows another run's picture");
      if (!json::boolean_at(p, "clock_rising").value_or(false)) return fail(ErrorCode::internal, "a picture's clock ran backwards");
      const auto who = static_cast<int>(number_at(p, "participant"));
      if (json::boolean_at(p, "screen").value_or(false)) screen = true;
      else if (who == 0 || who == 1) saw[who] = true;
    }
  }
  if (!saw[0] || !saw[1]) return fail(ErrorCode::internal, "the film does not show both people of this run");
  if (!screen || !json::boolean_at(*film, "share_text").value_or(false)) return fail(ErrorCode::internal, "the shared screen cannot be read in the film");
  const double offset = number_at(*film, "av_offset_ms");
  if (std::abs(offset) > 40) return fail(ErrorCode::internal, "sound and picture are apart by " + std::to_string(offset) + " ms");
  char note[160];
  std::snprintf(note, sizeof note, "both people and the screen of run %s, %.2f s, sound %+.1f ms", run_text.c_str(), duration, offset);
  return std::string(note);
}

}  // namespace upcall::demo
