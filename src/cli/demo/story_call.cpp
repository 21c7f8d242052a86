// The steps of the story that are the call itself: joining, talking, sharing a screen, the end for everybody.
#include <algorithm>
#include <thread>

#include "cli/demo/story_state.hpp"
#include "io/clock/system_clock.hpp"

namespace upcall::demo {

namespace {

std::string error_of(const bj::object& line) { return json::text_or(line, "error"); }

// A value of Prometheus' text.
double metric(const std::string& text, const std::string& name) {
  const std::size_t at = text.find("\n" + name + " ");
  return at == std::string::npos ? 0 : std::atof(text.c_str() + at + 1 + name.size());
}

}  // namespace

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
                               {"kbps", 1700},
                               {"insecure_tls", options.insecure}}}});
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
    result.connected_ms = std::max(result.connected_ms.value_or(0), number_at(*line, "join_ms"));
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
  result.first_picture_ms = static_cast<double>(std::max(result.join_ms_agent, result.join_ms_customer));
  return "first picture after " + std::to_string(result.join_ms_agent) + " and " + std::to_string(result.join_ms_customer) + " ms";
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
  double delays = 0, delayed = 0;  // weighed by pictures
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
        delays += number_at(remote.as_object(), "delay_ms") * number_at(remote.as_object(), "readable");
        delayed += number_at(remote.as_object(), "readable");
      }
    }
    if (readable < 1 || disorder > 0) return fail(ErrorCode::internal, "the pictures did not come through: " + bj::serialize(facts));
    if (number_at(facts, "beeps_heard") < 1) return fail(ErrorCode::internal, "no sound came through: " + bj::serialize(facts));
  }
  result.delay_ms = delays / delayed;
  return std::to_string(options.seconds) + " s, with a shared screen";
}

Story::State::Note Story::State::end_meeting() {
  auto metrics = agent->http().get(result.server_url + "/metrics");
  if (metrics) result.packets_forwarded = static_cast<std::uint64_t>(metric(metrics->body, "upcall_media_packets_sent_total"));
  if (server) result.server_cpu_core_seconds = server->cpu_time().seconds();
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

}  // namespace upcall::demo
