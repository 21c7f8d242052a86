#include "s3/listing.hpp"

#include <algorithm>
#include <charconv>

#include "base/bytes.hpp"

namespace upcall::s3 {

namespace {

constexpr std::size_t kTextMax = 1024;  // as long as the vendor's keys may be

// XML can say neither control characters nor broken UTF-8; no key has anything but ASCII.
bool is_plain(std::string_view text) {
  return text.size() <= kTextMax && std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

std::string_view value(const std::vector<std::pair<std::string, std::string>>& query, std::string_view name) {
  for (const auto& [key, v] : query) {
    if (key == name) return v;
  }
  return {};
}

bool has(const std::vector<std::pair<std::string, std::string>>& query, std::string_view name) {
  return std::any_of(query.begin(), query.end(), [&](const auto& pair) { return pair.first == name; });
}

}  // namespace

Result<ListRequest> ListRequest::parse(const std::vector<std::pair<std::string, std::string>>& query) {
  ListRequest out;
  for (const auto& [name, place] : {std::pair<std::string_view, std::string*>{"prefix", &out.prefix},
                                    {"delimiter", &out.delimiter},
                                    {"start-after", &out.start_after},
                                    {"continuation-token", &out.continuation_token}}) {
    *place = std::string(value(query, name));
    if (!is_plain(*place)) return fail(ErrorCode::invalid_argument, std::string(name) + " is too long or holds characters that no key has");
  }
  if (has(query, "encoding-type")) {
    if (value(query, "encoding-type") != "url") return fail(ErrorCode::invalid_argument, "Invalid Encoding Method specified in Request");
    out.encode = true;
  }
  if (has(query, "max-keys")) {
    const std::string_view text = value(query, "max-keys");
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || number > 0x7fffffff) {
      return fail(ErrorCode::invalid_argument, "Provided max-keys not an integer or within integer range");
    }
    out.max_keys = std::min<std::size_t>(number, kPageMax);
  }
  if (has(query, "continuation-token")) {
    auto from = parse_continuation_token(out.continuation_token);
    if (!from) return fail(ErrorCode::invalid_argument, "The continuation token provided is incorrect");
    out.from = std::move(*from);
  } else {
    out.from = {out.start_after, !out.start_after.empty()};
  }
  return out;
}

std::string continuation_token(const ListFrom& from) { return to_base64url(as_bytes((from.after ? "a" : "f") + from.at)); }

ParseResult<ListFrom> parse_continuation_token(std::string_view token) {
  if (token.size() > 2 * kTextMax) return fail(ParseError::too_long);
  const auto bytes = from_base64url(token);
  if (!bytes) return tl::unexpected(bytes.error());
  const std::string_view text = as_text(*bytes);
  if (text.empty()) return fail(ParseError::truncated);
  if ((text[0] != 'a' && text[0] != 'f') || !is_plain(text)) return fail(ParseError::malformed);
  return ListFrom{std::string(text.substr(1)), text[0] == 'a'};
}

std::string after_all_with(std::string_view prefix) {
  std::string out(prefix);
  while (!out.empty() && static_cast<unsigned char>(out.back()) == 0xff) out.pop_back();
  if (!out.empty()) out.back() = static_cast<char>(static_cast<unsigned char>(out.back()) + 1);
  return out;
}

Result<ListPage> list_page(const ListRequest& request, const std::function<Result<std::optional<std::string>>(const ListFrom&)>& next_key) {
  ListPage page;
  if (request.max_keys == 0) return page;
  ListFrom from = request.from;
  if (from.at < request.prefix) from = {request.prefix, false};
  for (;;) {
    auto key = next_key(from);
    if (!key) return tl::unexpected(key.error());
    if (!*key) return page;
    if (page.items.size() == request.max_keys) {
      page.next = std::move(from);
      return page;
    }
    const std::size_t cut = request.delimiter.empty() ? std::string::npos : (*key)->find(request.delimiter, request.prefix.size());
    if (cut == std::string::npos) {
      from = {**key, true};
      page.items.push_back({std::move(**key), false});
    } else {
      std::string folder = (*key)->substr(0, cut + request.delimiter.size());
      from = {after_all_with(folder), false};
      page.items.push_back({std::move(folder), true});
    }
  }
}

}  // namespace upcall::s3
