#include "crypto/rsa_verify.hpp"

#include <memory>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

namespace upcall::crypto {
namespace {

template <auto F>
struct FreeBy {
  template <class T>
  void operator()(T* p) const {
    F(p);
  }
};
template <class T, auto F>
using Handle = std::unique_ptr<T, FreeBy<F>>;

}  // namespace

bool rs256_verify(Bytes n, Bytes e, Bytes data, Bytes signature) {
  if (n.size() < 256 || n.size() > 1024 || n.front() == 0 || e.empty() || e.size() > 8) return false;
  const Handle<BIGNUM, BN_free> modulus(BN_bin2bn(n.data(), static_cast<int>(n.size()), nullptr)), exponent(BN_bin2bn(e.data(), static_cast<int>(e.size()), nullptr));
  if (!modulus || !exponent || BN_num_bits(modulus.get()) < 2048 || BN_is_odd(exponent.get()) != 1 || BN_get_word(exponent.get()) < 3) return false;
  const Handle<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free> build(OSSL_PARAM_BLD_new());
  if (OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) != 1 || OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) != 1) return false;
  const Handle<OSSL_PARAM, OSSL_PARAM_free> params(OSSL_PARAM_BLD_to_param(build.get()));
  const Handle<EVP_PKEY_CTX, EVP_PKEY_CTX_free> context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  EVP_PKEY* raw = nullptr;
  if (EVP_PKEY_fromdata_init(context.get()) != 1 || EVP_PKEY_fromdata(context.get(), &raw, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) return false;
  const Handle<EVP_PKEY, EVP_PKEY_free> key(raw);
  const Handle<EVP_MD_CTX, EVP_MD_CTX_free> digest(EVP_MD_CTX_new());
  return EVP_DigestVerifyInit(digest.get(), nullptr, EVP_sha256(), nullptr, key.get()) == 1 &&
         EVP_DigestVerify(digest.get(), signature.data(), signature.size(), data.data(), data.size()) == 1;
}

}  // namespace upcall::crypto
