// Many open chats at once against a real server: customers by the participant interface, agents by the agent channel, on
// one thread of its own. Everybody goes on through the server's deaths: sockets are opened again, and what got no answer
// is sent again with its client token, as the clients of these interfaces do.
//
// Threads: one owner. The members wait until the crowd has done what they say.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "ledger.hpp"
#include "lanes.hpp"

namespace upcall::chat_rig {

struct CrowdOptions {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  std::string flow_id;
  std::vector<std::string> agent_tokens;   // access tokens; their routing profiles have room for all chats
  int chats = 10;
  double messages_per_second = 10;         // of all chats together, half of them from each side
  std::uint64_t seed = 1;
};

struct CrowdReport {
  std::uint64_t sent = 0, acknowledged = 0, repeated = 0;   // messages; attempts beyond the first
  std::uint64_t busy = 0;                                   // answers 429 and 503
  double seconds = 0;                                       // of sending
  std::vector<double> acknowledge_ms;                       // first attempt → answer
  std::vector<double> delivery_ms;                          // first attempt → the other side's socket
  std::vector<std::string> faults;                          // with the chat's number
};

class ChatCrowd {
 public:
  explicit ChatCrowd(CrowdOptions options);
  ~ChatCrowd();
  ChatCrowd(const ChatCrowd&) = delete;

  // Everybody has a chat with an agent in it. False: not within `within`; why() tells.
  bool open(std::chrono::seconds within);
  void begin_sending();
  // After the last message has its answer. False: not within `within`.
  bool end_sending(std::chrono::seconds within);
  // Reads all transcripts and judges. `whole`: the server never went away.
  CrowdReport judge(bool whole);
  std::string why() const;
  // Changes by the second: for progress.
  std::uint64_t acknowledged() const { return acknowledged_; }

 private:
  using Clock = std::chrono::steady_clock;
  struct Chat;
  struct Agent;

  asio::awaitable<void> live_as_agent(Agent& agent);
  asio::awaitable<void> take(Agent& agent, std::string_view event);
  asio::awaitable<void> accept(Agent& agent, std::string contact);
  asio::awaitable<void> live_as_customer(Chat& chat);
  asio::awaitable<bool> start_chat(Chat& chat);
  asio::awaitable<bool> connect(Chat& chat);
  asio::awaitable<void> talk(Chat& chat);
  asio::awaitable<void> say(Chat& chat, Side side);
  asio::awaitable<bool> read_transcript(Chat& chat);
  asio::awaitable<void> read_transcripts();
  void has_agent(Chat& chat);
  void got(Chat& chat, Side by, std::string_view content);
  bool until(std::chrono::seconds within, const std::function<bool()>& done) const;

  const CrowdOptions options_;
  tcp::endpoint server_;
  asio::io_context io_{1};
  std::vector<std::unique_ptr<Chat>> chats_;
  std::vector<std::unique_ptr<Agent>> agents_;
  std::unordered_map<std::string, Chat*> by_contact_;
  std::unordered_map<std::string, Agent*> accepted_by_;      // an offer may come before the start's own answer
  std::atomic<int> started_{0}, open_{0}, talking_{0};
  std::atomic<bool> sending_{false}, over_{false}, read_{false};
  std::atomic<std::uint64_t> acknowledged_{0};
  int starting_ = 0;                                        // at the same time
  Clock::time_point began_;
  CrowdReport report_;
  std::thread thread_;
};

}  // namespace upcall::chat_rig
