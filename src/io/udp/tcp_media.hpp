// Media over TCP (RFC 6544, framed by RFC 4571) for clients whose network lets no UDP out: listening sockets on the media
// addresses and the connections that came in. Connections are never made from here. Owned by the media thread; nothing
// blocks.
//
// What does not fit into a connection's write queue is dropped whole, the newest first, and counted, as on a full wire: a
// slow reader costs itself pictures and nobody else anything.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/bytes.hpp"
#include "base/net_address.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "rtc/ice/path.hpp"

namespace upcall::udp {

// local_index of a path over TCP: this bit and the number of the connection, never used again. So what a connection may do
// ends with it, even if another one comes from the same address and port.
inline constexpr std::uint32_t kTcpPathBit = 0x8000'0000u;
inline bool is_tcp(const ice::Path& path) { return (path.local_index & kTcpPathBit) != 0; }

struct TcpMediaCounters {
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;         // over the limits below
  std::uint64_t malformed = 0;       // ended: not RFC 4571
  std::uint64_t idle = 0;            // ended: carried nobody for kProveWithin
  std::uint64_t dropped = 0;         // datagrams that found the queue full
  std::uint64_t open = 0;
};

class TcpMedia {
 public:
  static constexpr std::size_t kConnectionsMax = 1024;
  static constexpr std::size_t kConnectionsOfPeerMax = 64;      // of one IPv4 address or IPv6 /64: an office behind one NAT
  static constexpr std::size_t kQueueBytesMax = 256 * 1024;     // about a second of 2 Mbit/s
  static constexpr std::size_t kReadBytesMax = 64 * 1024;       // of one connection and turn
  static constexpr Duration kProveWithin = Duration::s(10);     // to pass a check, and after the end of its consent

  // `epoll`: where sockets are watched, with epoll_event.data.u32 as event() takes it; outlives this.
  explicit TcpMedia(int epoll);
  ~TcpMedia();
  TcpMedia(const TcpMedia&) = delete;
  TcpMedia& operator=(const TcpMedia&) = delete;

  // unavailable: the port is taken. At most 16 addresses.
  Result<void> listen(const NetAddress& address);

  // Is it one of ours?
  static bool owns(std::uint32_t event_number) { return (event_number & (kTcpPathBit | kListenerBit)) != 0 && event_number != ~std::uint32_t(0); }
  using OnDatagram = std::function<void(const ice::Path&, MutBytes)>;
  void event(Instant now, std::uint32_t event_number, std::uint32_t events, const OnDatagram& on_datagram);

  // Queues one datagram; false: dropped, or the connection is gone. flush() sends what was queued.
  bool send(const ice::Path& path, Bytes datagram);
  void flush();

  // Ends connections that carry nobody (any more), and listens again after a want of descriptors. Once a second.
  void sweep(Instant now, const std::function<bool(const ice::Path&)>& carries);
  bool needs_sweep() const { return !connections_.empty() || paused_; }

  const TcpMediaCounters& counters() const { return counters_; }

 private:
  static constexpr std::uint32_t kListenerBit = 0x4000'0000u;
  struct Connection;
  void accept(Instant now, std::size_t listener);
  void close(std::uint32_t number);
  void write(std::uint32_t number, Connection& connection);
  void watch_listeners(bool on);

  int epoll_;
  std::vector<int> listeners_;
  std::unordered_map<std::uint32_t, std::unique_ptr<Connection>> connections_;
  std::unordered_map<NetAddress, std::size_t> of_peer_;   // by peer_of()
  std::vector<std::uint32_t> dirty_;                      // with something queued since the last flush()
  std::uint32_t next_number_ = 0;
  bool paused_ = false;
  TcpMediaCounters counters_;
};

}  // namespace upcall::udp
