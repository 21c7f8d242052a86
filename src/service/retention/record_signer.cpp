#include "service/retention/record_signer.hpp"

#include "io/store/parameter_repository.hpp"

namespace upcall::service {

namespace {
constexpr std::string_view kParameter = "recordSigningKey", kPurpose = "record_signing_key";
}

Result<std::unique_ptr<RecordSigner>> RecordSigner::open(store::Store& store, store::Sealer& sealer, RandomSource& random) {
  auto sealed = store.write([&](store::Database& db) -> Result<std::string> {
    auto present = store::parameters::get(db, kParameter);
    if (!present) return tl::unexpected(present.error());
    if (*present) return **present;
    std::string made = to_base64(sealer.seal(kPurpose, crypto::Es256PrivateKey::generate().pkcs8(), random));
    if (auto done = store::parameters::set(db, kParameter, made); !done) return tl::unexpected(done.error());
    return made;
  });
  if (!sealed) return tl::unexpected(sealed.error());
  const auto bytes = from_base64(*sealed);
  if (!bytes) return fail(ErrorCode::corrupt, "the key that signs records cannot be read");
  auto pkcs8 = sealer.unseal(kPurpose, *bytes);
  if (!pkcs8) return tl::unexpected(pkcs8.error());
  auto key = crypto::Es256PrivateKey::from_pkcs8(*pkcs8);
  if (!key) return fail(ErrorCode::corrupt, "the key that signs records cannot be used");
  return std::unique_ptr<RecordSigner>(new RecordSigner(std::move(*key)));
}

std::string RecordSigner::sign(std::string_view json) const { return crypto::jws_sign(key_, json); }
ParseResult<std::string> RecordSigner::verified(std::string_view jws) const {
  crypto::JwsVerifier verifier;
  verifier.add(key_.public_key());
  return verifier.verify(jws);
}
std::string RecordSigner::public_jwk() const { return key_.public_key().jwk(); }

}  // namespace upcall::service
