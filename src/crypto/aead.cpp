#include "crypto/aead.hpp"

#include <openssl/evp.h>

#include "base/invariant.hpp"
#include "crypto/secret.hpp"

namespace upcall::crypto {

namespace {

EVP_CIPHER_CTX* evp(void* context) { return static_cast<EVP_CIPHER_CTX*>(context); }

// Fetched once for the life of the process: the implicit fetch of EVP_aes_*_gcm() costs a lock at every set-up.
const EVP_CIPHER* cipher_of(AeadAlgorithm algorithm) {
  static EVP_CIPHER* const aes128 = EVP_CIPHER_fetch(nullptr, "AES-128-GCM", nullptr);
  static EVP_CIPHER* const aes256 = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  return algorithm == AeadAlgorithm::aes_128_gcm ? aes128 : aes256;
}

}  // namespace

void Aead::Free::operator()(void* context) const { EVP_CIPHER_CTX_free(evp(context)); }

Aead::Context Aead::make(AeadAlgorithm algorithm, Bytes key, bool encrypt) {
  Context context(EVP_CIPHER_CTX_new());
  UPCALL_INVARIANT(context != nullptr, "out of memory");
  // 12 bytes is the mode's default nonce size.
  UPCALL_INVARIANT(EVP_CipherInit_ex(evp(context.get()), cipher_of(algorithm), nullptr, key.data(), nullptr,
                                     encrypt ? 1 : 0) == 1,
                   "AES-GCM is not available");
  return context;
}

Aead::Aead(AeadAlgorithm algorithm, Bytes key, AeadUse use) {
  UPCALL_INVARIANT(key.size() == aead_key_size(algorithm), "wrong key size");
  if (use != AeadUse::open_only) seal_ = make(algorithm, key, true);
  if (use != AeadUse::seal_only) open_ = make(algorithm, key, false);
}

Aead::Aead(Aead&&) noexcept = default;
Aead& Aead::operator=(Aead&&) noexcept = default;
Aead::~Aead() = default;

void Aead::seal(Bytes nonce, Bytes aad, Bytes plain, MutBytes cipher, MutBytes tag) {
  UPCALL_INVARIANT(seal_ != nullptr, "this key was set up for opening only");
  UPCALL_INVARIANT(nonce.size() == kAeadNonceSize && tag.size() == kAeadTagSize && cipher.size() == plain.size(),
                   "wrong size");
  EVP_CIPHER_CTX* const context = evp(seal_.get());
  int n = 0;
  bool ok = EVP_EncryptInit_ex(context, nullptr, nullptr, nullptr, nonce.data()) == 1;
  if (!aad.empty()) {
    ok = ok && EVP_EncryptUpdate(context, nullptr, &n, aad.data(), static_cast<int>(aad.size())) == 1;
  }
  if (!plain.empty()) {
    ok = ok && EVP_EncryptUpdate(context, cipher.data(), &n, plain.data(), static_cast<int>(plain.size())) == 1;
  }
  std::uint8_t none[kAeadTagSize];
  ok = ok && EVP_EncryptFinal_ex(context, none, &n) == 1 &&
       EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kAeadTagSize, tag.data()) == 1;
  UPCALL_INVARIANT(ok, "sealing failed");
}

bool Aead::open(Bytes nonce, Bytes aad, Bytes cipher, Bytes tag, MutBytes plain) {
  UPCALL_INVARIANT(open_ != nullptr, "this key was set up for sealing only");
  UPCALL_INVARIANT(nonce.size() == kAeadNonceSize && tag.size() == kAeadTagSize && cipher.size() == plain.size(),
                   "wrong size");
  EVP_CIPHER_CTX* const context = evp(open_.get());
  int n = 0;
  bool ok = EVP_DecryptInit_ex(context, nullptr, nullptr, nullptr, nonce.data()) == 1;
  if (!aad.empty()) {
    ok = ok && EVP_DecryptUpdate(context, nullptr, &n, aad.data(), static_cast<int>(aad.size())) == 1;
  }
  if (!cipher.empty()) {
    ok = ok && EVP_DecryptUpdate(context, plain.data(), &n, cipher.data(), static_cast<int>(cipher.size())) == 1;
  }
  UPCALL_INVARIANT(ok, "opening failed before the tag");
  std::uint8_t none[kAeadTagSize];
  if (EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kAeadTagSize, const_cast<std::uint8_t*>(tag.data())) == 1 &&
      EVP_DecryptFinal_ex(context, none, &n) == 1) {
    return true;
  }
  if (!plain.empty()) wipe(plain);  // nobody must read what was not authenticated
  return false;
}

}  // namespace upcall::crypto
