#include "api/centre/participant_socket.hpp"

#include "api/centre/item_json.hpp"
#include "json/json.hpp"

namespace upcall::api {

namespace bj = boost::json;

namespace {

constexpr std::size_t kFrameMax = 16 << 10;
constexpr std::string_view kSubscribed = R"({"topic":"aws/subscribe","content":{"status":"success","topics":["aws/chat"]}})";
constexpr std::uint16_t kNormalClose = 1000;
constexpr std::uint16_t kPolicyClose = 1008;

}  // namespace

std::shared_ptr<wire::WebSocketConnection> ParticipantSocket::connection() {
  std::lock_guard guard(mutex_);
  return connection_;
}

void ParticipantSocket::answer(std::string_view text) {
  if (auto c = connection()) c->send_text(text);
}

void ParticipantSocket::on_open(std::shared_ptr<wire::WebSocketConnection> connection) {
  std::lock_guard guard(mutex_);
  connection_ = std::move(connection);
}

void ParticipantSocket::on_message(Bytes message, bool is_text) {
  auto frame = is_text ? json::parse_object(as_text(message), kFrameMax) : fail(ParseError::malformed);
  if (!frame) {
    if (auto c = connection()) c->close(kPolicyClose, "not a frame");
    return;
  }
  const auto topic = json::text_at(*frame, "topic");
  if (topic == "aws/heartbeat") return answer(R"({"topic":"aws/heartbeat"})");
  if (topic == "aws/ping") return answer(R"({"topic":"aws/ping","statusCode":200,"statusContent":"OK"})");
  if (topic != "aws/subscribe") return;
  bool accepted = false;
  bj::array refused;
  const bj::object* content = json::object_at(*frame, "content");
  if (const bj::array* topics = content != nullptr ? json::array_at(*content, "topics") : nullptr) {
    for (const bj::value& name : *topics) {
      if (!name.is_string()) continue;
      if (name == "aws/chat") {
        accepted = true;
      } else {
        refused.push_back(name);
      }
    }
  }
  if (accepted) {
    bool first = false;
    {
      std::lock_guard guard(mutex_);
      first = !std::exchange(subscribed_, true);
    }
    if (first) {
      service_.listen(contact_id_, participant_id_, weak_from_this());
    } else {
      answer(kSubscribed);
    }
  }
  if (!refused.empty()) {
    answer(bj::serialize(bj::object{{"topic", "aws/subscribe"}, {"content", {{"status", "failure"}, {"topics", refused}}}}));
  }
}

void ParticipantSocket::on_close(std::uint16_t) {
  std::lock_guard guard(mutex_);
  connection_.reset();
}

void ParticipantSocket::on_listening() { answer(kSubscribed); }

void ParticipantSocket::on_item(const contact::ChatItem& item) {
  // `content` is a text that holds JSON, not an object.
  answer(bj::serialize(bj::object{{"topic", "aws/chat"}, {"contentType", "application/json"}, {"content", bj::serialize(item_json(item, true))}}));
}

void ParticipantSocket::on_chat_closed() {
  if (auto c = connection()) c->close(kNormalClose, "the chat has ended");
}

}  // namespace upcall::api
