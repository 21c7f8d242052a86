// S3 requests as data: what each operation asks, and its signature (AWS Signature Version 4, header and query form). No
// clocks, no sockets: a Call is made once and signed anew for each attempt with the time of that attempt.
//
// Sizes are bytes. Keys are those of objects::is_safe_key: nothing in them needs escaping, and everything is escaped
// all the same.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "s3/settings.hpp"

namespace upcall::s3 {

enum class Operation : std::uint8_t {
  probe, put, head, get, remove, list_objects,
  create_upload, upload_part, complete_upload, abort_upload, list_parts, list_uploads,
};
std::string_view to_string(Operation operation);

using Pairs = std::vector<std::pair<std::string, std::string>>;

struct Call {
  Operation operation = Operation::probe;
  std::string method;
  std::string key;    // empty: the bucket itself
  Pairs query;        // decoded
  Pairs headers;      // names in lower case; all are signed
  Bytes body;         // not owned: the caller's part, or `text`
  std::string text;   // a body of our own (XML)

  Bytes payload() const { return text.empty() ? body : as_bytes(text); }
};

// The name of the user metadata that says which upload made an object: an upload that was completed although its answer
// was lost is recognised by it, whatever the store's ETags are.
inline constexpr std::string_view kUploadMark = "x-amz-meta-upcall-upload";

Call probe();
Call put_object(const Settings& settings, std::string key, std::string content_type, Bytes body);
Call head_object(std::string key);
// [first, last], both included. With an ETag only that version of the object is answered (412 otherwise).
Call get_range(std::string key, std::uint64_t first, std::uint64_t last, std::string_view etag);
Call delete_object(std::string key);
Call list_objects(std::string_view prefix, std::string_view continuation, int max_keys = 1000);
Call create_upload(const Settings& settings, std::string key, std::string content_type, std::string mark);
// The MD5 is sent too: over TLS it is what a store without SigV4 payload hash checks the body by.
Call upload_part(std::string key, std::string_view upload_id, std::uint32_t number, Bytes body, Bytes md5);
Call complete_upload(std::string key, std::string_view upload_id, std::string xml);
Call abort_upload(std::string key, std::string_view upload_id);
Call list_parts(std::string key, std::string_view upload_id, std::uint32_t after);
Call list_uploads(std::string_view prefix, std::string_view key_marker, std::string_view id_marker);

struct Signed {
  std::string url;
  Pairs headers;  // `host` is not among them: the HTTP client makes the same one from the URL
};

// Over plain HTTP the body's hash is part of the signature; over TLS it says UNSIGNED-PAYLOAD, because TLS protects the
// body already and a part's hash costs as much again as its MD5.
Signed sign(const Settings& settings, const Call& call, WallTime now);

// An address that anybody may GET until `now + valid` (at most 7 days).
std::string presign_get(const Settings& settings, std::string_view key, WallTime now, Duration valid);

// "20150830T123600Z"
std::string amz_date(WallTime time);

}  // namespace upcall::s3
