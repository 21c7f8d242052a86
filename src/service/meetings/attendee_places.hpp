// Places in meetings: an attendee's row with the token that joins, and the token of a row again. Pure but for the random
// numbers; any thread.
#pragma once

#include <string>

#include "base/result.hpp"
#include "base/rng.hpp"
#include "io/store/meeting_repository.hpp"
#include "io/store/sealer.hpp"

namespace upcall::service {

struct NewAttendee {
  std::string name;
  std::string email;
  std::string external_user_id;  // empty: made here
  wire::AttendeeCapabilities capabilities = {};
};

struct Place {
  store::Attendee row;
  std::string token;
};

class AttendeePlaces {
 public:
  // References must outlive it; `random` is used from several threads.
  AttendeePlaces(store::Sealer& sealer, RandomSource& random) : sealer_(sealer), random_(random) {}

  // With ids and a token of its own; nothing is written.
  Place make(const std::string& meeting_id, const NewAttendee& attendee, store::AttendeeRole role, WallTime now) const;
  // `corrupt`: the sealed token is not of this row.
  Result<Place> of(store::Attendee row) const;

 private:
  store::Sealer& sealer_;
  RandomSource& random_;
};

}  // namespace upcall::service
