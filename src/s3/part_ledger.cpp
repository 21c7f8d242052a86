#include "s3/part_ledger.hpp"

#include <algorithm>

namespace upcall::s3 {

namespace {

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); });
}

constexpr std::size_t kMd5Digits = 2 * crypto::kMd5Size;

}  // namespace

bool is_md5_etag(std::string_view etag, std::string_view encryption) {
  return etag.size() == kMd5Digits && is_hex(etag) && !encryption.starts_with("aws:kms");
}

void PartLedger::put(std::uint32_t number, std::uint64_t size, std::string etag, bool md5_checked) {
  parts_[number] = {size, std::move(etag), md5_checked};
}

Result<void> PartLedger::check_complete() const {
  if (parts_.empty() || parts_.begin()->first != 1 || parts_.rbegin()->first != parts_.size()) {
    return fail(ErrorCode::invalid_argument, "the parts of the upload have a gap");
  }
  return {};
}

std::vector<PartRow> PartLedger::rows() const {
  std::vector<PartRow> out;
  for (const auto& [number, part] : parts_) out.push_back({number, part.size, part.etag});
  return out;
}

std::uint64_t PartLedger::size() const {
  std::uint64_t out = 0;
  for (const auto& [number, part] : parts_) out += part.size;
  return out;
}

std::string PartLedger::expected_etag() const {
  ByteVector digests;
  for (const auto& [number, part] : parts_) {
    const auto digest = from_hex(part.etag);
    if (!part.md5_checked || !digest) return {};
    digests.insert(digests.end(), digest->begin(), digest->end());
  }
  return to_hex(crypto::md5(digests)) + "-" + std::to_string(parts_.size());
}

bool PartLedger::contradicts(std::string_view etag) const {
  const std::string expected = expected_etag();
  if (expected.empty() || etag == expected) return false;
  const std::size_t dash = etag.find('-');
  return dash == kMd5Digits && is_hex(etag.substr(0, dash));
}

}  // namespace upcall::s3
