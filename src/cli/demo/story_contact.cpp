// The steps of the story that go through the contact centre: a chat, its agent, the invitation to a call, the end.
#include "base/ids.hpp"
#include "cli/demo/story_state.hpp"
#include "io/clock/system_clock.hpp"

namespace upcall::demo {

namespace {

std::optional<bj::object> chat_item(const bj::object& frame) {
  if (json::text_at(frame, "topic") != "aws/chat") return std::nullopt;
  auto item = json::parse_object(json::text_or(frame, "content"));
  if (!item) return std::nullopt;
  return std::move(*item);
}

}  // namespace

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
  // What happens before it is subscribed does not come by this socket.
  const auto subscribed = chat_socket->wait_for([](const bj::object& frame) { return json::text_at(frame, "topic") == "aws/subscribe"; }, kSoon);
  if (!subscribed) return fail(ErrorCode::unavailable, "the customer's chat was not subscribed");
  return "contact " + contact_id.substr(0, 8);
}

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

}  // namespace upcall::demo
