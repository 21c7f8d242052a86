#include "room_bench.hpp"

#include <fstream>
#include <iterator>

namespace upcall::signaling {

std::string captured(const std::string& file) {
  std::ifstream in(std::string(UPCALL_TEST_DIR) + "/captures/" + file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

RoomBench::RoomBench(RelaySettings relay, std::size_t sessions_max) {
  RoomOptions options;
  options.relay = std::move(relay);
  options.meeting = wire::MeetingNo{1};
  options.fingerprint = "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF";
  options.candidates.push_back({"203.0.113.9", 40000, "host", true});
  options.sessions_max = sessions_max;
  room = std::make_unique<Room>(now, options, random, [this] { return wire::ConnectionNo{next_connection++}; }, out);
}

void RoomBench::absorb(SessionNo by) {
  for (const auto& command : out.commands) {
    if (const auto* add = std::get_if<wire::SfuAddConnection>(&command)) connections_.emplace(by, add->connection);
  }
}

SessionNo RoomBench::open(const std::string& attendee_id) {
  AttendeeIdentity identity{attendee_id, "ext-" + attendee_id, "Name " + attendee_id, attendee_id.ends_with(kContentSuffix)};
  return room->open(now, identity, out);
}

void RoomBench::feed(SessionNo session, wire::SignalFrame frame) {
  const std::string bytes = wire::encode_signal(frame, now.wall);
  feed_bytes(session, as_bytes(bytes));
}

void RoomBench::feed_bytes(SessionNo session, Bytes bytes) {
  auto before = std::exchange(out.commands, {});
  room->on_message(now, session, bytes, out);
  absorb(session);
  before.insert(before.end(), out.commands.begin(), out.commands.end());
  out.commands = std::move(before);
}

void RoomBench::close(SessionNo session) { room->on_close(now, session, out); }
void RoomBench::sfu(const wire::SfuEvent& event) { room->on_sfu_event(now, event, out); }

void RoomBench::run_for(Duration time) {
  const Instant end = now.mono + time;
  while (room->next_deadline() <= end) {
    const Instant next = std::max(room->next_deadline(), now.mono);
    now.wall = now.wall + (next - now.mono);
    now.mono = next;
    room->handle_timeout(now, out);
  }
  now.wall = now.wall + (end - now.mono);
  now.mono = end;
}

void RoomBench::join(SessionNo session, std::uint32_t audio_session_id, const std::string& browser) {
  wire::SignalFrame frame;
  frame.set_type(wire::SignalFrame::JOIN);
  frame.mutable_join()->set_protocol_version(2);
  frame.mutable_join()->set_audio_session_id(audio_session_id);
  frame.mutable_join()->mutable_client_details()->set_platform_name(browser);
  feed(session, frame);
}

void RoomBench::subscribe(SessionNo session, const std::string& offer, std::vector<std::uint32_t> receive, bool camera) {
  wire::SignalFrame frame;
  frame.set_type(wire::SignalFrame::SUBSCRIBE);
  auto* sub = frame.mutable_sub();
  sub->set_duplex(camera ? signal::DUPLEX : signal::RX);
  sub->set_sdp_offer(offer);
  for (const std::uint32_t id : receive) sub->add_receive_stream_ids(id);
  sub->add_send_streams()->set_media_type(signal::AUDIO);
  if (camera) {
    auto* video = sub->add_send_streams();
    video->set_media_type(signal::VIDEO);
    video->set_track_label("AmazonChimeExpressVideo");
    video->set_max_bitrate_kbps(1500);
  }
  feed(session, frame);
}

SessionNo RoomBench::enter(const std::string& attendee_id, bool camera, std::uint32_t audio_session_id) {
  const SessionNo session = open(attendee_id);
  join(session, audio_session_id);
  subscribe(session, captured(camera ? "camera/03-offer.sdp" : "audio-only/01-offer.sdp"), {0}, camera);
  sfu(wire::SfuConnected{connections_.at(session)});
  return session;
}

std::vector<wire::SignalFrame> RoomBench::take(SessionNo session) {
  std::vector<wire::SignalFrame> frames;
  std::erase_if(out.sends, [&](const RoomOutput::Send& send) {
    if (send.session != session) return false;
    const auto frame = wire::decode_signal(as_bytes(send.message));
    if (frame) frames.push_back(*frame);
    return true;
  });
  return frames;
}

}  // namespace upcall::signaling
