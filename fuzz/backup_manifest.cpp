// The list of files of a backup: what is taken names only places inside a data directory, each once, and is read again as
// it was written.
// link: upcall_server_backup
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>

#include "server/backup/manifest.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace upcall;
  const auto manifest = backup::parse_manifest({reinterpret_cast<const char*>(data), size});
  if (!manifest) return 0;
  std::set<std::string> seen;
  for (const auto& file : manifest->files) {
    if (file.path.empty() || file.path.front() == '/' || ("/" + file.path + "/").find("/../") != std::string::npos || !seen.insert(file.path).second) std::abort();
  }
  const std::string text = backup::manifest_text(*manifest);
  const auto again = backup::parse_manifest(text);
  if (!again || backup::manifest_text(*again) != text) std::abort();
  return 0;
}
