// What git sends as its password. Neither part holds a control character, the name no colon, and both together are what was encoded.
// link: upcall_identity
#include <cstdint>
#include <cstdlib>
#include <string>

#include "identity/basic_credentials.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace upcall;
  const auto given = identity::parse_basic(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!given) return 0;
  if (given->user.find(':') != std::string::npos || given->user.size() + given->password.size() > identity::kBasicMax) std::abort();
  for (const char c : given->user + given->password) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) std::abort();
  }
  return 0;
}
