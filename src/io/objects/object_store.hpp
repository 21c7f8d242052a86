// Where finished recordings live, as the rest of the product sees it: the embedded directory today, any S3 later.
//
// Threads: a store from any thread; an upload and a source by one thread at a time.
#pragma once

#include <cstdint>
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
  // 32 hex digits of the SHA-256 over the SHA-256s of the parts, '-', number of parts: strong, and known without
  // reading the object again although the first part comes last.
  std::string etag;
  WallTime stored_at;
};

// One object on its way. Destroyed without complete(): the same as abort().
class Upload {
 public:
  virtual ~Upload() = default;
  // Part numbers from 1 to 10 000, in any order, any size above zero; a number that comes again replaces its part.
  // Durable when it returns. Errors: exhausted (disk full: what was put before is kept, the part may be put again),
  // invalid_argument, unavailable.
  virtual Result<void> put_part(std::uint32_t number, Bytes bytes) = 0;
  // The parts in the order of their numbers become the object, all at once and durably; an object that had the key is
  // replaced. Part numbers must be 1..N without a gap (else invalid_argument). After an error it may be called again.
  virtual Result<ObjectInfo> complete(WallTime now) = 0;
  virtual void abort() = 0;
};

class ObjectStore {
 public:
  virtual ~ObjectStore() = default;
  virtual Result<std::unique_ptr<Upload>> begin_upload(std::string_view key, std::string_view content_type) = 0;
  // Errors of the next three: not_found, corrupt (stored bytes are not what was written), unavailable.
  virtual Result<ObjectInfo> stat(std::string_view key) = 0;
  // Stays readable when the object is removed or replaced meanwhile.
  virtual Result<std::shared_ptr<wire::BodySource>> open(std::string_view key) = 0;
  virtual Result<void> remove(std::string_view key) = 0;
  // Every object whose key begins with `prefix`, by key. Unreadable ones are left out.
  virtual Result<std::vector<ObjectInfo>> list(std::string_view prefix) = 0;
};

// Segments of [A-Za-z0-9._-] joined by single '/', none of them "." or ".." nor beginning with '.', at most 200 bytes
// each and 900 in all.
bool is_safe_key(std::string_view key);

}  // namespace upcall::objects
