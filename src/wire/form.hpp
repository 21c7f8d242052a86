// application/x-www-form-urlencoded (WHATWG URL §5), as browsers and OAuth clients send it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace upcall::wire {

class Form {
 public:
  // too_long over 64 KiB or 64 fields, malformed when an escape is broken or a zero byte is in it.
  static ParseResult<Form> parse(std::string_view body);

  // Nothing: it is not there. A field that stands twice is ambiguous: the whole form is refused (RFC 6749 §3.2).
  std::optional<std::string_view> value(std::string_view name) const;
  std::string text(std::string_view name) const { return std::string(value(name).value_or("")); }
  const std::vector<std::pair<std::string, std::string>>& fields() const { return fields_; }

 private:
  std::vector<std::pair<std::string, std::string>> fields_;
};

}  // namespace upcall::wire
