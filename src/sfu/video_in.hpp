// What a person or a share publishes: one stream, or the same picture in several sizes (simulcast, RFC 8853), each of them
// a layer with its own numbers, repairs and key frames. Plain state; the rules are in meeting_video.cpp, meeting_layers.cpp
// and meeting_downlink.cpp. Owned by a Connection, on the meeting's thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/time.hpp"
#include "rtc/codec/video_payload.hpp"
#include "rtc/nack/receive_stream.hpp"
#include "sfu/packet_history.hpp"
#include "sfu/rate_meter.hpp"
#include "sfu/seen_window.hpp"
#include "wire/sfu.hpp"

namespace upcall::sfu {

struct VideoSubscription;

// Number of a stream in a recording, one a tap.
struct TapSourceRef {
  wire::TapNo tap;
  std::uint32_t source = 0;
};

constexpr wire::TapCodec tap_codec(rtc::VideoCodec codec) {
  return codec == rtc::VideoCodec::vp8 ? wire::TapCodec::vp8 : codec == rtc::VideoCodec::h264 ? wire::TapCodec::h264 : wire::TapCodec::vp9;
}
constexpr rtc::VideoCodec video_codec(wire::TapCodec codec) {
  return codec == wire::TapCodec::h264 ? rtc::VideoCodec::h264 : codec == wire::TapCodec::vp9 ? rtc::VideoCodec::vp9 : rtc::VideoCodec::vp8;
}

struct VideoLayer {
  std::uint32_t stream_id = 0;
  std::string rid;                   // empty: the only one
  std::uint32_t ssrc = 0, rtx_ssrc = 0;  // 0: not known yet
  std::uint8_t index = 0;            // among its publication's, 0 the smallest
  rtc::VideoCodec codec = rtc::VideoCodec::vp8;  // of what came last
  std::int64_t codec_since = INT64_MIN;          // the first sequence of it
  std::optional<Instant> codec_changed_at;
  std::uint32_t epoch = 0;           // another SSRC or another codec feeds it; unique in the publication, never 0
  rtc::ReceiveStats stats{90000};
  rtc::NackList nacks;
  SeenWindow seen;
  PacketHistory history;
  Instant last_packet, last_key_frame, last_key_request;
  bool key_wanted = false;
  Instant key_due;                   // while wanted: when to ask (again)
  bool key_request_sent = false;
  std::uint64_t key_requests = 0;    // sent so far
  bool flowing = false;
  std::uint16_t width = 0, height = 0;
  RateMeter rate;
  // The last sender report: what its clock was when its RTP time was this (64 bits of NTP, ours).
  struct ClockPoint {
    std::uint64_t ntp = 0;
    std::uint32_t timestamp = 0;
  };
  std::optional<ClockPoint> clock;
  std::optional<Instant> usual_at;   // of usual_bps()
  std::uint64_t usual = 0;

  // What it comes to over some seconds: a key frame does not make it dearer.
  std::uint64_t usual_bps(Instant now) {
    constexpr Duration kStep = Duration::ms(250);
    if (usual_at && now - *usual_at < kStep) return usual;
    const std::uint64_t measured = rate.bps(now);
    const bool anew = !usual_at || now - *usual_at > kStep * 12;
    usual = anew ? measured : usual - usual / 10 + measured / 10;
    usual_at = now;
    return usual;
  }
  // Another encoder feeds it.
  void restart(std::uint32_t new_epoch) {
    epoch = new_epoch;
    codec_since = INT64_MIN;
    stats = rtc::ReceiveStats(90000);
    nacks.reset();
    seen = SeenWindow();
    history.clear();
    clock.reset();
  }
};

struct VideoIn {
  explicit VideoIn(const wire::SfuCamera& camera) : config(camera) { make_layers(); }

  wire::SfuCamera config;
  std::vector<std::unique_ptr<VideoLayer>> layers;  // at least one; the smallest first
  std::uint32_t epochs = 0;
  bool flowing = false;
  std::uint16_t width = 0, height = 0;              // of the largest that flows
  std::vector<VideoSubscription*> subscribers;
  // Recordings take the largest layer that flows; this is the epoch of the one that they take now, 0: none.
  std::uint32_t tapped_epoch = 0;
  std::vector<TapSourceRef> taps;
  std::uint64_t allowed_bps = 0;     // as it was told last (REMB); 0: never
  Instant allowed_at;
  std::optional<Instant> overdraws_since;   // sends clearly more than it is allowed

  bool is_simulcast() const { return layers.size() > 1; }
  VideoLayer* by_epoch(std::uint32_t epoch) const {
    for (const auto& layer : layers) {
      if (layer->epoch == epoch) return layer.get();
    }
    return nullptr;
  }
  VideoLayer* by_ssrc(std::uint32_t ssrc) const {
    for (const auto& layer : layers) {
      if (layer->ssrc == ssrc) return layer.get();
    }
    return nullptr;
  }
  VideoLayer* tapped() const { return by_epoch(tapped_epoch); }
  // The largest that flows, up to `index_max`; else the smallest that flows; nothing when none does.
  VideoLayer* largest_flowing(std::size_t index_max = wire::kLayersMax) const {
    VideoLayer* found = nullptr;
    for (const auto& layer : layers) {
      if (layer->flowing && (found == nullptr || layer->index <= index_max)) found = layer.get();
    }
    return found;
  }
  Instant last_packet() const {
    Instant latest;
    for (const auto& layer : layers) latest = std::max(latest, layer->last_packet);
    return latest;
  }
  std::int64_t lost() const {
    std::int64_t sum = 0;
    for (const auto& layer : layers) sum += std::max<std::int64_t>(0, layer->stats.lost());
    return sum;
  }
  // Since when the oldest packet that is still asked for is missing.
  std::optional<Instant> oldest_missing() const {
    std::optional<Instant> oldest;
    for (const auto& layer : layers) {
      const auto since = layer->nacks.oldest();
      if (since && (!oldest || *since < *oldest)) oldest = since;
    }
    return oldest;
  }
  // Do these layers stand for the same encoders?
  bool has_layers_of(const wire::SfuCamera& camera) const {
    if (camera.layers.empty()) return !is_simulcast() && layers.front()->rid.empty();
    return std::equal(layers.begin(), layers.end(), camera.layers.begin(), camera.layers.end(),
                      [](const auto& have, const wire::SfuLayer& want) { return have->rid == want.rid && have->stream_id == want.stream_id; });
  }

 private:
  void make_layers() {
    const auto add = [this](std::uint32_t stream_id, const std::string& rid, std::uint32_t ssrc, std::uint32_t rtx_ssrc) {
      auto layer = std::make_unique<VideoLayer>();
      layer->stream_id = stream_id;
      layer->rid = rid;
      layer->ssrc = ssrc;
      layer->rtx_ssrc = rtx_ssrc;
      layer->index = static_cast<std::uint8_t>(layers.size());
      layer->epoch = ++epochs;
      layers.push_back(std::move(layer));
    };
    for (const wire::SfuLayer& layer : config.layers) {
      if (layers.size() < wire::kLayersMax) add(layer.stream_id, layer.rid, 0, 0);
    }
    if (layers.empty()) add(config.stream_id, {}, config.ssrc, config.rtx_ssrc);
  }
};

}  // namespace upcall::sfu
