// What an S3 store answers, out of its XML. Bytes from outside: at most kAnswerMax of them are looked at, unknown
// elements are skipped, entities other than XML's five stay text (no DTD is ever read), nothing here recurses.
//
// Errors: too_long, truncated or malformed (not the XML that the operation promises).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"

namespace upcall::s3 {

// A page of 1000 keys of 900 bytes.
inline constexpr std::size_t kAnswerMax = 2 << 20;

// The code of an <Error>, "SlowDown"; its message is not kept: it may hold keys and addresses.
ParseResult<std::string> parse_error(std::string_view xml);

ParseResult<std::string> parse_create_upload(std::string_view xml);  // the upload's id

// CompleteMultipartUpload may say 200 first and find an error while it works: then `error` holds the code.
struct CompleteAnswer {
  std::string etag;  // without quotes; Ceph 16 leaves it empty
  std::string error;
};
ParseResult<CompleteAnswer> parse_complete(std::string_view xml);

struct PartRow {
  std::uint32_t number = 0;
  std::uint64_t size = 0;
  std::string etag;
};
struct PartsPage {
  std::vector<PartRow> parts;
  std::uint32_t next = 0;  // marker of the next page, 0: this is the last
};
ParseResult<PartsPage> parse_parts(std::string_view xml);

struct ObjectRow {
  std::string key;
  std::uint64_t size = 0;
  std::string etag;
  WallTime modified;
};
struct ObjectsPage {
  std::vector<ObjectRow> objects;
  std::string next;  // continuation token, empty: this is the last
};
ParseResult<ObjectsPage> parse_objects(std::string_view xml);

struct UploadRow {
  std::string key;
  std::string id;
  WallTime initiated;
};
struct UploadsPage {
  std::vector<UploadRow> uploads;
  std::string next_key, next_id;  // markers of the next page, both empty: this is the last
};
ParseResult<UploadsPage> parse_uploads(std::string_view xml);

// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 §5.6.7, the form that servers must send).
ParseResult<WallTime> parse_http_date(std::string_view text);

// The body of CompleteMultipartUpload. The ETags are those that the store gave, quotes not included.
std::string complete_xml(const std::vector<PartRow>& parts);

// "\"abc\"" -> "abc"; a weak one loses its mark too.
std::string bare_etag(std::string_view etag);

}  // namespace upcall::s3
