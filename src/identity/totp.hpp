// Time-based one-time passwords (RFC 6238: SHA-1, six digits, 30 s), as authenticator apps make them, and the texts that
// people get: base32 secrets, the address in the QR picture, recovery codes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/rng.hpp"
#include "base/time.hpp"

namespace upcall::identity {

inline constexpr std::size_t kTotpSecretSize = 20;
inline constexpr std::int64_t kTotpStepSeconds = 30;
inline constexpr int kRecoveryCodes = 10;

// RFC 4226 §5.3, of a counter; six digits with leading zeros.
std::string totp_code(Bytes secret, std::int64_t step);
std::int64_t totp_step(WallTime now);
// The step whose code this is: the present one, the one before or the one after. Each is compared, in the same time.
std::optional<std::int64_t> match_totp(Bytes secret, std::string_view code, WallTime now);

// RFC 4648 §6, without padding.
std::string to_base32(Bytes data);
// otpauth://totp/…, what the QR picture holds.
std::string otpauth_uri(std::string_view issuer, std::string_view account, Bytes secret);

// "ABCDE-FGHJK": 50 random bits each, without characters that look alike.
std::vector<std::string> make_recovery_codes(RandomSource& random);
// As it was made: upper case, with the hyphen, whatever the person typed between. Nothing: it cannot be one.
std::optional<std::string> normal_recovery_code(std::string_view typed);

}  // namespace upcall::identity
