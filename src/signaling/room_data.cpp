// Data messages of the room: from one attendee to all others, and to those who come while a message lives.
#include "signaling/room.hpp"

namespace upcall::signaling {

namespace {

constexpr std::uint32_t kStatusTooMany = 429;
constexpr std::uint16_t kCloseTooMany = 4429;
constexpr std::size_t kReplayFrameBytes = 32 * 1024;

void add_payload(wire::SignalFrame& frame, const DataMessage& message) {
  auto* payload = frame.mutable_data_message()->add_messages();
  payload->set_topic(message.topic);
  payload->set_data(message.data);
  payload->set_lifetime_ms(message.lifetime_ms);
  payload->set_sender_attendee_id(message.sender_attendee_id);
  payload->set_sender_external_user_id(message.sender_external_user_id);
  payload->set_ingest_time_ns(message.ingest_time_ns);
}

}  // namespace

void Room::on_data_message(Now now, Session& session, const wire::SignalFrame& frame, RoomOutput& out) {
  // A content share is a picture, nobody who writes.
  if (!session.joined || session.identity.content) return;
  wire::SignalFrame to_others, back;
  to_others.set_type(wire::SignalFrame::DATA_MESSAGE);
  back.set_type(wire::SignalFrame::DATA_MESSAGE);
  bool refused = false;
  for (const auto& payload : frame.data_message().messages()) {
    DataMessage message;
    message.topic = payload.topic();
    message.data = payload.data();
    message.lifetime_ms = payload.lifetime_ms();
    message.sender_attendee_id = session.identity.attendee_id;
    message.sender_external_user_id = session.identity.external_user_id;
    switch (data_messages_.take(now, message)) {
      case DataVerdict::deliver: add_payload(to_others, message); break;
      case DataVerdict::throttled:
        message.ingest_time_ns = 0;  // so the client knows that nobody else has it
        add_payload(back, message);
        break;
      case DataVerdict::refused: refused = true; break;
      case DataVerdict::hang_up:
        send_status(now, session, kStatusTooMany, out);
        retire(now, session, false, out);
        close(session, kCloseTooMany, "too many data messages", out);
        sweep();
        return;
    }
  }
  if (refused || frame.data_message().messages_size() == 0) ++malformed_;
  if (back.data_message().messages_size() > 0) send(now, session, back, out);
  session.data_messages_seen = data_messages_.last_number();
  if (to_others.data_message().messages_size() == 0) return;
  for (const auto& [no, other] : sessions_) {
    if (!other->joined || other->retired || other->identity.content || other->identity.attendee_id == session.identity.attendee_id) continue;
    if (!other->socket_open) continue;  // it is told when it comes back
    other->data_messages_seen = data_messages_.last_number();
    send(now, *other, to_others, out);
  }
}

void Room::replay_data_messages(Now now, Session& session, RoomOutput& out) {
  if (session.identity.content) return;
  wire::SignalFrame frame;
  frame.set_type(wire::SignalFrame::DATA_MESSAGE);
  std::size_t bytes = 0;
  const auto flush = [&] {
    if (frame.data_message().messages_size() > 0) send(now, session, frame, out);
    frame.clear_data_message();
    bytes = 0;
  };
  data_messages_.for_each_kept(now.mono, session.data_messages_seen, [&](const DataMessage& message) {
    add_payload(frame, message);
    bytes += message.data.size() + 128;
    if (bytes >= kReplayFrameBytes) flush();
  });
  flush();
  session.data_messages_seen = data_messages_.last_number();
}

}  // namespace upcall::signaling
