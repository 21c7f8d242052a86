// Any S3 as an object store (ADR 11): Amazon's, Ceph's, MinIO's, Swift's; path-style unless told otherwise.
//
// An upload is a multipart upload: each part's ETag is compared with the MD5 of what was sent, the finished object's with
// the one computed here, then its size and mark are read back; only then is complete() a success. begin_upload() ends what
// a process that died had begun of the same key: an object has one writer, so nobody else needs it.
// Keys as in objects::is_safe_key. Lifetime: uploads and sources keep what they need of the store.
#pragma once

#include <memory>
#include <optional>

#include "io/objects/object_store.hpp"
#include "io/s3/client.hpp"

namespace upcall::s3 {

class S3ObjectStore final : public objects::ObjectStore {
 public:
  // `random` and `metrics` (may be null) must outlive the store, its uploads and sources.
  S3ObjectStore(ClientOptions options, RandomSource& random, metrics::Registry* metrics);
  ~S3ObjectStore() override;

  Result<std::unique_ptr<objects::Upload>> begin_upload(std::string_view key, std::string_view content_type) override;
  Result<objects::ObjectInfo> stat(std::string_view key) override;
  // Reads ahead by 1 MiB, that is all the memory it takes. An object that is replaced meanwhile ends the reading (corrupt),
  // one that is removed too (not_found): unlike the embedded store, S3 keeps nothing for readers.
  Result<std::shared_ptr<wire::BodySource>> open(std::string_view key) override;
  Result<void> remove(std::string_view key) override;
  Result<std::vector<objects::ObjectInfo>> list(std::string_view prefix) override;
  Result<std::unique_ptr<objects::Upload>> resume_upload(std::string_view key, std::string_view token) override;
  Result<std::size_t> abort_uploads(std::string_view prefix, WallTime before,
                                    const std::function<bool(std::string_view)>& keep) override;
  Result<std::string> presign(std::string_view key, Duration valid) override;

  // Asks the store for something small; afterwards trouble() is up to date.
  Result<void> probe();
  // What a person should know: the store cannot be reached, or refuses us and why. Nothing while all is well.
  std::optional<Error> trouble() const;
  // From now on calls fail soon: the server is stopping.
  void stop();

  struct State;

 private:
  std::shared_ptr<State> state_;
};

}  // namespace upcall::s3
