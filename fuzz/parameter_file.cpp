// Files of parameters, ours and the original's. What was read and can be stored is written as a cache file that says the same
// when it is read again.
// link: upcall_parameters
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "parameters/file.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace upcall::parameters;
  const auto given = read_file(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!given) return 0;
  const Values instance{{"connectInstanceARN", "arn:aws:connect:local:000000000000:instance/i"}, {"connectInstanceURL", "http://127.0.0.1:8080"},
                        {"connectDefaultContactFlowId", "11111111-2222-4333-8444-555555555555"}, {"recordingPlaybackSecurityProfileId", "21111111-2222-4333-8444-555555555555"}};
  const auto first = plan({}, *given, instance);
  if (!first) return 0;
  const auto again = read_file(cache_file(first->after));
  if (!again) std::abort();
  const auto second = plan(first->write, *again, instance);
  if (!second || !second->changes.empty()) std::abort();
  return 0;
}
