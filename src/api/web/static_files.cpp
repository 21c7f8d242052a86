#include "api/web/static_files.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/bytes.hpp"
#include "crypto/hash.hpp"

namespace upcall::api {

namespace fs = std::filesystem;

namespace {

struct Stat {
  std::int64_t time = 0;
  std::uintmax_t size = 0;
};

std::optional<Stat> stat_of(const std::string& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error) || error) return std::nullopt;
  const auto time = fs::last_write_time(path, error);
  if (error) return std::nullopt;
  const auto size = fs::file_size(path, error);
  if (error || size > kStaticFileMax) return std::nullopt;
  return Stat{static_cast<std::int64_t>(time.time_since_epoch().count()), size};
}

// RFC 9110 §12.5.3, as far as browsers use it: a coding that is named without q=0.
bool accepts(std::string_view header, std::string_view coding) {
  while (!header.empty()) {
    const std::size_t comma = header.find(',');
    std::string_view entry = header.substr(0, comma);
    header.remove_prefix(comma == std::string_view::npos ? header.size() : comma + 1);
    const std::size_t semicolon = entry.find(';');
    std::string_view name = entry.substr(0, semicolon);
    while (name.starts_with(' ')) name.remove_prefix(1);
    while (name.ends_with(' ')) name.remove_suffix(1);
    if (name != coding) continue;
    if (semicolon == std::string_view::npos) return true;
    std::string weight(entry.substr(semicolon + 1));
    std::erase(weight, ' ');
    return weight != "q=0" && weight != "q=0.0" && weight != "q=0.00" && weight != "q=0.000";
  }
  return false;
}

}  // namespace

bool is_static_name(std::string_view name) {
  if (name.empty() || name.size() > 256) return false;
  bool starts_part = true;
  for (const char c : name) {
    if (c == '/') {
      if (starts_part) return false;
      starts_part = true;
      continue;
    }
    const bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
    if (!fine || (starts_part && c == '.')) return false;
    starts_part = false;
  }
  return !starts_part;
}

std::string_view static_content_type(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 16> kTypes = {{{".html", "text/html; charset=utf-8"},
                                                                                     {".js", "text/javascript; charset=utf-8"},
                                                                                     {".mjs", "text/javascript; charset=utf-8"},
                                                                                     {".css", "text/css; charset=utf-8"},
                                                                                     {".json", "application/json"},
                                                                                     {".map", "application/json"},
                                                                                     {".svg", "image/svg+xml"},
                                                                                     {".png", "image/png"},
                                                                                     {".jpg", "image/jpeg"},
                                                                                     {".webp", "image/webp"},
                                                                                     {".ico", "image/x-icon"},
                                                                                     {".woff2", "font/woff2"},
                                                                                     {".wasm", "application/wasm"},
                                                                                     {".mp3", "audio/mpeg"},
                                                                                     {".ogg", "audio/ogg"},
                                                                                     {".txt", "text/plain; charset=utf-8"}}};
  for (const auto& [ending, type] : kTypes) {
    if (name.ends_with(ending)) return type;
  }
  return "application/octet-stream";
}

bool StaticFiles::built() const { return stat_of(root_ + "/agent-app/index.html").has_value(); }

std::shared_ptr<const StaticBody> StaticFiles::find(std::string_view name, std::string_view accept_encoding) {
  if (!is_static_name(name)) return nullptr;
  const std::string path = root_ + "/" + std::string(name);
  const auto plain = stat_of(path);
  if (!plain) return nullptr;
  if (accepts(accept_encoding, "br")) {
    if (auto body = load(path + ".br", "br", plain->time)) return body;
  }
  if (accepts(accept_encoding, "gzip")) {
    if (auto body = load(path + ".gz", "gzip", plain->time)) return body;
  }
  return load(path, {}, 0);
}

std::shared_ptr<const StaticBody> StaticFiles::load(const std::string& path, std::string_view encoding, std::int64_t not_before) {
  const auto now = stat_of(path);
  if (!now || (!encoding.empty() && now->time < not_before)) return nullptr;
  {
    const std::lock_guard lock(mutex_);
    const auto found = kept_.find(path);
    if (found != kept_.end() && found->second.time == now->time && found->second.size == now->size) return found->second.body;
  }
  std::ifstream in(path, std::ios::binary);
  if (!in) return nullptr;
  auto body = std::make_shared<StaticBody>();
  body->bytes.assign(std::istreambuf_iterator<char>(in), {});
  body->encoding = encoding;
  const auto digest = crypto::sha256(as_bytes(body->bytes));
  body->etag = "\"" + to_hex(Bytes(digest).first(12)) + "\"";
  const std::lock_guard lock(mutex_);
  kept_[path] = {now->time, now->size, body};
  return body;
}

}  // namespace upcall::api
