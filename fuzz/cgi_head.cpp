// Heads of CGI answers: the body begins within the text, the status is one, and no header could split the answer.
// link: upcall_wire
#include <cstdint>
#include <cstdlib>
#include <string>

#include "wire/cgi.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace upcall;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto head = wire::parse_cgi_head(text);
  if (!head) return 0;
  if (head->body_begin == 0 || head->body_begin > text.size() || text[head->body_begin - 1] != '\n') std::abort();
  if (head->response.status < 200 || head->response.status > 599) std::abort();
  for (const auto& [name, value] : head->response.headers) {
    if (name.empty() || name.find_first_of(": \r\n") != std::string::npos || value.find_first_of("\r\n") != std::string::npos) std::abort();
  }
  return 0;
}
