#include "rtc/dtls/certificate.hpp"

#include <algorithm>

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/x509.h>

#include "base/bytes.hpp"

namespace upcall::dtls {

namespace {

constexpr std::int64_t kDayS = 86'400;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool fill_in(X509* x509, EVP_PKEY* key, std::int64_t now_s) {
  std::uint8_t serial[8];
  if (RAND_bytes(serial, sizeof serial) != 1) return false;
  serial[0] &= 0x7f;
  std::uint64_t serial_number = 0;
  for (const std::uint8_t b : serial) serial_number = serial_number << 8 | b;
  X509_NAME* const name = X509_get_subject_name(x509);
  // A neutral name: the certificate is seen by everybody on the path.
  const auto* common_name = reinterpret_cast<const unsigned char*>("WebRTC");
  return X509_set_version(x509, 2) == 1 && ASN1_INTEGER_set_uint64(X509_get_serialNumber(x509), serial_number) == 1 &&
         ASN1_TIME_set(X509_getm_notBefore(x509), static_cast<time_t>(now_s - kDayS)) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(x509), static_cast<time_t>(now_s + 365 * kDayS)) != nullptr &&
         X509_set_pubkey(x509, key) == 1 &&
         X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, common_name, -1, -1, 0) == 1 &&
         X509_set_issuer_name(x509, name) == 1 && X509_sign(x509, key, EVP_sha256()) > 0;
}

}  // namespace

std::string Fingerprint::text() const {
  std::string hex = to_hex(value);
  std::string out;
  for (std::size_t i = 0; i < hex.size(); i += 2) {
    if (i > 0) out.push_back(':');
    for (std::size_t k = i; k < i + 2; ++k) {
      out.push_back(hex[k] >= 'a' ? static_cast<char>(hex[k] - 'a' + 'A') : hex[k]);
    }
  }
  return out;
}

ParseResult<Fingerprint> Fingerprint::parse(std::string_view algorithm, std::string_view text) {
  constexpr std::string_view kSha256 = "sha-256";
  const bool same = std::equal(algorithm.begin(), algorithm.end(), kSha256.begin(), kSha256.end(),
                               [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; });
  if (!same) return fail(ParseError::unsupported);
  Fingerprint out;
  if (text.size() != out.value.size() * 3 - 1) return fail(ParseError::malformed);
  for (std::size_t i = 0; i < out.value.size(); ++i) {
    const int high = hex_digit(text[3 * i]), low = hex_digit(text[3 * i + 1]);
    if (high < 0 || low < 0 || (i + 1 < out.value.size() && text[3 * i + 2] != ':')) return fail(ParseError::malformed);
    out.value[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return out;
}

Result<DtlsCertificate> DtlsCertificate::make(WallTime now) {
  DtlsCertificate out;
  out.key_ = std::shared_ptr<void>(EVP_EC_gen("P-256"), [](void* p) { EVP_PKEY_free(static_cast<EVP_PKEY*>(p)); });
  out.x509_ = std::shared_ptr<void>(X509_new(), [](void* p) { X509_free(static_cast<X509*>(p)); });
  auto* const x509 = static_cast<X509*>(out.x509_.get());
  auto* const key = static_cast<EVP_PKEY*>(out.key_.get());
  unsigned size = 0;
  if (x509 == nullptr || key == nullptr || !fill_in(x509, key, now.unix_ms() / 1000) ||
      X509_digest(x509, EVP_sha256(), out.fingerprint_.value.data(), &size) != 1 ||
      size != out.fingerprint_.value.size()) {
    return fail(ErrorCode::unavailable, "OpenSSL could not make a P-256 certificate");
  }
  return out;
}

}  // namespace upcall::dtls
