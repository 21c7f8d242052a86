#include "contact/flow_condition.hpp"

#include <algorithm>
#include <charconv>

namespace upcall::contact {
namespace {

std::optional<double> number(std::string_view text) {
  double out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out, std::chars_format::fixed);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  const char first = text.front() == '-' && text.size() > 1 ? text[1] : text.front();
  if ((first < '0' || first > '9') && first != '.') return std::nullopt;  // "nan", "inf"
  return out;
}

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

// Bytes of multi-byte characters count as letters.
bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (static_cast<unsigned char>(c) & 0x80) != 0;
}

std::string plain(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

bool contains_words(std::string_view message, std::string_view words) {
  if (words.empty()) return false;
  for (std::size_t at = message.find(words); at != std::string_view::npos; at = message.find(words, at + 1)) {
    const std::size_t end = at + words.size();
    const bool begins = at == 0 || !is_word(message[at - 1]) || !is_word(words.front());
    const bool ends = end == message.size() || !is_word(message[end]) || !is_word(words.back());
    if (begins && ends) return true;
  }
  return false;
}

}  // namespace

bool matches(const FlowCondition& c, std::string_view value) {
  using Op = FlowCondition::Op;
  const auto part = [&](const FlowCondition& p) { return matches(p, value); };
  switch (c.op) {
    case Op::equals: return value == c.operand;
    case Op::contains: return value.find(c.operand) != std::string_view::npos;
    case Op::starts_with: return value.starts_with(c.operand);
    case Op::ends_with: return value.ends_with(c.operand);
    case Op::all_of: return std::all_of(c.parts.begin(), c.parts.end(), part);
    case Op::one_of: return std::any_of(c.parts.begin(), c.parts.end(), part);
    case Op::none_of: return std::none_of(c.parts.begin(), c.parts.end(), part);
    default: break;
  }
  const auto left = number(value), right = number(c.operand);
  if (!left || !right) return false;
  switch (c.op) {
    case Op::greater: return *left > *right;
    case Op::greater_or_equal: return *left >= *right;
    case Op::less: return *left < *right;
    default: return *left <= *right;
  }
}

const FlowCondition* first_match(const Block& block, std::string_view value) {
  for (const FlowCondition& c : block.conditions) {
    if (matches(c, value)) return &c;
  }
  return nullptr;
}

std::optional<std::string> recognised(const Block& block, std::string_view message) {
  const std::string said = plain(message);
  for (const FlowCondition& c : block.conditions) {
    if (said == plain(c.operand)) return c.operand;
  }
  for (const FlowCondition& c : block.conditions) {
    for (const FlowIntent& intent : block.intents) {
      if (intent.name != c.operand) continue;
      for (const std::string& keyword : intent.keywords) {
        if (contains_words(said, plain(keyword))) return c.operand;
      }
    }
  }
  return std::nullopt;
}

}  // namespace upcall::contact
