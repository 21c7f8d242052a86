// Private to the two importers: what both formats share.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "contact/flow_import.hpp"
#include "json/json.hpp"

namespace upcall::contact {

inline constexpr std::int64_t kWaitMaxSeconds = 604'800;
inline constexpr std::int64_t kPriorityMax = 9'223'372;
inline constexpr std::size_t kFlowTextMax = 4096;

inline bool is_attribute_name(std::string_view name) {
  if (name.empty() || name.size() > 127) return false;
  for (const char c : name) {
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-')) return false;
  }
  return true;
}

// Exports write numbers as texts and as numbers.
std::optional<std::int64_t> number_at(const boost::json::object& object, std::string_view name);

// A flow document of version 2019-10-30 ("Actions").
FlowImport import_actions(const boost::json::object& document);

}  // namespace upcall::contact
