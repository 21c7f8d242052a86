#include "compose/video_assembler.hpp"

namespace upcall::compose {

namespace {
// About 20 s of 3 Mbit/s; more is a sender that never sends markers or key frames.
constexpr std::size_t kPacketsMax = 8192;
}  // namespace

void VideoAssembler::push(const VideoPacket& in) {
  const std::int64_t sequence = unwrapper_.unwrap(in.sequence);
  if (!need_key_ && sequence < next_sequence_) return;  // late or repeated
  Packet p;
  p.timestamp = in.timestamp;
  p.arrival_us = in.arrival_us;
  p.marker = in.marker;
  p.rotation = in.rotation;
  if (!in.payload.empty()) {
    const auto parsed = rtc::parse_video_payload(codec_, in.payload);
    if (!parsed) return;  // as good as lost
    p.begins = parsed->begins_picture;
    p.key = parsed->key_frame;
    p.payload.assign(in.payload.begin(), in.payload.end());
  }
  packets_.try_emplace(sequence, std::move(p));
  if (packets_.size() > kPacketsMax) {
    packets_.erase(packets_.begin());
    need_key_ = true;
  }
}

// A whole frame from next_sequence_ on, removed from packets_; nothing when there is a hole.
std::optional<VideoFrame> VideoAssembler::assemble() {
  auto it = packets_.find(next_sequence_);
  // Padding (no payload) between frames.
  while (it != packets_.end() && it->first == next_sequence_ && it->second.payload.empty()) {
    it = packets_.erase(it);
    ++next_sequence_;
  }
  if (it == packets_.end() || it->first != next_sequence_) return std::nullopt;
  const std::int64_t timestamp = it->second.timestamp;
  std::int64_t sequence = next_sequence_;
  std::size_t size = 0;
  bool whole = false;
  auto end = it;
  for (; end != packets_.end() && end->first == sequence; ++end, ++sequence) {
    if (end->second.timestamp != timestamp) {
      whole = true;  // a sender that forgot its marker
      break;
    }
    size += end->second.payload.size() + 4;  // a start code at most
    if (end->second.marker) {
      whole = true;
      ++end;
      ++sequence;
      break;
    }
  }
  if (!whole) return std::nullopt;
  VideoFrame out;
  out.timestamp = timestamp;
  const bool begins = it->second.begins;
  out.data.reserve(size);
  for (auto p = it; p != end; ++p) {
    if (p->second.rotation) rotation_ = *p->second.rotation & 3;
    out.key_frame = out.key_frame || p->second.key;
    rtc::append_video_payload(codec_, p->second.payload, out.data);
  }
  out.rotation = rotation_;
  packets_.erase(it, end);
  next_sequence_ = sequence;
  if (!begins) {
    need_key_ = true;
    out.data.clear();
  }
  return out;
}

std::optional<VideoFrame> VideoAssembler::next(std::int64_t now_us) {
  while (!packets_.empty()) {
    if (need_key_) {
      auto key = packets_.begin();
      while (key != packets_.end() && !(key->second.begins && key->second.key)) ++key;
      // Before the key frame there is nothing to show. Without one, keep what may still be joined by its first packet.
      auto it = packets_.begin();
      while (it != key && (key != packets_.end() || now_us - it->second.arrival_us > wait_us_)) it = packets_.erase(it);
      if (key == packets_.end()) return std::nullopt;
      next_sequence_ = key->first;
      need_key_ = false;
    }
    packets_.erase(packets_.begin(), packets_.lower_bound(next_sequence_));
    if (auto frame = assemble()) {
      if (frame->data.empty()) continue;  // not a beginning: look for a key frame
      return frame;
    }
    // A hole: how long has anything behind it waited?
    std::int64_t expected = next_sequence_;
    auto behind = packets_.begin();
    while (behind != packets_.end() && behind->first == expected) {
      ++behind;
      ++expected;
    }
    if (behind == packets_.end() || now_us - behind->second.arrival_us < wait_us_) return std::nullopt;
    lost_packets_ += static_cast<std::uint64_t>(behind->first - expected);
    ++freezes_;
    need_key_ = true;
    // The broken frame's own key packet must not be found again.
    packets_.erase(packets_.begin(), behind);
  }
  return std::nullopt;
}

}  // namespace upcall::compose
