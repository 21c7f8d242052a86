// Private to this folder: what the service knows of a recording that is not finished.
#pragma once

#include "crypto/secret.hpp"
#include "service/recording/recording_service.hpp"

namespace upcall::service {

// Written by the service's thread; `row.recording_id` and `composer` are also read under the service's mutex.
struct RecordingService::Live {
  store::Recording row;
  std::string attendee_id;                        // RECORDING in the roster
  ByteVector key;
  std::uint32_t epoch = 1;
  bool resumed = false;
  std::shared_ptr<journal::OpenJournal> journal;
  bool tap_asked = false, tap_open = false, journal_closed = false;
  bool stop_requested = false;
  wire::TapStopReason stop_reason = wire::TapStopReason::requested;
  std::unique_ptr<ComposerRun> composer;
  bool composer_queued = false;
  Instant requested_at, stop_requested_at;
  Instant retry_at = Instant::never();            // of composing

  Live() = default;
  ~Live() { crypto::wipe(key); }
};

}  // namespace upcall::service
