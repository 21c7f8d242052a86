// Private to this folder: what the service knows of a recording that is not finished.
#pragma once

#include "crypto/secret.hpp"
#include "service/recording/recording_service.hpp"

namespace upcall::service {

inline constexpr const char* kSpoolWasFull = "the spool was full";

// Written by the service's thread; `row.recording_id`, `composer` and `stop_taken` are also used under the service's
// mutex.
struct RecordingService::Live {
  store::Recording row;
  std::string attendee_id;                        // RECORDING in the roster
  ByteVector key;
  std::uint32_t epoch = 1;
  bool resumed = false;
  std::shared_ptr<journal::OpenJournal> journal;
  bool tap_asked = false, tap_open = false, journal_closed = false;
  bool stop_requested = false;                    // service thread
  bool stop_taken = false;                        // under the service's mutex: a stop was answered with 200
  std::string stop_key;                           // likewise: its idempotency key
  bool film_wanted = false;                       // made on demand: somebody has asked; service thread
  std::optional<Instant> resume_at;               // paused until then; service thread
  std::string capture_reason;                     // why capturing ended by itself; stays when composing succeeds
  wire::TapStopReason stop_reason = wire::TapStopReason::requested;
  std::unique_ptr<ComposerRun> composer;
  bool composer_queued = false;
  std::optional<ComposerPool::Place> place;       // under the service's mutex
  std::shared_ptr<film_spool::FilmSpool> film;    // under the service's mutex: of the last run, while none runs
  Instant requested_at, stop_requested_at;
  Instant retry_at = Instant::never();            // of composing

  Live() = default;
  ~Live() { crypto::wipe(key); }
};

}  // namespace upcall::service
