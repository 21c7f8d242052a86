// AWS Signature Version 4, verifying side, for any service name: in headers, and of S3 in the query ("presigned"). The
// signature covers method, path, query, the headers that the client lists, and the body's hash.
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

// X-Amz-Algorithm, -Credential, -Date, -Expires, -SignedHeaders and -Signature of a query: an address that works for a
// while. Each of them once.
struct SigV4Presigned {
  SigV4Authorization authorization;
  std::string amz_date;
  Duration valid;     // 1 s to 7 days

  // True when the query carries a signature of this kind, well formed or not.
  static bool is_in(std::string_view query);
  static ParseResult<SigV4Presigned> parse(std::string_view query);
};

// Why a request is not what its signer made.
enum class SigV4Fault : std::uint8_t {
  not_covered,  // a header that must be signed is not
  bad_date,     // x-amz-date is missing, no date, or not that of the scope
  skewed,       // more than 15 minutes from our clock
  expired,      // presigned: its time is over
  not_yet,      // presigned: made more than 15 minutes ahead of our clock
  other_body,
  mismatch,
};

// S3 signs the path as sent; every other service encodes the sent path once more.
enum class SigV4Path : std::uint8_t { encoded_again, as_sent };

Sha256Digest sigv4_signing_key(std::string_view secret, std::string_view date, std::string_view region, std::string_view service);

// The signature, date (15 minutes) and signed headers: host and x-amz-date must be among them, and
// x-amz-content-sha256, where present, must be the body's hash (of S3 also UNSIGNED-PAYLOAD).
Result<void, SigV4Fault> sigv4_check(const SigV4Request& request, const SigV4Authorization& authorization, std::string_view secret,
                                     WallTime now, SigV4Path path = SigV4Path::encoded_again);
// The same for a presigned request of S3; `request.query` is the whole one. The body is not covered.
Result<void, SigV4Fault> sigv4_check(const SigV4Request& request, const SigV4Presigned& presigned, std::string_view secret, WallTime now);

// sigv4_check() as `unauthenticated` with a sentence.
Result<void> sigv4_verify(const SigV4Request& request, const SigV4Authorization& authorization, std::string_view secret,
                          WallTime now, SigV4Path path = SigV4Path::encoded_again);

// Our own clients and the tests: the lower-case hex signature for a request that has host and x-amz-date set. Where
// x-amz-content-sha256 is set, that is the body's hash and `body` is not read.
std::string sigv4_signature(const SigV4Request& request, const SigV4Authorization& authorization, std::string_view secret,
                            SigV4Path path = SigV4Path::encoded_again);

}  // namespace upcall::crypto
