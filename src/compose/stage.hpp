// Who of many has a tile. While there is room everybody has, in the order of the roster. When there is not, those have who
// spoke last, each keeping a place: who begins to speak takes the place of the one on stage who has been silent for
// longest, but of nobody who came or spoke within the last two seconds, so that faces do not run about. Pure; one thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compose/roster.hpp"
#include "compose/speakers.hpp"

namespace upcall::compose {

class Stage {
 public:
  static constexpr std::int64_t kStayUs = 2'000'000;

  void update(std::int64_t now_us, const std::vector<Roster::Person>& people, std::size_t places, const Speakers& speakers);
  // Ids, in the order of their places.
  const std::vector<std::string>& on() const { return on_; }
  bool shows(const std::string& person) const;

  // Who stands in the large place of a speaker layout: the active speaker, changed at most every two seconds; in silence
  // the last one stays. Empty: nobody is there.
  const std::string& large(std::int64_t now_us, const std::vector<Roster::Person>& people, const Speakers& speakers);
  // Somebody who speaks waits for a place: look again at the next tick.
  bool waiting() const { return waiting_; }

 private:
  std::vector<std::string> on_;
  std::vector<std::int64_t> since_us_;
  std::string large_;
  std::int64_t large_since_us_ = 0;
  bool waiting_ = false;
};

}  // namespace upcall::compose
