// Draws and encodes what a headless attendee shows, on a thread of its own and in real time: test pattern → the codec that
// is wanted.
// Pictures are paced by the run's clock; one that would come too late is skipped, as a camera does.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "rtc/codec/video_payload.hpp"

namespace upcall::headless {

struct PublisherOptions {
  std::uint64_t run = 0;            // random number of the run, stands in every picture
  std::uint8_t participant = 0;
  std::string label;
  bool screen = false;
  int width = 1280, height = 720, fps = 30, kbps = 1700;
  Instant clock_zero;               // the run's clock is 0 here
  rtc::VideoCodec codec = rtc::VideoCodec::vp8;   // to begin with
};

struct PublishedFrame {
  rtc::VideoCodec codec = rtc::VideoCodec::vp8;
  ByteVector data;
  std::uint32_t clock_ms = 0;       // RTP timestamp is clock_ms × 90
  Instant captured_at;
};

class Publisher {
 public:
  // `deliver` runs on the publisher's thread.
  static Result<std::unique_ptr<Publisher>> start(PublisherOptions options, std::function<void(PublishedFrame&&)> deliver);
  ~Publisher();

  void request_key_frame() { key_frame_.store(true, std::memory_order_relaxed); }
  // From the next picture on, which is a key frame.
  void set_codec(rtc::VideoCodec codec) { codec_.store(codec, std::memory_order_relaxed); }
  // Pictures are drawn and encoded only while enabled (connected).
  void set_enabled(bool enabled);
  std::uint64_t frames() const { return frames_.load(std::memory_order_relaxed); }
  std::uint64_t skipped() const { return skipped_.load(std::memory_order_relaxed); }

 private:
  Publisher() = default;
  void run();

  PublisherOptions options_;
  std::function<void(PublishedFrame&&)> deliver_;
  std::atomic<bool> key_frame_{true};
  std::atomic<rtc::VideoCodec> codec_{rtc::VideoCodec::vp8};
  std::atomic<std::uint64_t> frames_{0}, skipped_{0};
  std::mutex mutex_;
  std::condition_variable wake_;
  bool enabled_ = false, stop_ = false;
  std::thread thread_;
};

}  // namespace upcall::headless
