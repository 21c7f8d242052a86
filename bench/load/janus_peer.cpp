#include "janus_peer.hpp"

#include <vector>

#include <boost/json.hpp>

#include "json/json.hpp"

namespace upcall::bench {

namespace bj = boost::json;

namespace {

constexpr Duration kKeepalive = Duration::s(20);
constexpr std::uint32_t kReceivedStream = 7;   // a number of ours for the one video that is received

std::vector<std::string> lines_of(std::string_view sdp) {
  std::vector<std::string> out;
  while (!sdp.empty()) {
    const std::size_t end = sdp.find('\n');
    std::string_view line = sdp.substr(0, end);
    sdp.remove_prefix(end == std::string_view::npos ? sdp.size() : end + 1);
    while (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (!line.empty()) out.emplace_back(line);
  }
  return out;
}

std::string line_with(const std::vector<std::string>& lines, std::string_view prefix) {
  for (const std::string& line : lines) {
    if (line.starts_with(prefix)) return line;
  }
  return {};
}

// Janus says once for all sections what our session reads in each.
std::string with_fingerprints(const std::string& sdp) {
  const auto lines = lines_of(sdp);
  const std::string said = line_with(lines, "a=fingerprint:");
  std::string out;
  for (const std::string& line : lines) {
    if (line == said) continue;
    out += line + "\r\n";
    if (line.starts_with("a=mid:")) out += said + "\r\n";
  }
  return out;
}

std::string candidate(const NetAddress& at) {
  return "a=candidate:1 1 udp 2130706431 " + ip_text(at) + " " + std::to_string(at.port) + " typ host\r\n";
}

// Ours for Janus: we begin DTLS, and our address is known.
std::string offered(const std::string& sdp, const NetAddress& at) {
  std::string out;
  for (const std::string& line : lines_of(sdp)) {
    out += (line == "a=setup:actpass" ? "a=setup:active" : line) + "\r\n";
    if (line.starts_with("a=mid:")) out += candidate(at);
  }
  return out;
}

// Of Janus's offer: the parts before the first section, of sound and of the camera.
struct Sections {
  std::vector<std::string> head, audio, video;
};
Sections sections_of(const std::string& sdp) {
  Sections out;
  std::vector<std::string>* into = &out.head;
  for (std::string& line : lines_of(sdp)) {
    if (line.starts_with("m=audio")) into = &out.audio;
    else if (line.starts_with("m=video")) into = &out.video;
    into->push_back(std::move(line));
  }
  return out;
}

// The answer that our session reads: its sections are sound, its own camera (none here), one that is received.
std::string as_answer(const Sections& janus) {
  std::string out;
  const auto add = [&out](const std::string& line) { out += line + "\r\n"; };
  for (const std::string& line : janus.head) add(line);
  for (const std::string& line : janus.audio) add(line);
  add("m=video 0 UDP/TLS/RTP/SAVPF 96");
  add("c=IN IP4 0.0.0.0");
  add("a=mid:1");
  add("a=inactive");
  const bool has_pair = !line_with(janus.video, "a=ssrc-group:FID").empty();
  for (const std::string& line : janus.video) {
    add(line.starts_with("a=mid:") ? "a=mid:2" : line);
    if (line.starts_with("a=ssrc:") && !has_pair && out.find("a=ssrc-group:FID") == std::string::npos) {
      const auto ssrc = static_cast<std::uint32_t>(std::strtoul(line.c_str() + 7, nullptr, 10));
      add("a=ssrc-group:FID " + std::to_string(ssrc) + " " + std::to_string(ssrc + 1));
    }
  }
  return out;
}

// The answer that Janus reads: its own sections, received, with what our session has said of itself.
std::string answer_for_janus(const Sections& janus, const std::string& ours, const NetAddress& at) {
  const auto own = lines_of(ours);
  std::string out = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n";
  if (const std::string group = line_with(janus.head, "a=group:BUNDLE"); !group.empty()) out += group + "\r\n";
  for (const auto* section : {&janus.audio, &janus.video}) {
    for (const std::string& line : *section) {
      for (const char* left_out : {"a=ssrc", "a=candidate", "a=end-of-candidates", "a=msid", "a=ice-options", "a=ice-ufrag", "a=ice-pwd", "a=fingerprint", "a=setup"}) {
        if (line.starts_with(left_out)) goto next;
      }
      out += (line == "a=sendonly" || line == "a=sendrecv" ? "a=recvonly" : line) + "\r\n";
    next:;
    }
    for (const char* said : {"a=ice-ufrag:", "a=ice-pwd:", "a=fingerprint:"}) out += line_with(own, said) + "\r\n";
    out += "a=setup:active\r\n" + candidate(at);
  }
  return out;
}

}  // namespace

JanusPeer::JanusPeer(std::uint64_t room, const NetAddress& publish_from, const NetAddress& receive_at, const dtls::DtlsContext& context,
                     RandomSource& random, client::PacketWatch* watch)
    : room_(room), publish_from_(publish_from), receive_at_(receive_at), publisher_(context, random), receiver_(context, random) {
  publisher_.set_watch(watch);
  receiver_.set_watch(watch);
}

void JanusPeer::start(Now, PeerOutput& out) { out.first.open_socket = true; }

void JanusPeer::request(const char* what, std::uint64_t handle, bj::object more, PeerOutput& out) {
  more["janus"] = what;
  more["transaction"] = std::to_string(++transaction_);
  if (session_ != 0) more["session_id"] = session_;
  if (handle != 0) more["handle_id"] = handle;
  out.first.messages.push_back(bj::serialize(more));
}

void JanusPeer::body(std::uint64_t handle, bj::object content, const bj::object* jsep, PeerOutput& out) {
  bj::object message{{"body", std::move(content)}};
  if (jsep != nullptr) message["jsep"] = *jsep;
  request("message", handle, std::move(message), out);
}

void JanusPeer::on_socket_open(Now now, PeerOutput& out) {
  open_ = true;
  keepalive_ = now.mono + kKeepalive;
  request("create", 0, {}, out);
}

void JanusPeer::on_socket_closed(Now, std::uint16_t, PeerOutput&) {
  open_ = told_ = false;
  keepalive_ = Instant::never();
}

void JanusPeer::publish(PeerOutput& out) {
  const bj::object jsep{{"type", "offer"}, {"sdp", offered(publisher_.make_offer(true, {}), publish_from_)}};
  body(publish_handle_, {{"request", "publish"}}, &jsep, out);
}

void JanusPeer::subscribe(std::uint64_t feed, PeerOutput& out) {
  if (feed_ != 0) return;
  feed_ = feed;
  request("attach", 0, {{"plugin", "janus.plugin.videoroom"}}, out);
}

void JanusPeer::on_publishers(const bj::object& data, PeerOutput& out) {
  const bj::array* list = json::array_at(data, "publishers");
  if (list == nullptr || list->empty() || !list->front().is_object()) return;
  const auto* id = list->front().as_object().if_contains("id");
  if (id != nullptr && id->is_number()) subscribe(id->to_number<std::uint64_t>(), out);
}

void JanusPeer::on_offer(Now now, const std::string& sdp, PeerOutput& out) {
  const Sections janus = sections_of(with_fingerprints(sdp));
  const std::string ours = receiver_.make_offer(false, {kReceivedStream});
  const bj::object jsep{{"type", "answer"}, {"sdp", answer_for_janus(janus, ours, receive_at_)}};
  body(receive_handle_, {{"request", "start"}}, &jsep, out);
  failed_ = !receiver_.set_answer(now.mono, as_answer(janus), out.second) || failed_;
}

void JanusPeer::on_socket_message(Now now, Bytes message, PeerOutput& out) {
  const auto parsed = json::parse_object(as_text(message));
  if (!parsed) return;
  const std::string kind = json::text_or(*parsed, "janus");
  if (kind == "success") {
    const bj::object* data = json::object_at(*parsed, "data");
    const auto* id = data != nullptr ? data->if_contains("id") : nullptr;
    if (id == nullptr || !id->is_number()) return;
    const auto number = id->to_number<std::uint64_t>();
    if (session_ == 0) {
      session_ = number;
      request("attach", 0, {{"plugin", "janus.plugin.videoroom"}}, out);
    } else if (publish_handle_ == 0) {
      publish_handle_ = number;
      body(publish_handle_, {{"request", "join"}, {"ptype", "publisher"}, {"room", room_}}, nullptr, out);
    } else if (receive_handle_ == 0) {
      receive_handle_ = number;
      body(receive_handle_, {{"request", "join"}, {"ptype", "subscriber"}, {"room", room_}, {"streams", bj::array{bj::object{{"feed", feed_}}}}}, nullptr, out);
    }
    return;
  }
  if (kind != "event") return;
  const bj::object* plugin = json::object_at(*parsed, "plugindata");
  const bj::object* data = plugin != nullptr ? json::object_at(*plugin, "data") : nullptr;
  if (data == nullptr) return;
  const std::string what = json::text_or(*data, "videoroom");
  if (what == "joined") publish(out);
  if (what == "joined" || what == "event") on_publishers(*data, out);
  if (const bj::object* jsep = json::object_at(*parsed, "jsep")) {
    const std::string sdp = json::text_or(*jsep, "sdp");
    if (json::text_or(*jsep, "type") == "answer") failed_ = !publisher_.set_answer(now.mono, with_fingerprints(sdp), out.first.media) || failed_;
    else on_offer(now, sdp, out);
  }
}

void JanusPeer::update(PeerOutput& out) {
  const bool is = open_ && !failed_ && publisher_.connected() && receiver_.connected();
  if (is != told_) out.first.events.push_back({is ? client::EventKind::connected : client::EventKind::disconnected, {}});
  told_ = is;
  if (out.first.media.key_frame_wanted) out.first.events.push_back({client::EventKind::key_frame_wanted, {}});
  out.first.media.key_frame_wanted = false;
}

void JanusPeer::on_datagram(Now now, std::size_t socket, const NetAddress& from, MutBytes datagram, PeerOutput& out) {
  if (socket == 0) publisher_.on_datagram(now.mono, from, datagram, out.first.media);
  else receiver_.on_datagram(now.mono, from, datagram, out.second);
  update(out);
}

void JanusPeer::handle_timeout(Now now, PeerOutput& out) {
  if (keepalive_ <= now.mono) {
    keepalive_ = now.mono + kKeepalive;
    request("keepalive", 0, {}, out);
  }
  const std::uint64_t ntp = static_cast<std::uint64_t>(now.wall.unix_ms()) * 4'294'967ull;   // rises as it should; nobody here reads more of it
  publisher_.handle_timeout(now.mono, ntp, out.first.media);
  receiver_.handle_timeout(now.mono, ntp, out.second);
  update(out);
}

Instant JanusPeer::next_deadline() const { return std::min({keepalive_, publisher_.next_deadline(), receiver_.next_deadline()}); }

void JanusPeer::send_audio(Now now, Bytes opus, std::uint32_t timestamp, std::uint8_t minus_dbov, PeerOutput& out) {
  publisher_.send_audio(now.mono, opus, timestamp, now.mono, minus_dbov, out.first.media);
}

void JanusPeer::send_video(Now now, Bytes frame, std::uint32_t timestamp, PeerOutput& out) {
  publisher_.send_video(now.mono, rtc::VideoCodec::vp8, frame, timestamp, now.mono, std::nullopt, out.first.media);
}

}  // namespace upcall::bench
