#include "parameters/check.hpp"

#include <algorithm>
#include <charconv>
#include <functional>

#include "base/ids.hpp"
#include "identity/redirect.hpp"
#include "identity/external_provider.hpp"
#include "identity/origins.hpp"
#include "json/json.hpp"
#include "wire/turn_uri.hpp"

namespace upcall::parameters {

namespace {

constexpr std::size_t kLongest = 2048;
constexpr std::string_view kDiscovery = "/.well-known/openid-configuration";

std::string number_text(double value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  return {text, end};
}

tl::unexpected<Error> wrong(const ParameterRow& row) {
  return fail(ErrorCode::invalid_argument, std::string(row.name) + " must be " + must_be(row) + ".");
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool is_line(std::string_view text, std::size_t longest) {
  return !text.empty() && text.size() <= longest && json::is_clean_text(text) && text.find_first_of("\n\t") == std::string_view::npos;
}

bool only(std::string_view text, std::string_view also) {
  return std::all_of(text.begin(), text.end(), [also](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || also.find(c) != std::string_view::npos;
  });
}

Result<std::string> number(const ParameterRow& row, std::string_view value) {
  double out = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), out);
  if (error != std::errc() || end != value.data() + value.size() || !(out >= row.least && out <= row.most)) return wrong(row);
  if (row.kind == Kind::real) return number_text(out);
  const auto whole = static_cast<std::int64_t>(out);
  if (out != static_cast<double>(whole) || (row.kind == Kind::even && whole % 2 != 0)) return wrong(row);
  return std::to_string(whole);
}

Result<std::string> word(const ParameterRow& row, std::string_view value) {
  for (std::string_view rest = row.choices; !rest.empty();) {
    const std::string_view choice = rest.substr(0, rest.find(' '));
    if (choice == value) return std::string(value);
    rest.remove_prefix(std::min(rest.size(), choice.size() + 1));
  }
  return wrong(row);
}

// Each entry of a list that commas join, as `normal` wants it.
Result<std::string> each(const ParameterRow& row, std::string_view value, const std::function<std::optional<std::string>(std::string_view)>& normal) {
  std::string out;
  for (std::string_view rest = value; !rest.empty();) {
    const std::size_t comma = rest.find(',');
    const auto entry = normal(trimmed(rest.substr(0, comma)));
    if (!entry) return wrong(row);
    out += (out.empty() ? "" : ",") + *entry;
    rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
  }
  if (out.size() > kLongest) return fail(ErrorCode::invalid_argument, std::string(row.name) + " must be at most 2048 bytes long.");
  return out;
}

// A scheme, a host, and no blanks or quotes: what a browser takes as an address.
bool is_web_address(std::string_view text) {
  if (!is_line(text, kLongest) || text.find_first_of(" \"'<>\\`{}") != std::string_view::npos) return false;
  const std::size_t scheme = text.starts_with("https://") ? 8 : text.starts_with("http://") ? 7 : 0;
  if (scheme == 0) return false;
  const std::string_view rest = text.substr(scheme);
  return identity::normal_origin(std::string(text.substr(0, scheme)) + std::string(rest.substr(0, rest.find_first_of("/?#")))).has_value();
}

bool is_arn(std::string_view text, std::string_view resource) {
  if (!is_line(text, 512) || text.find(' ') != std::string_view::npos || !text.starts_with("arn:")) return false;
  for (int colons = 0; colons < 5; ++colons) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return false;
    text.remove_prefix(colon + 1);
  }
  return text.size() > resource.size() && text.starts_with(resource);
}

// git-check-ref-format, for one branch's name.
bool is_branch(std::string_view text) {
  if (!is_line(text, 244) || text.find_first_of(" ~^:?*[\\") != std::string_view::npos) return false;
  if (text.find("..") != std::string_view::npos || text.find("//") != std::string_view::npos || text.find("@{") != std::string_view::npos) return false;
  return text.front() != '-' && text.front() != '/' && text.front() != '.' && text.back() != '/' && text.back() != '.' && !text.ends_with(".lock");
}

std::string boolean_text(std::string_view value) {
  std::string lower(value);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return lower;
}

Result<std::string> normal_issuer(const ParameterRow& row, std::string_view value) {
  std::string issuer = issuer_of(value);
  if (!is_line(issuer, 1024) || !identity::is_provider_address(issuer)) return wrong(row);
  return issuer;
}

