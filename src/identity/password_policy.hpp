// What a new password must be: long enough and not one that everybody tries first (NIST SP 800-63B §5.1.1.2). No rules
// of composition. The list is that of zxcvbn 4.4.2 (Dropbox, MIT), the entries of eight characters and more.
#pragma once

#include <string_view>

#include "base/result.hpp"

namespace upcall::identity {

inline constexpr std::size_t kNewPasswordMin = 8;
inline constexpr std::size_t kNewPasswordMax = 256;

// Case does not matter.
bool is_common_password(std::string_view password);

// invalid_argument with a sentence for the person. Lengths are bytes.
Result<void> check_new_password(std::string_view password, std::string_view username, std::string_view email, std::string_view name);

}  // namespace upcall::identity
