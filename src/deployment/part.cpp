#include "deployment/part.hpp"

namespace upcall::deployment {

std::string_view to_string(Part part) {
  switch (part) {
    case Part::backend: return "backend";
    case Part::recording: return "recording";
    case Part::events: return "events";
    case Part::frontend: return "frontend";
  }
  return "";
}

std::optional<Part> part_from(std::string_view name) {
  for (const Part part : kParts) {
    if (to_string(part) == name) return part;
  }
  return std::nullopt;
}

std::span<const Part> needs(Part part) {
  static constexpr std::array backend{Part::backend};
  static constexpr std::array both{Part::backend, Part::recording};
  switch (part) {
    case Part::backend: return {};
    case Part::recording:
    case Part::frontend: return backend;
    case Part::events: return both;
  }
  return {};
}

}  // namespace upcall::deployment
