#include "io/s3/s3_object_store.hpp"

#include <algorithm>
#include <charconv>

#include "base/ids.hpp"
#include "io/s3/s3_state_internal.hpp"

namespace upcall::s3 {

namespace {

// Pages of a listing: far beyond what can be there, against a store that never says "last".
constexpr int kPagesMax = 10'000;

Result<std::string> safe(std::string_view key) {
  if (!objects::is_safe_key(key)) return fail(ErrorCode::invalid_argument, "this is not a usable object key");
  return std::string(key);
}

// Every page of an operation: `make` gives the next call or nothing, `take` reads its answer (nothing: not as promised).
template <class Make, class Take>
Result<void, Failure> each_page(Client& client, const Make& make, const Take& take) {
  for (int pages = 0; pages < kPagesMax; ++pages) {
    const std::optional<Call> call = make();
    if (!call) return {};
    const auto answer = client.call(*call, [&](const net::HttpClientResponse& a) { return take(a.body, false) ? std::nullopt : std::optional(Failure::bad_answer); });
    if (!answer) return tl::unexpected(answer.error());
    take(answer->body, true);
  }
  return tl::unexpected(Failure::bad_answer);
}

Result<std::vector<UploadRow>, Failure> all_uploads(Client& client, std::string_view prefix) {
  std::vector<UploadRow> out;
  std::string next_key, next_id;
  bool more = true;
  const auto done = each_page(
      client, [&]() -> std::optional<Call> { return more ? std::optional(list_uploads(prefix, next_key, next_id)) : std::nullopt; },
      [&](std::string_view body, bool keep) {
        auto page = parse_uploads(body);
        if (page && keep) {
          more = !page->next_key.empty();
          next_key = page->next_key;
          next_id = page->next_id;
          out.insert(out.end(), std::make_move_iterator(page->uploads.begin()), std::make_move_iterator(page->uploads.end()));
        }
        return page.has_value();
      });
  if (!done) return tl::unexpected(done.error());
  return out;
}

Result<std::vector<PartRow>, Failure> all_parts(Client& client, const std::string& key, std::string_view id) {
  std::vector<PartRow> out;
  std::uint32_t after = 0;
  bool more = true;
  const auto done = each_page(
      client, [&]() -> std::optional<Call> { return more ? std::optional(list_parts(key, id, after)) : std::nullopt; },
      [&](std::string_view body, bool keep) {
        auto page = parse_parts(body);
        if (page && keep) {
          more = page->next > after;
          after = page->next;
          out.insert(out.end(), std::make_move_iterator(page->parts.begin()), std::make_move_iterator(page->parts.end()));
        }
        return page.has_value();
      });
  if (!done) return tl::unexpected(done.error());
  return out;
}

}  // namespace

Result<Head, Failure> head(Client& client, std::string_view key) {
  Head out;
  const auto answer = client.call(head_object(std::string(key)), [&](const net::HttpClientResponse& a) -> std::optional<Failure> {
    const auto length = a.header("content-length"), etag = a.header("etag"), date = a.header("last-modified");
    const auto modified = date ? parse_http_date(*date) : ParseResult<WallTime>(tl::unexpected(ParseError::truncated));
    if (!length || !etag || !modified) return Failure::bad_answer;
    const auto [end, error] = std::from_chars(length->data(), length->data() + length->size(), out.info.size);
    if (error != std::errc() || end != length->data() + length->size()) return Failure::bad_answer;
    out.info.key = std::string(key);
    out.info.etag = bare_etag(*etag);
    out.info.stored_at = *modified;
    out.info.content_type = std::string(a.header("content-type").value_or(""));
    out.mark = std::string(a.header(kUploadMark).value_or(""));
    return std::nullopt;
  });
  if (!answer) return tl::unexpected(answer.error());
  return out;
}

Result<void, Failure> end_upload(Client& client, std::string_view key, std::string_view id) {
  const auto ended = client.call(abort_upload(std::string(key), id));
  if (!ended && ended.error() != Failure::no_upload && ended.error() != Failure::no_object) return tl::unexpected(ended.error());
  return {};
}

S3ObjectStore::S3ObjectStore(ClientOptions options, RandomSource& random, metrics::Registry* metrics)
    : state_(std::make_shared<State>(std::move(options), random, metrics)) {}
S3ObjectStore::~S3ObjectStore() = default;

Result<std::unique_ptr<objects::Upload>> S3ObjectStore::begin_upload(std::string_view key, std::string_view content_type) {
  auto name = safe(key);
  if (!name) return tl::unexpected(name.error());
  if (content_type.size() > 200 || content_type.find_first_of("\r\n") != std::string_view::npos) {
    return fail(ErrorCode::invalid_argument, "this is not a usable content type");
  }
  Client& client = state_->client;
  const std::string mark = make_uuid(client.random());
  std::string id;
  const auto begun = client.call(create_upload(client.settings(), *name, std::string(content_type), mark),
                                 [&](const net::HttpClientResponse& a) -> std::optional<Failure> {
                                   auto parsed = parse_create_upload(a.body);
                                   if (!parsed) return Failure::bad_answer;
                                   id = std::move(*parsed);
                                   return std::nullopt;
                                 });
  if (!begun) return tl::unexpected(to_error(begun.error()));
  auto upload = make_upload(state_, *name, id, mark, {});  // holds its id from here on
  // What a process that died had begun, or an attempt whose answer was lost. Whoever may not list them leaves them to the
  // hourly sweep or the bucket's own rules.
  if (const auto others = all_uploads(client, *name); others) {
    for (const UploadRow& row : *others) {
      if (row.key != *name || state_->holds(row.id)) continue;
      if (end_upload(client, row.key, row.id)) state_->count_upload("left_aborted");
    }
  }
  return upload;
}

Result<std::unique_ptr<objects::Upload>> S3ObjectStore::resume_upload(std::string_view key, std::string_view token) {
  auto name = safe(key);
  if (!name) return tl::unexpected(name.error());
  // "<mark> <upload id>": marks are UUIDs.
  const std::size_t blank = token.find(' ');
  if (blank == std::string_view::npos || !is_uuid(token.substr(0, blank))) return fail(ErrorCode::invalid_argument, "this is not the token of an upload");
  const std::string id(token.substr(blank + 1));
  auto parts = all_parts(state_->client, *name, id);
  if (!parts) return tl::unexpected(to_error(parts.error()));
  return make_upload(state_, std::move(*name), id, std::string(token.substr(0, blank)), std::move(*parts));
}

Result<objects::ObjectInfo> S3ObjectStore::stat(std::string_view key) {
  auto name = safe(key);
  if (!name) return fail(ErrorCode::not_found, "there is no such object");
  auto found = head(state_->client, *name);
  if (!found) return tl::unexpected(to_error(found.error()));
  return std::move(found->info);
}

Result<std::shared_ptr<wire::BodySource>> S3ObjectStore::open(std::string_view key) {
  auto info = stat(key);
  if (!info) return tl::unexpected(info.error());
  return make_source(state_, std::move(*info));
}

Result<void> S3ObjectStore::remove(std::string_view key) {
  // DELETE says 204 whether there was something or not; callers want to know.
  auto info = stat(key);
  if (!info) return tl::unexpected(info.error());
  const auto removed = state_->client.call(delete_object(std::string(key)));
  if (!removed && removed.error() != Failure::no_object) return tl::unexpected(to_error(removed.error()));
  return {};
}

Result<std::vector<objects::ObjectInfo>> S3ObjectStore::list(std::string_view prefix) {
  std::vector<objects::ObjectInfo> out;
  std::string next;
  bool more = true;
  const auto done = each_page(
      state_->client, [&]() -> std::optional<Call> { return more ? std::optional(list_objects(prefix, next)) : std::nullopt; },
      [&](std::string_view body, bool keep) {
        auto page = parse_objects(body);
        if (page && keep) {
          more = !page->next.empty();
          next = page->next;
          for (ObjectRow& row : page->objects) {
            // Others may have objects in the bucket too.
            if (!objects::is_safe_key(row.key)) continue;
            out.push_back({std::move(row.key), "", row.size, std::move(row.etag), row.modified});
          }
        }
        return page.has_value();
      });
  if (!done) return tl::unexpected(to_error(done.error()));
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
  return out;
}

Result<std::size_t> S3ObjectStore::abort_uploads(std::string_view prefix, WallTime before, const std::function<bool(std::string_view)>& keep) {
  const auto uploads = all_uploads(state_->client, prefix);
  if (!uploads) return tl::unexpected(to_error(uploads.error()));
  std::size_t ended = 0;
  for (const UploadRow& row : *uploads) {
    if (row.initiated >= before || !row.key.starts_with(prefix) || state_->holds(row.id) || keep(row.key)) continue;
    if (const auto done = end_upload(state_->client, row.key, row.id); !done) return tl::unexpected(to_error(done.error()));
    ++ended;
  }
  if (ended > 0) state_->count_upload("stale_aborted", ended);
  return ended;
}

Result<std::string> S3ObjectStore::presign(std::string_view key, Duration valid) {
  auto name = safe(key);
  if (!name) return tl::unexpected(name.error());
  return presign_get(state_->client.settings(), *name, state_->client.store_time(), valid);
}

Result<void> S3ObjectStore::probe() {
  const auto answered = state_->client.call(s3::probe());
  if (!answered) return tl::unexpected(to_error(answered.error()));
  return {};
}

std::optional<Error> S3ObjectStore::trouble() const {
  const auto failure = state_->client.trouble();
  if (!failure) return std::nullopt;
  return to_error(*failure);
}

void S3ObjectStore::stop() { state_->client.stop(); }

}  // namespace upcall::s3
