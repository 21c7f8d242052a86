// What a command prints as the master key: only 32 whole bytes are one, and hex of them says the same again.
// link: upcall_io_store
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "io/store/master_key.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace upcall;
  const auto key = store::parse_master_key({reinterpret_cast<const char*>(data), size});
  if (!key) return 0;
  const auto again = store::parse_master_key(to_hex(key->bytes()) + "\n");
  if (!again || again->value != key->value) std::abort();
  return 0;
}
