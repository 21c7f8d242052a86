// Many WebSocket clients (ws:// to a numeric address) without a thread of their own: whoever owns them looks after them
// with poll() from its own loop, and is called back from there. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.hpp"

namespace upcall::bench {

class WebSockets {
 public:
  struct Events {
    std::function<void()> opened;
    std::function<void(Bytes)> message;
    std::function<void(std::uint16_t code)> closed;   // once, last; 1006 when it was lost or refused
  };
  class Socket {
   public:
    virtual ~Socket() = default;
    virtual void send(std::string message) = 0;   // binary
    virtual void send_text(std::string message) = 0;
    // Closes it when what was sent has gone; no event follows.
    virtual void drop() = 0;
  };

  WebSockets();
  ~WebSockets();
  WebSockets(const WebSockets&) = delete;
  WebSockets& operator=(const WebSockets&) = delete;

  // Null when the URL cannot be used.
  std::shared_ptr<Socket> open(const std::string& url, const std::vector<std::string>& subprotocols, Events events);
  // Carries out what is ready, without waiting.
  void poll();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace upcall::bench
