#include "server/backup/manifest.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "json/json.hpp"

namespace upcall::backup {

namespace bj = boost::json;

namespace {

constexpr std::int64_t kFormat = 1;
constexpr std::size_t kPathMax = 1024;
constexpr std::int64_t kBytesMax = std::int64_t{1} << 53;

bool is_digest(std::string_view text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace

std::uint64_t Manifest::bytes() const {
  std::uint64_t out = 0;
  for (const ManifestFile& file : files) out += file.bytes;
  return out;
}

bool is_backup_path(std::string_view path) {
  if (path == kDatabaseName || path == kMasterKeyName) return true;
  if (path.size() > kPathMax || std::any_of(path.begin(), path.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '\\'; })) return false;
  static constexpr std::array<std::string_view, 3> kFolders{"spool/", "objects/", "tls/"};
  if (std::none_of(kFolders.begin(), kFolders.end(), [&](std::string_view folder) { return path.starts_with(folder); })) return false;
  while (true) {
    const std::size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    if (part.empty() || part.front() == '.') return false;
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

std::string manifest_text(const Manifest& m) {
  bj::array files;
  for (const ManifestFile& file : m.files) files.push_back({{"path", file.path}, {"bytes", file.bytes}, {"sha256", file.sha256}});
  return bj::serialize(bj::object{{"format", kFormat}, {"version", m.version}, {"created", m.created}, {"schema", m.schema}, {"masterKeyId", m.master_key_id},
                                  {"masterKeyCommand", m.key_command}, {"withRecordings", m.with_recordings}, {"withKeys", m.with_keys}, {"files", std::move(files)}});
}

ParseResult<Manifest> parse_manifest(std::string_view text) {
  auto parsed = json::parse_object(text, kManifestMax);
  if (!parsed) return fail(parsed.error());
  const bj::object& o = *parsed;
  if (json::integer_at(o, "format") != kFormat) return fail(ParseError::unsupported);
  const auto schema = json::integer_at(o, "schema");
  const auto recordings = json::boolean_at(o, "withRecordings"), keys = json::boolean_at(o, "withKeys");
  const bj::array* files = json::array_at(o, "files");
  if (!schema || *schema < 1 || !recordings || !keys || files == nullptr) return fail(ParseError::malformed);
  Manifest out{json::text_or(o, "version"), json::text_or(o, "created"), *schema, json::text_or(o, "masterKeyId"), json::text_or(o, "masterKeyCommand"), *recordings, *keys, {}};
  std::set<std::string, std::less<>> paths;
  for (const bj::value& value : *files) {
    if (!value.is_object()) return fail(ParseError::malformed);
    const bj::object& file = value.get_object();
    const auto path = json::text_at(file, "path"), digest = json::text_at(file, "sha256");
    const auto bytes = json::integer_at(file, "bytes");
    if (!path || !digest || !bytes || *bytes < 0 || *bytes > kBytesMax || !is_backup_path(*path) || !is_digest(*digest)) return fail(ParseError::malformed);
    if (!paths.emplace(*path).second) return fail(ParseError::malformed);
    out.files.push_back({std::string(*path), static_cast<std::uint64_t>(*bytes), std::string(*digest)});
  }
  if (!paths.contains(kDatabaseName)) return fail(ParseError::malformed);
  return out;
}

}  // namespace upcall::backup
