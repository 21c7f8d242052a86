// The pipeline's definition, as anybody may push it. Bounds hold for whatever is accepted, no name or path leads out of its
// folder, and what is refused is refused with a line.
// link: upcall_pipeline
#include <cstdint>
#include <cstdlib>
#include <string>

#include "pipeline/definition.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace upcall::pipeline;
  const auto parsed = parse_definition(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!parsed) {
    if (!parsed.error().message.starts_with("line ")) std::abort();
    return 0;
  }
  if (parsed->stages.empty() || parsed->stages.size() > kStagesMax) std::abort();
  for (const auto& s : parsed->stages) {
    if (s.name.empty() || s.name.find('/') != std::string::npos || s.name.front() == '.' || s.commands.empty() || s.commands.size() > kCommandsMax) std::abort();
    for (const auto& path : s.artifacts) {
      if (path.empty() || path.front() == '/' || path == ".." || path.starts_with("../") || path.find("/../") != std::string::npos || path.ends_with("/..")) std::abort();
    }
    for (const auto& [name, value] : s.environment) {
      if (name.empty() || name.find('=') != std::string::npos || name.starts_with("UPCALL_")) std::abort();
    }
  }
  return 0;
}
