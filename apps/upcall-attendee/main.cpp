// A headless attendee as a program: joins a meeting over real sockets, publishes a test pattern with sound, reads back
// what the others show. Joins by a JSON line on stdin (join secrets never stand in arguments or environment), takes
// commands as further lines, tells what happens as JSON lines on stdout.
#include <atomic>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include <boost/json.hpp>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "io/clock/system_clock.hpp"
#include "io/headless/session.hpp"

namespace {

namespace json = boost::json;
using namespace upcall;

constexpr const char* kHelp = R"(upcall-attendee: a headless attendee of an Upcall meeting

It reads JSON lines from stdin. The first must be a join:
  {"join":{"signaling_url":"ws://127.0.0.1:8080/control/ID","attendee_id":"...","join_token":"...",
           "label":"Alice","run":"0123456789abcdef","participant":0,"clock_zero_unix_ms":1795335326352,
           "video":true,"width":1280,"height":720,"fps":30,"kbps":1700,"codecs":["VP8","H264","VP9"]}}
(codecs: what it receives; it sends the first of them that all receivers take)
then any of:
  {"share":{"width":1920,"height":1080,"fps":5,"kbps":2500}}   shares a drawn screen
  {"unshare":true}  {"mute":true}  {"camera":false}  {"facts":true}  {"leave":true}
It answers with JSON lines on stdout: {"event":"connected","join_ms":41}, {"event":"roster_joined","attendee_id":"..."},
{"event":"signal_strength","attendee_id":"...","strength":1} (0 none, 1 weak, 2 good), {"event":"ended","status":200},
and {"facts":{...}} when asked and at the end. It exits 0 after leaving or when the meeting ended, 1 when it could not
join.

Example:
  upcall-attendee < join.jsonl
Options: --help, --version
)";

std::mutex out_mutex;
void print(const json::object& line) {
  const std::lock_guard lock(out_mutex);
  std::cout << json::serialize(line) << std::endl;
}

const char* name_of(client::EventKind kind) {
  switch (kind) {
    case client::EventKind::connected: return "connected";
    case client::EventKind::disconnected: return "disconnected";
    case client::EventKind::ended: return "ended";
    case client::EventKind::roster_joined: return "roster_joined";
    case client::EventKind::roster_left: return "roster_left";
    case client::EventKind::roster_muted: return "roster_muted";
    case client::EventKind::roster_unmuted: return "roster_unmuted";
    case client::EventKind::signal_strength: return "signal_strength";
    case client::EventKind::key_frame_wanted: return "key_frame_wanted";
    case client::EventKind::codec_changed: return "codec_changed";
  }
  return "unknown";
}

json::object to_json(const headless::SessionFacts& facts) {
  json::object remotes;
  for (const auto& [id, r] : facts.remotes) {
    remotes[id] = {{"frames", r.frames}, {"readable", r.readable}, {"out_of_order", r.out_of_order},
                   {"first_frame_ms", r.first_frame_ms}, {"width", r.width}, {"height", r.height}, {"codec", to_string(r.codec)},
                   {"delay_ms", r.readable > 0 ? r.delay_ms_sum / static_cast<double>(r.readable) : 0.0}};
  }
  return {{"connected", facts.connected}, {"join_ms", facts.join_ms}, {"reconnects", facts.reconnects},
          {"audio_packets", facts.audio_packets}, {"beeps_heard", facts.beeps_heard}, {"frames_sent", facts.frames_sent},
          {"frames_skipped", facts.frames_skipped}, {"codec", to_string(facts.send_codec)}, {"packets_sent", facts.media.packets_sent},
          {"packets_received", facts.media.packets_received}, {"retransmitted", facts.media.retransmitted},
          {"nacks_sent", facts.media.nacks_sent}, {"plis_sent", facts.media.plis_sent},
          {"plis_received", facts.media.plis_received}, {"feedback_received", facts.media.feedback_received},
          {"auth_failures", facts.media.auth_failures}, {"remotes", remotes}};
}

// Lines of stdin, with a way to end the wait.
class LineReader {
 public:
  LineReader() : wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}
  ~LineReader() { ::close(wake_); }
  void wake() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(wake_, &one, sizeof one);
  }
  // False at the end of stdin; true with an empty line when woken.
  bool next(std::string& line) {
    for (;;) {
      if (const std::size_t end = buffer_.find('\n'); end != std::string::npos) {
        line = buffer_.substr(0, end);
        buffer_.erase(0, end + 1);
        return true;
      }
      pollfd fds[2] = {{0, POLLIN, 0}, {wake_, POLLIN, 0}};
      if (::poll(fds, 2, -1) < 0) continue;
      if (fds[1].revents != 0) {
        line.clear();
        return true;
      }
      char piece[4096];
      const ssize_t got = ::read(0, piece, sizeof piece);
      if (got <= 0) return false;
      buffer_.append(piece, static_cast<std::size_t>(got));
    }
  }

 private:
  int wake_;
  std::string buffer_;
};

std::string text(const json::object& o, std::string_view key, std::string fallback = {}) {
  const auto* v = o.if_contains(key);
  return v != nullptr && v->is_string() ? std::string(v->as_string()) : fallback;
}
std::int64_t number(const json::object& o, std::string_view key, std::int64_t fallback) {
  const auto* v = o.if_contains(key);
  return v != nullptr && v->is_int64() ? v->as_int64() : fallback;
}
bool flag(const json::object& o, std::string_view key, bool fallback) {
  const auto* v = o.if_contains(key);
  return v != nullptr && v->is_bool() ? v->as_bool() : fallback;
}

