// Fields of requests with the lengths and letters that the vendor's model gives them (API version 2021-07-15). Lengths count
// characters. Errors: BadRequest with the field's name.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "chime/fault.hpp"
#include "chime/json_names.hpp"

namespace upcall::chime {

enum class Letters : std::uint8_t {
  any,       // clean text
  external,  // [-_&@+=,(){}\[\]\/«».:|'"#a-zA-Z0-9À-ÿ\s]* and no reserved "aws:" before it
  token,     // [-_a-zA-Z0-9]*
  tenant,    // [-_!@#$a-zA-Z0-9]*, no letter four times in a row
  tag_key,   // [a-zA-Z+-=._:/]+, where +-= is a range; "aws:" is reserved
  tag_value, // [\s\w+-=\.:/@]*
};

// Is the text of that length and of these letters?
bool fits(std::string_view text, std::size_t least, std::size_t most, Letters letters);
// "aws:", in any case.
bool is_reserved(std::string_view text);

// A member that must be there, and one that may be absent (then nothing; null is absent).
Checked<std::string> text_member(const boost::json::object& object, std::string_view name, std::size_t least, std::size_t most, Letters letters);
Checked<std::optional<std::string>> optional_text_member(const boost::json::object& object, std::string_view name, std::size_t least, std::size_t most, Letters letters);
// Null when it is absent.
Checked<const boost::json::object*> optional_object_member(const boost::json::object& object, std::string_view name);
// Null when it is absent, unless it is required.
Checked<const boost::json::array*> array_member(const boost::json::object& object, std::string_view name, std::size_t least, std::size_t most, bool required);
// One of these words, or nothing when it is absent.
Checked<std::optional<std::string>> word_member(const boost::json::object& object, std::string_view name, std::initializer_list<std::string_view> words);

// The model's GuidString, in lower case.
Checked<std::string> guid(std::string_view text, std::string_view name);

}  // namespace upcall::chime
