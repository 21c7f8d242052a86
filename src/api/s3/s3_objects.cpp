#include <algorithm>
#include <charconv>

#include "api/meeting/byte_range.hpp"
#include "api/s3/s3_parts.hpp"
#include "base/wall_text.hpp"
#include "io/store/parameter_repository.hpp"
#include "s3/answers.hpp"
#include "s3/served_xml.hpp"

namespace upcall::api {

namespace {

constexpr int kBatch = 200;

// Visible keys in their order, read in batches. `objects` remembers the facts of those that were given.
class VisibleKeys {
 public:
  VisibleKeys(store::Database& db, objects::ObjectStore& files, const S3Caller& caller, const std::string& prefix)
      : db_(db), files_(files), caller_(caller), prefix_(prefix) {}

  Result<std::optional<std::string>> next(const s3::ListFrom& from) {
    const auto is_before = [&](const store::Recording& r) { return from.after ? r.object_key <= from.at : r.object_key < from.at; };
    for (;;) {
      while (at_ < rows_.size() && is_before(rows_[at_])) ++at_;
      for (; at_ < rows_.size(); ++at_) {
        const store::Recording& row = rows_[at_];
        if (!caller_.sees(row)) continue;
        auto info = files_.stat(row.object_key);
        if (info) {
          objects[row.object_key] = {info->etag, info->size, info->stored_at};
          return row.object_key;
        }
        // It lies in a bucket of its own, or goes at this moment; a damaged one is the operator's to find (/readyz).
        if (info.error().code == ErrorCode::unavailable) return tl::unexpected(info.error());
      }
      if (end_) return std::nullopt;
      const std::string begin = rows_.empty() ? from.at : std::max(from.at, rows_.back().object_key);
      auto rows = store::recordings::by_object_keys(db_, prefix_, begin, kBatch);
      if (!rows) return tl::unexpected(rows.error());
      end_ = rows->size() < static_cast<std::size_t>(kBatch);
      const std::string last = rows_.empty() ? "" : rows_.back().object_key;
      rows_ = std::move(*rows);
      at_ = !rows_.empty() && rows_[0].object_key == last ? 1 : 0;
    }
  }

  std::map<std::string, s3::ServedObject> objects;

 private:
  store::Database& db_;
  objects::ObjectStore& files_;
  const S3Caller& caller_;
  const std::string prefix_;
  std::vector<store::Recording> rows_;
  std::size_t at_ = 0;
  bool end_ = false;
};

// A list of entity tags, or "*" (RFC 9110 §13.1.1).
bool names_etag(std::string_view list, std::string_view etag) {
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(','), list.size());
    std::string_view one = list.substr(0, end);
    list.remove_prefix(std::min(end + 1, list.size()));
    while (!one.empty() && one.front() == ' ') one.remove_prefix(1);
    while (!one.empty() && one.back() == ' ') one.remove_suffix(1);
    if (one == "*" || s3::bare_etag(one) == etag) return true;
  }
  return false;
}

// response-content-type and its kind: what the signer wants the answer to say.
S3Result<void> override_headers(wire::HttpResponse& out, const S3Query& query) {
  for (const std::string_view name : {"content-type", "content-language", "expires", "cache-control", "content-disposition", "content-encoding"}) {
    const auto value = query_value(query, "response-" + std::string(name));
    if (!value) continue;
    if (value->size() > 1024 || std::any_of(value->begin(), value->end(), [](char c) { return c < ' ' || c > '~'; })) {
      return tl::unexpected(S3Fault{400, "InvalidArgument", "response-" + std::string(name) + " is no header's value"});
    }
    std::erase_if(out.headers, [&](const auto& h) { return h.first == name; });
    out.set(std::string(name), std::string(*value));
  }
  return {};
}

}  // namespace

