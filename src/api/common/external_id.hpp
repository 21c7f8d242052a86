// Ids that clients choose for meetings and attendees: they become parts of keys, file names and addresses.
#pragma once

#include <algorithm>
#include <string_view>

namespace upcall::api {

inline bool is_external_id(std::string_view text) {
  return text.size() >= 2 && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
         });
}

}  // namespace upcall::api
