// Who is in a recorded meeting, in the order in which they came, and when each of them was. Content shares are no people.
// Pure; one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace upcall::compose {

struct Span {
  std::int64_t from_us = 0, until_us = 0;
  bool operator==(const Span&) const = default;
};

// One person over the whole recording.
struct Attendance {
  std::string id, name;
  std::vector<Span> spans;             // an open one ends at -1
};

class Roster {
 public:
  struct Person {
    std::string id, name;
    bool muted = false;
    bool unconfirmed = false;          // a refresh voided what was known
    std::int64_t gone_us = -1;         // when they went, if they are not announced again…
    std::int64_t leaves_us = -1;       // …by then
  };

  void here(std::int64_t at_us, const std::string& id, const std::string& name, bool muted);
  void left(std::int64_t at_us, const std::string& id);
  // False: no change.
  bool mute(const std::string& id, bool muted);
  // All are void unless they are announced again before the next settle().
  void refresh(std::int64_t at_us);
  // The server was away from `from_us` on: who does not come back by `wait_until_us` went then.
  void restart(std::int64_t from_us, std::int64_t wait_until_us);
  // After all events up to now. True: somebody is gone.
  bool settle(std::int64_t now_us);

  const std::vector<Person>& people() const { return people_; }
  const Person* find(std::string_view id) const;
  const std::vector<Attendance>& history() const { return history_; }
  // When the first of all came; -1: nobody ever did.
  std::int64_t first_us() const { return first_us_; }

 private:
  void open(std::int64_t at_us, const std::string& id, const std::string& name);
  void close(std::int64_t at_us, const std::string& id);

  std::vector<Person> people_;
  std::vector<Attendance> history_;
  std::size_t spans_ = 0;
  std::int64_t first_us_ = -1;
};

}  // namespace upcall::compose
