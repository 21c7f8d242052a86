// AWS Signature Version 4, verifying side, for any service name (headers form). The signature covers method, path,
// query, the headers that the client lists, and the body's hash.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "crypto/hash.hpp"

namespace upcall::crypto {

// What was received. Header names in lower case; path and query still percent-encoded.
struct SigV4Request {
  std::string_view method;
  std::string_view path;
  std::string_view query;  // after '?', may be empty
  const std::vector<std::pair<std::string, std::string>>& headers;
  std::string_view body;
};

// Taken from the Authorization header: "AWS4-HMAC-SHA256 Credential=ID/DATE/REGION/SERVICE/aws4_request, …".
struct SigV4Authorization {
  std::string access_key_id;
  std::string date;  // yyyymmdd
  std::string region;
  std::string service;
  std::vector<std::string> signed_headers;  // sorted, lower case
  std::string signature;                    // 64 hex digits

  static ParseResult<SigV4Authorization> parse(std::string_view header);
};

// S3 signs the path as sent; every other service encodes the sent path once more.
enum class SigV4Path : std::uint8_t { encoded_again, as_sent };

Sha256Digest sigv4_signing_key(std::string_view secret, std::string_view date, std::string_view region, std::string_view service);

// `unauthenticated` with a sentence when the signature, date (15 minutes) or signed headers do not hold: host and
// x-amz-date must be among them, and x-amz-content-sha256, where present, must be the body's hash.
Result<void> sigv4_verify(const SigV4Request& request, const SigV4Authorization& authorization, std::string_view secret,
                          WallTime now, SigV4Path path = SigV4Path::encoded_again);

// Our own clients and the tests: the lower-case hex signature for a request that has host and x-amz-date set. Where
// x-amz-content-sha256 is set, that is the body's hash and `body` is not read.
std::string sigv4_signature(const SigV4Request& request, const SigV4Authorization& authorization, std::string_view secret,
                            SigV4Path path = SigV4Path::encoded_again);

}  // namespace upcall::crypto
