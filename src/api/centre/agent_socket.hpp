// One event socket of an agent: text frames {"seq":n,"type":"snapshot|agent|contact|item",…}, numbered without gap, and, for
// whoever has asked for them, {"type":"quality",…} of the moment alone, without a number;
// {"type":"ping"} from the client is answered {"type":"pong"}.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "api/centre/centre_service.hpp"
#include "wire/http.hpp"

namespace upcall::api {

class AgentSocket final : public wire::WebSocketHandler, public AgentListener, public std::enable_shared_from_this<AgentSocket> {
 public:
  AgentSocket(CentreService& service, std::string agent_id, std::string epoch, std::uint64_t after, bool quality)
      : service_(service), agent_id_(std::move(agent_id)), epoch_(std::move(epoch)), after_(after), quality_(quality) {}

  void on_open(std::shared_ptr<wire::WebSocketConnection> connection) override;
  void on_message(Bytes message, bool is_text) override;
  void on_close(std::uint16_t code) override;
  void on_event(std::uint64_t number, const std::string& json) override;
  void on_passing(const std::string& json) override;
  void on_agent_removed() override;

 private:
  void send(std::uint64_t number, const std::string& json);

  CentreService& service_;
  const std::string agent_id_;
  const std::string epoch_;
  const std::uint64_t after_;
  const bool quality_;                                 // a client of before takes what has no number for a gap
  std::mutex mutex_;
  std::shared_ptr<wire::WebSocketConnection> connection_;
  bool started_ = false;                               // the first frames were sent
  std::vector<CentreService::Numbered> waiting_;       // events that came before that
};

}  // namespace upcall::api
