// Cookie headers at the log-in pages: a value that is found is in the header, behind its name, and holds no separator; what is
// escaped for a page opens no tag and no attribute.
// link: upcall_api_auth
#include <cstdint>
#include <cstdlib>
#include <string>

#include "api/auth/html.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace upcall;
  const std::string text(reinterpret_cast<const char*>(data), size);
  wire::HttpRequest request;
  request.headers = {{"cookie", text}};
  if (const auto value = api::html::cookie(request, "a")) {
    if (value->find(';') != std::string::npos || text.find("a=" + *value) == std::string::npos) std::abort();
  }
  const std::string escaped = api::html::escape(text);
  if (escaped.find_first_of("<>\"'") != std::string::npos || escaped.size() < text.size()) std::abort();
  return 0;
}
