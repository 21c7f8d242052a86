// One chat socket of a participant: the aws/subscribe, aws/heartbeat, aws/ping, aws/chat topics as JSON text frames.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "api/centre/centre_service.hpp"
#include "wire/http.hpp"

namespace upcall::api {

class ParticipantSocket final : public wire::WebSocketHandler,
                                public ChatListener,
                                public std::enable_shared_from_this<ParticipantSocket> {
 public:
  ParticipantSocket(CentreService& service, std::string contact_id, std::string participant_id)
      : service_(service), contact_id_(std::move(contact_id)), participant_id_(std::move(participant_id)) {}

  void on_open(std::shared_ptr<wire::WebSocketConnection> connection) override;
  void on_message(Bytes message, bool is_text) override;
  void on_close(std::uint16_t code) override;

  void on_listening() override;
  void on_item(const contact::ChatItem& item) override;
  void on_chat_closed() override;

 private:
  std::shared_ptr<wire::WebSocketConnection> connection();
  void answer(std::string_view text);

  CentreService& service_;
  const std::string contact_id_, participant_id_;
  std::mutex mutex_;
  std::shared_ptr<wire::WebSocketConnection> connection_;
  bool subscribed_ = false;
};

}  // namespace upcall::api
