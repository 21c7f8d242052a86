#include "crypto/sigv4.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "base/percent.hpp"
#include "base/wall_text.hpp"
#include "crypto/hmac.hpp"

namespace upcall::crypto {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr std::size_t kMaxHeader = 2048;
constexpr Duration kSkew = Duration::s(15 * 60);
constexpr std::int64_t kLongestS = 7 * 24 * 3600;
constexpr std::string_view kUnsigned = "UNSIGNED-PAYLOAD";
constexpr std::string_view kSignatureName = "X-Amz-Signature";

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> out;
  for (;;) {
    const std::size_t cut = text.find(at);
    out.push_back(text.substr(0, cut));
    if (cut == std::string_view::npos) return out;
    text.remove_prefix(cut + 1);
  }
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

// Names and values encoded anew and sorted by their encoded bytes.
std::string canonical_query(std::string_view query) {
  if (query.empty()) return {};
  std::vector<std::pair<std::string, std::string>> pairs;
  for (const std::string_view part : split(query, '&')) {
    if (part.empty()) continue;
    const std::size_t equal = part.find('=');
    pairs.emplace_back(percent_encode(decode(part.substr(0, equal))),
                       equal == std::string_view::npos ? "" : percent_encode(decode(part.substr(equal + 1))));
  }
  std::sort(pairs.begin(), pairs.end());
  std::string out;
  for (const auto& [name, value] : pairs) {
    if (!out.empty()) out += '&';
    out += name + '=' + value;
  }
  return out;
}

// Every value of a header, trimmed, inner runs of blanks made one, joined by commas.
std::optional<std::string> header_value(const SigV4Request& request, std::string_view name) {
  std::optional<std::string> out;
  for (const auto& [n, v] : request.headers) {
    if (n != name) continue;
    if (out) {
      *out += ',';
    } else {
      out.emplace();
    }
    bool blank = false;
    for (const char c : trim(v)) {
      if (c == ' ' && blank) continue;
      blank = c == ' ';
      *out += c;
    }
  }
  return out;
}

Sha256Digest mac(Bytes key, std::string_view text) { return hmac_sha256(key, as_bytes(text)); }

bool digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// "20150830T123600Z"
std::optional<WallTime> parse_amz_date(std::string_view text) {
  if (text.size() != 16 || text[8] != 'T' || text[15] != 'Z') return std::nullopt;
  std::string iso;
  iso.append(text.substr(0, 4)).append("-").append(text.substr(4, 2)).append("-").append(text.substr(6, 2)).append("T");
  iso.append(text.substr(9, 2)).append(":").append(text.substr(11, 2)).append(":").append(text.substr(13, 2)).append("Z");
  auto parsed = parse_iso8601(iso);
  if (!parsed) return std::nullopt;
  return *parsed;
}

bool signs(const SigV4Authorization& a, std::string_view name) {
  return std::find(a.signed_headers.begin(), a.signed_headers.end(), name) != a.signed_headers.end();
}

// A header that steers the request must not be addable behind the signer's back.
bool covers_amz_headers(const SigV4Request& request, const SigV4Authorization& a) {
  return std::all_of(request.headers.begin(), request.headers.end(), [&](const auto& h) {
    return !h.first.starts_with("x-amz-") || h.first == "x-amz-user-agent" || signs(a, h.first);
  });
}

// ID/DATE/REGION/SERVICE/aws4_request
bool parse_scope(std::string_view text, SigV4Authorization& out) {
  const auto scope = split(text, '/');
  if (scope.size() != 5 || scope[4] != "aws4_request" || scope[1].size() != 8 || !digits(scope[1])) return false;
  out.access_key_id = scope[0];
  out.date = scope[1];
  out.region = scope[2];
  out.service = scope[3];
  return true;
}

bool is_complete(const SigV4Authorization& a) {
  return !a.access_key_id.empty() && !a.region.empty() && !a.service.empty() && !a.signed_headers.empty() && a.signature.size() == 64 &&
         std::is_sorted(a.signed_headers.begin(), a.signed_headers.end());
}

}  // namespace

