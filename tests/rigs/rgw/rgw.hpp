// The S3 server of this test run (rgw.py), as tests in C++ use it: its endpoint, and buckets of their own.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "io/s3/s3_object_store.hpp"

namespace upcall::test {

struct Rgw {
  std::string endpoint, tls_endpoint, ca_pem, access_key_id, secret_access_key, region, kms_key;

  // Or why there is none: then the test is left out (GTEST_SKIP with this sentence).
  static Result<Rgw> find();

  // A new, empty bucket with a name of its own.
  std::string make_bucket() const;
  void make_bucket(const std::string& name) const;
  // `endpoint` empty: the server itself.
  s3::ClientOptions options(const std::string& bucket, const std::string& endpoint = "") const;
  // Keys of the multipart uploads that somebody has begun and nobody ended.
  std::vector<std::string> open_uploads(const std::string& bucket) const;
};

}  // namespace upcall::test