Result<std::string> normal_id(const ParameterRow& row, std::string_view value) {
  const std::string_view id = is_arn(value, "") ? value.substr(value.rfind('/') + 1) : value;
  if (!is_uuid(id)) return wrong(row);
  return std::string(id);
}

Result<std::string> fitting(const ParameterRow& row, std::string_view value, bool fits) {
  if (!fits) return wrong(row);
  return std::string(value);
}

}  // namespace

std::string issuer_of(std::string_view address) {
  if (address.ends_with(kDiscovery)) address.remove_suffix(kDiscovery.size());
  return std::string(address);
}

Result<std::string> normal_value(const ParameterRow& row, std::string_view given) {
  const std::string_view value = row.secret ? given : trimmed(given);
  if (value.empty() || (is_original(row) && value == kNotDefined)) return std::string();
  switch (row.kind) {
    case Kind::text: return fitting(row, value, value.size() <= kLongest && json::is_clean_text(value));
    case Kind::line: return fitting(row, value, is_line(value, 1024));
    case Kind::name: return fitting(row, value, is_line(value, 64));
    case Kind::boolean: {
      const std::string lower = boolean_text(value);
      return fitting(row, lower, lower == "true" || lower == "false");
    }
    case Kind::whole:
    case Kind::even:
    case Kind::real: return number(row, value);
    case Kind::word: return word(row, value);
    case Kind::origins: return each(row, value, [](std::string_view entry) { return entry == "*" ? std::optional<std::string>("*") : identity::normal_origin(entry); });
    case Kind::named_origins: return each(row, value, [](std::string_view entry) { return identity::normal_origin(entry); });
    case Kind::id: return normal_id(row, value);
    case Kind::arn: return fitting(row, value, is_arn(value, row.choices));
    case Kind::page: return fitting(row, value, is_web_address(value));
    case Kind::addresses:
      return each(row, value, [](std::string_view entry) { return identity::is_registrable_redirect(entry) ? std::optional<std::string>(entry) : std::nullopt; });
    case Kind::issuer: return normal_issuer(row, value);
    case Kind::mail_server: return fitting(row, value, is_line(value, 1024) && value.find(' ') == std::string_view::npos && (value.starts_with("smtp://") || value.starts_with("smtps://")));
    case Kind::turn_servers:
      return each(row, value, [](std::string_view entry) { return wire::is_turn_uri(entry) ? std::optional<std::string>(entry) : std::nullopt; });
    case Kind::label: return fitting(row, value, value.size() <= 63 && only(value, "._-"));
    case Kind::repository: return fitting(row, value, is_line(value, 1024) && value.find(' ') == std::string_view::npos && !value.starts_with('-'));
    case Kind::branch: return fitting(row, value, is_branch(value));
  }
  return wrong(row);
}

std::string must_be(const ParameterRow& row) {
  const std::string range = " from " + number_text(row.least) + " to " + number_text(row.most);
  switch (row.kind) {
    case Kind::text: return "clean text of at most 2048 bytes";
    case Kind::line: return "a text of at most 1024 bytes on one line";
    case Kind::name: return "a name of at most 64 bytes";
    case Kind::boolean: return "true or false";
    case Kind::whole: return "a whole number" + range;
    case Kind::even: return "an even number" + range;
    case Kind::real: return "a number" + range;
    case Kind::word: return "one of: " + std::string(row.choices);
    case Kind::origins: return "* or origins like https://www.example.com, joined by commas";
    case Kind::named_origins: return "origins like https://www.example.com, joined by commas";
    case Kind::id: return "an id (a UUID), or an ARN that ends in one";
    case Kind::arn: return "an ARN like arn:aws:SERVICE:REGION:ACCOUNT:" + std::string(row.choices) + "ID";
    case Kind::page: return "an address like https://www.example.com/page";
    case Kind::addresses: return "addresses like https://www.example.com/, joined by commas (http: only of this host)";
    case Kind::issuer: return "an OpenID Connect issuer like https://idp.example.com (http: only of this host)";
    case Kind::mail_server: return "smtp://HOST:PORT or smtps://HOST:PORT";
    case Kind::turn_servers: return "turn:HOST:PORT?transport=udp or tcp, or turns:HOST:PORT?transport=tcp, joined by commas";
    case Kind::label: return "at most 63 letters, digits, dots, underscores and hyphens";
    case Kind::repository: return "a repository's name, path or address, without blanks";
    case Kind::branch: return "a branch's name as git takes it";
  }
  return {};
}

}  // namespace upcall::parameters
