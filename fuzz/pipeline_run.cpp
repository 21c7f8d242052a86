// Runs of the pipeline as they are kept: a damaged file is refused, and what was read can be written and read as the same.
// link: upcall_pipeline
#include <cstdint>
#include <cstdlib>
#include <string>

#include "pipeline/run.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace upcall::pipeline;
  const auto parsed = parse_run(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!parsed) return 0;
  const std::string text = to_json(*parsed);
  if (text.size() > kRunTextMax) return 0;  // escapes take more room than what they stand for
  const auto again = parse_run(text);
  if (!again || to_json(*again) != text) std::abort();
  return 0;
}
