#include "cli/demo/story.hpp"

#include <cmath>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <thread>

#include "base/ids.hpp"
#include "cli/demo/actors.hpp"
#include "crypto/random.hpp"
#include "io/clock/system_clock.hpp"
#include "io/net/admin_socket.hpp"
#include "json/json.hpp"

namespace upcall::demo {

namespace bj = boost::json;

namespace {

constexpr Duration kSoon = Duration::s(10);

bool is_event(const bj::object& o, std::string_view name) { return json::text_at(o, "event") == name; }

std::string error_of(const bj::object& line) { return json::text_or(line, "error"); }

double number_at(const bj::object& o, std::string_view name) {
  const auto* v = o.if_contains(name);
  if (v == nullptr) return 0;
  if (v->is_double()) return v->as_double();
  if (v->is_int64()) return static_cast<double>(v->as_int64());
  return v->is_uint64() ? static_cast<double>(v->as_uint64()) : 0;
}

// A value of Prometheus' text.
double metric(const std::string& text, const std::string& name) {
  const std::size_t at = text.find("\n" + name + " ");
  return at == std::string::npos ? 0 : std::atof(text.c_str() + at + 1 + name.size());
}

}  // namespace

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
  std::string external_meeting_id, customer_user_id, contact_id, participant_token, invitation_id, recording_id;
  std::string agent_attendee_id, customer_attendee_id;
  bj::object agent_join, customer_join;
  std::int64_t talk_started_ms = 0;

  using Note = Result<std::string>;
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

  Result<bj::value> admin(const std::string& command, bj::object arguments);
  Result<LineProcess> device(const bj::object& join, const std::string& label, int participant);
  Result<bj::object> summary();
};

bool Story::State::step(const std::string& name, const std::function<Note()>& fn) {
  const Instant before = system_now().mono;
  Note note = fn();
  StepResult s;
  s.name = name;
  s.ok = note.has_value();
  s.ms = (system_now().mono - before).ms();
  if (!note) {
    s.error = note.error().message;
    if (server) s.error += " (the server's log: " + server_log + ")";
  }
  result.steps.push_back(s);
  if (options.on_step) options.on_step(name, s.ok, s.ms, note ? *note : s.error);
  return s.ok;
}

Result<bj::value> Story::State::admin(const std::string& command, bj::object arguments) {
  const std::string line = bj::serialize(bj::object{{"command", command}, {"arguments", std::move(arguments)}});
  auto answer = net::admin_call(options.data_dir + "/admin.sock", line, kSoon);
  if (!answer) return tl::unexpected(answer.error());
  auto parsed = json::parse_object(*answer);
  if (!parsed) return fail(ErrorCode::internal, "the server's answer cannot be read");
  if (const bj::object* error = json::object_at(*parsed, "error")) return fail(ErrorCode::internal, command + ": " + json::text_or(*error, "message"));
  return (*parsed)["result"];
}

Story::State::Note Story::State::start_server() {
  std::error_code ignored;
  std::filesystem::create_directories(options.data_dir, ignored);
  server_log = options.data_dir + "/server.log";
  // A port of its own for media, so that a demo beside a running server works.
  const std::uint16_t media_port = static_cast<std::uint16_t>(41000 + random.below(20000));
  auto started = LineProcess::start(host, options.program_dir + "/upcall",
                                    {"serve", "--data-dir", options.data_dir, "--listen", "127.0.0.1:0", "--media-address", "127.0.0.1",
                                     "--media-port", std::to_string(media_port), "--demo-routing", "--log-file", server_log});
  if (!started) return tl::unexpected(started.error());
  server = std::move(*started);
  auto ready = server->wait_line([](const std::string& line) { return line.starts_with("ready "); }, Duration::s(20));
  if (!ready) return fail(ErrorCode::unavailable, "the server did not start");
  result.server_url = ready->substr(6);
  for (auto* client : {&agent, &customer_web, &customer_chat, &supervisor, &stranger}) *client = std::make_unique<ApiClient>(result.server_url);
  auto healthy = agent->expect(200, "GET", "/readyz");
  if (!healthy) return tl::unexpected(healthy.error());
  return result.server_url;
}

