#include "signaling/data_messages.hpp"

#include <algorithm>

namespace upcall::signaling {

bool is_data_topic(std::string_view topic) {
  const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-'; };
  return !topic.empty() && topic.size() <= DataMessages::kTopicMax && std::all_of(topic.begin(), topic.end(), fits);
}

DataVerdict DataMessages::take(Now now, DataMessage& message) {
  auto& attendee = attendees_.try_emplace(message.sender_attendee_id, kAttendeeRate, kAttendeeBurst).first->second;
  // What is refused counts too: it costs us as much.
  if (!attendee.take(now.mono) || !hard_.take(now.mono)) return DataVerdict::hang_up;
  if (!is_data_topic(message.topic) || message.data.size() > kDataMax) return DataVerdict::refused;
  if (!soft_.take(now.mono)) return DataVerdict::throttled;
  message.number = next_++;
  message.ingest_time_ns = now.wall.unix_ms() * 1'000'000;
  message.lifetime_ms = std::min(message.lifetime_ms, static_cast<std::uint32_t>(kLifetimeMax.ms()));
  message.expires = now.mono + Duration::ms(message.lifetime_ms);
  if (message.lifetime_ms > 0) {
    forget_expired(now.mono);
    if (kept_.size() == kKeptMax) kept_.pop_front();
    kept_.push_back(message);
  }
  return DataVerdict::deliver;
}

void DataMessages::forget_expired(Instant now) {
  std::erase_if(kept_, [&](const DataMessage& m) { return m.expires <= now; });
}

}  // namespace upcall::signaling
