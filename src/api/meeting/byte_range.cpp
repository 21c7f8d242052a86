#include "api/meeting/byte_range.hpp"

#include <algorithm>
#include <charconv>

namespace upcall::api {

namespace {
bool number(std::string_view text, std::uint64_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size();
}
}  // namespace

Result<std::optional<ByteRange>> parse_byte_range(std::optional<std::string_view> header, std::uint64_t size) {
  if (!header || !header->starts_with("bytes=") || header->find(',') != std::string_view::npos) return std::nullopt;
  const std::string_view spec = header->substr(6);
  const std::size_t dash = spec.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  ByteRange range;
  if (dash == 0) {  // the last n bytes
    std::uint64_t n = 0;
    if (!number(spec.substr(1), n)) return std::nullopt;
    if (n == 0 || size == 0) return fail(ErrorCode::invalid_argument, "The range is empty.");
    range.first = n >= size ? 0 : size - n;
    range.last = size - 1;
    return range;
  }
  if (!number(spec.substr(0, dash), range.first)) return std::nullopt;
  std::uint64_t last = UINT64_MAX;
  if (dash + 1 < spec.size() && (!number(spec.substr(dash + 1), last) || last < range.first)) return std::nullopt;
  if (range.first >= size) return fail(ErrorCode::invalid_argument, "The range lies behind the end of the film.");
  range.last = std::min(last, size - 1);
  return range;
}

}  // namespace upcall::api
