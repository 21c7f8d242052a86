// Private to this folder: what the service knows of a recording that is not finished.
#pragma once

#include <future>

#include "crypto/secret.hpp"
#include "service/recording/recording_service.hpp"

namespace upcall::service {

// Of the sealer, for a recording's key.
inline std::string key_purpose(const std::string& recording_id) { return "recording_keys/" + recording_id; }

using recording::kSpoolWasFull;

// `row` is what the store has, `life` decides what becomes of it: both the service's thread's, once this is in its map.
// `epoch`, `journal`, `journal_closed`, `composer`, `place` and `film` are also used under the service's mutex.
struct RecordingService::Live {
  store::Recording row;
  std::optional<recording::Lifecycle> life;
  std::string attendee_id;                        // RECORDING in the roster
  ByteVector key;
  std::uint32_t epoch = 0;                        // of the claim
  bool resumed = false;
  std::shared_ptr<journal::OpenJournal> journal;
  std::uint64_t journal_generation = 0;
  bool journal_closed = false;
  std::unique_ptr<ComposerRun> composer;
  bool composer_queued = false;
  std::optional<ComposerPool::Place> place;
  std::shared_ptr<film_spool::FilmSpool> film;    // of the last run, while none runs

  Live() = default;
  ~Live() { crypto::wipe(key); }
};

// Of somebody who waits for a life cycle's answer: told once, also when nobody comes to it any more.
class RecordingService::Reply {
 public:
  using What = recording::effect::Answer::What;
  ~Reply() { tell(What::unavailable); }
  void tell(What what) {
    if (!std::exchange(told_, true)) promise_.set_value(what);
  }
  std::future<What> future() { return promise_.get_future(); }

 private:
  std::promise<What> promise_;
  bool told_ = false;
};

// What the life cycle knows of a row.
recording::LifeRow life_row(const store::Recording& row);
recording::ComposeWhen compose_when(const store::Recording& row);
// `data` of a row with these facts, and with a pause that begins or ends at `now`.
std::string with_facts(const std::string& data, const std::vector<recording::Fact>& facts);
std::string with_pause(const std::string& data, const recording::effect::WriteRow& effect, WallTime now);

}  // namespace upcall::service