Story::State::Note Story::State::add_people() {
  auto instance = admin("instance.show", {});
  if (!instance) return tl::unexpected(instance.error());
  default_flow = json::text_or(instance->as_object(), "defaultContactFlowId");
  if (default_flow.empty()) return fail(ErrorCode::internal, "the instance has no default contact flow");
  agent_password = make_token(random, 12);
  supervisor_password = make_token(random, 12);
  stranger_password = make_token(random, 12);
  struct Person {
    const char *username, *name, *profile, *second_profile, *group;
    const std::string& password;
  };
  const Person people[] = {{"alice@example.com", "Alice Agent", "Agent", "", "Demo/Team", agent_password},
                           {"sam@example.com", "Sam Supervisor", "QualityAnalyst", "VideoCallRecordingPlayback", "Demo", supervisor_password},
                           {"otto@example.com", "Otto Other", "QualityAnalyst", "VideoCallRecordingPlayback", "Elsewhere", stranger_password}};
  for (const Person& p : people) {
    bj::array profiles{p.profile};
    if (*p.second_profile != 0) profiles.emplace_back(p.second_profile);
    auto added = admin("user.add", {{"username", p.username}, {"email", p.username}, {"password", p.password}, {"name", p.name},
                                    {"security-profile", profiles}, {"hierarchy-group", p.group}});
    if (!added) return tl::unexpected(added.error());
    result.logins.emplace_back(p.username, p.password);
  }
  return "an agent, a supervisor of the agent's group, a supervisor of another group";
}

Story::State::Note Story::State::agent_ready() {
  if (auto r = agent->log_in("alice@example.com", agent_password); !r) return tl::unexpected(r.error());
  const std::string ws = "ws" + result.server_url.substr(4) + "/api/agent/events";
  auto events = EventSocket::open(ws, {"upcall.events", "bearer." + agent->token()});
  if (!events) return tl::unexpected(events.error());
  agent_events = std::move(*events);
  const bj::object status{{"status", "available"}};
  auto set = agent->expect(200, "PUT", "/api/agent/status", &status);
  if (!set) return tl::unexpected(set.error());
  return "available";
}

Story::State::Note Story::State::customer_starts_chat() {
  external_meeting_id = make_uuid(random);
  customer_user_id = make_uuid(random);
  const bj::object body{{"ContactFlowId", default_flow},
                        {"ParticipantDetails", {{"DisplayName", "Carl Customer"}}},
                        {"Attributes",
                         {{"customerName", "Carl Customer"},
                          {"customerEmailAddress", "alice@example.com"},
                          {"videoExternalMeetingId", external_meeting_id},
                          {"videoAttendeeExternalUserId", customer_user_id},
                          {"videoAttendeeName", "Carl Customer"},
                          {"videoAttendeeEmail", "carl@example.net"},
                          {"videoVendorName", "demo"},
                          {"videoReferenceId", ""}}}};
  auto started = customer_web->expect(200, "POST", "/api/chat/start", &body);
  if (!started) return tl::unexpected(started.error());
  const bj::object* chat = json::object_at(started->data(), "startChatResult");
  if (chat == nullptr) return fail(ErrorCode::internal, "startChat answered without startChatResult");
  contact_id = json::text_or(*chat, "ContactId");
  participant_token = json::text_or(*chat, "ParticipantToken");
  customer_web->set_bearer(participant_token);

  ApiClient opener(result.server_url);
  opener.set_participant(participant_token);
  const bj::object types{{"Type", {"WEBSOCKET", "CONNECTION_CREDENTIALS"}}};
  auto connection = opener.expect(200, "POST", "/aws/participant/participant/connection", &types);
  if (!connection) return tl::unexpected(connection.error());
  const bj::object* socket = json::object_at(connection->body, "Websocket");
  const bj::object* credentials = json::object_at(connection->body, "ConnectionCredentials");
  if (socket == nullptr || credentials == nullptr) return fail(ErrorCode::internal, "the participant connection lacks its parts");
  customer_chat->set_participant(json::text_or(*credentials, "ConnectionToken"));
  auto opened = EventSocket::open(json::text_or(*socket, "Url"));
  if (!opened) return tl::unexpected(opened.error());
  chat_socket = std::move(*opened);
  chat_socket->send({{"topic", "aws/subscribe"}, {"content", {{"topics", {"aws/chat"}}}}});
  return "contact " + contact_id.substr(0, 8);
}

