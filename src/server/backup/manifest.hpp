// What a backup says of itself: its last entry, manifest.json. A backup without it was cut off; with it, every other file
// is named with its size and checksum.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace upcall::backup {

inline constexpr const char* kManifestName = "manifest.json";
inline constexpr const char* kDatabaseName = "upcall.db";
inline constexpr const char* kMasterKeyName = "master.key";
inline constexpr std::size_t kManifestMax = 256u << 20;

struct ManifestFile {
  std::string path;          // within the data directory
  std::uint64_t bytes = 0;
  std::string sha256;        // 64 lower-case hex digits
};

struct Manifest {
  std::string version;       // of the program that made it
  std::string created;       // ISO 8601
  std::int64_t schema = 0;   // version of the database's schema
  std::string master_key_id; // of the key that opens what is sealed; empty: the directory never had one
  std::string key_command;   // the program that told the key; empty: a file
  bool with_recordings = false, with_keys = false;
  std::vector<ManifestFile> files;

  std::uint64_t bytes() const;
};

// Where in a data directory a backup may put a file: upcall.db, master.key, or below spool/, objects/ or tls/, without
// empty or hidden parts.
bool is_backup_path(std::string_view path);

std::string manifest_text(const Manifest& manifest);
// Paths are fit for is_backup_path and named once; the database is among them. malformed otherwise.
ParseResult<Manifest> parse_manifest(std::string_view text);

}  // namespace upcall::backup
