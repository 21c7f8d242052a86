// ES256 (ECDSA on P-256 with SHA-256, RFC 7518 §3.4) and the compact JWS (RFC 7515) that our tokens use.
//
// Only tokens that we signed ourselves are accepted, so a token's head is compared as a whole with the head of a known
// key and never parsed: another algorithm, "none", or an unknown key cannot be asked for (docs/adr/0002-jws.md).
// Keys are immutable; any thread may use them.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace upcall::crypto {

inline constexpr std::size_t kEs256SignatureSize = 64;  // r || s

class Es256PublicKey {
 public:
  // Affine coordinates, 32 bytes each (JWK members x and y); a point off the curve is refused.
  static ParseResult<Es256PublicKey> from_point(Bytes x, Bytes y);
  [[nodiscard]] bool verify(Bytes data, Bytes signature) const;
  // {"alg":"ES256","crv":"P-256","kid":…,"kty":"EC","use":"sig","x":…,"y":…}
  std::string jwk() const;
  // RFC 7638 thumbprint: the key's id.
  const std::string& kid() const { return kid_; }
  std::string x_base64url() const;
  std::string y_base64url() const;

 private:
  friend class Es256PrivateKey;
  Es256PublicKey() = default;
  std::shared_ptr<void> key_;  // EVP_PKEY
  ByteVector x_, y_;
  std::string kid_;
};

class Es256PrivateKey {
 public:
  static Es256PrivateKey generate();
  // PKCS #8 DER, as pkcs8() gives it.
  static ParseResult<Es256PrivateKey> from_pkcs8(Bytes der);
  ByteVector pkcs8() const;
  ByteVector sign(Bytes data) const;
  const Es256PublicKey& public_key() const { return public_; }

 private:
  Es256PrivateKey() = default;
  static ParseResult<Es256PrivateKey> adopt(std::shared_ptr<void> key);
  std::shared_ptr<void> key_;
  Es256PublicKey public_;
};

// head.payload.signature
std::string jws_sign(const Es256PrivateKey& key, std::string_view payload);

// The keys that tokens may be signed with: the present one and those retired but not yet expired. Copyable value.
class JwsVerifier {
 public:
  void add(const Es256PublicKey& key);
  // The payload's bytes. Claims (exp, iss, aud…) are the caller's to check. kMaxToken bounds the work.
  ParseResult<std::string> verify(std::string_view token) const;
  static constexpr std::size_t kMaxToken = 8192;
  // {"keys":[…]}
  std::string jwks() const;

 private:
  struct Known {
    std::string head;  // encoded
    Es256PublicKey key;
  };
  std::vector<Known> keys_;
};

}  // namespace upcall::crypto
