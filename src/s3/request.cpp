#include "s3/request.hpp"

#include <algorithm>
#include <cstdio>

#include "base/wall_text.hpp"
#include "crypto/hash.hpp"
#include "crypto/sigv4.hpp"
#include "wire/http.hpp"

namespace upcall::s3 {

namespace {

constexpr std::string_view kUnsigned = "UNSIGNED-PAYLOAD";
constexpr Duration kPresignMax = Duration::s(7 * 24 * 3600);

std::string encode_path(std::string_view path) {
  std::string out;
  for (;;) {
    const std::size_t slash = path.find('/');
    out += wire::percent_encode(path.substr(0, slash));
    if (slash == std::string_view::npos) return out;
    out += '/';
    path.remove_prefix(slash + 1);
  }
}

std::string path_of(const Settings& settings, std::string_view key) {
  std::string out = settings.virtual_host ? "/" : "/" + settings.bucket;
  if (key.empty()) return out;
  if (!settings.virtual_host) out += '/';
  return out + encode_path(key);
}

std::string query_of(const Pairs& query) {
  std::string out;
  for (const auto& [name, value] : query) {
    if (!out.empty()) out += '&';
    out += wire::percent_encode(name) + '=' + wire::percent_encode(value);
  }
  return out;
}

crypto::SigV4Authorization scope(const Settings& settings, WallTime now) {
  crypto::SigV4Authorization out;
  out.access_key_id = settings.access_key_id;
  out.date = amz_date(now).substr(0, 8);
  out.region = settings.region;
  out.service = "s3";
  return out;
}

std::string credential(const crypto::SigV4Authorization& a) {
  return a.access_key_id + "/" + a.date + "/" + a.region + "/" + a.service + "/aws4_request";
}

Call call(Operation operation, std::string method, std::string key, Pairs query = {}) {
  Call out;
  out.operation = operation;
  out.method = std::move(method);
  out.key = std::move(key);
  out.query = std::move(query);
  return out;
}

void add_encryption(Call& call, const Settings& settings) {
  if (settings.encryption == Encryption::none) return;
  const bool kms = settings.encryption == Encryption::kms;
  call.headers.emplace_back("x-amz-server-side-encryption", kms ? "aws:kms" : "AES256");
  if (kms && !settings.kms_key.empty()) call.headers.emplace_back("x-amz-server-side-encryption-aws-kms-key-id", settings.kms_key);
}

}  // namespace

std::string_view to_string(Operation operation) {
  switch (operation) {
    case Operation::probe: return "probe";
    case Operation::put: return "put";
    case Operation::head: return "head";
    case Operation::get: return "get";
    case Operation::remove: return "delete";
    case Operation::list_objects: return "list_objects";
    case Operation::create_upload: return "create_upload";
    case Operation::upload_part: return "upload_part";
    case Operation::complete_upload: return "complete_upload";
    case Operation::abort_upload: return "abort_upload";
    case Operation::list_parts: return "list_parts";
    case Operation::list_uploads: return "list_uploads";
  }
  return "other";
}

std::string amz_date(WallTime time) {
  const CivilTime t = to_civil_utc(time);
  char text[32];
  std::snprintf(text, sizeof text, "%04d%02d%02dT%02d%02d%02dZ", t.year, t.month, t.day, t.hour, t.minute, t.second);
  return text;
}

Call probe() {
  // Not HEAD on the bucket: its refusals have no body, so nobody would learn what is wrong.
  Call out = list_objects("RECORDINGS/", "", 1);
  out.operation = Operation::probe;
  return out;
}

Call put_object(const Settings& settings, std::string key, std::string content_type, Bytes body) {
  Call out = call(Operation::put, "PUT", std::move(key));
  out.headers.emplace_back("content-type", std::move(content_type));
  add_encryption(out, settings);
  out.body = body;
  return out;
}

Call head_object(std::string key) { return call(Operation::head, "HEAD", std::move(key)); }

Call get_range(std::string key, std::uint64_t first, std::uint64_t last, std::string_view etag) {
  Call out = call(Operation::get, "GET", std::move(key));
  out.headers.emplace_back("range", "bytes=" + std::to_string(first) + "-" + std::to_string(last));
  if (!etag.empty()) out.headers.emplace_back("if-match", "\"" + std::string(etag) + "\"");
  return out;
}

Call delete_object(std::string key) { return call(Operation::remove, "DELETE", std::move(key)); }

Call list_objects(std::string_view prefix, std::string_view continuation, int max_keys) {
  Call out = call(Operation::list_objects, "GET", "", {{"list-type", "2"}, {"max-keys", std::to_string(max_keys)}, {"prefix", std::string(prefix)}});
  if (!continuation.empty()) out.query.emplace_back("continuation-token", continuation);
  return out;
}

Call create_upload(const Settings& settings, std::string key, std::string content_type, std::string mark) {
  Call out = call(Operation::create_upload, "POST", std::move(key), {{"uploads", ""}});
  out.headers.emplace_back("content-type", std::move(content_type));
  out.headers.emplace_back(kUploadMark, std::move(mark));
  add_encryption(out, settings);
  return out;
}

Call upload_part(std::string key, std::string_view upload_id, std::uint32_t number, Bytes body, Bytes md5) {
  Call out = call(Operation::upload_part, "PUT", std::move(key), {{"partNumber", std::to_string(number)}, {"uploadId", std::string(upload_id)}});
  out.headers.emplace_back("content-md5", to_base64(md5));
  out.body = body;
  return out;
}

Call complete_upload(std::string key, std::string_view upload_id, std::string xml) {
  Call out = call(Operation::complete_upload, "POST", std::move(key), {{"uploadId", std::string(upload_id)}});
  out.headers.emplace_back("content-type", "application/xml");
  out.text = std::move(xml);
  return out;
}

Call abort_upload(std::string key, std::string_view upload_id) {
  return call(Operation::abort_upload, "DELETE", std::move(key), {{"uploadId", std::string(upload_id)}});
}

Call list_parts(std::string key, std::string_view upload_id, std::uint32_t after) {
  return call(Operation::list_parts, "GET", std::move(key), {{"part-number-marker", std::to_string(after)}, {"uploadId", std::string(upload_id)}});
}

Call list_uploads(std::string_view prefix, std::string_view key_marker, std::string_view id_marker) {
  Call out = call(Operation::list_uploads, "GET", "", {{"prefix", std::string(prefix)}, {"uploads", ""}});
  if (!key_marker.empty()) out.query.emplace_back("key-marker", key_marker);
  if (!id_marker.empty()) out.query.emplace_back("upload-id-marker", id_marker);
  return out;
}

Signed sign(const Settings& settings, const Call& call, WallTime now) {
  Signed out;
  const std::string path = path_of(settings, call.key);
  const std::string query = query_of(call.query);
  const bool hashed = !settings.tls() || call.payload().empty();
  Pairs headers = call.headers;
  headers.emplace_back("host", settings.host());
  headers.emplace_back("x-amz-content-sha256", hashed ? to_hex(crypto::sha256(call.payload())) : std::string(kUnsigned));
  headers.emplace_back("x-amz-date", amz_date(now));
  std::sort(headers.begin(), headers.end());
  crypto::SigV4Authorization a = scope(settings, now);
  std::string names;
  for (const auto& [name, value] : headers) {
    a.signed_headers.push_back(name);
    names += (names.empty() ? "" : ";") + name;
  }
  const std::string signature =
      crypto::sigv4_signature({call.method, path, query, headers, {}}, a, settings.secret_access_key, crypto::SigV4Path::as_sent);
  std::erase_if(headers, [](const auto& h) { return h.first == "host"; });
  headers.emplace_back("authorization", "AWS4-HMAC-SHA256 Credential=" + credential(a) + ", SignedHeaders=" + names + ", Signature=" + signature);
  out.url = settings.origin() + path + (query.empty() ? "" : "?" + query);
  out.headers = std::move(headers);
  return out;
}

std::string presign_get(const Settings& settings, std::string_view key, WallTime now, Duration valid) {
  const Duration bounded = std::clamp(valid, Duration::s(1), kPresignMax);
  crypto::SigV4Authorization a = scope(settings, now);
  a.signed_headers = {"host"};
  const std::string path = path_of(settings, key);
  const std::string query = query_of({{"X-Amz-Algorithm", "AWS4-HMAC-SHA256"},
                                      {"X-Amz-Credential", credential(a)},
                                      {"X-Amz-Date", amz_date(now)},
                                      {"X-Amz-Expires", std::to_string(bounded.ms() / 1000)},
                                      {"X-Amz-SignedHeaders", "host"}});
  // Date and hash enter the text that is signed but are no headers of the request.
  const Pairs headers = {{"host", settings.host()}, {"x-amz-content-sha256", std::string(kUnsigned)}, {"x-amz-date", amz_date(now)}};
  const std::string signature = crypto::sigv4_signature({"GET", path, query, headers, {}}, a, settings.secret_access_key, crypto::SigV4Path::as_sent);
  return settings.origin() + path + "?" + query + "&X-Amz-Signature=" + signature;
}

}  // namespace upcall::s3
