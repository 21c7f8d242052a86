#include "server/serve/object_stores.hpp"

#include <chrono>
#include <fstream>
#include <iterator>
#include <set>

#include "io/clock/system_clock.hpp"
#include "io/log/log.hpp"
#include "io/objects/directory_object_store.hpp"
#include "io/store/recording_repository.hpp"
#include "server/admin/storage_parameters.hpp"

namespace upcall::server {

namespace {

constexpr std::string_view kPrefix = "RECORDINGS/";
constexpr Duration kProbeEvery = Duration::s(15);
constexpr Duration kSweepEvery = Duration::s(3600);
constexpr Duration kSweepAgain = Duration::s(300);  // after one that failed
constexpr Duration kStaleAfter = Duration::s(24 * 3600);

}  // namespace

ObjectStores::ObjectStores(store::Store& store, store::Sealer& sealer, RandomSource& random, metrics::Registry& metrics,
                           std::unique_ptr<objects::ObjectStore> embedded)
    : store_(store),
      sealer_(sealer),
      random_(random),
      metrics_(metrics),
      routing_(std::make_unique<objects::RoutingObjectStore>(std::move(embedded))) {}

Result<std::unique_ptr<ObjectStores>> ObjectStores::open(const std::string& data_dir, store::Store& store, store::Sealer& sealer,
                                                         RandomSource& random, metrics::Registry& metrics) {
  auto embedded = objects::DirectoryObjectStore::open_root(data_dir + "/objects", sealer.derive("objects"), random);
  if (!embedded) return tl::unexpected(embedded.error());
  std::unique_ptr<ObjectStores> out(new ObjectStores(store, sealer, random, metrics, std::move(*embedded)));
  if (auto loaded = out->reload(); !loaded) return tl::unexpected(loaded.error());
  metrics.gauge_from("upcall_object_store_up", "1 while the object store for recordings answers", {}, [stores = out.get()] { return stores->problems().empty() ? 1.0 : 0.0; });
  out->thread_ = std::thread([stores = out.get()] { stores->watch(); });
  return out;
}

ObjectStores::~ObjectStores() {
  stop();
  if (thread_.joinable()) thread_.join();
}

void ObjectStores::stop() {
  const std::lock_guard lock(mutex_);
  stop_ = true;
  if (bucket_) bucket_->stop();
  wake_.notify_all();
}

Result<void> ObjectStores::reload() {
  auto settings = store_.read([this](store::Database& db) { return admin::storage_settings(db, sealer_); });
  if (!settings) return tl::unexpected(settings.error());
  std::shared_ptr<s3::S3ObjectStore> bucket;
  if (settings->s3) {
    s3::ClientOptions options;
    options.settings = std::move(*settings->s3);
    if (!settings->ca_file.empty()) {
      std::ifstream in(settings->ca_file, std::ios::binary);
      options.ca_pem = std::string(std::istreambuf_iterator<char>(in), {});
      // Trusting the system's authorities instead would be another thing than what was asked for.
      if (options.ca_pem.empty()) options.ca_pem = "unreadable";
    }
    bucket = std::make_shared<s3::S3ObjectStore>(std::move(options), random_, &metrics_);
  }
  routing_->set_external(bucket, settings->write_to_s3);
  const std::lock_guard lock(mutex_);
  bucket_ = std::move(bucket);
  write_there_ = settings->write_to_s3;
  changed_ = true;
  wake_.notify_all();
  return {};
}

bool ObjectStores::writes_to_bucket() const {
  const std::lock_guard lock(mutex_);
  return bucket_ && write_there_;
}

std::vector<std::string> ObjectStores::problems() const {
  std::shared_ptr<s3::S3ObjectStore> bucket;
  bool write_there = false;
  {
    const std::lock_guard lock(mutex_);
    bucket = bucket_;
    write_there = write_there_;
  }
  const auto trouble = bucket ? bucket->trouble() : std::nullopt;
  if (!trouble) return {};
  return {trouble->message + (write_there ? " (recordings wait on this server's disk)" : " (older recordings cannot be watched)")};
}

bool ObjectStores::sweep(s3::S3ObjectStore& bucket) {
  const auto unfinished = store_.read([](store::Database& db) { return store::recordings::unfinished(db); });
  if (!unfinished) return false;
  std::set<std::string, std::less<>> keys;
  for (const store::Recording& r : *unfinished) keys.insert(r.object_key);
  const auto ended = bucket.abort_uploads(kPrefix, system_now().wall - kStaleAfter, [&](std::string_view key) { return keys.contains(key); });
  if (ended && *ended > 0) log::info("object_store.uploads_ended", {{"count", *ended}});
  if (!ended) log::warn("object_store.sweep_failed", {{"error", ended.error()}});
  return ended.has_value();
}

void ObjectStores::watch() {
  Instant next_sweep;
  std::unique_lock lock(mutex_);
  while (!stop_) {
    if (std::exchange(changed_, false)) next_sweep = Instant();
    const std::shared_ptr<s3::S3ObjectStore> bucket = bucket_;
    if (bucket) {
      lock.unlock();
      const bool answers = bucket->probe().has_value();
      if (answers && system_now().mono >= next_sweep) {
        next_sweep = system_now().mono + (sweep(*bucket) ? kSweepEvery : kSweepAgain);
      }
      lock.lock();
    }
    wake_.wait_for(lock, std::chrono::milliseconds(kProbeEvery.ms()), [this] { return stop_ || changed_; });
  }
}

}  // namespace upcall::server
