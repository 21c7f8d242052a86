// Private to this folder: what the steps of the story share. Steps about the chat are in story_contact.cpp, about the
// call in story_call.cpp, about the recording and its film in story_recording.cpp, the rest in story.cpp.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/demo/actors.hpp"
#include "cli/demo/story.hpp"
#include "crypto/random.hpp"
#include "json/json.hpp"

namespace upcall::demo {

namespace bj = boost::json;

inline constexpr Duration kSoon = Duration::s(10);

inline bool is_event(const bj::object& o, std::string_view name) { return json::text_at(o, "event") == name; }

inline double number_at(const bj::object& o, std::string_view name) {
  const auto* v = o.if_contains(name);
  return v != nullptr && v->is_number() ? v->to_number<double>() : 0;
}

struct Story::State {
  explicit State(StoryOptions o) : options(std::move(o)) {}

  StoryOptions options;
  StoryResult result;
  crypto::SystemRandom random;
  process::ChildHost host;
  std::optional<LineProcess> server, agent_device, customer_device;
  std::unique_ptr<ApiClient> agent, customer_web, customer_chat, supervisor, stranger;
  std::optional<EventSocket> agent_events, chat_socket;
  std::string server_log, default_flow, run_text;
  std::uint64_t run = 0;
  std::int64_t clock_zero_unix_ms = 0;
  std::string agent_password, supervisor_password, stranger_password;
  std::string supervisor_name = "sam@example.com";
  std::string external_meeting_id, customer_user_id, contact_id, participant_token, invitation_id, recording_id;
  std::string agent_attendee_id, customer_attendee_id;
  bj::object agent_join, customer_join;
  std::int64_t talk_started_ms = 0;

  using Note = Result<std::string>;
  StoryResult run_steps(const std::vector<std::pair<const char*, Note (State::*)()>>& steps);
  bool step(const std::string& name, const std::function<Note()>& fn);

  Note start_server();
  Note add_people();
  Note agent_ready();
  Note customer_starts_chat();
  Note queue_and_accept();
  Note chat_both_ways();
  Note escalate();
  Note invitation_arrives();
  Note both_join();
  Note start_recording();
  Note second_start_refused();
  Note talk_and_share();
  Note stop_recording();
  Note stored();
  Note end_meeting();
  Note playback();
  Note others_refused();
  Note film_is_true();
  Note close_contact();
  Note download();
  Result<bj::object> inspected();

  // Of a verification (story_verify.cpp).
  Note find_server();
  Note verifiers();
  Note own_meeting();
  Note play_back();
  Note film_is_whole();
  Note tidy_up();

  Result<bj::value> admin(const std::string& command, bj::object arguments);
  Result<LineProcess> device(const bj::object& join, const std::string& label, int participant);
  Result<bj::object> summary();
};

}  // namespace upcall::demo
