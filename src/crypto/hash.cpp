// The low-level SHA functions are deprecated in favour of EVP, but an EVP MAC costs about 140 ns more per packet and
// its contexts allocate (measured). The states are plain structs, so copying them is defined.
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/hash.hpp"

#include <openssl/crypto.h>
#include <openssl/md5.h>
#include <openssl/sha.h>

#include "crypto/secret.hpp"

namespace upcall::crypto {

static_assert(sizeof(SHA256_CTX) == 112 && alignof(SHA256_CTX) <= 8);
static_assert(sizeof(SHA_CTX) == 96 && alignof(SHA_CTX) <= 8);

namespace {
template <class Ctx, class Storage>
Ctx* ctx(Storage& storage) {
  return reinterpret_cast<Ctx*>(storage.data());
}
}  // namespace

void wipe(MutBytes memory) { OPENSSL_cleanse(memory.data(), memory.size()); }

bool constant_time_equal(Bytes a, Bytes b) {
  return a.size() == b.size() && (a.empty() || CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0);
}

Sha1Digest sha1(Bytes data) { return Sha1().update(data).finish(); }
Sha256Digest sha256(Bytes data) { return Sha256().update(data).finish(); }

Md5Digest md5(Bytes data) {
  Md5Digest out;
  MD5(data.data(), data.size(), out.data());
  return out;
}

Sha256::Sha256() { SHA256_Init(ctx<SHA256_CTX>(state_)); }
Sha256::~Sha256() { wipe(state_); }

Sha256& Sha256::update(Bytes data) {
  SHA256_Update(ctx<SHA256_CTX>(state_), data.data(), data.size());
  return *this;
}

Sha256Digest Sha256::finish() {
  Sha256Digest out;
  SHA256_Final(out.data(), ctx<SHA256_CTX>(state_));
  SHA256_Init(ctx<SHA256_CTX>(state_));
  return out;
}

Sha1::Sha1() { SHA1_Init(ctx<SHA_CTX>(state_)); }
Sha1::~Sha1() { wipe(state_); }

Sha1& Sha1::update(Bytes data) {
  SHA1_Update(ctx<SHA_CTX>(state_), data.data(), data.size());
  return *this;
}

Sha1Digest Sha1::finish() {
  Sha1Digest out;
  SHA1_Final(out.data(), ctx<SHA_CTX>(state_));
  SHA1_Init(ctx<SHA_CTX>(state_));
  return out;
}

}  // namespace upcall::crypto
