#include "api/centre/agent_socket.hpp"

#include "json/json.hpp"

namespace upcall::api {
namespace {

constexpr std::uint16_t kNotAllowedClose = 4403;

// {"type":…} → {"seq":n,"type":…}
std::string numbered(std::uint64_t number, const std::string& json) { return R"({"seq":)" + std::to_string(number) + "," + json.substr(1); }

}  // namespace

void AgentSocket::send(std::uint64_t number, const std::string& json) {
  if (connection_) connection_->send_text(numbered(number, json));
}

void AgentSocket::on_open(std::shared_ptr<wire::WebSocketConnection> connection) {
  {
    std::lock_guard guard(mutex_);
    connection_ = std::move(connection);
  }
  const auto first = service_.listen_agent(agent_id_, weak_from_this(), epoch_, after_);
  std::lock_guard guard(mutex_);
  for (const auto& event : first) send(event.number, event.json);
  for (const auto& event : waiting_) send(event.number, event.json);
  waiting_.clear();
  started_ = true;
}

void AgentSocket::on_message(Bytes message, bool is_text) {
  const auto frame = is_text ? json::parse_object(as_text(message), 1024) : fail(ParseError::malformed);
  if (!frame || json::text_at(*frame, "type") != "ping") return;
  std::lock_guard guard(mutex_);
  if (connection_) connection_->send_text(R"({"type":"pong"})");
}

void AgentSocket::on_close(std::uint16_t) {
  std::lock_guard guard(mutex_);
  connection_.reset();
}

void AgentSocket::on_event(std::uint64_t number, const std::string& json) {
  std::lock_guard guard(mutex_);
  if (started_) {
    send(number, json);
  } else {
    waiting_.push_back({number, json});
  }
}

void AgentSocket::on_passing(const std::string& json) {
  std::lock_guard guard(mutex_);
  if (quality_ && started_ && connection_) connection_->send_text(json);
}

void AgentSocket::on_agent_removed() {
  std::lock_guard guard(mutex_);
  if (connection_) connection_->close(kNotAllowedClose, "no longer an agent");
}

}  // namespace upcall::api