namespace {
// The chat item inside a frame of the customer's socket.
std::optional<bj::object> chat_item(const bj::object& frame) {
  if (json::text_at(frame, "topic") != "aws/chat") return std::nullopt;
  auto item = json::parse_object(json::text_or(frame, "content"));
  if (!item) return std::nullopt;
  return std::move(*item);
}
}  // namespace

Story::State::Note Story::State::queue_and_accept() {
  auto offered = agent_events->wait_for(
      [&](const bj::object& e) {
        return json::text_at(e, "type") == "contact" && json::text_at(e, "contactId") == contact_id && json::text_at(e, "state") == "connecting";
      },
      kSoon);
  if (!offered) return fail(ErrorCode::unavailable, "the agent was not offered the contact");
  auto accepted = agent->expect(200, "POST", "/api/agent/contacts/" + contact_id + "/accept");
  if (!accepted) return tl::unexpected(accepted.error());
  auto joined = chat_socket->wait_for(
      [](const bj::object& frame) {
        const auto item = chat_item(frame);
        return item && json::text_or(*item, "ContentType").ends_with("participant.joined") && json::text_at(*item, "ParticipantRole") == "AGENT";
      },
      kSoon);
  if (!joined) return fail(ErrorCode::unavailable, "the customer did not see the agent join the chat");
  return "offered, accepted";
}

Story::State::Note Story::State::chat_both_ways() {
  const std::string hello = "Hello, how can I help? " + run_text;
  const bj::object from_agent{{"content", hello}};
  auto sent = agent->expect(200, "POST", "/api/agent/contacts/" + contact_id + "/items", &from_agent);
  if (!sent) return tl::unexpected(sent.error());
  auto seen = chat_socket->wait_for(
      [&](const bj::object& frame) {
        const auto item = chat_item(frame);
        return item && json::text_at(*item, "Content") == hello;
      },
      kSoon);
  if (!seen) return fail(ErrorCode::unavailable, "the customer did not get the agent's message");
  const std::string reply = "Please show me. " + run_text;
  const bj::object from_customer{{"ContentType", "text/plain"}, {"Content", reply}};
  auto replied = customer_chat->expect(200, "POST", "/aws/participant/participant/message", &from_customer);
  if (!replied) return tl::unexpected(replied.error());
  auto heard = agent_events->wait_for(
      [&](const bj::object& e) {
        const bj::object* item = json::object_at(e, "item");
        return item != nullptr && json::text_at(*item, "Content") == reply;
      },
      kSoon);
  if (!heard) return fail(ErrorCode::unavailable, "the agent did not get the customer's message");
  return "a message each way";
}

Story::State::Note Story::State::escalate() {
  const bj::object body{{"externalMeetingId", external_meeting_id},
                        {"meetingTitle", external_meeting_id},
                        {"meetingAttendees",
                         {{{"attendeeName", "Alice Agent"}, {"isOwner", true}},
                          {{"attendeeName", "Carl Customer"}, {"externalUserId", customer_user_id}, {"isOwner", false}}}}};
  auto created = agent->expect(200, "POST", "/api/chime/meeting", &body);
  if (!created) return tl::unexpected(created.error());
  const bj::object* join = json::object_at(created->data(), "JoinInfo");
  if (join == nullptr) return fail(ErrorCode::internal, "createMeeting answered without JoinInfo");
  agent_join = *join;
  return "meeting " + external_meeting_id.substr(0, 8);
}

