// The parts of one multipart upload: sizes, MD5s and the store's ETags, and what the finished object's ETag must be.
//
// Where an ETag is an MD5 (no encryption, or AES256) it proves that the store has our bytes. Under a KMS key, and in stores
// with ETags of their own, it is opaque: then sizes and the store's own ETags are all that can be compared.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "crypto/hash.hpp"
#include "s3/answers.hpp"

namespace upcall::s3 {

// Whether the ETag of a part can only be its MD5: 32 hex digits, and the answer's x-amz-server-side-encryption (empty:
// none) names no KMS.
bool is_md5_etag(std::string_view etag, std::string_view encryption);

class PartLedger {
 public:
  // `etag` as the store gave it, bare. `md5_checked`: it was compared with the MD5 of what was sent.
  void put(std::uint32_t number, std::uint64_t size, std::string etag, bool md5_checked);

  // Part numbers are 1..N, else invalid_argument.
  Result<void> check_complete() const;
  std::vector<PartRow> rows() const;
  std::uint64_t size() const;
  // "<hex>-<N>" of the MD5s; empty when a part's ETag is opaque.
  std::string expected_etag() const;
  // Whether a finished object's ETag contradicts the parts: it has the form "<32 hex>-<N>" and is another one.
  bool contradicts(std::string_view etag) const;

 private:
  struct Part {
    std::uint64_t size = 0;
    std::string etag;
    bool md5_checked = false;
  };
  std::map<std::uint32_t, Part> parts_;
};

}  // namespace upcall::s3
