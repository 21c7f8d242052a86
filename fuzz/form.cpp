// Bodies of forms, as the log-in pages and /oauth2/token get them. No field stands twice, none holds a zero byte, and what
// was read can be written and read as the same again.
// link: upcall_wire
#include <cstdint>
#include <cstdlib>
#include <string>

#include "wire/form.hpp"
#include "wire/http.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace upcall;
  const auto form = wire::Form::parse(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!form) return 0;
  std::string text;
  for (std::size_t i = 0; i < form->fields().size(); ++i) {
    const auto& [name, value] = form->fields()[i];
    if (name.find('\0') != std::string::npos || value.find('\0') != std::string::npos) std::abort();
    for (std::size_t k = 0; k < i; ++k) {
      if (form->fields()[k].first == name) std::abort();
    }
    text += (text.empty() ? "" : "&") + wire::percent_encode(name) + "=" + wire::percent_encode(value);
  }
  const auto again = wire::Form::parse(text);
  // Escapes take up to three times the room.
  if (again ? again->fields() != form->fields() : text.size() <= (64u << 10)) std::abort();
  return 0;
}