Story::State::Note Story::State::invitation_arrives() {
  auto invited = chat_socket->wait_for(
      [&](const bj::object& frame) {
        const auto item = chat_item(frame);
        return item && json::text_at(*item, "ContentType") == "application/vnd.upcall.event.video.invitation";
      },
      kSoon);
  if (!invited) return fail(ErrorCode::unavailable, "the invitation did not reach the customer");
  auto content = json::parse_object(json::text_or(*chat_item(*invited), "Content"));
  if (!content) return fail(ErrorCode::internal, "the invitation's content cannot be read");
  invitation_id = json::text_or(*content, "invitationId");
  const bj::object ack{{"ContentType", "application/vnd.upcall.event.video.invitation.acknowledged"},
                       {"Content", bj::serialize(bj::object{{"invitationId", invitation_id}})}};
  auto acknowledged = customer_chat->expect(200, "POST", "/aws/participant/participant/event", &ack);
  if (!acknowledged) return tl::unexpected(acknowledged.error());
  auto data = customer_web->expect(200, "GET", "/api/meeting/attendee-join-data?externalMeetingId=" + external_meeting_id +
                                                   "&attendeeExternalUserId=" + customer_user_id);
  if (!data) return tl::unexpected(data.error());
  const bj::object* join = json::object_at(data->data(), "JoinInfo");
  if (join == nullptr) return fail(ErrorCode::internal, "the join data lacks JoinInfo");
  customer_join = *join;
  return "acknowledged";
}

Result<LineProcess> Story::State::device(const bj::object& join, const std::string& label, int participant) {
  auto started = LineProcess::start(host, options.program_dir + "/upcall-attendee", {});
  if (!started) return started;
  const bj::object* meeting = json::object_at(join, "Meeting");
  const bj::object* attendee = json::object_at(join, "Attendee");
  const bj::object* placement = meeting != nullptr ? json::object_at(*meeting, "MediaPlacement") : nullptr;
  if (attendee == nullptr || placement == nullptr) return fail(ErrorCode::internal, "the join data lacks its parts");
  auto sent = started->send({{"join",
                              {{"signaling_url", json::text_or(*placement, "SignalingUrl")},
                               {"attendee_id", json::text_or(*attendee, "AttendeeId")},
                               {"join_token", json::text_or(*attendee, "JoinToken")},
                               {"label", label},
                               {"run", run_text},
                               {"participant", participant},
                               {"clock_zero_unix_ms", clock_zero_unix_ms},
                               {"video", true},
                               {"width", 1280},
                               {"height", 720},
                               {"fps", 30},
                               {"kbps", 1700}}}});
  if (!sent) return tl::unexpected(sent.error());
  return started;
}

