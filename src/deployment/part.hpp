// The parts of an installation, each of which is placed from a release of its own, and what needs what. Value types.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace upcall::deployment {

enum class Part : std::uint8_t { backend, recording, events, frontend };
inline constexpr std::array kParts{Part::backend, Part::recording, Part::events, Part::frontend};   // in the order of placing

std::string_view to_string(Part part);
std::optional<Part> part_from(std::string_view name);
// What must be there for it: the front end and recording need the backend, events need the backend and recording.
std::span<const Part> needs(Part part);

}  // namespace upcall::deployment
