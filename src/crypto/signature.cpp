#include "crypto/signature.hpp"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/x509.h>

#include "base/invariant.hpp"
#include "crypto/hash.hpp"

namespace upcall::crypto {
namespace {

constexpr std::size_t kCoordinate = 32;

EVP_PKEY* pkey(const std::shared_ptr<void>& key) { return static_cast<EVP_PKEY*>(key.get()); }
std::shared_ptr<void> own(EVP_PKEY* key) {
  return {key, [](void* k) { EVP_PKEY_free(static_cast<EVP_PKEY*>(k)); }};
}

template <auto F>
struct FreeBy {
  template <class T>
  void operator()(T* p) const {
    F(p);
  }
};
template <class T, auto F>
using Handle = std::unique_ptr<T, FreeBy<F>>;

ByteVector coordinate(EVP_PKEY* key, const char* name) {
  BIGNUM* raw = nullptr;
  UPCALL_INVARIANT(EVP_PKEY_get_bn_param(key, name, &raw) == 1, "an EC key without coordinates");
  const Handle<BIGNUM, BN_free> number(raw);
  ByteVector out(kCoordinate);
  UPCALL_INVARIANT(BN_bn2binpad(number.get(), out.data(), kCoordinate) == static_cast<int>(kCoordinate), "not a P-256 key");
  return out;
}

std::string thumbprint(Bytes x, Bytes y) {
  const std::string canonical =
      R"({"crv":"P-256","kty":"EC","x":")" + to_base64url(x) + R"(","y":")" + to_base64url(y) + R"("})";
  return to_base64url(sha256(as_bytes(canonical)));
}

std::string head_of(const std::string& kid) {
  return to_base64url(as_bytes(R"({"alg":"ES256","kid":")" + kid + R"(","typ":"JWT"})"));
}

// JOSE wants r || s, OpenSSL speaks DER.
ByteVector from_der(Bytes der) {
  const unsigned char* at = der.data();
  const Handle<ECDSA_SIG, ECDSA_SIG_free> sig(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  UPCALL_INVARIANT(sig != nullptr, "OpenSSL gave a signature that it cannot read");
  ByteVector out(kEs256SignatureSize);
  BN_bn2binpad(ECDSA_SIG_get0_r(sig.get()), out.data(), kCoordinate);
  BN_bn2binpad(ECDSA_SIG_get0_s(sig.get()), out.data() + kCoordinate, kCoordinate);
  return out;
}

ByteVector to_der(Bytes rs) {
  const Handle<ECDSA_SIG, ECDSA_SIG_free> sig(ECDSA_SIG_new());
  ECDSA_SIG_set0(sig.get(), BN_bin2bn(rs.data(), kCoordinate, nullptr), BN_bin2bn(rs.data() + kCoordinate, kCoordinate, nullptr));
  ByteVector out(static_cast<std::size_t>(i2d_ECDSA_SIG(sig.get(), nullptr)));
  unsigned char* at = out.data();
  i2d_ECDSA_SIG(sig.get(), &at);
  return out;
}

}  // namespace

ParseResult<Es256PublicKey> Es256PublicKey::from_point(Bytes x, Bytes y) {
  if (x.size() != kCoordinate || y.size() != kCoordinate) return fail(ParseError::malformed);
  ByteVector point{0x04};
  point.insert(point.end(), x.begin(), x.end());
  point.insert(point.end(), y.begin(), y.end());
  const Handle<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free> build(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(build.get(), OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0);
  OSSL_PARAM_BLD_push_octet_string(build.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size());
  const Handle<OSSL_PARAM, OSSL_PARAM_free> params(OSSL_PARAM_BLD_to_param(build.get()));
  const Handle<EVP_PKEY_CTX, EVP_PKEY_CTX_free> context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* raw = nullptr;
  if (EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &raw, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
    return fail(ParseError::malformed);
  }
  Es256PublicKey out;
  out.key_ = own(raw);
  out.x_.assign(x.begin(), x.end());
  out.y_.assign(y.begin(), y.end());
  out.kid_ = thumbprint(x, y);
  return out;
}

bool Es256PublicKey::verify(Bytes data, Bytes signature) const {
  if (signature.size() != kEs256SignatureSize) return false;
  const ByteVector der = to_der(signature);
  const Handle<EVP_MD_CTX, EVP_MD_CTX_free> context(EVP_MD_CTX_new());
  return EVP_DigestVerifyInit(context.get(), nullptr, EVP_sha256(), nullptr, pkey(key_)) == 1 &&
         EVP_DigestVerify(context.get(), der.data(), der.size(), data.data(), data.size()) == 1;
}

std::string Es256PublicKey::x_base64url() const { return to_base64url(x_); }
std::string Es256PublicKey::y_base64url() const { return to_base64url(y_); }

std::string Es256PublicKey::jwk() const {
  return R"({"alg":"ES256","crv":"P-256","kid":")" + kid_ + R"(","kty":"EC","use":"sig","x":")" + x_base64url() +
         R"(","y":")" + y_base64url() + R"("})";
}

