#include "chime/fields.hpp"

#include <algorithm>

#include "json/json.hpp"

namespace upcall::chime {

namespace bj = boost::json;

namespace {

constexpr bool is_alnum(std::uint32_t c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }
constexpr bool is_space(std::uint32_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_one_of(std::uint32_t c, std::string_view set) { return c < 0x80 && set.find(static_cast<char>(c)) != std::string_view::npos; }

bool is_letter(std::uint32_t c, Letters letters) {
  switch (letters) {
    case Letters::any: return true;
    case Letters::external:
      return is_alnum(c) || is_space(c) || is_one_of(c, "-_&@+=,(){}[]/.:|'\"#") || c == 0xab || c == 0xbb || (c >= 0xc0 && c <= 0xff);
    case Letters::token: return is_alnum(c) || c == '-' || c == '_';
    case Letters::tenant: return is_alnum(c) || is_one_of(c, "-_!@#$");
    case Letters::tag_key: return (is_alnum(c) && !(c >= '0' && c <= '9')) || (c >= '+' && c <= '=') || c == '_';
    case Letters::tag_value: return is_alnum(c) || is_space(c) || c == '_' || (c >= '+' && c <= '=') || c == '@';
  }
  return false;
}

// Of UTF-8 that is known to be well formed: the character that begins at `at`, which moves behind it.
std::uint32_t next_character(std::string_view text, std::size_t& at) {
  const auto lead = static_cast<unsigned char>(text[at++]);
  if (lead < 0x80) return lead;
  const int more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : 1;
  std::uint32_t c = lead & (0x3fu >> more);
  for (int i = 0; i < more && at < text.size(); ++i) c = c << 6 | (static_cast<unsigned char>(text[at++]) & 0x3fu);
  return c;
}

std::string said(std::string_view name, std::size_t least, std::size_t most, Letters letters) {
  std::string out = std::string(name) + " must be a text of " + std::to_string(least) + " to " + std::to_string(most) + " characters";
  if (letters == Letters::external || letters == Letters::tag_key) out += " of the allowed ones, not beginning with aws:";
  else if (letters != Letters::any) out += " of the allowed ones";
  return out + ".";
}

const bj::value* present(const bj::object& object, std::string_view name) {
  const bj::value* value = object.if_contains(name);
  return value != nullptr && !value->is_null() ? value : nullptr;
}

}  // namespace

bool is_reserved(std::string_view text) {
  constexpr std::string_view kPrefix = "aws:";
  return text.size() >= kPrefix.size() &&
         std::equal(kPrefix.begin(), kPrefix.end(), text.begin(), [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? b + ('a' - 'A') : b); });
}

bool fits(std::string_view text, std::size_t least, std::size_t most, Letters letters) {
  if (!json::is_clean_text(text)) return false;
  if ((letters == Letters::external || letters == Letters::tag_key) && is_reserved(text)) return false;
  std::size_t count = 0;
  std::uint32_t last = 0;
  int same = 0;
  for (std::size_t at = 0; at < text.size(); ++count) {
    const std::uint32_t c = next_character(text, at);
    if (!is_letter(c, letters)) return false;
    same = count > 0 && c == last ? same + 1 : 1;
    last = c;
    if (letters == Letters::tenant && same == 4) return false;
  }
  return count >= least && count <= most;
}

Checked<std::optional<std::string>> optional_text_member(const bj::object& object, std::string_view name, std::size_t least, std::size_t most, Letters letters) {
  const bj::value* value = present(object, name);
  if (value == nullptr) return std::optional<std::string>();
  if (!value->is_string() || !fits(value->get_string(), least, most, letters)) return bad_request(said(name, least, most, letters));
  return std::optional(std::string(value->get_string()));
}

Checked<std::string> text_member(const bj::object& object, std::string_view name, std::size_t least, std::size_t most, Letters letters) {
  auto text = optional_text_member(object, name, least, most, letters);
  if (!text) return tl::unexpected(text.error());
  if (!*text) return bad_request(std::string(name) + " is required.");
  return std::move(**text);
}

Checked<const bj::object*> optional_object_member(const bj::object& object, std::string_view name) {
  const bj::value* value = present(object, name);
  if (value == nullptr) return static_cast<const bj::object*>(nullptr);
  if (!value->is_object()) return bad_request(std::string(name) + " must be an object.");
  return &value->get_object();
}

Checked<const bj::array*> array_member(const bj::object& object, std::string_view name, std::size_t least, std::size_t most, bool required) {
  const bj::value* value = present(object, name);
  if (value == nullptr) {
    if (required) return bad_request(std::string(name) + " is required.");
    return static_cast<const bj::array*>(nullptr);
  }
  if (!value->is_array() || value->get_array().size() < least || value->get_array().size() > most) {
    return bad_request(std::string(name) + " must be a list of " + std::to_string(least) + " to " + std::to_string(most) + ".");
  }
  return &value->get_array();
}

Checked<std::optional<std::string>> word_member(const bj::object& object, std::string_view name, std::initializer_list<std::string_view> words) {
  const bj::value* value = present(object, name);
  if (value == nullptr) return std::optional<std::string>();
  if (value->is_string() && std::find(words.begin(), words.end(), std::string_view(value->get_string())) != words.end()) {
    return std::optional(std::string(value->get_string()));
  }
  std::string all;
  for (const std::string_view word : words) all += (all.empty() ? "" : ", ") + std::string(word);
  return bad_request(std::string(name) + " must be one of " + all + ".");
}

Checked<std::string> guid(std::string_view text, std::string_view name) {
  const auto refused = [&] { return bad_request(std::string(name) + " must be a UUID."); };
  if (text.size() != 36) return refused();
  std::string out(text);
  for (std::size_t i = 0; i < out.size(); ++i) {
    char& c = out[i];
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (c != '-') return refused();
      continue;
    }
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c + ('a' - 'A'));
    if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f')) return refused();
  }
  return out;
}

}  // namespace upcall::chime
