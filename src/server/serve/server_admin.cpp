// What the command line asks of a running server.
#include <chrono>

#include <unistd.h>

#include "api/meeting/inspection_json.hpp"
#include "api/meeting/recording_start.hpp"
#include "base/wall_text.hpp"
#include "io/store/quality_repository.hpp"
#include "json/json.hpp"
#include "server/admin/admin.hpp"
#include "server/admin/stored_parameters.hpp"
#include "server/serve/retention_commands.hpp"
#include "server/serve/server_parts.hpp"
#include "service/quality/quality_json.hpp"

namespace upcall::server {

// A command that changes what the contact centre knows counts from its answer on.
Result<bj::value> Server::Parts::administer(std::string_view command, const bj::object& arguments, const std::string& actor) {
  admin::Context context{*store, *sealer, random, system_now().wall, url, actor};
  auto result = admin::run(context, command, arguments);
  if (!result || !admin::changes_centre(command)) return result;
  (void)centre->reload();
  if (auto removed = directory->remove_switched_off(); !removed) return tl::unexpected(removed.error());
  return result;
}

// What the media worker knows of a live meeting, with how its people fare; of one that is over what was kept of that.
Result<bj::value> Server::Parts::show_meeting(const std::string& id) {
  auto meeting = directory->find(id);
  if (!meeting) return tl::unexpected(meeting.error());
  std::optional<store::Meeting> found = std::move(*meeting);
  if (!found) {
    auto by_id = store->read([&](store::Database& db) { return store::meetings::find(db, id); });
    if (!by_id) return tl::unexpected(by_id.error());
    found = std::move(*by_id);
  }
  const std::string meeting_id = found ? found->meeting_id : id;
  auto future = runtime->inspect(meeting_id);
  if (future.wait_for(std::chrono::seconds(2)) != std::future_status::ready) return fail(ErrorCode::unavailable, "the media worker did not answer");
  const auto seen = future.get();
  if (!seen && !found) return fail(ErrorCode::not_found, "there is no such meeting");
  std::map<std::string, std::string> names;
  bj::object out;
  if (seen) {
    auto attendees = store->read([&](store::Database& db) { return store::meetings::attendees(db, meeting_id); });
    if (!attendees) return tl::unexpected(attendees.error());
    for (const store::Attendee& a : *attendees) names[a.attendee_id] = a.name;
    out = api::inspection_json(meeting_id, *seen);
    bj::array people;
    for (const service::PersonQuality& person : seen->quality) {
      bj::object one = service::person_json(person);
      one["name"] = names[person.attendee_id];
      people.push_back(std::move(one));
    }
    out["people"] = std::move(people);
    return bj::value(std::move(out));
  }
  constexpr int kStaysMax = 500;
  auto kept = store->read([&](store::Database& db) { return store::quality::of_meeting(db, meeting_id, kStaysMax); });
  if (!kept) return tl::unexpected(kept.error());
  out = {{"meetingId", meeting_id}, {"externalMeetingId", found->external_meeting_id}, {"stays", service::stays_json(*kept)}};
  if (found->ended) out["endedAt"] = to_iso8601(*found->ended);
  return bj::value(std::move(out));
}

// {"command": "user.add", "arguments": {...}} → {"result": ...} or {"error": {"code", "message"}}
std::string Server::Parts::admin_call(std::string_view line) {
  const auto answer_error = [](const Error& error) {
    return bj::serialize(bj::object{{"error", {{"code", to_string(error.code)}, {"message", error.message}}}});
  };
  auto request = json::parse_object(line);
  if (!request) return answer_error({ErrorCode::invalid_argument, "the request is not a JSON object"});
  const std::string command = json::text_or(*request, "command");
  const bj::object* arguments = json::object_at(*request, "arguments");
  if (command == "process") return bj::serialize(bj::object{{"result", {{"pid", static_cast<std::int64_t>(::getpid())}, {"version", UPCALL_VERSION}}}});
  if (handed_over) return answer_error({ErrorCode::unavailable, "another process serves this data directory by now; ask again"});
  if (command == "handover") {
    auto done = hand_over(arguments != nullptr ? json::text_or(*arguments, "program") : "");
    return done ? bj::serialize(bj::object{{"result", *done}}) : answer_error(done.error());
  }
  if (command == "meeting.show") {
    const auto shown = show_meeting(arguments != nullptr ? json::text_or(*arguments, "meeting") : "");
    return shown ? bj::serialize(bj::object{{"result", *shown}}) : answer_error(shown.error());
  }
  if (command == "meter.report") {
    const auto taken = meter.report(system_now(), arguments != nullptr ? *arguments : bj::object{});
    return taken ? bj::serialize(bj::object{{"result", *taken}}) : answer_error(taken.error());
  }
  if (auto answer = operations->command(command)) {
    return *answer ? bj::serialize(bj::object{{"result", **answer}}) : answer_error(answer->error());
  }
  if (auto answer = retention_command(*retention, *signer, command, arguments != nullptr ? *arguments : bj::object{})) {
    return *answer ? bj::serialize(bj::object{{"result", **answer}}) : answer_error(answer->error());
  }
  if (command == "user.invite") {
    auto sent = mails->invite(arguments != nullptr ? json::text_or(*arguments, "username") : "", "cli");
    return sent ? bj::serialize(bj::object{{"result", {{"sent", true}}}}) : answer_error(sent.error());
  }
  if (command == "recording.compose") {
    const auto answer = compose_again(*recordings, arguments != nullptr ? *arguments : bj::object{});
    return answer ? bj::serialize(bj::object{{"result", *answer}}) : answer_error(answer.error());
  }
  // Who may use this socket at all is root or the server's own user: who of them it was, the command says.
  std::string by = json::text_or(*request, "by", "cli");
  if (!by.starts_with("cli") || by.size() > 64 || !json::is_clean_text(by)) by = "cli";
  auto result = administer(command, arguments != nullptr ? *arguments : bj::object{}, by);
  if (!result) return answer_error(result.error());
  if (command == "configure" || command == "configure.delete") {
    // What was given is stored by now, and can be right: a secret of before that cannot be opened is another matter.
    if (auto loaded = stores->reload(); !loaded && result->is_object()) {
      if (bj::value* notes = result->get_object().if_contains("notes"); notes != nullptr && notes->is_array()) notes->get_array().emplace_back("The object store stays as it was: " + loaded.error().message + ".");
    }
    if (auto capacity = store->read([](store::Database& db) { return admin::capacity_parameters(db); })) recordings->set_capacity(*capacity);
    if (auto disk = store->read([](store::Database& db) { return admin::disk_parameters(db); })) recordings->set_disk_rules(*disk);
    take_journal_copy_parameter();
    if (auto taken = take_relay(); !taken && result->is_object()) {
      if (bj::value* notes = result->get_object().if_contains("notes"); notes != nullptr && notes->is_array()) notes->get_array().emplace_back("TURN servers stay as they were: " + taken.error().message + ".");
    }
  }
  if (command == "signing-key.rotate") {
    if (auto loaded = authenticator->load_keys(system_now().wall); !loaded) return answer_error(loaded.error());
  }
  if (command.starts_with("webhook.")) {
    if (auto loaded = hooks->reload(); !loaded) return answer_error(loaded.error());
  }
  return bj::serialize(bj::object{{"result", *result}});
}

}  // namespace upcall::server
