// Backup of a data directory, while its server runs or not, into one file; its verification; and putting it back.
//
// A backup holds the database, the journals of recordings that have no film yet, and as chosen the embedded object store
// (films, files of chats) and the keys. It is not encrypted: what the server seals is sealed in it too, under the master
// key, which is in it only when asked for.
//
// Blocks. Any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/result.hpp"
#include "base/time.hpp"
#include "server/backup/manifest.hpp"

namespace upcall::backup {

// Bytes that a user may still write to the file system of this directory. Errors: unavailable.
Result<std::uint64_t> free_bytes(const std::string& directory);
using FreeBytes = std::function<Result<std::uint64_t>(const std::string& directory)>;

struct BackupOptions {
  std::string data_dir;
  std::string out;               // a file that is not there yet, or a directory for a file named by the time
  bool with_recordings = false;  // the embedded object store and journals that are kept
  bool with_keys = false;        // master.key and the self-signed certificate's key
  WallTime now;
  FreeBytes space = free_bytes;
};

struct BackupReport {
  std::string file;
  std::uint64_t file_bytes = 0;  // compressed
  Manifest manifest;
};

// The file appears under its name, mode 0600, when it is whole and on the disk. Errors: conflict (the file is there; not
// this user's directory), not_found, exhausted (too little disk), corrupt (the database is damaged), unavailable.
Result<BackupReport> create(const BackupOptions& options);

// Reads all of it and compares every checksum. Errors: not_found, corrupt (cut off, altered, none of ours).
Result<Manifest> verify(const std::string& file);

struct RestoreOptions {
  std::string file;
  std::string data_dir;          // not there, or empty
  std::string master_key_file;   // put into the directory; empty: it comes with the backup, or later
  FreeBytes space = free_bytes;
};

// Verifies before it writes. All or nothing: on an error the directory is as it was; a killed one is begun anew by the next
// call, and no server opens the directory before. Errors: those of verify; conflict (directory in use or not empty),
// invalid_argument (newer schema, another key), exhausted, unavailable.
Result<Manifest> restore(const RestoreOptions& options);

}  // namespace upcall::backup