headless::SessionOptions session_options(const json::object& join, bool share, const json::object& picture) {
  headless::SessionOptions out;
  out.signaling_url = text(join, "signaling_url");
  out.insecure_tls = flag(join, "insecure_tls", false);
  const std::string suffix = share ? "#content" : "";
  out.join_token = text(join, "join_token") + suffix;
  out.attendee.attendee_id = text(join, "attendee_id") + suffix;
  out.attendee.camera = share || flag(join, "video", true);
  out.attendee.receive_video = !share && flag(join, "receive", true);
  if (const auto* codecs = join.if_contains("codecs"); codecs != nullptr && codecs->is_array()) {
    out.attendee.video_codecs.clear();
    for (const json::value& one : codecs->get_array()) {
      if (const auto codec = one.is_string() ? rtc::video_codec_of(std::string_view(one.get_string())) : std::nullopt) out.attendee.video_codecs.push_back(*codec);
    }
    if (!out.attendee.video_codecs.empty()) out.picture.codec = out.attendee.video_codecs.front();
  }
  out.attendee.video_kbps = static_cast<std::uint32_t>(number(picture, "kbps", 1700));
  out.decode = flag(join, "decode", true);
  out.picture.run = std::strtoull(text(join, "run", "0").c_str(), nullptr, 16);
  out.picture.participant = static_cast<std::uint8_t>(number(join, "participant", 0) + (share ? 100 : 0));
  out.picture.label = text(join, "label") + (share ? "'s screen" : "");
  out.picture.screen = share;
  out.picture.width = static_cast<int>(number(picture, "width", share ? 1920 : 1280));
  out.picture.height = static_cast<int>(number(picture, "height", share ? 1080 : 720));
  out.picture.fps = static_cast<int>(number(picture, "fps", share ? 5 : 30));
  out.picture.kbps = static_cast<int>(number(picture, "kbps", 1700));
  const Now now = system_now();
  const std::int64_t zero = number(join, "clock_zero_unix_ms", now.wall.unix_ms());
  out.picture.clock_zero = now.mono - Duration::ms(now.wall.unix_ms() - zero);
  out.silent = share;
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  if (argc > 1) {
    const std::string_view argument = argv[1];
    if (argument == "--version") {
      std::puts("upcall-attendee " UPCALL_VERSION);
      return 0;
    }
    std::fputs(kHelp, argument == "--help" ? stdout : stderr);
    return argument == "--help" ? 0 : 2;
  }
  std::unique_ptr<headless::Session> person, share;
  json::object join;
  std::atomic<bool> ended{false};
  LineReader lines;
  std::atomic<int> status{0};
  const auto report = [&] {
    if (person) print({{"facts", to_json(person->facts())}});
  };
  std::string line;
  while (!ended && lines.next(line)) {
    if (ended) break;
    boost::system::error_code error;
    const json::value value = json::parse(line, error);
    if (error || !value.is_object()) {
      print({{"error", "each line must be a JSON object; see --help"}});
      continue;
    }
    const json::object& command = value.as_object();
    if (const auto* j = command.if_contains("join"); j != nullptr && j->is_object() && !person) {
      join = j->as_object();
      auto started = headless::Session::start(session_options(join, false, join), [&](const client::Event& e) {
        if (e.kind == client::EventKind::key_frame_wanted) return;
        json::object event{{"event", name_of(e.kind)}};
        if (!e.attendee_id.empty()) event["attendee_id"] = e.attendee_id;
        if (e.kind == client::EventKind::roster_left) event["dropped"] = e.dropped;
        if (e.kind == client::EventKind::signal_strength) event["strength"] = e.strength;
        if (e.kind == client::EventKind::ended) {
          event["status"] = e.status;
          status = static_cast<int>(e.status);
        }
        if (e.kind == client::EventKind::connected && person) event["join_ms"] = person->facts().join_ms;
        print(event);
        if (e.kind == client::EventKind::ended) {
          ended = true;
          lines.wake();
        }
      });
      if (!started) {
        print({{"error", started.error().message}});
        return 1;
      }
      person = std::move(*started);
    } else if (!person) {
      print({{"error", "the first line must be a join; see --help"}});
    } else if (const auto* s = command.if_contains("share"); s != nullptr && s->is_object()) {
      auto started = headless::Session::start(session_options(join, true, s->as_object()), [](const client::Event& e) {
        if (e.kind == client::EventKind::connected) print({{"event", "share_connected"}});
        if (e.kind == client::EventKind::ended) print({{"event", "share_ended"}, {"status", e.status}});
      });
      if (started) share = std::move(*started);
      else print({{"error", started.error().message}});
    } else if (command.contains("unshare")) {
      if (share) share->leave();
    } else if (const auto* m = command.if_contains("mute"); m != nullptr && m->is_bool()) {
      person->set_muted(m->as_bool());
    } else if (const auto* c = command.if_contains("camera"); c != nullptr && c->is_bool()) {
      person->set_camera(c->as_bool());
    } else if (command.contains("facts")) {
      report();
    } else if (command.contains("leave")) {
      if (share) share->leave();
      person->leave();
    } else {
      print({{"error", "unknown command; see --help"}});
    }
  }
  if (person && !ended) {
    // stdin was closed: whoever started us is gone, so are we.
    share.reset();
    person.reset();
    return 0;
  }
  report();
  share.reset();
  person.reset();
  return status == 200 || status == 410 || status == 411 ? 0 : 1;
}
