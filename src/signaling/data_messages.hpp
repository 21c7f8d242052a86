// Data messages of one meeting: what may be sent how fast, and what is kept for those who come later. Limits as the vendor
// documents them. Sans-I/O; one thread.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "base/token_bucket.hpp"

namespace upcall::signaling {

struct DataMessage {
  std::uint64_t number = 0;          // in the meeting, from 1
  std::string topic;                 // [a-zA-Z0-9_-]{1,36}
  std::string data;                  // at most kDataMax bytes of anything
  std::uint32_t lifetime_ms = 0;     // 0: for those who are here
  std::string sender_attendee_id, sender_external_user_id;
  std::int64_t ingest_time_ns = 0;   // Unix time
  Instant expires;
};

enum class DataVerdict : std::uint8_t {
  deliver,    // to everybody but its sender
  throttled,  // back to its sender, who is to send less
  refused,    // no valid message
  hang_up,    // far beyond what a client of good will sends
};

class DataMessages {
 public:
  static constexpr std::size_t kTopicMax = 36, kDataMax = 2048, kKeptMax = 1024;
  static constexpr Duration kLifetimeMax = Duration::s(300);  // a longer one is cut to this
  // Tokens a second, and how many at once.
  static constexpr double kSoftRate = 100, kSoftBurst = 200;                    // of a meeting: throttled beyond
  static constexpr double kAttendeeRate = 200, kAttendeeBurst = 2000;           // beyond these: hung up
  static constexpr double kMeetingRate = 500, kMeetingBurst = 10'000;

  // Judges a message; one to be delivered gets number, time and expiry, and is kept as long as it lives.
  DataVerdict take(Now now, DataMessage& message);

  // Calls `each` for every message that still lives and is newer than `after`, in order.
  template <class F>
  void for_each_kept(Instant now, std::uint64_t after, F&& each) {
    forget_expired(now);
    for (const DataMessage& m : kept_) {
      if (m.number > after && m.expires > now) each(m);
    }
  }
  std::uint64_t last_number() const { return next_ - 1; }
  std::size_t kept() const { return kept_.size(); }
  // The attendee is gone for good.
  void forget_sender(const std::string& attendee_id) { attendees_.erase(attendee_id); }

 private:
  void forget_expired(Instant now);

  std::deque<DataMessage> kept_;     // as they came
  std::uint64_t next_ = 1;
  TokenBucket soft_{kSoftRate, kSoftBurst}, hard_{kMeetingRate, kMeetingBurst};
  std::map<std::string, TokenBucket> attendees_;
};

bool is_data_topic(std::string_view topic);

}  // namespace upcall::signaling
