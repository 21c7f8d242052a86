#include "io/objects/routing_object_store.hpp"

#include <algorithm>
#include <utility>

namespace upcall::objects {

namespace {

// An upload into the external store: when it is complete, an older object of the key in the embedded one must not hide it.
class RoutedUpload final : public Upload {
 public:
  RoutedUpload(std::unique_ptr<Upload> upload, std::string key, std::shared_ptr<ObjectStore> external, std::shared_ptr<ObjectStore> embedded)
      : external_(std::move(external)), embedded_(std::move(embedded)), key_(std::move(key)), upload_(std::move(upload)) {}

  Result<void> put_part(std::uint32_t number, Bytes bytes) override { return upload_->put_part(number, bytes); }
  Result<ObjectInfo> complete(WallTime now) override {
    auto done = upload_->complete(now);
    if (!done) return done;
    if (auto hidden = embedded_->remove(key_); !hidden && hidden.error().code != ErrorCode::not_found) return tl::unexpected(hidden.error());
    return done;
  }
  void abort() override { upload_->abort(); }
  std::string resume_token() const override { return upload_->resume_token(); }
  std::vector<UploadedPart> parts() const override { return upload_->parts(); }
  void leave() override { upload_->leave(); }

 private:
  std::shared_ptr<ObjectStore> external_, embedded_;
  std::string key_;
  std::unique_ptr<Upload> upload_;  // goes before the store that it belongs to
};

bool is_missing(const Error& error) { return error.code == ErrorCode::not_found; }

}  // namespace

void RoutingObjectStore::set_external(std::shared_ptr<ObjectStore> external, bool write_there) {
  // The old one may go here, outside the lock: that can take a moment.
  Route route{std::move(external), write_there};
  route.write_there = route.write_there && route.external != nullptr;
  const std::lock_guard lock(mutex_);
  std::swap(route_, route);
}

RoutingObjectStore::Route RoutingObjectStore::route() const {
  const std::lock_guard lock(mutex_);
  return route_;
}

Result<std::unique_ptr<Upload>> RoutingObjectStore::routed(Result<std::unique_ptr<Upload>> upload, std::string_view key,
                                                           std::shared_ptr<ObjectStore> external) {
  if (!upload) return upload;
  return std::make_unique<RoutedUpload>(std::move(*upload), std::string(key), std::move(external), embedded_);
}

Result<std::unique_ptr<Upload>> RoutingObjectStore::begin_upload(std::string_view key, std::string_view content_type) {
  Route to = route();
  if (!to.write_there) return embedded_->begin_upload(key, content_type);
  auto upload = to.external->begin_upload(key, content_type);
  return routed(std::move(upload), key, std::move(to.external));
}

Result<std::unique_ptr<Upload>> RoutingObjectStore::begin_replacement(std::string_view key, std::string_view content_type) {
  if (embedded_->stat(key)) return embedded_->begin_upload(key, content_type);
  Route to = route();
  if (!to.external) return fail(ErrorCode::not_found, "there is no such object");
  if (auto there = to.external->stat(key); !there) return tl::unexpected(there.error());
  auto upload = to.external->begin_upload(key, content_type);
  return routed(std::move(upload), key, std::move(to.external));
}

Result<std::unique_ptr<Upload>> RoutingObjectStore::resume_upload(std::string_view key, std::string_view token) {
  Route to = route();
  if (!to.write_there) return embedded_->resume_upload(key, token);
  auto upload = to.external->resume_upload(key, token);
  return routed(std::move(upload), key, std::move(to.external));
}

Result<ObjectInfo> RoutingObjectStore::stat(std::string_view key) {
  auto here = embedded_->stat(key);
  if (here || !is_missing(here.error())) return here;
  const Route to = route();
  return to.external ? to.external->stat(key) : std::move(here);
}

Result<std::shared_ptr<wire::BodySource>> RoutingObjectStore::open(std::string_view key) {
  auto here = embedded_->open(key);
  if (here || !is_missing(here.error())) return here;
  const Route to = route();
  return to.external ? to.external->open(key) : std::move(here);
}

Result<void> RoutingObjectStore::remove(std::string_view key) {
  const Route to = route();
  auto here = embedded_->remove(key);
  if (!here && !is_missing(here.error())) return here;
  if (!to.external) return here;
  auto there = to.external->remove(key);
  return !there && is_missing(there.error()) && here ? here : there;
}

Result<std::vector<ObjectInfo>> RoutingObjectStore::list(std::string_view prefix) {
  auto out = embedded_->list(prefix);
  const Route to = route();
  if (!out || !to.external) return out;
  auto there = to.external->list(prefix);
  if (!there) return there;
  out->insert(out->end(), std::make_move_iterator(there->begin()), std::make_move_iterator(there->end()));
  std::stable_sort(out->begin(), out->end(), [](const ObjectInfo& a, const ObjectInfo& b) { return a.key < b.key; });
  out->erase(std::unique(out->begin(), out->end(), [](const ObjectInfo& a, const ObjectInfo& b) { return a.key == b.key; }), out->end());
  return out;
}

Result<std::size_t> RoutingObjectStore::abort_uploads(std::string_view prefix, WallTime before, const std::function<bool(std::string_view)>& keep) {
  const Route to = route();
  return to.external ? to.external->abort_uploads(prefix, before, keep) : Result<std::size_t>(std::size_t{0});
}

Result<std::string> RoutingObjectStore::presign(std::string_view key, Duration valid) {
  const Route to = route();
  // An address of an object that lies here would lead nowhere.
  if (!to.external || embedded_->stat(key)) return embedded_->presign(key, valid);
  return to.external->presign(key, valid);
}

}  // namespace upcall::objects