ParseResult<Es256PrivateKey> Es256PrivateKey::adopt(std::shared_ptr<void> key) {
  char group[32] = {};
  if (EVP_PKEY_get_base_id(pkey(key)) != EVP_PKEY_EC || EVP_PKEY_get_group_name(pkey(key), group, sizeof group, nullptr) != 1 ||
      std::string_view(group) != "prime256v1") {
    return fail(ParseError::unsupported);
  }
  auto point = Es256PublicKey::from_point(coordinate(pkey(key), OSSL_PKEY_PARAM_EC_PUB_X), coordinate(pkey(key), OSSL_PKEY_PARAM_EC_PUB_Y));
  if (!point) return fail(point.error());
  Es256PrivateKey out;
  out.key_ = std::move(key);
  out.public_ = std::move(*point);
  return out;
}

Es256PrivateKey Es256PrivateKey::generate() {
  EVP_PKEY* raw = EVP_EC_gen("P-256");
  UPCALL_INVARIANT(raw != nullptr, "OpenSSL cannot make a P-256 key");
  auto made = adopt(own(raw));
  UPCALL_INVARIANT(made.has_value(), "a fresh P-256 key is not one");
  return std::move(*made);
}

ParseResult<Es256PrivateKey> Es256PrivateKey::from_pkcs8(Bytes der) {
  const unsigned char* at = der.data();
  const Handle<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free> info(
      d2i_PKCS8_PRIV_KEY_INFO(nullptr, &at, static_cast<long>(der.size())));
  if (!info) return fail(ParseError::malformed);
  EVP_PKEY* raw = EVP_PKCS82PKEY(info.get());
  if (raw == nullptr) return fail(ParseError::malformed);
  return adopt(own(raw));
}

ByteVector Es256PrivateKey::pkcs8() const {
  const Handle<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free> info(EVP_PKEY2PKCS8(pkey(key_)));
  UPCALL_INVARIANT(info != nullptr, "a private key that cannot be written");
  ByteVector out(static_cast<std::size_t>(i2d_PKCS8_PRIV_KEY_INFO(info.get(), nullptr)));
  unsigned char* at = out.data();
  i2d_PKCS8_PRIV_KEY_INFO(info.get(), &at);
  return out;
}

ByteVector Es256PrivateKey::sign(Bytes data) const {
  const Handle<EVP_MD_CTX, EVP_MD_CTX_free> context(EVP_MD_CTX_new());
  std::size_t size = 0;
  bool ok = EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, pkey(key_)) == 1 &&
            EVP_DigestSign(context.get(), nullptr, &size, data.data(), data.size()) == 1;
  ByteVector der(size);
  ok = ok && EVP_DigestSign(context.get(), der.data(), &size, data.data(), data.size()) == 1;
  UPCALL_INVARIANT(ok, "signing failed");
  return from_der(Bytes(der).first(size));
}

std::string jws_sign(const Es256PrivateKey& key, std::string_view payload) {
  std::string token = head_of(key.public_key().kid()) + "." + to_base64url(as_bytes(payload));
  token += "." + to_base64url(key.sign(as_bytes(token)));
  return token;
}

void JwsVerifier::add(const Es256PublicKey& key) { keys_.push_back({head_of(key.kid()), key}); }

ParseResult<std::string> JwsVerifier::verify(std::string_view token) const {
  if (token.size() > kMaxToken) return fail(ParseError::too_long);
  const std::size_t first = token.find('.');
  const std::size_t last = token.rfind('.');
  if (first == std::string_view::npos || last == first || token.find('.', first + 1) != last) return fail(ParseError::malformed);
  const std::string_view head = token.substr(0, first);
  for (const Known& known : keys_) {
    if (known.head != head) continue;
    auto signature = from_base64url(token.substr(last + 1));
    if (!signature) return fail(ParseError::malformed);
    if (!known.key.verify(as_bytes(token.substr(0, last)), *signature)) return fail(ParseError::bad_integrity);
    auto payload = from_base64url(token.substr(first + 1, last - first - 1));
    if (!payload) return fail(ParseError::malformed);
    return std::string(as_text(*payload));
  }
  return fail(ParseError::unsupported);
}

std::string JwsVerifier::jwks() const {
  std::string out = R"({"keys":[)";
  for (const Known& known : keys_) {
    if (out.back() != '[') out += ',';
    out += known.key.jwk();
  }
  return out + "]}";
}

}  // namespace upcall::crypto
