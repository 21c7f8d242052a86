// Private to this folder: a journal that is being written. Journal thread only, but for `destroying`.
#pragma once

#include <algorithm>
#include <atomic>

#include "io/journal/journal_files.hpp"
#include "io/journal/journal_service.hpp"

namespace upcall::journal {

struct JournalService::Entry {
  Entry(std::shared_ptr<OpenJournal> h, Bytes key, const JournalPosition& position, std::uint32_t epoch,
        std::unique_ptr<SegmentFiles> f, JournalCallbacks c, JournalWriterOptions options)
      : handle(std::move(h)), files(std::move(f)), writer(key, position, epoch, options), callbacks(std::move(c)) {}

  std::uint64_t at_us(Instant now) const {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(0, (now - handle->start()).us()));
  }

  std::shared_ptr<OpenJournal> handle;
  std::unique_ptr<SegmentFiles> files;
  JournalWriter writer;
  JournalCallbacks callbacks;
  std::uint64_t counted_bytes = 0;   // of this journal in spool_bytes_
  bool first_sealed = false, stop_seen = false, ended = false, told = false;
  std::optional<wire::TapStopReason> closing;
  ByteVector record;                 // reused by pop()

  // Of forgetting. What comes is dropped until the tap begins anew; all of it belongs to the forgotten span.
  bool dropping = false, paused = false;
  std::uint64_t dropped_from_us = 0;
  std::function<void()> begin_anew;  // has the tap do so
  Instant asked_anew;
  enum class Destroying : std::uint8_t { idle, running, failed };
  WindowRange marked;
  std::shared_ptr<std::atomic<Destroying>> destroying = std::make_shared<std::atomic<Destroying>>(Destroying::idle);
};

}  // namespace upcall::journal
