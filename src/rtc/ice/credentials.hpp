// ICE user name fragments and passwords (RFC 8445 §5.3).
#pragma once

#include <string>
#include <string_view>

#include "base/rng.hpp"

namespace upcall::ice {

struct Credentials {
  std::string ufrag;
  std::string pwd;
};

// 48 and 144 bits of `random`, in the alphabet that SDP allows.
Credentials make_credentials(RandomSource& random);

// 4-256 and 22-256 characters of ALPHA / DIGIT / "+" / "/": what SDP may carry.
bool valid_ufrag(std::string_view text);
bool valid_pwd(std::string_view text);

}  // namespace upcall::ice
