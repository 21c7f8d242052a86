// Private to this folder: who asks, what is answered when not, and the operations.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/s3/s3_api.hpp"
#include "identity/principal.hpp"
#include "io/store/recording_repository.hpp"

namespace upcall::api {

using S3Query = std::vector<std::pair<std::string, std::string>>;

struct S3Fault {
  int status = 500;
  std::string_view code;      // the vendor's word, a literal
  std::string message;
  std::vector<std::pair<std::string, std::string>> extra = {};  // elements beside it
};
template <class T>
using S3Result = Result<T, S3Fault>;

S3Fault access_denied();
S3Fault no_such_key(const std::string& key);
S3Fault internal_error(const Error& error);
S3Fault not_implemented();
wire::HttpResponse s3_failure(const wire::HttpRequest& request, const S3Fault& fault);
wire::HttpResponse s3_document(const wire::HttpRequest& request, std::string xml);

struct S3Caller {
  identity::Principal viewer;
  std::string prefix;            // all that it may know of
  bool may_read = false;         // by its permissions: anything at all
  bool has_groups = false;       // of the installation, for the hierarchy rule
  std::string profile_id;

  bool covers(std::string_view key_or_prefix) const { return may_read && key_or_prefix.starts_with(prefix); }
  bool sees(const store::Recording& recording) const;
};
// The signature in full, then the key's rights as they are now.
S3Result<S3Caller> s3_caller(S3Api& api, const wire::HttpRequest& request);

// Decoded as signatures see it: '+' is itself. Nothing when it cannot be decoded.
std::optional<S3Query> s3_query(const wire::HttpRequest& request);
std::optional<std::string_view> query_value(const S3Query& query, std::string_view name);

S3Result<wire::HttpResponse> list_objects(S3Api& api, const wire::HttpRequest& request, const S3Caller& caller, const S3Query& query);
// GET and HEAD.
S3Result<wire::HttpResponse> get_object(S3Api& api, const wire::HttpRequest& request, const S3Caller& caller, const S3Query& query,
                                        const std::string& key);

}  // namespace upcall::api
