#include "crypto/aes_ctr.hpp"

#include <openssl/evp.h>

#include "base/invariant.hpp"

namespace upcall::crypto {

namespace {
EVP_CIPHER_CTX* evp(void* context) { return static_cast<EVP_CIPHER_CTX*>(context); }
}  // namespace

void AesCtr::Free::operator()(void* context) const { EVP_CIPHER_CTX_free(evp(context)); }

AesCtr::AesCtr(Bytes key) : context_(EVP_CIPHER_CTX_new()) {
  UPCALL_INVARIANT(key.size() == 16 || key.size() == 32, "wrong key size");
  UPCALL_INVARIANT(context_ != nullptr, "out of memory");
  static EVP_CIPHER* const aes128 = EVP_CIPHER_fetch(nullptr, "AES-128-CTR", nullptr);
  static EVP_CIPHER* const aes256 = EVP_CIPHER_fetch(nullptr, "AES-256-CTR", nullptr);
  UPCALL_INVARIANT(EVP_EncryptInit_ex(evp(context_.get()), key.size() == 16 ? aes128 : aes256, nullptr, key.data(),
                                      nullptr) == 1,
                   "AES-CTR is not available");
}

AesCtr::AesCtr(AesCtr&&) noexcept = default;
AesCtr& AesCtr::operator=(AesCtr&&) noexcept = default;
AesCtr::~AesCtr() = default;

void AesCtr::apply(Bytes iv, MutBytes text) {
  UPCALL_INVARIANT(iv.size() == kAesBlockSize, "wrong counter block size");
  int n = 0;
  UPCALL_INVARIANT(EVP_EncryptInit_ex(evp(context_.get()), nullptr, nullptr, nullptr, iv.data()) == 1 &&
                       (text.empty() || EVP_EncryptUpdate(evp(context_.get()), text.data(), &n, text.data(),
                                                          static_cast<int>(text.size())) == 1),
                   "counter mode failed");
}

}  // namespace upcall::crypto
