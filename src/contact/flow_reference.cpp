#include "contact/flow_reference.hpp"

namespace upcall::contact {
namespace {

bool name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

// Below these a name has no parts: what follows a dot belongs to the sentence.
bool holds_plain_names(std::string_view root) { return root == "Attributes" || root == "FlowAttributes" || root == "Tags"; }

std::size_t name_length(std::string_view text) {
  std::size_t n = 0;
  while (n < text.size() && name_character(text[n])) ++n;
  return n;
}

}  // namespace

std::string FlowReference::key() const {
  std::string out;
  for (const std::string& part : path) out += (out.empty() ? "" : ".") + part;
  return out;
}

FlowReference parse_reference(std::string_view text) {
  FlowReference out;
  if (!text.starts_with("$.")) return out;
  std::size_t at = 2;
  const std::size_t root = name_length(text.substr(at));
  if (root == 0) return out;
  out.root = text.substr(at, root);
  at += root;
  const bool plain = holds_plain_names(out.root);
  while (at < text.size() && !(plain && !out.path.empty())) {
    const std::string_view rest = text.substr(at);
    if (rest.starts_with(".")) {
      const std::size_t length = name_length(rest.substr(1));
      if (length == 0) break;  // a dot that ends a sentence
      out.path.emplace_back(rest.substr(1, length));
      at += 1 + length;
    } else if (rest.starts_with("['") || rest.starts_with("[\"")) {
      const std::size_t end = rest.find(rest[1], 2);
      if (end == std::string_view::npos || end == 2 || end + 1 >= rest.size() || rest[end + 1] != ']') break;
      out.path.emplace_back(rest.substr(2, end - 2));
      at += end + 2;
    } else if (rest.starts_with("[") && !plain) {
      std::size_t end = 1;
      while (end < rest.size() && rest[end] >= '0' && rest[end] <= '9') ++end;
      if (end == 1 || end >= rest.size() || rest[end] != ']') break;
      out.path.emplace_back(rest.substr(1, end - 1));
      at += end + 1;
    } else {
      break;
    }
  }
  out.length = at;
  return out;
}

std::string expand(std::string_view text, const FlowLookup& lookup) {
  std::string out;
  while (!text.empty() && out.size() < kExpandedMax) {
    const std::size_t at = text.find("$.");
    const FlowReference reference = at == std::string_view::npos ? FlowReference{} : parse_reference(text.substr(at));
    if (reference.length == 0) {
      const std::size_t plain = at == std::string_view::npos ? text.size() : at + 2;
      out += text.substr(0, plain);
      text.remove_prefix(plain);
      continue;
    }
    out += text.substr(0, at);
    out += lookup(reference);
    text.remove_prefix(at + reference.length);
  }
  if (out.size() > kExpandedMax) {
    std::size_t cut = kExpandedMax;
    while (cut > 0 && (static_cast<unsigned char>(out[cut]) & 0xc0) == 0x80) --cut;
    out.resize(cut);
  }
  return out;
}

}  // namespace upcall::contact
