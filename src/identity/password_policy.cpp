#include "identity/password_policy.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace upcall::identity {
namespace {

constexpr std::string_view kList =
#include "identity/common_passwords.inc"
    ;

// Sorted by bytes, as the file is.
const std::vector<std::string_view>& words() {
  static const std::vector<std::string_view> list = [] {
    std::vector<std::string_view> out;
    std::string_view rest = kList;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      if (end > 0) out.push_back(rest.substr(0, end));
      rest.remove_prefix(std::min(rest.size(), end + 1));
    }
    return out;
  }();
  return list;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

}  // namespace

bool is_common_password(std::string_view password) {
  return std::binary_search(words().begin(), words().end(), std::string_view(lower(password)));
}

Result<void> check_new_password(std::string_view password, std::string_view username, std::string_view email, std::string_view name) {
  if (password.size() < kNewPasswordMin) return fail(ErrorCode::invalid_argument, "A password has at least 8 characters.");
  if (password.size() > kNewPasswordMax) return fail(ErrorCode::invalid_argument, "A password has at most 256 bytes.");
  const std::string given = lower(password);
  for (const std::string_view own : {username, email, name, email.substr(0, email.find('@'))}) {
    if (!own.empty() && given == lower(own)) return fail(ErrorCode::invalid_argument, "A password must not be your name or address.");
  }
  if (given.find_first_not_of(given.front()) == std::string::npos) return fail(ErrorCode::invalid_argument, "A password of one character only is guessed first.");
  if (is_common_password(password)) return fail(ErrorCode::invalid_argument, "This password is one of those that are tried first. Choose another.");
  return {};
}

}  // namespace upcall::identity
