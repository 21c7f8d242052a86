#include "crypto/password.hpp"

#include <sodium.h>

#include "base/invariant.hpp"

namespace upcall::crypto {
namespace {

constexpr unsigned long long kPasses = 2;
constexpr std::size_t kMemory = 19u << 20;

thread_local std::uint64_t work = 0;

void ready() {
  static const bool initialised = sodium_init() >= 0;
  UPCALL_INVARIANT(initialised, "libsodium cannot start");
}

Result<std::string> encode(std::string_view password) {
  ready();
  char out[crypto_pwhash_STRBYTES];
  ++work;
  if (crypto_pwhash_str_alg(out, password.data(), password.size(), kPasses, kMemory, crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return fail(ErrorCode::unavailable, "not enough memory to hash a password");
  }
  return std::string(out);
}

}  // namespace

Result<std::string> hash_password(std::string_view password) {
  if (password.size() < kPasswordMin || password.size() > kPasswordMax) {
    return fail(ErrorCode::invalid_argument, "a password has 8 to 256 bytes");
  }
  return encode(password);
}

bool verify_password(std::string_view encoded, std::string_view password) {
  ready();
  if (password.size() > kPasswordMax) return false;
  static const Result<std::string> nobody = encode("no user has this");
  const auto fits = [&](const char* text) {
    ++work;
    return crypto_pwhash_str_verify(text, password.data(), password.size()) == 0;
  };
  if (encoded.empty()) {
    static_cast<void>(nobody && fits(nobody->c_str()));  // only the time it took matters
    return false;
  }
  const std::string text(encoded);
  return text.size() < crypto_pwhash_STRBYTES && fits(text.c_str());
}

std::uint64_t password_work() { return work; }

}  // namespace upcall::crypto
