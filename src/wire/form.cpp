#include "wire/form.hpp"

#include <algorithm>

#include "wire/http.hpp"

namespace upcall::wire {
namespace {

constexpr std::size_t kBytesMax = 64 << 10;
constexpr std::size_t kFieldsMax = 64;

}  // namespace

ParseResult<Form> Form::parse(std::string_view body) {
  if (body.size() > kBytesMax) return fail(ParseError::too_long);
  Form out;
  while (!body.empty()) {
    const std::size_t cut = std::min(body.find('&'), body.size());
    const std::string_view pair = body.substr(0, cut);
    body.remove_prefix(std::min(body.size(), cut + 1));
    if (pair.empty()) continue;
    const std::size_t equal = std::min(pair.find('='), pair.size());
    auto name = percent_decode(pair.substr(0, equal), true);
    auto value = percent_decode(equal < pair.size() ? pair.substr(equal + 1) : std::string_view(), true);
    if (!name || !value || name->find('\0') != std::string::npos || value->find('\0') != std::string::npos) return fail(ParseError::malformed);
    if (out.value(*name)) return fail(ParseError::malformed);
    if (out.fields_.size() == kFieldsMax) return fail(ParseError::too_long);
    out.fields_.emplace_back(std::move(*name), std::move(*value));
  }
  return out;
}

std::optional<std::string_view> Form::value(std::string_view name) const {
  for (const auto& [key, value] : fields_) {
    if (key == name) return value;
  }
  return std::nullopt;
}

}  // namespace upcall::wire
