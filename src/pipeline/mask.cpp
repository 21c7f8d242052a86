#include "pipeline/mask.hpp"

#include <algorithm>

#include "base/bytes.hpp"
#include "base/percent.hpp"

namespace upcall::pipeline {

namespace {

constexpr std::string_view kGitPassword = "upcall-git-";
constexpr std::string_view kStars = "***";

bool is_token(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_'; }

void replace_all(std::string& text, std::string_view what) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += kStars.size()) text.replace(at, what.size(), kStars);
}

}  // namespace

void Mask::add(std::string_view secret) {
  while (!secret.empty()) {
    const std::size_t end = std::min(secret.find('\n'), secret.size());
    std::string_view one = secret.substr(0, end);
    secret.remove_prefix(std::min(end + 1, secret.size()));
    if (one.ends_with('\r')) one.remove_suffix(1);
    if (one.size() < kShortest) continue;
    std::string base64 = to_base64(as_bytes(one));
    while (base64.ends_with('=')) base64.pop_back();
    // The last digit of base64 depends on what follows the secret.
    if (one.size() % 3 != 0) base64.pop_back();
    for (std::string form : {std::string(one), std::move(base64), percent_encode(one)}) {
      if (std::find(secrets_.begin(), secrets_.end(), form) == secrets_.end()) secrets_.push_back(std::move(form));
    }
  }
  std::sort(secrets_.begin(), secrets_.end(), [](const std::string& a, const std::string& b) { return a.size() > b.size(); });
}

void Mask::add_variable(std::string_view name, std::string_view value) {
  for (const std::string_view end : {"TOKEN", "SECRET", "PASSWORD", "KEY"}) {
    if (name.ends_with(end)) add(value);
  }
}

std::string Mask::line(std::string_view text) const {
  std::string out(text);
  for (const std::string& secret : secrets_) replace_all(out, secret);
  for (std::size_t at = 0; (at = out.find(kGitPassword, at)) != std::string::npos;) {
    std::size_t end = at + kGitPassword.size();
    while (end < out.size() && is_token(out[end])) ++end;
    // "upcall-git-" alone is a word; with twenty characters behind it, it is one that opens something.
    if (end - at >= kGitPassword.size() + 20) {
      out.replace(at, end - at, kStars);
      at += kStars.size();
    } else {
      at = end;
    }
  }
  return out;
}

}  // namespace upcall::pipeline
