// Where finished recordings live, as the rest of the product sees it: the embedded directory (directory_object_store.hpp),
// any S3 (io/s3), or both (routing_object_store.hpp).
//
// Threads: a store from any thread; an upload and a source by one thread at a time. Calls block; those of an external
// store for as long as io/s3/client.hpp says.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "wire/http.hpp"

namespace upcall::objects {

struct ObjectInfo {
  std::string key;
  std::string content_type;
  std::uint64_t size = 0;
  // Of the embedded store: 32 hex digits of the SHA-256 over the SHA-256s of the parts, '-', number of parts: strong, and
  // known without reading the object again although the first part comes last. Of an external one: its own, bare.
  std::string etag;
  WallTime stored_at;
};

// What a store has of an upload.
struct UploadedPart {
  std::uint32_t number = 0;
  std::uint64_t size = 0;
};

// One object on its way. Destroyed without complete() or leave(): the same as abort().
class Upload {
 public:
  virtual ~Upload() = default;
  // Part numbers from 1 to 10 000, in any order, any size above zero; a number that comes again replaces its part.
  // Durable when it returns. Errors: exhausted (disk full: what was put before is kept, the part may be put again),
  // invalid_argument, unavailable (the part may be put again), gone (the store has lost the upload: begin a new one and
  // put all parts again), corrupt (what arrived is not what was sent; the part may be put again).
  virtual Result<void> put_part(std::uint32_t number, Bytes bytes) = 0;
  // The parts in the order of their numbers become the object, all at once and durably; an object that had the key is
  // replaced. Part numbers must be 1..N without a gap (else invalid_argument). After an error it may be called again,
  // except after gone: then all parts go into a new upload. The store has verified what it returns.
  virtual Result<ObjectInfo> complete(WallTime now) = 0;
  virtual void abort() = 0;

  // By what resume_upload() finds this upload after a restart; empty: this store's uploads end with the process.
  virtual std::string resume_token() const { return {}; }
  // The parts that are durable, by number.
  virtual std::vector<UploadedPart> parts() const { return {}; }
  // Lets go of the upload without ending it, for resume_upload().
  virtual void leave() { abort(); }
};

class ObjectStore {
 public:
  virtual ~ObjectStore() = default;
  virtual Result<std::unique_ptr<Upload>> begin_upload(std::string_view key, std::string_view content_type) = 0;
  // Of an object that is there: into the store that has it, wherever new ones go where several stores are one.
  virtual Result<std::unique_ptr<Upload>> begin_replacement(std::string_view key, std::string_view content_type) {
    return begin_upload(key, content_type);
  }
  // Errors of the next three: not_found, corrupt (stored bytes are not what was written), unavailable.
  virtual Result<ObjectInfo> stat(std::string_view key) = 0;
  // Stays readable when the object is removed or replaced meanwhile.
  virtual Result<std::shared_ptr<wire::BodySource>> open(std::string_view key) = 0;
  virtual Result<void> remove(std::string_view key) = 0;
  // Every object whose key begins with `prefix`, by key. Unreadable ones are left out.
  virtual Result<std::vector<ObjectInfo>> list(std::string_view prefix) = 0;

  // An upload that was left, or whose process died; of its parts the store's word counts. gone: it is not there any more.
  virtual Result<std::unique_ptr<Upload>> resume_upload(std::string_view key, std::string_view token) {
    (void)key, (void)token;
    return fail(ErrorCode::gone, "uploads of this store end with the process");
  }
  // Ends uploads of keys under `prefix` that began before `before`, that this process does not hold and whose key `keep`
  // does not claim. How many.
  virtual Result<std::size_t> abort_uploads(std::string_view prefix, WallTime before, const std::function<bool(std::string_view key)>& keep) {
    (void)prefix, (void)before, (void)keep;
    return std::size_t{0};
  }
  // An address by which anybody reads the object for a while, without this server in between.
  // invalid_argument: this store has none.
  virtual Result<std::string> presign(std::string_view key, Duration valid) {
    (void)key, (void)valid;
    return fail(ErrorCode::invalid_argument, "this object store has no addresses of its own");
  }
};

// Segments of [A-Za-z0-9._-] joined by single '/', none of them "." or ".." nor beginning with '.', at most 200 bytes
// each and 900 in all.
bool is_safe_key(std::string_view key);

}  // namespace upcall::objects
