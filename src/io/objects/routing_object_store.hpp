// Two stores as one: new objects go into one of them, reading finds them wherever they are. So recordings of before a
// change of the store stay playable, and the external store can be exchanged under a running server.
//
// Reading asks the embedded store first: that costs microseconds and works during an outage of the other one.
#pragma once

#include <memory>
#include <mutex>

#include "io/objects/object_store.hpp"

namespace upcall::objects {

class RoutingObjectStore final : public ObjectStore {
 public:
  explicit RoutingObjectStore(std::unique_ptr<ObjectStore> embedded) : embedded_(std::move(embedded)) {}

  // `external` may be null. Uploads and sources that are open keep the store that they began with.
  void set_external(std::shared_ptr<ObjectStore> external, bool write_there);
  // The embedded one alone; lives as long as this.
  ObjectStore& embedded() { return *embedded_; }

  Result<std::unique_ptr<Upload>> begin_upload(std::string_view key, std::string_view content_type) override;
  Result<std::unique_ptr<Upload>> begin_replacement(std::string_view key, std::string_view content_type) override;
  Result<ObjectInfo> stat(std::string_view key) override;
  Result<std::shared_ptr<wire::BodySource>> open(std::string_view key) override;
  // From both.
  Result<void> remove(std::string_view key) override;
  // Of both, a key once. An external store that does not answer is an error: half a list would be taken for the whole.
  Result<std::vector<ObjectInfo>> list(std::string_view prefix) override;
  Result<std::unique_ptr<Upload>> resume_upload(std::string_view key, std::string_view token) override;
  Result<std::size_t> abort_uploads(std::string_view prefix, WallTime before, const std::function<bool(std::string_view)>& keep) override;
  Result<std::string> presign(std::string_view key, Duration valid) override;

 private:
  struct Route {
    std::shared_ptr<ObjectStore> external;
    bool write_there = false;
  };
  Route route() const;
  Result<std::unique_ptr<Upload>> routed(Result<std::unique_ptr<Upload>> upload, std::string_view key, std::shared_ptr<ObjectStore> external);

  std::shared_ptr<ObjectStore> embedded_;
  mutable std::mutex mutex_;
  Route route_;
};

}  // namespace upcall::objects
