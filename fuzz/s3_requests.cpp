// What S3 clients send: the query of a listing, its continuation token, and presigned queries. Whatever they hold, nothing
// crashes, a page's begin and size stay bounded, our own tokens come back as they were, and nothing verifies.
// link: upcall_s3
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "crypto/sigv4.hpp"
#include "s3/listing.hpp"
#include "s3/served_xml.hpp"
#include "wire/http.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace upcall;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto from = s3::parse_continuation_token(text)) {
    const auto again = s3::parse_continuation_token(s3::continuation_token(*from));
    if (!again || again->at != from->at || again->after != from->after) std::abort();
  }
  if (crypto::SigV4Presigned::is_in(text)) {
    if (const auto presigned = crypto::SigV4Presigned::parse(text)) {
      const std::vector<std::pair<std::string, std::string>> headers = {{"host", "h"}};
      if (crypto::sigv4_check({"GET", "/x", text, headers, ""}, *presigned, "secret", WallTime::from_unix_ms(1440938160000))) std::abort();
    }
  }
  wire::HttpRequest request;
  request.target = "/?" + std::string(text);
  if (!wire::parse_target(request)) return 0;
  const auto list = s3::ListRequest::parse(request.query);
  if (!list) return 0;
  const std::string keys[] = {"RECORDINGS/a", "RECORDINGS/b/c", "RECORDINGS/b/d", "e"};
  int calls = 0;
  const auto page = s3::list_page(*list, [&](const s3::ListFrom& from) -> Result<std::optional<std::string>> {
    if (++calls > 8) std::abort();
    for (const std::string& key : keys) {
      if (key.starts_with(list->prefix) && (from.after ? key > from.at : key >= from.at)) return key;
    }
    return std::nullopt;
  });
  if (!page || page->items.size() > list->max_keys) std::abort();
  std::vector<s3::ServedObject> objects(page->items.size());
  if (s3::list_xml("b", *list, *page, objects).find("</ListBucketResult>") == std::string::npos) std::abort();
  return 0;
}
