// Which master key a data directory has, and its exchange. The database knows the key by its id, so that another one is
// refused before it seals anything, and the command that tells it, if there is one.
//
// Rotation: (1) the new key is there (file master.key.next, or the new command's answer); (2) in one transaction all rows
// are sealed anew, the new key's id stands in the database, and the old key, sealed under the new one, beside it; (3) the
// file takes its name; (4) the object store's index files follow one by one; (5) the old key's row goes, and the WAL with
// it. A kill before (2) has changed nothing. After it the new key alone opens everything, and whoever opens the directory
// next carries on at (3). Films and journals are not touched: their own keys are what is sealed.
//
// Blocks. The caller holds the directory (an open store); nobody else may seal or read meanwhile.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/rng.hpp"
#include "io/store/sealer.hpp"
#include "io/store/store.hpp"

namespace upcall::server {

// 10 s. The command inherits nothing but standard error; its output is read, used and wiped, never logged.
// Errors: not_found (no such program), unavailable (it failed, or took too long), corrupt (no key in its output).
Result<store::MasterKey> master_key_from_command(const std::string& program);

// The sealer of this directory, after what an interrupted rotation left was done. `command`: empty, or the program that
// tells the key from now on. Makes the file master.key for a directory that never had a key, and no command.
// Errors: forbidden (the key is not this directory's), not_found (its file is gone), those above.
Result<std::unique_ptr<store::Sealer>> open_sealer(store::Store& store, const std::string& command, RandomSource& random);

struct RotationOptions {
  std::string command;                                // who tells the present key; empty: as the database says
  std::string new_command;                            // who tells the new one; empty: a new file
  std::function<void(const char* step)> after_step;   // for tests: where the process may die
};
struct Rotated {
  std::string key_id;
  std::size_t rows = 0, objects = 0;
  std::size_t unreadable = 0;                         // neither key opens them; left as they are
};
// Errors: conflict (the new key is the old one), and those above.
Result<Rotated> rotate_master_key(store::Store& store, const RotationOptions& options, RandomSource& random);

}  // namespace upcall::server
