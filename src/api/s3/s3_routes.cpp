#include <algorithm>

#include "api/s3/s3_parts.hpp"
#include "s3/served_xml.hpp"

namespace upcall::api {

namespace {

// Parameters that make another operation of the request; of these only `location` is there.
constexpr std::string_view kSubresources[] = {
    "accelerate", "acl", "analytics", "attributes", "cors", "encryption", "intelligent-tiering", "inventory", "legal-hold", "lifecycle",
    "logging", "metrics", "notification", "object-lock", "ownershipControls", "partNumber", "policy", "policyStatus", "publicAccessBlock",
    "replication", "requestPayment", "restore", "retention", "select", "tagging", "torrent", "uploadId", "uploads", "versioning", "versions",
    "website"};

bool asks_for_more(const S3Query& query) {
  const bool named = std::any_of(std::begin(kSubresources), std::end(kSubresources), [&](std::string_view name) { return query_value(query, name).has_value(); });
  return named || query_value(query, "versionId").value_or("null") != "null";
}

S3Result<wire::HttpResponse> answer(S3Api& api, const wire::HttpRequest& request) {
  const auto query = s3_query(request);
  if (!query) return tl::unexpected(S3Fault{400, "InvalidURI", "Couldn't parse the specified URI."});
  auto caller = s3_caller(api, request);
  if (!caller) return tl::unexpected(caller.error());
  if (request.method != "GET" && request.method != "HEAD") {
    return tl::unexpected(S3Fault{405, "MethodNotAllowed", "The specified method is not allowed against this resource."});
  }
  const std::string bucket = request.segments.size() > 2 ? request.segments[2] : "";
  std::string key;
  for (std::size_t i = 3; i < request.segments.size(); ++i) key += (i > 3 ? "/" : "") + request.segments[i];
  if (bucket.empty()) {
    if (!key.empty()) return tl::unexpected(S3Fault{400, "InvalidBucketName", "The specified bucket is not valid."});
    if (!caller->may_read) return tl::unexpected(access_denied());
    return s3_document(request, s3::buckets_xml({std::string(kRecordingsBucket)}, caller->viewer.id, WallTime::from_unix_ms(0)));
  }
  if (bucket != kRecordingsBucket) return tl::unexpected(S3Fault{404, "NoSuchBucket", "The specified bucket does not exist", {{"BucketName", bucket}}});
  if (asks_for_more(*query)) return tl::unexpected(not_implemented());
  if (!key.empty()) return get_object(api, request, *caller, *query, key);
  if (!caller->may_read) return tl::unexpected(access_denied());
  if (request.method == "HEAD") {
    wire::HttpResponse out;
    out.set("x-amz-request-id", request.request_id);
    out.set("x-amz-bucket-region", "us-east-1");
    return out;
  }
  if (query_value(*query, "location")) return s3_document(request, s3::location_xml());
  // The first version of the listing has other rules of going on; clients of today do not ask for it.
  if (query_value(*query, "list-type").value_or("") != "2") return tl::unexpected(not_implemented());
  return list_objects(api, request, *caller, *query);
}

}  // namespace

void add_s3_routes(wire::Router& router, S3Api& api) {
  for (const char* method : {"GET", "HEAD", "PUT", "POST", "DELETE"}) {
    router.add(method, "/aws/s3/{rest...}", [&api](const wire::HttpRequest& request) {
      auto out = answer(api, request);
      return out ? std::move(*out) : s3_failure(request, out.error());
    });
  }
}

}  // namespace upcall::api
