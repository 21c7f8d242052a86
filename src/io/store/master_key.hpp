// The master key of a data directory: 32 random bytes, in the file master.key (mode 0600) or told by a command of the
// installation's (io/process runs it: server/keys). Files are the only I/O here. Any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/rng.hpp"
#include "crypto/secret.hpp"

namespace upcall::store {

using MasterKey = crypto::Secret<32>;

// not_found: no such file. forbidden: others may read it. corrupt: not 32 bytes.
Result<MasterKey> read_master_key_file(const std::string& path);
// A new random key, durable when it returns; never half a key. A file that is there is replaced.
Result<MasterKey> make_master_key_file(const std::string& path, RandomSource& random);

// What a command prints: 64 hex digits or 44 characters of base64, blanks around.
ParseResult<MasterKey> parse_master_key(std::string_view text);

// Sixteen hex digits that tell keys apart and nothing about them.
std::string master_key_id(const MasterKey& key);

}  // namespace upcall::store
