#include "rtc/ice/credentials.hpp"

#include <algorithm>
#include <array>

#include "base/bytes.hpp"

namespace upcall::ice {

namespace {
bool ice_chars(std::string_view text, std::size_t shortest) {
  return text.size() >= shortest && text.size() <= 256 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
         });
}
}  // namespace

Credentials make_credentials(RandomSource& random) {
  // Multiples of three bytes: base64 without padding.
  std::array<std::uint8_t, 6> ufrag;
  std::array<std::uint8_t, 18> pwd;
  random.fill(ufrag);
  random.fill(pwd);
  return {to_base64(ufrag), to_base64(pwd)};
}

bool valid_ufrag(std::string_view text) { return ice_chars(text, 4); }
bool valid_pwd(std::string_view text) { return ice_chars(text, 22); }

}  // namespace upcall::ice
