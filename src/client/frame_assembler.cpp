#include "client/frame_assembler.hpp"

#include <algorithm>

namespace upcall::client {

void FrameAssembler::push(std::int64_t sequence, std::uint32_t timestamp, bool marker, std::optional<std::uint8_t> rotation,
                          Bytes payload, Instant now, std::vector<AssembledFrame>& out) {
  const auto parsed = rtc::parse_video_payload(codec_, payload);
  if (!parsed) return;
  if (next_ >= 0 && sequence < next_) return;  // too late
  Packet& packet = slot(sequence);
  packet.sequence = sequence;
  packet.timestamp = timestamp;
  packet.marker = marker;
  packet.begins = parsed->begins_picture;
  packet.key = parsed->key_frame;
  packet.rotation = rotation;
  packet.payload.assign(payload.begin(), payload.end());
  highest_ = std::max(highest_, sequence);
  if (next_ < 0) {
    if (!packet.key) {
      key_wanted_ = true;
      return;
    }
    next_ = sequence;
  }
  for (;;) {
    // A whole frame from next_ on?
    std::int64_t end = next_;
    const auto same = [this](std::int64_t s) { return slot(s).timestamp == slot(next_).timestamp; };
    while (slot(end).sequence == end && same(end) && !slot(end).marker && end - next_ < static_cast<std::int64_t>(kSlots)) ++end;
    if (slot(end).sequence == end && !same(end)) {
      // A frame whose end nobody sends any more: its stream was held in the middle, and goes on with a key frame.
      if (slot(end).key) {
        next_ = end;
      } else {
        next_ = -1;
        key_wanted_ = true;
        return;
      }
      continue;
    }
    const bool whole = slot(end).sequence == end && slot(end).marker;
    if (!whole || !slot(next_).begins) {
      if (highest_ < next_ || (slot(end).sequence != end && highest_ < end)) {
        blocked_since_ = Instant::never();
        return;  // simply not here yet
      }
      if (blocked_since_.is_never()) blocked_since_ = now;
      if (now - blocked_since_ < kGapLimit) return;
      // Give up on the gap: go on at a key frame, at one already here if there is.
      blocked_since_ = Instant::never();
      std::int64_t key = -1;
      for (std::int64_t s = next_ + 1; s <= highest_ && key < 0; ++s) {
        if (slot(s).sequence == s && slot(s).key) key = s;
      }
      if (key < 0) {
        next_ = -1;
        key_wanted_ = true;
        return;
      }
      next_ = key;
      continue;
    }
    AssembledFrame frame;
    frame.timestamp = slot(next_).timestamp;
    frame.arrival = now;
    for (std::int64_t s = next_; s <= end; ++s) {
      if (slot(s).rotation) frame.rotation = slot(s).rotation;
      frame.key_frame = frame.key_frame || slot(s).key;
      rtc::append_video_payload(codec_, slot(s).payload, frame.data);
    }
    next_ = end + 1;
    blocked_since_ = Instant::never();
    out.push_back(std::move(frame));
  }
}

bool FrameAssembler::take_key_frame_wanted() {
  const bool wanted = key_wanted_;
  key_wanted_ = false;
  return wanted;
}

}  // namespace upcall::client
