// How the people of one live meeting fare: feeds a quality core for each from what is measured, and says every two seconds
// what has changed and what must be kept by now. Clockless; one thread (the control thread).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "quality/attendee_quality.hpp"
#include "signaling/room.hpp"

namespace upcall::service {

// One person as it is now.
struct PersonQuality {
  std::string attendee_id, external_user_id;
  quality::Figures figures;
  std::uint64_t client_frames = 0;   // of its client's own figures, so far
};
// One stay of one person, as it is kept: again and again under the same attendee and beginning.
struct QualityRecord {
  std::string attendee_id, external_user_id;
  WallTime began, written;
  quality::Series series;
};
struct QualityUpdate {
  std::string meeting_id;
  std::vector<PersonQuality> people;
  bool news = false;                 // worth telling to whoever looks
  std::vector<QualityRecord> records;
};

class MeetingQuality {
 public:
  static constexpr Duration kPeriod = Duration::s(2);
  static constexpr Duration kKeptEvery = Duration::s(20);   // so a crash loses less than half a minute
  static constexpr Duration kToldEvery = Duration::s(10);   // though nothing has changed

  explicit MeetingQuality(std::string meeting_id) : meeting_id_(std::move(meeting_id)) {}

  void on_measured(Instant now, const signaling::RoomOutput::Measured& measured);
  void on_event(Now now, const signaling::RoomEvent& event, const signaling::Room& room);

  // Nothing when nobody is there and nothing is to be kept.
  std::optional<QualityUpdate> tick(Now now);
  Instant next_tick() const { return people_.empty() && leavers_.empty() ? Instant::never() : next_tick_; }
  // What has to be kept of those who are still there: the meeting or the server ends.
  QualityUpdate finish(Now now);
  std::vector<PersonQuality> people(Instant now) const;

 private:
  struct Person {
    Person(Now now, std::string user) : quality(now.mono), external_user_id(std::move(user)), began(now.wall), kept_at(now.mono) {}
    quality::AttendeeQuality quality;
    std::string external_user_id;
    WallTime began;
    Instant kept_at;
    std::optional<quality::Figures> told;
  };
  bool others_send_well(Instant now, const std::string& but) const;
  QualityRecord record(Now now, const std::string& id, const Person& person) const;

  std::string meeting_id_;
  std::map<std::string, Person> people_;   // those who are there, by attendee id
  std::vector<QualityRecord> leavers_;     // since the last tick
  Instant next_tick_;
  Instant told_at_;
};

}  // namespace upcall::service