S3Result<wire::HttpResponse> list_objects(S3Api& api, const wire::HttpRequest& request, const S3Caller& caller, const S3Query& query) {
  const auto wanted = s3::ListRequest::parse(query);
  if (!wanted) return tl::unexpected(S3Fault{400, "InvalidArgument", wanted.error().message});
  if (!caller.covers(wanted->prefix)) return tl::unexpected(access_denied());
  auto xml = api.store.read([&](store::Database& db) -> Result<std::string> {
    VisibleKeys keys(db, api.embedded, caller, wanted->prefix);
    const auto page = s3::list_page(*wanted, [&](const s3::ListFrom& from) { return keys.next(from); });
    if (!page) return tl::unexpected(page.error());
    std::vector<s3::ServedObject> objects;
    for (const auto& item : page->items) {
      if (!item.is_prefix) objects.push_back(keys.objects[item.name]);
    }
    return s3::list_xml(kRecordingsBucket, *wanted, *page, objects);
  });
  if (!xml) return tl::unexpected(internal_error(xml.error()));
  return s3_document(request, std::move(*xml));
}

S3Result<wire::HttpResponse> get_object(S3Api& api, const wire::HttpRequest& request, const S3Caller& caller, const S3Query& query,
                                        const std::string& key) {
  if (!caller.covers(key)) return tl::unexpected(access_denied());
  const auto recording = api.store.read([&](store::Database& db) { return store::recordings::by_object_key(db, key); });
  if (!recording) return tl::unexpected(internal_error(recording.error()));
  if (!*recording || !caller.sees(**recording)) return tl::unexpected(no_such_key(key));
  const auto info = api.embedded.stat(key);
  auto source = info ? api.embedded.open(key) : Result<std::shared_ptr<wire::BodySource>>(tl::unexpected(info.error()));
  if (!source) return tl::unexpected(source.error().code == ErrorCode::not_found ? no_such_key(key) : internal_error(source.error()));
  // Replaced between the two looks: its tag would belong to other bytes.
  if ((*source)->size() != info->size) return tl::unexpected(internal_error({ErrorCode::unavailable, ""}));

  wire::HttpResponse out;
  out.set("x-amz-request-id", request.request_id);
  out.set("etag", "\"" + info->etag + "\"");
  out.set("last-modified", http_date(info->stored_at));
  const auto if_match = request.header("if-match");
  if (if_match && !names_etag(*if_match, info->etag)) {
    return tl::unexpected(S3Fault{412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold", {{"Condition", "If-Match"}}});
  }
  if (const auto unless = request.header("if-none-match"); unless && names_etag(*unless, info->etag)) {
    out.status = 304;
    return out;
  }
  auto asked = request.header("range");
  if (const auto same = request.header("if-range"); same && s3::bare_etag(*same) != info->etag) asked.reset();
  const auto range = parse_byte_range(asked, info->size);
  if (!range) {
    return tl::unexpected(S3Fault{416, "InvalidRange", "The requested range is not satisfiable", {{"RangeRequested", std::string(*asked)}, {"ActualObjectSize", std::to_string(info->size)}}});
  }
  out.set("content-type", info->content_type);
  out.set("accept-ranges", "bytes");
  out.set("cache-control", "private, no-store");
  if (auto done = override_headers(out, query); !done) return tl::unexpected(done.error());
  out.source = std::move(*source);
  out.source_length = info->size;
  if (*range) {
    out.status = 206;
    out.source_offset = (*range)->first;
    out.source_length = (*range)->last - (*range)->first + 1;
    out.set("content-range", "bytes " + std::to_string((*range)->first) + "-" + std::to_string((*range)->last) + "/" + std::to_string(info->size));
  }
  const std::string& recording_id = (*recording)->recording_id;
  if (request.method == "GET" && api.views.begins(caller.viewer.id, recording_id, out.source_offset, request.now.mono)) {
    // Before the first byte leaves, or it does not.
    auto noted = api.store.write([&](store::Database& db) { return store::audit::add(db, {request.now.wall, caller.viewer.id, "recording.downloaded", recording_id, "s3"}); });
    if (!noted) {
      api.views.forget(caller.viewer.id, recording_id);
      return tl::unexpected(S3Fault{503, "ServiceUnavailable", "Please try again."});
    }
  }
  return out;
}

}  // namespace upcall::api
