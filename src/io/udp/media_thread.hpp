// The thread of one media worker: UDP sockets and TCP listeners (one a local address), the sfu::Worker, its clock. Commands come in and
// events go out through bounded queues; nothing in the loop locks, blocks or logs.
//
// post() is for one producer thread, on_events is called on the media thread (it must only hand the events on).
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/bounded_queue.hpp"
#include "base/net_address.hpp"
#include "base/result.hpp"
#include "io/udp/tcp_media.hpp"
#include "sfu/worker.hpp"
#include "wire/sfu.hpp"

namespace upcall::udp {

// Where media is received: `bind` is the socket's address, `advertised` what candidates say (behind a 1:1 NAT).
struct MediaAddress {
  NetAddress advertised;
  NetAddress bind;
};

struct MediaThreadOptions {
  std::vector<MediaAddress> addresses;
  std::size_t command_queue = 4096;
  int socket_buffer_bytes = 4 << 20;
  bool tcp = true;   // listen on the same ports for clients without UDP (tcp_media.hpp)
};

struct MediaThreadCounters {
  std::uint64_t turns = 0, slow_turns = 0;       // slow: over 5 ms
  std::uint64_t packets_in = 0, packets_out = 0, bytes_out = 0, send_errors = 0;
  std::uint64_t unknown_address = 0, unknown_user = 0;
  std::uint64_t meetings = 0, connections = 0;
  std::uint64_t turn_us_max = 0;
  std::uint64_t video_held = 0;      // packets, sfu::Worker::video_held()
  std::uint64_t busy_percent = 0;    // of a processor, lately
  std::uint64_t cameras_most = 0;    // that a receiver gets, sfu::LoadShedder::kAll: as many as it likes
  TcpMediaCounters tcp;
};

class MediaThread {
 public:
  using EventSink = std::function<void(std::vector<wire::SfuEvent>&&)>;

  // Binds at once (unavailable: a port is taken, says which; of a TCP port that is taken tcp_ready() tells). Everything passed by reference must outlive the thread.
  static Result<std::unique_ptr<MediaThread>> start(MediaThreadOptions options, const dtls::DtlsContext& context,
                                                    sfu::AudioMixerFactory* mixers, RandomSource& random, EventSink on_events);
  ~MediaThread();
  MediaThread(const MediaThread&) = delete;
  MediaThread& operator=(const MediaThread&) = delete;

  // False: the queue is full; keep the command and try again.
  bool post(wire::SfuCommand&& command);
  MediaThreadCounters counters() const;
  // Does it listen on TCP, on every address? Without it clients are not told of any TCP.
  bool tcp_ready() const { return tcp_ready_; }
  // CPU time the thread has used so far.
  Duration cpu_time() const;

 private:
  class Loop;
  MediaThread(std::unique_ptr<Loop> loop, bool tcp_ready);
  std::unique_ptr<Loop> loop_;
  bool tcp_ready_;
};

}  // namespace upcall::udp
