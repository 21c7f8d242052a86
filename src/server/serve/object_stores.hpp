// Where this server keeps recordings: the embedded directory, and the bucket that the parameters name. Watches over the
// bucket: whether it answers (every 15 s), and whether uploads are left in it that nobody owns (at start, then hourly).
//
// Threads: public members from any; one of its own for the watching. `store()` lives as long as this.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "io/metrics/metrics.hpp"
#include "io/objects/routing_object_store.hpp"
#include "io/s3/s3_object_store.hpp"
#include "io/store/sealer.hpp"
#include "io/store/store.hpp"

namespace upcall::server {

class ObjectStores {
 public:
  // References must outlive it. A bucket that does not answer is no error here, a setting that cannot be right is one.
  static Result<std::unique_ptr<ObjectStores>> open(const std::string& data_dir, store::Store& store, store::Sealer& sealer,
                                                    RandomSource& random, metrics::Registry& metrics);
  ~ObjectStores();
  ObjectStores(const ObjectStores&) = delete;

  objects::ObjectStore& store() { return *routing_; }
  objects::ObjectStore& embedded() { return routing_->embedded(); }
  // The parameters have changed. Uploads that run keep the store that they began with.
  Result<void> reload();
  // New films go into a bucket.
  bool writes_to_bucket() const;
  // Sentences for /readyz; empty when recordings can be stored and all of them watched.
  std::vector<std::string> problems() const;
  // From now on calls to the bucket fail soon: the server is stopping.
  void stop();

 private:
  ObjectStores(store::Store& store, store::Sealer& sealer, RandomSource& random, metrics::Registry& metrics,
               std::unique_ptr<objects::ObjectStore> embedded);
  void watch();
  bool sweep(s3::S3ObjectStore& bucket);

  store::Store& store_;
  store::Sealer& sealer_;
  RandomSource& random_;
  metrics::Registry& metrics_;
  std::unique_ptr<objects::RoutingObjectStore> routing_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::shared_ptr<s3::S3ObjectStore> bucket_;
  bool write_there_ = false;
  bool changed_ = false, stop_ = false;
  std::thread thread_;
};

}  // namespace upcall::server
