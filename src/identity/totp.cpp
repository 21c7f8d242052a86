#include "identity/totp.hpp"

#include "base/percent.hpp"
#include "crypto/hmac.hpp"

namespace upcall::identity {
namespace {

constexpr std::string_view kBase32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
// Crockford's letters and digits: no I, L, O, U.
constexpr std::string_view kRecovery = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t kRecoveryHalf = 5;

}  // namespace

std::string totp_code(Bytes secret, std::int64_t step) {
  std::array<std::uint8_t, 8> counter{};
  for (int i = 7; i >= 0; --i, step >>= 8) counter[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(step & 0xff);
  const auto mac = crypto::hmac_sha1(secret, counter);
  const std::size_t at = mac[19] & 15u;
  const std::uint32_t number = (std::uint32_t(mac[at] & 0x7fu) << 24) | (std::uint32_t(mac[at + 1]) << 16) | (std::uint32_t(mac[at + 2]) << 8) | mac[at + 3];
  std::string out = std::to_string(number % 1'000'000);
  return std::string(6 - out.size(), '0') + out;
}

std::int64_t totp_step(WallTime now) { return now.unix_ms() / 1000 / kTotpStepSeconds; }

std::optional<std::int64_t> match_totp(Bytes secret, std::string_view code, WallTime now) {
  std::optional<std::int64_t> out;
  for (std::int64_t step = totp_step(now) - 1; step <= totp_step(now) + 1; ++step) {
    if (crypto::constant_time_equal(as_bytes(std::string_view(totp_code(secret, step))), as_bytes(code))) out = step;
  }
  return out;
}

std::string to_base32(Bytes data) {
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  for (const std::uint8_t byte : data) {
    bits = (bits << 8) | byte;
    for (count += 8; count >= 5; count -= 5) out += kBase32[(bits >> (count - 5)) & 31];
  }
  if (count > 0) out += kBase32[(bits << (5 - count)) & 31];
  return out;
}

std::string otpauth_uri(std::string_view issuer, std::string_view account, Bytes secret) {
  return "otpauth://totp/" + percent_encode(issuer) + ":" + percent_encode(account) + "?secret=" + to_base32(secret) + "&issuer=" + percent_encode(issuer) +
         "&algorithm=SHA1&digits=6&period=30";
}

std::vector<std::string> make_recovery_codes(RandomSource& random) {
  std::vector<std::string> out;
  for (int n = 0; n < kRecoveryCodes; ++n) {
    std::string code;
    for (std::size_t i = 0; i < 2 * kRecoveryHalf; ++i) {
      if (i == kRecoveryHalf) code += '-';
      code += kRecovery[random.below(kRecovery.size())];
    }
    out.push_back(std::move(code));
  }
  return out;
}

std::optional<std::string> normal_recovery_code(std::string_view typed) {
  std::string out;
  if (typed.size() > 64) return std::nullopt;
  for (char c : typed) {
    if (c == ' ' || c == '-') continue;
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (c == 'O') c = '0';
    if (c == 'I' || c == 'L') c = '1';
    if (kRecovery.find(c) == std::string_view::npos) return std::nullopt;
    if (out.size() == kRecoveryHalf) out += '-';
    out += c;
  }
  if (out.size() != 2 * kRecoveryHalf + 1) return std::nullopt;
  return out;
}

}  // namespace upcall::identity