bool SigV4Presigned::is_in(std::string_view query) {
  for (const std::string_view part : split(query, '&')) {
    const std::string name = decode(part.substr(0, part.find('=')));
    if (name == kSignatureName || name == "X-Amz-Algorithm" || name == "X-Amz-Credential") return true;
  }
  return false;
}

ParseResult<SigV4Presigned> SigV4Presigned::parse(std::string_view query) {
  SigV4Presigned out;
  std::string algorithm, credential, expires, names;
  const std::pair<std::string_view, std::string*> places[] = {
      {"X-Amz-Algorithm", &algorithm}, {"X-Amz-Credential", &credential},   {"X-Amz-Date", &out.amz_date},
      {"X-Amz-Expires", &expires},     {"X-Amz-SignedHeaders", &names},     {kSignatureName, &out.authorization.signature}};
  for (const std::string_view part : split(query, '&')) {
    const std::size_t equal = part.find('=');
    const std::string name = decode(part.substr(0, equal));
    for (const auto& [wanted, place] : places) {
      if (name != wanted) continue;
      if (!place->empty()) return fail(ParseError::malformed);
      if (equal != std::string_view::npos) *place = decode(part.substr(equal + 1));
      if (place->size() > kMaxHeader) return fail(ParseError::too_long);
    }
  }
  for (const auto& [wanted, place] : places) {
    if (place->empty()) return fail(ParseError::truncated);
  }
  if (algorithm != kAlgorithm) return fail(ParseError::unsupported);
  if (!parse_scope(credential, out.authorization)) return fail(ParseError::malformed);
  for (const std::string_view name : split(names, ';')) out.authorization.signed_headers.emplace_back(name);
  if (!is_complete(out.authorization)) return fail(ParseError::malformed);
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(expires.data(), expires.data() + expires.size(), seconds);
  if (error != std::errc() || end != expires.data() + expires.size() || seconds < 1 || seconds > kLongestS) return fail(ParseError::malformed);
  out.valid = Duration::s(seconds);
  return out;
}

ParseResult<SigV4Authorization> SigV4Authorization::parse(std::string_view header) {
  if (header.size() > kMaxHeader) return fail(ParseError::too_long);
  header = trim(header);
  if (!header.starts_with(kAlgorithm)) return fail(ParseError::unsupported);
  header.remove_prefix(kAlgorithm.size());
  if (header.empty() || header.front() != ' ') return fail(ParseError::malformed);
  SigV4Authorization out;
  for (std::string_view part : split(header, ',')) {
    part = trim(part);
    if (part.starts_with("Credential=")) {
      if (!parse_scope(part.substr(11), out)) return fail(ParseError::malformed);
    } else if (part.starts_with("SignedHeaders=")) {
      for (const std::string_view name : split(part.substr(14), ';')) out.signed_headers.emplace_back(name);
    } else if (part.starts_with("Signature=")) {
      out.signature = part.substr(10);
    } else {
      return fail(ParseError::malformed);
    }
  }
  if (!is_complete(out)) return fail(ParseError::malformed);
  return out;
}

Sha256Digest sigv4_signing_key(std::string_view secret, std::string_view date, std::string_view region, std::string_view service) {
  const std::string first = "AWS4" + std::string(secret);
  return mac(mac(mac(mac(as_bytes(first), date), region), service), "aws4_request");
}

std::string sigv4_signature(const SigV4Request& request, const SigV4Authorization& a, std::string_view secret, SigV4Path path_rule) {
  std::string canonical(request.method);
  canonical += '\n';
  const std::string_view path = request.path.empty() ? "/" : request.path;
  canonical += path_rule == SigV4Path::as_sent ? std::string(path) : percent_encode(path, "/");
  canonical += '\n' + canonical_query(request.query) + '\n';
  std::string names;
  for (const std::string& name : a.signed_headers) {
    canonical += name + ':' + header_value(request, name).value_or("") + '\n';
    if (!names.empty()) names += ';';
    names += name;
  }
  canonical += '\n' + names + '\n';
  const auto stated = header_value(request, "x-amz-content-sha256");
  // sigv4_verify() has compared a stated hash with the body before; a signer states its own.
  canonical += stated ? *stated : to_hex(sha256(as_bytes(request.body)));
  std::string to_sign(kAlgorithm);
  to_sign += '\n' + header_value(request, "x-amz-date").value_or("") + '\n';
  to_sign += a.date + '/' + a.region + '/' + a.service + "/aws4_request\n" + to_hex(sha256(as_bytes(canonical)));
  return to_hex(mac(sigv4_signing_key(secret, a.date, a.region, a.service), to_sign));
}

