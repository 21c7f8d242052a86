// A headless attendee over real sockets: client::Attendee with a UDP socket, a WebSocket, a microphone and perhaps a
// camera (or a shared screen), on a thread of its own. Reads back the pictures it receives.
//
// Threads: members from any thread; on_event runs on the session's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "base/time.hpp"
#include "client/attendee.hpp"
#include "io/headless/publisher.hpp"

namespace upcall::headless {

struct SessionOptions {
  std::string signaling_url;        // ws:// or wss://
  std::string join_token;           // with "#content" for a share
  bool insecure_tls = false;
  client::AttendeeOptions attendee;
  PublisherOptions picture;         // used when attendee.camera
  bool silent = false;              // sends silence, as the vendor's client does for a share without sound
  bool decode = true;               // read remote pictures back
};

// What came in from one remote attendee.
struct RemoteFacts {
  std::uint64_t frames = 0;         // decoded
  std::uint64_t readable = 0;       // with a valid code of this run
  std::uint64_t out_of_order = 0;   // clock did not rise
  std::uint32_t first_frame_ms = 0; // since start()
  double delay_ms_sum = 0;          // drawn → decoded, of the readable ones
  std::uint32_t last_clock_ms = 0;
  int width = 0, height = 0;
  rtc::VideoCodec codec = rtc::VideoCodec::vp8;  // of the last one
};

struct SessionFacts {
  bool connected = false, ended = false;
  std::uint32_t status = 0;         // when ended
  std::uint32_t join_ms = 0;        // start() → connected
  std::uint32_t reconnects = 0;
  std::uint64_t audio_packets = 0, beeps_heard = 0;
  std::uint64_t frames_sent = 0, frames_skipped = 0;
  rtc::VideoCodec send_codec = rtc::VideoCodec::vp8;
  std::map<std::string, RemoteFacts> remotes;  // by attendee id
  client::MediaCounters media;
};

class Session {
 public:
  static Result<std::unique_ptr<Session>> start(SessionOptions options, std::function<void(const client::Event&)> on_event);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void set_muted(bool muted);
  void set_camera(bool on);
  // Leaves; ended() follows.
  void leave();
  SessionFacts facts() const;

 private:
  class Impl;
  explicit Session(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace upcall::headless
