// What becomes of a recording between stored and the end of its local data: its film is checked. On the service's thread.
#include <filesystem>

#include <boost/json.hpp>

#include "base/ids.hpp"
#include "io/store/outbox_repository.hpp"
#include "recording/object_names.hpp"
#include "service/recording/film_manifest.hpp"
#include "service/recording/live_recording.hpp"

namespace upcall::service {

namespace json = boost::json;
using store::RecordingState;

namespace {
constexpr std::uint64_t kManifestMax = 64u << 20;
}

// Local data goes when the film has been looked at, whatever was found.
void RecordingService::check_film(const Live& live, std::shared_ptr<const film_spool::FilmSpool> film) {
  if (!film || !film->progress().complete) return clean_up(live.row.recording_id);
  FilmCheckOrder order;
  order.recording_id = live.row.recording_id;
  order.film = std::move(film);
  // Over a restart the service's clock says nothing of the journal's.
  if (!live.resumed && live.row.started && live.row.stopped) order.session_ms = (*live.row.stopped - *live.row.started).ms();
  checks_->add(std::move(order));
}

void RecordingService::on_checked(const std::string& recording_id, const Result<FilmHealth>& health) {
  const bool alarm = health && health->alarm();
  auto written = store_.write([&](store::Database& db) -> Result<bool> {
    auto row = store::recordings::find(db, recording_id);
    if (!row) return tl::unexpected(row.error());
    if (!*row || (*row)->state != RecordingState::stored) return false;   // deleted meanwhile
    boost::system::error_code error;
    json::value facts = json::parse((*row)->data, error);
    if (error || !facts.is_object()) facts = json::object{};
    facts.as_object()["health"] = json::parse(health_json(health));
    (*row)->data = json::serialize(facts);
    auto updated = store::recordings::update(db, **row, RecordingState::stored);
    if (!updated || !*updated || !alarm) return updated;
    json::object body{{"recordingId", recording_id}, {"externalMeetingId", (*row)->external_meeting_id}, {"meetingId", (*row)->meeting_id}};
    if ((*row)->contact_id) body["contactId"] = *(*row)->contact_id;
    body["findings"] = facts.as_object()["health"].as_object()["findings"];
    store::OutboxEvent event;
    event.event_id = make_uuid(random_);
    event.meeting_id = (*row)->external_meeting_id;
    event.type = "recording.unhealthy";
    event.body = json::serialize(body);
    event.at = clock_().wall;
    if (auto added = store::outbox::add(db, std::move(event)); !added) return tl::unexpected(added.error());
    return true;
  });
  // What could not be written is no reason to keep what is stored elsewhere.
  clean_up(recording_id);
  if (written && *written && alarm && options_.told_outbox) options_.told_outbox();
}

// On the checks' thread. The film's own witness. A store that does not take it now keeps the manifest of before; the facts have it in any case.
void RecordingService::put_check_into_manifest(const std::string& recording_id, const FilmHealth& health) {
  if (!options_.sign) return;
  const auto row = store_.read([&](store::Database& db) { return store::recordings::find(db, recording_id); });
  if (!row || !*row) return;
  const std::string key = recording::manifest_key((*row)->object_key);
  const auto source = objects_.open(key);
  if (!source || (*source)->size() > kManifestMax) return;
  std::string text((*source)->size(), '\0');
  for (std::size_t at = 0; at < text.size();) {
    const auto got = (*source)->read(at, MutBytes(reinterpret_cast<std::uint8_t*>(text.data()) + at, text.size() - at));
    if (!got || *got == 0) return;
    at += *got;
  }
  const WallTime now = clock_().wall;
  if (const auto checked = checked_manifest(text, health, now, options_.sign)) (void)put_manifest(objects_, key, *checked, now, true);
  // Deleted meanwhile: nothing of it may come back.
  const auto still = store_.read([&](store::Database& db) { return store::recordings::find(db, recording_id); });
  if (still && !*still) (void)objects_.remove(key);
}

// A server that ended between stored and checked: it is done now, where the film is still there.
void RecordingService::check_left_behind() {
  std::error_code error;
  std::vector<std::string> ids;
  for (const auto& entry : std::filesystem::directory_iterator(options_.spool_directory, error)) ids.push_back(entry.path().filename().string());
  for (const std::string& id : ids) check_left_behind(id);
}

void RecordingService::check_left_behind(const std::string& id) {
  Live live;
  auto wrapped = store_.read([&](store::Database& db) -> Result<std::optional<ByteVector>> {
    auto row = store::recordings::find(db, id);
    if (!row) return tl::unexpected(row.error());
    if (!*row || (*row)->state != RecordingState::stored) return fail(ErrorCode::not_found, "not stored");
    live.row = std::move(**row);
    return store::recordings::wrapped_key(db, id);
  });
  if (!wrapped) return;
  boost::system::error_code wrong;
  const json::value facts = json::parse(live.row.data, wrong);
  const bool told = !wrong && facts.is_object() && facts.get_object().contains("health");
  const std::string path = directory_of(id) + "/" + film_spool::kFileName;
  std::shared_ptr<film_spool::FilmSpool> film;
  if (!told && *wrapped && film_spool::FilmSpool::looks_complete(path)) {
    auto key = unsealed_key(id, **wrapped);
    if (!key) return;
    if (auto opened = film_spool::FilmSpool::open({path, *key, id}, random_)) film = std::move(*opened);
    crypto::wipe(*key);
  }
  live.resumed = true;
  check_film(live, std::move(film));
}

}  // namespace upcall::service
