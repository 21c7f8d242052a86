#include "service/quality/call_quality.hpp"

#include <boost/json/serialize.hpp>

#include "io/log/log.hpp"
#include "io/store/meeting_repository.hpp"
#include "io/store/quality_repository.hpp"
#include "service/quality/quality_json.hpp"

namespace upcall::service {

namespace bj = boost::json;

namespace {
constexpr auto kRetry = std::chrono::seconds(1);
}

CallQuality::CallQuality(store::Store& store, metrics::Registry* registry) : store_(store) {
  if (registry != nullptr) {
    const std::vector<double> bounds{1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5};
    const auto score = [&](const char* of) { return &registry->histogram("upcall_call_quality_score", "Judgements of people in calls, one each two seconds: 1 bad to 5 good", bounds, {{"of", of}}); };
    scores_ = score("call");
    sounds_ = score("sound");
    pictures_ = score("picture");
    for (std::size_t i = 1; i < reasons_.size(); ++i) {
      reasons_[i] = &registry->counter("upcall_call_quality_reasons_total", "Judgements below 4, by what would have helped most", {{"reason", std::string(to_string(static_cast<quality::Reason>(i)))}});
    }
  }
  thread_ = std::thread([this] { loop(); });
}

CallQuality::~CallQuality() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void CallQuality::observe(const PersonQuality& person) {
  if (scores_ == nullptr) return;
  scores_->observe(person.figures.score);
  if (person.figures.sound) sounds_->observe(*person.figures.sound);
  if (person.figures.picture) pictures_->observe(*person.figures.picture);
  if (auto* reason = reasons_[static_cast<std::size_t>(person.figures.reason)]) reason->add();
}

void CallQuality::take(QualityUpdate update) {
  for (const PersonQuality& person : update.people) observe(person);
  {
    const std::lock_guard lock(mutex_);
    for (QualityRecord& record : std::exchange(update.records, {})) {
      Key key{update.meeting_id, record.attendee_id, record.began.unix_ms()};
      records_.insert_or_assign(std::move(key), std::move(record));
    }
    if (update.news) news_.insert_or_assign(update.meeting_id, std::move(update));
  }
  wake_.notify_one();
}

void CallQuality::set_teller(Teller teller) {
  const std::lock_guard lock(teller_mutex_);
  teller_ = std::move(teller);
}

std::optional<std::string> CallQuality::live(const std::string& contact_id) const {
  const std::lock_guard lock(mutex_);
  const auto at = live_.find(contact_id);
  return at == live_.end() ? std::nullopt : std::optional(at->second);
}

CallQuality::Counters CallQuality::counters() const {
  const std::lock_guard lock(mutex_);
  return counters_;
}

void CallQuality::loop() {
  for (;;) {
    std::map<std::string, QualityUpdate> news;
    std::map<Key, QualityRecord> records;
    bool last = false;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return stop_ || !news_.empty() || !records_.empty(); });
      news.swap(news_);
      records.swap(records_);
      last = stop_;
    }
    for (const auto& [meeting, update] : news) tell(update);
    const auto written = records.empty() ? Result<void>() : write(records);
    std::unique_lock lock(mutex_);
    if (written) {
      counters_.written += records.size();
      if (last && news_.empty() && records_.empty()) return;
      continue;
    }
    ++counters_.failed;
    log::warn("call_quality.waits", {{"why", written.error().message}});
    if (last) return;
    // What has come meanwhile of the same stay is newer.
    for (auto& [key, record] : records) records_.try_emplace(key, std::move(record));
    wake_.wait_for(lock, kRetry, [&] { return stop_; });
  }
}

std::optional<std::string> CallQuality::contact_of(const std::string& meeting_id) {
  if (const auto known = contacts_.find(meeting_id); known != contacts_.end()) return known->second;
  auto meeting = store_.read([&](store::Database& db) { return store::meetings::find(db, meeting_id); });
  if (!meeting) return std::nullopt;
  return contacts_[meeting_id] = *meeting ? (*meeting)->contact_id : std::nullopt;
}

void CallQuality::tell(const QualityUpdate& update) {
  const auto contact = contact_of(update.meeting_id);
  if (update.people.empty()) contacts_.erase(update.meeting_id);   // nobody is there: it is over, or asked again
  if (!contact) return;
  bj::array people;
  for (const PersonQuality& person : update.people) people.push_back(person_json(person));
  bj::object said{{"contactId", *contact}, {"meetingId", update.meeting_id}, {"people", std::move(people)}};
  {
    const std::lock_guard lock(mutex_);
    if (update.people.empty()) live_.erase(*contact);
    else live_[*contact] = bj::serialize(said);
  }
  said["type"] = "quality";
  const std::lock_guard lock(teller_mutex_);
  if (teller_) teller_(*contact, bj::serialize(said));
}

Result<void> CallQuality::write(const std::map<Key, QualityRecord>& records) {
  std::vector<store::QualityRow> rows;
  for (const auto& [key, r] : records) {
    rows.push_back({std::get<0>(key), r.attendee_id, r.began, r.written, r.external_user_id, bj::serialize(summary_json(r.series.summary())), bj::serialize(series_json(r.series))});
  }
  return store_.write([&](store::Database& db) -> Result<void> {
    for (const store::QualityRow& row : rows) {
      if (auto put = store::quality::put(db, row); !put) return put;
    }
    return {};
  });
}

}  // namespace upcall::service