Story::State::Note Story::State::both_join() {
  clock_zero_unix_ms = system_now().wall.unix_ms();
  agent_attendee_id = json::text_or(*json::object_at(agent_join, "Attendee"), "AttendeeId");
  customer_attendee_id = json::text_or(*json::object_at(customer_join, "Attendee"), "AttendeeId");
  auto a = device(agent_join, "Alice Agent", 0);
  if (!a) return tl::unexpected(a.error());
  agent_device = std::move(*a);
  auto c = device(customer_join, "Carl Customer", 1);
  if (!c) return tl::unexpected(c.error());
  customer_device = std::move(*c);
  const auto connected = [](const bj::object& line) { return is_event(line, "connected") || is_event(line, "ended") || !error_of(line).empty(); };
  for (auto* d : {&*agent_device, &*customer_device}) {
    auto line = d->wait_for(connected, Duration::s(15));
    if (!line) return tl::unexpected(line.error());
    if (!is_event(*line, "connected")) return fail(ErrorCode::unavailable, "an attendee could not join: " + bj::serialize(*line));
  }
  // Each must see the other's picture.
  const Instant deadline = system_now().mono + Duration::s(15);
  const auto seen = [&](LineProcess& d, const std::string& other, std::int64_t& ms) -> Result<bool> {
    if (auto sent = d.send({{"facts", true}}); !sent) return tl::unexpected(sent.error());
    auto line = d.wait_for([](const bj::object& o) { return o.contains("facts"); }, Duration::s(5));
    if (!line) return tl::unexpected(line.error());
    const bj::object* remotes = json::object_at(*json::object_at(*line, "facts"), "remotes");
    const bj::object* remote = remotes != nullptr ? json::object_at(*remotes, other) : nullptr;
    if (remote == nullptr || number_at(*remote, "readable") < 1) return false;
    ms = static_cast<std::int64_t>(number_at(*remote, "first_frame_ms"));
    return true;
  };
  bool agent_sees = false, customer_sees = false;
  while (!(agent_sees && customer_sees)) {
    if (system_now().mono > deadline) return fail(ErrorCode::unavailable, agent_sees ? "the customer does not see the agent" : "the agent does not see the customer");
    if (!agent_sees) {
      auto r = seen(*agent_device, customer_attendee_id, result.join_ms_agent);
      if (!r) return tl::unexpected(r.error());
      agent_sees = *r;
    }
    if (!customer_sees) {
      auto r = seen(*customer_device, agent_attendee_id, result.join_ms_customer);
      if (!r) return tl::unexpected(r.error());
      customer_sees = *r;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return "first picture after " + std::to_string(result.join_ms_agent) + " and " + std::to_string(result.join_ms_customer) + " ms";
}

Story::State::Note Story::State::start_recording() {
  const bj::object body{{"externalMeetingId", external_meeting_id}, {"connectContactId", contact_id}};
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

Story::State::Note Story::State::talk_and_share() {
  const Instant begin = system_now().mono;
  talk_started_ms = system_now().wall.unix_ms() - clock_zero_unix_ms;
  const Duration total = Duration::s(options.seconds);
  const auto wait_until = [&](Duration at) {
    const Duration left = at - (system_now().mono - begin);
    if (left > Duration()) std::this_thread::sleep_for(std::chrono::nanoseconds(left.ns()));
  };
  wait_until(total * 3 / 10);
  if (auto sent = agent_device->send({{"share", {{"width", 1920}, {"height", 1080}, {"fps", 5}, {"kbps", 2500}}}}); !sent) return tl::unexpected(sent.error());
  auto shared = agent_device->wait_for([](const bj::object& o) { return is_event(o, "share_connected") || !error_of(o).empty(); }, kSoon);
  if (!shared || !is_event(*shared, "share_connected")) return fail(ErrorCode::unavailable, "the screen share did not connect");
  wait_until(total * 8 / 10);
  if (auto sent = agent_device->send({{"unshare", true}}); !sent) return tl::unexpected(sent.error());
  wait_until(total);
  for (auto* d : {&*agent_device, &*customer_device}) {
    if (auto sent = d->send({{"facts", true}}); !sent) return tl::unexpected(sent.error());
    auto line = d->wait_for([](const bj::object& o) { return o.contains("facts"); }, kSoon);
    if (!line) return tl::unexpected(line.error());
    const bj::object& facts = *json::object_at(*line, "facts");
    const bj::object* remotes = json::object_at(facts, "remotes");
    double readable = 0, frames = 0, disorder = 0;
    if (remotes != nullptr) {
      for (const auto& [id, remote] : *remotes) {
        readable += number_at(remote.as_object(), "readable");
        frames += number_at(remote.as_object(), "frames");
        disorder += number_at(remote.as_object(), "out_of_order");
      }
    }
    if (readable < 1 || disorder > 0) return fail(ErrorCode::internal, "the pictures did not come through: " + bj::serialize(facts));
    if (number_at(facts, "beeps_heard") < 1) return fail(ErrorCode::internal, "no sound came through: " + bj::serialize(facts));
  }
  return std::to_string(options.seconds) + " s, with a shared screen";
}

Result<bj::object> Story::State::summary() {
  if (supervisor->token().empty()) {
    if (auto r = supervisor->log_in("sam@example.com", supervisor_password); !r) return tl::unexpected(r.error());
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

Story::State::Note Story::State::end_meeting() {
  auto metrics = agent->http().get(result.server_url + "/metrics");
  if (metrics) result.packets_forwarded = static_cast<std::uint64_t>(metric(metrics->body, "upcall_media_packets_sent_total"));
  result.server_cpu_core_seconds = server->cpu_time().seconds();
  const bj::object body{{"externalMeetingId", external_meeting_id}};
  auto ended = agent->expect(200, "DELETE", "/api/chime/meeting", &body);
  if (!ended) return tl::unexpected(ended.error());
  for (auto* d : {&*agent_device, &*customer_device}) {
    auto line = d->wait_for([](const bj::object& o) { return is_event(o, "ended"); }, kSoon);
    if (!line) return fail(ErrorCode::unavailable, "an attendee was not told that the meeting ended");
    if (number_at(*line, "status") != 410) return fail(ErrorCode::internal, "an attendee ended with another status: " + bj::serialize(*line));
  }
  auto again = agent->expect(200, "DELETE", "/api/chime/meeting", &body);
  if (!again) return tl::unexpected(again.error());
  return "410 to both";
}

Story::State::Note Story::State::playback() {
  auto part = supervisor->http().send({"GET", result.url, {{"range", "bytes=0-1023"}}, {}});
  if (!part) return tl::unexpected(part.error());
  if (part->status != 206 || part->body.size() != 1024) return fail(ErrorCode::internal, "a range answered " + std::to_string(part->status));
  result.file = options.data_dir + "/demo.mp4";
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

Story::State::Note Story::State::film_is_true() {
  auto inspector = LineProcess::start(host, options.program_dir + "/upcall-recorder", {"inspect", result.file, "--json"});
  if (!inspector) return tl::unexpected(inspector.error());
  auto line = inspector->wait_line([](const std::string& text) { return text.starts_with("{"); }, Duration::s(60 + 4 * options.seconds));
  if (!line) return fail(ErrorCode::internal, "the film cannot be read back");
  result.film_json = *line;
  auto film = json::parse_object(*line);
  if (!film) return fail(ErrorCode::internal, "the inspector's answer cannot be read");
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

Story::State::Note Story::State::close_contact() {
  auto ended = agent->expect(200, "POST", "/api/agent/contacts/" + contact_id + "/end");
  if (!ended) return tl::unexpected(ended.error());
  auto told = chat_socket->wait_for(
      [](const bj::object& frame) {
        const auto item = chat_item(frame);
        return item && json::text_or(*item, "ContentType").ends_with("chat.ended");
      },
      kSoon);
  if (!told) return fail(ErrorCode::unavailable, "the customer was not told that the chat ended");
  auto cleared = agent->expect(200, "POST", "/api/agent/contacts/" + contact_id + "/clear");
  if (!cleared) return tl::unexpected(cleared.error());
  return "ended and cleared";
}

Story::Story(StoryOptions options) : state_(std::make_unique<State>(std::move(options))) {}
Story::~Story() {
  if (state_->server) {
    state_->server->child().signal(15);
    if (!state_->server->child().wait(Duration::s(10))) state_->server->child().kill_group();
  }
}

StoryResult Story::play() {
  State& s = *state_;
  s.run = s.random.u64();
  char text[24];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(s.run));
  s.run_text = text;
  const std::pair<const char*, Result<std::string> (State::*)()> steps[] = {
      {"server starts", &State::start_server},
      {"people are added", &State::add_people},
      {"agent is available", &State::agent_ready},
      {"customer starts a chat", &State::customer_starts_chat},
      {"agent accepts", &State::queue_and_accept},
      {"they chat", &State::chat_both_ways},
      {"agent escalates to video", &State::escalate},
      {"customer is invited", &State::invitation_arrives},
      {"both join", &State::both_join},
      {"recording starts", &State::start_recording},
      {"second start is refused", &State::second_start_refused},
      {"they talk and share a screen", &State::talk_and_share},
      {"recording stops", &State::stop_recording},
      {"film is stored", &State::stored},
      {"meeting ends", &State::end_meeting},
      {"supervisor plays the film", &State::playback},
      {"others are refused", &State::others_refused},
      {"film shows this run", &State::film_is_true},
      {"contact is closed", &State::close_contact},
  };
  bool ok = true;
  for (const auto& [name, fn] : steps) {
    if (!s.step(name, [&s, fn = fn] { return (s.*fn)(); })) {
      ok = false;
      break;
    }
  }
  s.result.ok = ok;
  return s.result;
}

void Story::serve() {
  while (!state_->server->child().wait(Duration::s(3600))) {
  }
}

}  // namespace upcall::demo
