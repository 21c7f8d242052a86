// Every answer of an S3 store: the XML of each operation and the Date header. Whatever comes, nothing crashes, and what is
// taken out of it is bounded by what came in.
// link: upcall_s3
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "s3/answers.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace upcall::s3;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto code = parse_error(text); code && (code->empty() || code->size() > 100)) std::abort();
  if (const auto id = parse_create_upload(text); id && (id->empty() || id->size() > size)) std::abort();
  if (const auto done = parse_complete(text); done && !done->etag.empty() && !done->error.empty()) std::abort();
  if (const auto page = parse_parts(text)) {
    if (page->parts.size() > size) std::abort();
    // What we send back to the store is XML of ours, whatever its ETags were.
    if (!page->parts.empty() && complete_xml(page->parts).find("</Part>") == std::string::npos) std::abort();
  }
  if (const auto page = parse_objects(text)) {
    for (const ObjectRow& row : page->objects) {
      if (row.key.empty() || row.key.size() > size) std::abort();
    }
  }
  if (const auto page = parse_uploads(text); page && page->uploads.size() > size) std::abort();
  (void)parse_http_date(text);
  return 0;
}
