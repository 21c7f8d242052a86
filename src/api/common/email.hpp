// E-mail addresses as people type them.
#pragma once

#include <string>
#include <string_view>

#include "json/json.hpp"

namespace upcall::api {

// One '@' with something on both sides, no blanks: more can only be known by writing to it.
inline bool is_email(std::string_view text) {
  if (text.empty() || text.size() > 254 || !json::is_clean_text(text)) return false;
  const std::size_t at = text.find('@');
  return at != std::string_view::npos && at > 0 && at + 1 < text.size() && text.find('@', at + 1) == std::string_view::npos &&
         text.find_first_of(" \t\n") == std::string_view::npos;
}

// Case does not tell two addresses apart.
inline std::string normal_email(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

}  // namespace upcall::api
