// What the life cycle of a recording asks of its shell, as data, in order. Each effect that has a result is answered by
// the input of recording/lifecycle.hpp that is named beside it. Value types, any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "recording/state.hpp"
#include "wire/tap_record.hpp"

namespace upcall::recording {

using Fact = std::pair<std::string, double>;   // of the row's data, for people and figures
using Ticket = std::uint64_t;                  // of somebody who waits for an answer

enum class PauseChange : std::uint8_t { none, begin, end };

namespace effect {

// One transaction: the row from `from` to `row`, under the claim; the outbox's event, when one is named; the audit of a
// pause and of the stop. A final state gives the lease back. → written()
struct WriteRow {
  State from = State::requested;
  LifeRow row;
  std::string_view event;                      // empty: none
  PauseChange pause = PauseChange::none;
  std::string actor;                           // of the pause or the stop; "system": nobody in person; empty: not for the audit
  std::string stop_key;                        // not empty: becomes the row's
  std::vector<Fact> facts;
  wire::TapStopReason stop_reason = wire::TapStopReason::server_shutdown;   // of a stop
};
struct ReadRow {};                             // → row_read() or row_unreadable()
struct RenewLease { Instant asked; };          // → lease_held() or lease_refused(); no answer: it is asked again
struct OpenJournal {};                         // → journal_opened() or journal_refused()
struct CloseJournal { wire::TapStopReason reason = wire::TapStopReason::requested; };  // → journal_closed()
struct AbandonJournal {};                      // at once: not a byte more, and no end
struct OpenTap { bool paused = false; };       // → tap_opened(), tap_closed(); also closed without opened
struct CloseTap { wire::TapStopReason reason = wire::TapStopReason::requested; };      // → tap_closed()
struct PauseTap { bool paused = false; };
struct RemoveAttendee {};                      // RECORDING, from the roster and the store
struct Compose {};                             // as soon as there is a place → film_stored() or film_failed()
struct StopComposing {};                       // children and upload
struct ReleaseLocalData {};                    // the store has the film and the row says so: check it, then delete
struct Answer {
  enum class What : std::uint8_t { done, stopping, paused, not_paused, not_recording, unavailable };
  Ticket ticket = 0;
  What what = What::done;
};
// The life cycle is at its end here. Lost: another server's, or to be taken up anew with the next epoch.
struct Over { bool lost = false; };

}  // namespace effect

using Effect = std::variant<effect::WriteRow, effect::ReadRow, effect::RenewLease, effect::OpenJournal, effect::CloseJournal,
                            effect::AbandonJournal, effect::OpenTap, effect::CloseTap, effect::PauseTap, effect::RemoveAttendee,
                            effect::Compose, effect::StopComposing, effect::ReleaseLocalData, effect::Answer, effect::Over>;
using Effects = std::vector<Effect>;

}  // namespace upcall::recording
