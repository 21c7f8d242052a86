// The self-signed certificate of a process and fingerprints as SDP carries them (RFC 8122).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/time.hpp"

namespace upcall::dtls {

// SHA-256 over the DER form of a certificate; other hashes are not offered and not accepted.
struct Fingerprint {
  std::array<std::uint8_t, 32> value{};
  bool operator==(const Fingerprint&) const = default;

  // "4A:AD:...": the part of a=fingerprint after "sha-256 ".
  std::string text() const;
  // `algorithm` in any case; unsupported when it is not sha-256, malformed when the text is not 32 hex pairs.
  static ParseResult<Fingerprint> parse(std::string_view algorithm, std::string_view text);
};

// P-256 key and certificate, valid from a day before `now` for a year (peers compare the fingerprint only). Immutable;
// copies share it; any thread.
class DtlsCertificate {
 public:
  static Result<DtlsCertificate> make(WallTime now);

  const Fingerprint& fingerprint() const { return fingerprint_; }

  // For DtlsContext: X509* and EVP_PKEY*.
  void* x509() const { return x509_.get(); }
  void* private_key() const { return key_.get(); }

 private:
  std::shared_ptr<void> x509_;
  std::shared_ptr<void> key_;
  Fingerprint fingerprint_;
};

}  // namespace upcall::dtls
