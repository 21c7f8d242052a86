// Recordings of meetings that another process of this installation still has: a server whose successor has taken over goes on
// with its calls until they end (server/serve/handover.hpp). Who may do what was decided by the caller; here a command is
// only carried there, and carried out there. Both ends are this file, so that they cannot disagree.
#include "json/json.hpp"
#include "service/recording/live_recording.hpp"

namespace upcall::service {

namespace bj = boost::json;

namespace {

std::int64_t number_or(const bj::object& in, std::string_view name, std::int64_t otherwise) { return json::integer_at(in, name).value_or(otherwise); }

Error unreadable() { return {ErrorCode::internal, "the answer of the process that has this meeting cannot be read"}; }

Result<bj::object> parsed(const Result<std::string>& answer) {
  if (!answer) return tl::unexpected(answer.error());
  auto out = json::parse_object(*answer);
  if (!out) return tl::unexpected(unreadable());
  return *out;
}

}  // namespace

std::optional<Result<std::string>> RecordingService::ask_elsewhere(const std::string& external_meeting_id, std::string_view command,
                                                                   const std::string& arguments) {
  if (!options_.elsewhere) return std::nullopt;
  auto meeting = directory_.find(external_meeting_id);
  if (!meeting) return Result<std::string>(tl::unexpected(meeting.error()));
  if (!*meeting) return std::nullopt;
  return options_.elsewhere((*meeting)->meeting_id, command, arguments);
}

std::optional<Result<store::Recording>> RecordingService::start_elsewhere(const RecordingStart& request) {
  if (!options_.elsewhere) return std::nullopt;
  bj::object asked{{"meeting", request.external_meeting_id}, {"owner", request.owner.id}, {"group", request.owner.hierarchy_group_id},
                   {"path", request.owner.hierarchy_path},   {"key", request.idempotency_key}};
  if (request.contact_id) asked["contact"] = *request.contact_id;
  auto answer = ask_elsewhere(request.external_meeting_id, "start", bj::serialize(asked));
  if (!answer) return std::nullopt;
  auto body = parsed(*answer);
  if (!body) return Result<store::Recording>(tl::unexpected(body.error()));
  auto row = find(json::text_or(*body, "recording"));
  if (!row) return Result<store::Recording>(tl::unexpected(row.error()));
  if (!*row) return Result<store::Recording>(tl::unexpected(unreadable()));
  return Result<store::Recording>(**row);
}

std::optional<Result<RecordingService::Stopped>> RecordingService::stop_elsewhere(const std::string& external_meeting_id, wire::TapStopReason reason,
                                                                                  const std::string& actor, const std::string& key) {
  // The end of a meeting is seen there too, in the store that both have.
  const bool ended = reason == wire::TapStopReason::meeting_ended;
  auto answer = ended ? ask_elsewhere(external_meeting_id, "here", "{}")
                      : ask_elsewhere(external_meeting_id, "stop", bj::serialize(bj::object{{"meeting", external_meeting_id}, {"actor", actor}, {"key", key}}));
  if (!answer) return std::nullopt;
  auto body = parsed(*answer);
  if (!body) return Result<Stopped>(tl::unexpected(body.error()));
  return Result<Stopped>(Stopped{static_cast<int>(number_or(*body, "stopped", 0)), static_cast<int>(number_or(*body, "notStopped", 0))});
}

std::optional<Result<RecordingService::Paused>> RecordingService::pause_elsewhere(const std::string& external_meeting_id, Duration longest, const std::string& actor) {
  auto answer = ask_elsewhere(external_meeting_id, "pause",
                              bj::serialize(bj::object{{"meeting", external_meeting_id}, {"longestMs", longest.ms()}, {"actor", actor}}));
  if (!answer) return std::nullopt;
  auto body = parsed(*answer);
  if (!body) return Result<Paused>(tl::unexpected(body.error()));
  return Result<Paused>(Paused{json::text_or(*body, "recording"), WallTime::from_unix_ms(number_or(*body, "resumesAtMs", 0))});
}

std::optional<Result<void>> RecordingService::go_on_elsewhere(const std::string& external_meeting_id, const std::string& actor) {
  auto answer = ask_elsewhere(external_meeting_id, "go-on", bj::serialize(bj::object{{"meeting", external_meeting_id}, {"actor", actor}}));
  if (!answer) return std::nullopt;
  return *answer ? Result<void>() : Result<void>(tl::unexpected(answer->error()));
}

std::optional<Result<RecordingService::Forgotten>> RecordingService::forget_elsewhere(const std::string& external_meeting_id, std::int64_t seconds,
                                                                                      const std::string& actor) {
  auto answer = ask_elsewhere(external_meeting_id, "forget",
                              bj::serialize(bj::object{{"meeting", external_meeting_id}, {"seconds", seconds}, {"actor", actor}}));
  if (!answer) return std::nullopt;
  auto body = parsed(*answer);
  if (!body) return Result<Forgotten>(tl::unexpected(body.error()));
  return Result<Forgotten>(Forgotten{json::text_or(*body, "recording"), WallTime::from_unix_ms(number_or(*body, "fromMs", 0)),
                                     WallTime::from_unix_ms(number_or(*body, "untilMs", 0))});
}

Result<std::string> RecordingService::answer_elsewhere(std::string_view command, const std::string& arguments) {
  auto asked = json::parse_object(arguments);
  if (!asked) return fail(ErrorCode::invalid_argument, "the arguments are no JSON object");
  const std::string meeting = json::text_or(*asked, "meeting"), actor = json::text_or(*asked, "actor"), key = json::text_or(*asked, "key");
  bj::object out;
  if (command == "start") {
    RecordingStart request;
    request.external_meeting_id = meeting;
    request.owner.id = json::text_or(*asked, "owner");
    request.owner.hierarchy_group_id = json::text_or(*asked, "group");
    request.owner.hierarchy_path = json::text_or(*asked, "path");
    request.idempotency_key = key;
    if (asked->contains("contact")) request.contact_id = json::text_or(*asked, "contact");
    auto started = start(request);
    if (!started) return tl::unexpected(started.error());
    out["recording"] = started->recording_id;
  } else if (command == "stop") {
    auto stopped = stop(meeting, wire::TapStopReason::requested, actor, key);
    if (!stopped) return tl::unexpected(stopped.error());
    out = {{"stopped", stopped->stopped}, {"notStopped", stopped->not_stopped}};
  } else if (command == "pause") {
    auto paused = pause(meeting, Duration::ms(number_or(*asked, "longestMs", 0)), actor);
    if (!paused) return tl::unexpected(paused.error());
    out = {{"recording", paused->recording_id}, {"resumesAtMs", paused->resumes_at.unix_ms()}};
  } else if (command == "go-on") {
    if (auto gone_on = go_on(meeting, actor); !gone_on) return tl::unexpected(gone_on.error());
  } else if (command == "forget") {
    auto forgotten = forget(meeting, number_or(*asked, "seconds", 0), actor);
    if (!forgotten) return tl::unexpected(forgotten.error());
    out = {{"recording", forgotten->recording_id}, {"fromMs", forgotten->from.unix_ms()}, {"untilMs", forgotten->until.unix_ms()}};
  } else if (command != "here") {
    return fail(ErrorCode::invalid_argument, "there is no such command");
  }
  return bj::serialize(out);
}

}  // namespace upcall::service
