// The embedded object store: a directory, encrypted at rest.
//
//   ROOT/data/<id>                    the parts as they came, each in sealed chunks of 64 KiB
//   ROOT/index/<key>~object           sealed: the object's key, its extents in `data`, type, size, etag, time
//
// Each object has a random AES-256 key. A chunk's nonce is (put number, chunk number), so it never repeats under a key;
// its additional data says the same and whether it is the part's last, so that chunks can be neither moved nor cut off.
// The index file is sealed under a key derived from the master key, with the object's name as additional data: objects
// cannot be exchanged either. Completing renames the index file into place: before it nothing is there, after it all.
// What no index file refers to is an upload that did not finish, and is removed when the store is opened.
//
// One process owns a directory (the data directory's lock sees to it).
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/rng.hpp"
#include "crypto/secret.hpp"
#include "io/objects/object_store.hpp"

namespace upcall::objects {

class DirectoryObjectStore final : public ObjectStore {
 public:
  // Creates the directory (0700) when needed. `random` must outlive the store and be usable from any thread.
  // Errors: unavailable with the system's reason.
  static Result<std::unique_ptr<DirectoryObjectStore>> open_root(std::string root, const crypto::Secret<32>& master_key,
                                                                 RandomSource& random);
  ~DirectoryObjectStore() override;

  Result<std::unique_ptr<Upload>> begin_upload(std::string_view key, std::string_view content_type) override;
  Result<ObjectInfo> stat(std::string_view key) override;
  Result<std::shared_ptr<wire::BodySource>> open(std::string_view key) override;
  Result<void> remove(std::string_view key) override;
  Result<std::vector<ObjectInfo>> list(std::string_view prefix) override;

  // Seals every index file under `to` instead of `from`, one after another and each at once: after a kill it is called
  // again, and what is done already is left alone. No film data is touched. Nobody may have the directory open.
  struct Rewrapped {
    std::size_t done = 0;
    std::size_t unreadable = 0;  // under neither key: left as they are
  };
  static Result<Rewrapped> rewrap(const std::string& root, const crypto::Secret<32>& from, const crypto::Secret<32>& to, RandomSource& random,
                                  const std::function<void()>& after_each = {});

  // Unfinished uploads that open_root() found and removed.
  std::size_t removed_partial_uploads() const;

  struct State;

 private:
  explicit DirectoryObjectStore(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace upcall::objects
