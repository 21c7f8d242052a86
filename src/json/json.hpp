// Reading JSON from outside with limits, and typed looks into objects that never throw. Include it in .cpp files only
// (Boost.JSON is heavy).
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace upcall::json {

inline constexpr std::size_t kMaxText = 1u << 20;
inline constexpr std::size_t kMaxDepth = 32;

// The whole text as one value. too_long over max_text bytes, malformed otherwise (too deep included).
ParseResult<boost::json::value> parse(std::string_view text, std::size_t max_text = kMaxText);
// The same, but only an object will do.
ParseResult<boost::json::object> parse_object(std::string_view text, std::size_t max_text = kMaxText);

// Views live as long as the object. Nothing when the member is absent or of another type.
std::optional<std::string_view> text_at(const boost::json::object& object, std::string_view name);
std::optional<std::int64_t> integer_at(const boost::json::object& object, std::string_view name);
std::optional<bool> boolean_at(const boost::json::object& object, std::string_view name);
const boost::json::object* object_at(const boost::json::object& object, std::string_view name);
const boost::json::array* array_at(const boost::json::object& object, std::string_view name);

// The member as text, or an empty text.
std::string text_or(const boost::json::object& object, std::string_view name, std::string_view otherwise = {});

// Well-formed UTF-8 without control characters other than tab and line feed.
bool is_clean_text(std::string_view text);

}  // namespace upcall::json