Result<void, SigV4Fault> sigv4_check(const SigV4Request& request, const SigV4Authorization& a, std::string_view secret, WallTime now,
                                     SigV4Path path) {
  if (!signs(a, "host") || !signs(a, "x-amz-date") || !covers_amz_headers(request, a)) return tl::unexpected(SigV4Fault::not_covered);
  const auto date = header_value(request, "x-amz-date");
  const auto at = date ? parse_amz_date(*date) : std::nullopt;
  if (!at || !date->starts_with(a.date)) return tl::unexpected(SigV4Fault::bad_date);
  if (now > *at + kSkew || now < *at - kSkew) return tl::unexpected(SigV4Fault::skewed);
  if (const auto stated = header_value(request, "x-amz-content-sha256"); stated) {
    const bool unsigned_ok = path == SigV4Path::as_sent && *stated == kUnsigned;
    if (!unsigned_ok && *stated != to_hex(sha256(as_bytes(request.body)))) return tl::unexpected(SigV4Fault::other_body);
  }
  const std::string expected = sigv4_signature(request, a, secret, path);
  if (!constant_time_equal(as_bytes(expected), as_bytes(a.signature))) return tl::unexpected(SigV4Fault::mismatch);
  return {};
}

Result<void, SigV4Fault> sigv4_check(const SigV4Request& request, const SigV4Presigned& presigned, std::string_view secret, WallTime now) {
  const SigV4Authorization& a = presigned.authorization;
  if (!signs(a, "host") || !covers_amz_headers(request, a)) return tl::unexpected(SigV4Fault::not_covered);
  const auto at = parse_amz_date(presigned.amz_date);
  if (!at || !presigned.amz_date.starts_with(a.date)) return tl::unexpected(SigV4Fault::bad_date);
  if (now < *at - kSkew) return tl::unexpected(SigV4Fault::not_yet);
  if (now > *at + presigned.valid) return tl::unexpected(SigV4Fault::expired);
  // What the headers form has in headers, this one has in the query.
  std::string query;
  for (const std::string_view part : split(request.query, '&')) {
    if (decode(part.substr(0, part.find('='))) == kSignatureName) continue;
    if (!query.empty()) query += '&';
    query += part;
  }
  auto headers = request.headers;
  std::erase_if(headers, [](const auto& h) { return h.first == "x-amz-date" || h.first == "x-amz-content-sha256"; });
  headers.emplace_back("x-amz-date", presigned.amz_date);
  headers.emplace_back("x-amz-content-sha256", kUnsigned);
  const std::string expected = sigv4_signature({request.method, request.path, query, headers, {}}, a, secret, SigV4Path::as_sent);
  if (!constant_time_equal(as_bytes(expected), as_bytes(a.signature))) return tl::unexpected(SigV4Fault::mismatch);
  return {};
}

Result<void> sigv4_verify(const SigV4Request& request, const SigV4Authorization& a, std::string_view secret, WallTime now,
                          SigV4Path path) {
  const auto checked = sigv4_check(request, a, secret, now, path);
  if (checked) return {};
  switch (checked.error()) {
    case SigV4Fault::not_covered: return fail(ErrorCode::unauthenticated, "the signature must cover host, x-amz-date and every x-amz- header");
    case SigV4Fault::bad_date: return fail(ErrorCode::unauthenticated, "x-amz-date is missing or not a date");
    case SigV4Fault::skewed:
    case SigV4Fault::expired:
    case SigV4Fault::not_yet: return fail(ErrorCode::unauthenticated, "the signature has expired");
    case SigV4Fault::other_body: return fail(ErrorCode::unauthenticated, "the body is not the one that was signed");
    case SigV4Fault::mismatch: break;
  }
  return fail(ErrorCode::unauthenticated, "the signature does not match");
}

}  // namespace upcall::crypto
