#include "io/headless/publisher.hpp"

#include "io/clock/system_clock.hpp"
#include "io/media/test_pattern.hpp"
#include "io/video_codecs/video_codecs.hpp"

namespace upcall::headless {

Result<std::unique_ptr<Publisher>> Publisher::start(PublisherOptions options, std::function<void(PublishedFrame&&)> deliver) {
  // Opened here once to fail early; the thread opens its own.
  media::VideoEncoderOptions probe;
  probe.width = options.width;
  probe.height = options.height;
  if (auto encoder = media::open_video_encoder(options.codec, probe); !encoder) return tl::unexpected(encoder.error());
  std::unique_ptr<Publisher> out(new Publisher());
  out->codec_.store(options.codec, std::memory_order_relaxed);
  out->options_ = std::move(options);
  out->deliver_ = std::move(deliver);
  out->thread_ = std::thread([self = out.get()] { self->run(); });
  return out;
}

Publisher::~Publisher() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Publisher::set_enabled(bool enabled) {
  {
    const std::lock_guard lock(mutex_);
    enabled_ = enabled;
  }
  if (enabled) request_key_frame();
  wake_.notify_all();
}

void Publisher::run() {
  media::VideoEncoderOptions encoding;
  encoding.width = options_.width;
  encoding.height = options_.height;
  encoding.fps = options_.fps;
  encoding.bitrate_kbps = options_.kbps;
  encoding.speed = 12;
  encoding.screen_content = options_.screen;
  rtc::VideoCodec codec = codec_.load(std::memory_order_relaxed);
  auto encoder = media::open_video_encoder(codec, encoding);
  if (!encoder) return;
  const media::TestPattern pattern({options_.run, options_.participant, options_.label, options_.screen});
  media::Picture picture(options_.width, options_.height);
  std::int64_t last_index = -1;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return stop_ || enabled_; });
      if (stop_) return;
      // The next picture of the grid.
      const std::int64_t elapsed_us = (system_now().mono - options_.clock_zero).us();
      const std::int64_t index = elapsed_us * options_.fps / 1'000'000 + 1;
      if (last_index >= 0 && index > last_index + 1) skipped_.fetch_add(static_cast<std::uint64_t>(index - last_index - 1), std::memory_order_relaxed);
      last_index = index;
      const std::int64_t due_us = index * 1'000'000 / options_.fps;
      wake_.wait_for(lock, std::chrono::microseconds(due_us - elapsed_us), [&] { return stop_; });
      if (stop_) return;
      if (!enabled_) {
        last_index = -1;
        continue;
      }
    }
    const Instant captured = system_now().mono;
    const auto clock_ms = static_cast<std::uint32_t>((captured - options_.clock_zero).ms());
    pattern.draw(picture.mut_view(), clock_ms);
    if (const rtc::VideoCodec wanted = codec_.load(std::memory_order_relaxed); wanted != codec) {
      codec = wanted;
      encoder = media::open_video_encoder(codec, encoding);
      if (!encoder) return;
      key_frame_.store(true, std::memory_order_relaxed);
    }
    auto encoded = (*encoder)->encode(picture.view(), std::int64_t(clock_ms) * 90, key_frame_.exchange(false, std::memory_order_relaxed));
    if (!encoded || !*encoded) continue;
    frames_.fetch_add(1, std::memory_order_relaxed);
    const Bytes data = (*encoded)->data;
    deliver_({codec, ByteVector(data.begin(), data.end()), clock_ms, captured});
  }
}

}  // namespace upcall::headless
