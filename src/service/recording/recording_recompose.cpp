// Another film of a recording that is stored, from its journal, where that is kept: a recording of its own, with the same
// times, people and rights, that begins its life in `composing`.
#include <charconv>
#include <filesystem>

#include <boost/json.hpp>

#include "base/ids.hpp"
#include "crypto/secret.hpp"
#include "io/store/parameter_repository.hpp"
#include "json/json.hpp"
#include "recording/object_names.hpp"
#include "service/recording/kept_journals.hpp"
#include "service/recording/live_recording.hpp"

namespace upcall::service {

using store::RecordingState;

Result<store::Recording> RecordingService::recompose(const std::string& recording_id, const FilmChange& change, const std::string& actor) {
  std::optional<ByteVector> wrapped;
  auto read = store_.read([&](store::Database& db) -> Result<std::optional<store::Recording>> {
    auto key = store::recordings::wrapped_key(db, recording_id);
    if (!key) return tl::unexpected(key.error());
    wrapped = std::move(*key);
    return store::recordings::find(db, recording_id);
  });
  if (!read) return tl::unexpected(read.error());
  if (!*read || !wrapped) return fail(ErrorCode::not_found, "There is no such recording.");
  store::Recording row = **read;
  if (row.state != RecordingState::stored) return fail(ErrorCode::conflict, "The recording's own film is not stored yet.");
  if (!kept_journals::kept_until(directory_of(recording_id))) {
    return fail(ErrorCode::conflict, "The recording's journal was not kept (parameter recordingJournalKeepDays), or its time is over.");
  }
  const auto settings = changed(settings_in(row.data), change);
  if (!settings) return tl::unexpected(settings.error());
  auto key = unsealed_key(recording_id, *wrapped);
  if (!key) return tl::unexpected(key.error());

  row.recording_id = make_uuid(random_);
  row.object_key = recording::object_key(row.external_meeting_id, row.recording_id, row.requested);
  row.state = RecordingState::composing;
  row.reason.clear();
  row.stored.reset();
  row.duration_ms.reset();
  row.size_bytes.reset();
  row.start_key.reset();
  row.stop_key.reset();
  boost::json::object facts{{"composed_from", recording_id}};
  if (const auto before = json::parse_object(row.data)) {
    // What was paused and forgotten is so in every film.
    for (const char* name : {"pauses", "forgotten"}) {
      if (const auto* value = before->if_contains(name)) facts[name] = *value;
    }
  }
  row.data = with_settings(boost::json::serialize(facts), *settings);
  // The files first: a row without them would be a recording that has lost its media.
  const std::string folder = directory_of(row.recording_id);
  if (auto linked = kept_journals::link(directory_of(recording_id), folder); !linked) {
    crypto::wipe(*key);
    return tl::unexpected(linked.error());
  }
  const ByteVector sealed = sealer_.seal(key_purpose(row.recording_id), *key, random_);
  crypto::wipe(*key);
  const WallTime now = clock_().wall;
  auto written = store_.write([&](store::Database& db) -> Result<void> {
    // Deleted meanwhile: its people have been promised that it is gone.
    auto still = store::recordings::find(db, recording_id);
    if (!still) return tl::unexpected(still.error());
    if (!*still) return fail(ErrorCode::not_found, "There is no such recording.");
    if (auto r = store::recordings::insert(db, row); !r) return r;
    if (auto r = store::recordings::insert_key(db, row.recording_id, sealed); !r) return r;
    return store::audit::add(db, {now, actor, "recording.recomposed", row.recording_id, "from " + recording_id});
  });
  if (!written) {
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
    return tl::unexpected(written.error());
  }
  // Taken up as after a restart. If it cannot be now, the next look for recordings without an owner does it.
  post([this, id = row.recording_id] {
    if (!find_live(id)) (void)adopt_one(id);
  });
  return row;
}

void RecordingService::drop_local_data(const std::string& recording_id) {
  post([this, recording_id] {
    if (find_live(recording_id)) return;   // another film of it: that goes its own way
    std::error_code ignored;
    std::filesystem::remove_all(directory_of(recording_id), ignored);
  });
}

void RecordingService::clean_up(const std::string& recording_id) {
  const std::string folder = directory_of(recording_id);
  if (kept_journals::kept_until(folder)) return;
  std::int64_t days = 0;
  bool is_original = false;
  (void)store_.read([&](store::Database& db) -> Result<void> {
    auto row = store::recordings::find(db, recording_id);
    if (!row || !*row) return {};
    const auto facts = json::parse_object((*row)->data);
    is_original = (*row)->state == RecordingState::stored && !(facts && facts->contains("composed_from"));
    auto text = store::parameters::get_or(db, "recordingJournalKeepDays", "0");
    if (text) std::from_chars(text->data(), text->data() + text->size(), days);
    return {};
  });
  if (is_original && days > 0 && kept_journals::keep(folder, clock_().wall + Duration::s(days * 24 * 3600))) return;
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
}

void RecordingService::drop_kept_journals() {
  const Now now = clock_();
  bool disk_is_short = false;
  {
    const std::lock_guard lock(mutex_);
    disk_is_short = disk_.verdict() >= recording::DiskVerdict::refuse;
  }
  // Before a call is not recorded, one after another; the next look at the disk sees what that has brought.
  if (disk_is_short && now.mono >= kept_short_at_) {
    kept_short_at_ = now.mono + Duration::s(5);
    kept_journals::drop_first(options_.spool_directory);
  }
  if (now.mono < kept_at_) return;
  kept_at_ = now.mono + Duration::s(600);
  kept_journals::drop_over(options_.spool_directory, now.wall, [this](const std::string& id) {
    const auto row = store_.read([&](store::Database& db) { return store::recordings::find(db, id); });
    return !row || row->has_value();   // a store that does not answer loses nothing
  });
}

}  // namespace upcall::service
