// One moment of a data directory that lives on: a copy of its database, and hard links to the files that belong to it, in a
// hidden folder of the directory. Nothing of the server waits for it; a file that the server removes meanwhile stays until
// the folder goes.
//
// Order: files first, then the database, then files once more. So whatever the database knows is there: a journal that was
// stored and removed meanwhile by its first link, a recording that began meanwhile by its second.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace upcall::backup {

struct StagedFile {
  std::string path;     // as in the data directory
  std::string source;   // where it lies now
};

struct StagedFacts {
  std::int64_t schema = 0;
  std::string master_key_id, key_command;
};

class Staging {
 public:
  // Errors: conflict (not this user's directory), not_found (no database), corrupt (its check finds faults), exhausted,
  // unavailable.
  static Result<std::unique_ptr<Staging>> take(const std::string& data_dir, bool with_recordings, bool with_keys);
  ~Staging();  // removes the folder
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;

  const std::vector<StagedFile>& files() const { return files_; }
  const StagedFacts& facts() const { return facts_; }

  // Folders of backups that were killed. Their links would keep what was deleted.
  static void remove_stale(const std::string& data_dir);

 private:
  Staging(std::string data_dir, std::string folder, int lock) : data_dir_(std::move(data_dir)), folder_(std::move(folder)), lock_(lock) {}
  Result<void> link_all(const std::string& below);
  Result<void> copy_database();
  void choose(bool with_recordings, bool with_keys);

  std::string data_dir_, folder_;
  int lock_;
  StagedFacts facts_;
  std::set<std::string> open_recordings_;   // their journals are needed
  std::vector<StagedFile> files_;
};

}  // namespace upcall::backup
