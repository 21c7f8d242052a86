// What must be known of an S3 store to use it, and whether it can be right. No I/O.
//
// Errors of all checks: invalid_argument, the sentence names the parameter as `upcall configure` calls it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace upcall::s3 {

enum class Encryption : std::uint8_t { none, aes256, kms };

struct Settings {
  std::string endpoint;                // "https://s3.example.com" or "http://10.0.0.5:7480": scheme, host, port
  std::string region = "us-east-1";
  std::string bucket;
  std::string access_key_id;
  std::string secret_access_key;       // never logged, never in an error
  Encryption encryption = Encryption::none;
  std::string kms_key;                 // of `kms`; empty: the bucket's own
  bool virtual_host = false;           // bucket.host/key instead of host/bucket/key

  bool tls() const { return endpoint.starts_with("https://"); }
  // "s3.example.com" or "10.0.0.5:7480", with the bucket in front for virtual-host style: the Host header that is signed.
  std::string host() const;
  std::string origin() const { return (tls() ? "https://" : "http://") + host(); }
};

// "none", "AES256", "aws:kms" or "aws:kms:KEY" (a key's id or ARN).
Result<void> set_encryption(Settings& settings, std::string_view text);
// Everything at once; a trailing '/' of the endpoint is taken off.
Result<void> check(Settings& settings);

}  // namespace upcall::s3
