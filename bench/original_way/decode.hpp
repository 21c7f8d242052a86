// The pictures of a file, by FFmpeg's libraries. Blocks.
#pragma once

#include <functional>
#include <string>

#include "base/result.hpp"
#include "io/media/picture.hpp"

namespace upcall::bench {

// False from `take` ends it. Errors: not_found, corrupt, unsupported pixels are invalid_argument.
Result<void> decode_pictures(const std::string& file, const std::function<bool(double time_s, const media::I420View& picture)>& take);

}  // namespace upcall::bench
