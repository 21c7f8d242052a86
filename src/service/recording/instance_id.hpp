// Who owns the recordings of a spool directory: a name that is made once and found again by the next server on it. Two
// servers never have one at the same time, because the data directory around it is locked (io/store/data_dir_lock.hpp). One
// that a power cut took is made anew: its recordings wait for the lease of before.
#pragma once

#include <string>

#include "base/result.hpp"
#include "base/rng.hpp"

namespace upcall::service {

// Blocks on the disk. Errors: unavailable.
Result<std::string> instance_id(const std::string& spool_directory, RandomSource& random);

}  // namespace upcall::service
