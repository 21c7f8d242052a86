#include "json/json.hpp"

#include <boost/json/parse.hpp>

namespace upcall::json {

namespace bj = boost::json;

ParseResult<bj::value> parse(std::string_view text, std::size_t max_text) {
  if (text.size() > max_text) return fail(ParseError::too_long);
  bj::parse_options options;
  options.max_depth = kMaxDepth;
  bj::error_code error;
  bj::value value = bj::parse(bj::string_view(text.data(), text.size()), error, {}, options);
  if (error) return fail(ParseError::malformed);
  return value;
}

ParseResult<bj::object> parse_object(std::string_view text, std::size_t max_text) {
  auto value = parse(text, max_text);
  if (!value) return fail(value.error());
  if (!value->is_object()) return fail(ParseError::malformed);
  return std::move(value->get_object());
}

std::optional<std::string_view> text_at(const bj::object& object, std::string_view name) {
  const bj::value* found = object.if_contains(name);
  if (found == nullptr || !found->is_string()) return std::nullopt;
  return std::string_view(found->get_string().data(), found->get_string().size());
}

std::optional<std::int64_t> integer_at(const bj::object& object, std::string_view name) {
  const bj::value* found = object.if_contains(name);
  if (found == nullptr) return std::nullopt;
  if (const auto* i = found->if_int64()) return *i;
  if (const auto* u = found->if_uint64(); u != nullptr && *u <= INT64_MAX) return static_cast<std::int64_t>(*u);
  return std::nullopt;
}

std::optional<bool> boolean_at(const bj::object& object, std::string_view name) {
  const bj::value* found = object.if_contains(name);
  if (found == nullptr || !found->is_bool()) return std::nullopt;
  return found->get_bool();
}

const bj::object* object_at(const bj::object& object, std::string_view name) {
  const bj::value* found = object.if_contains(name);
  return found != nullptr ? found->if_object() : nullptr;
}

const bj::array* array_at(const bj::object& object, std::string_view name) {
  const bj::value* found = object.if_contains(name);
  return found != nullptr ? found->if_array() : nullptr;
}

std::string text_or(const bj::object& object, std::string_view name, std::string_view otherwise) {
  return std::string(text_at(object, name).value_or(otherwise));
}

bool is_clean_text(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = [&](std::size_t at) { return at < text.size() ? static_cast<unsigned char>(text[at]) : 0u; };
    const unsigned first = byte(i);
    if (first < 0x80) {
      if ((first < 0x20 && first != '\t' && first != '\n') || first == 0x7f) return false;
      ++i;
      continue;
    }
    const std::size_t more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
    if (first < 0xc2 || first > 0xf4) return false;
    std::uint32_t code = first & (0x3fu >> more);
    for (std::size_t k = 1; k <= more; ++k) {
      if ((byte(i + k) & 0xc0) != 0x80) return false;
      code = code << 6 | (byte(i + k) & 0x3f);
    }
    // Overlong forms, surrogates and what lies beyond Unicode.
    if ((more == 2 && code < 0x800) || (more == 3 && (code < 0x10000 || code > 0x10ffff)) || (code >= 0xd800 && code < 0xe000) ||
        (code >= 0x80 && code < 0xa0)) {
      return false;
    }
    i += more + 1;
  }
  return true;
}

}  // namespace upcall::json
