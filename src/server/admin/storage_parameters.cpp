#include "server/admin/storage_parameters.hpp"

#include "io/store/parameter_repository.hpp"

namespace upcall::admin {

Result<StorageSettings> storage_settings(store::Database& db, store::Sealer& sealer) {
  Result<void> read;
  const auto value = [&](std::string_view name, std::string_view otherwise = "") -> std::string {
    auto found = store::parameters::get_or(db, name, otherwise);
    if (!found && read) read = tl::unexpected(found.error());
    return found && !found->empty() ? std::move(*found) : std::string(otherwise);
  };
  StorageSettings out;
  s3::Settings s;
  const std::string where = value("recordingObjectStore", "embedded");
  s.endpoint = value("recordingS3Endpoint");
  s.region = value("recordingS3Region", s.region);
  s.bucket = value("recordingS3Bucket");
  s.access_key_id = value("recordingS3AccessKeyId");
  s.virtual_host = value("recordingS3VirtualHost", "false") == "true";
  const std::string sealed = value("recordingS3SecretAccessKey"), encryption = value("recordingS3Encryption", "none");
  out.ca_file = value("recordingS3CaFile");
  if (!read) return tl::unexpected(read.error());
  if (where != "embedded" && where != "s3") return fail(ErrorCode::invalid_argument, "recordingObjectStore must be embedded or s3");
  out.write_to_s3 = where == "s3";
  if (!sealed.empty()) {
    const auto bytes = from_hex(sealed);
    auto secret = bytes ? sealer.unseal(kSecretAccessKeyPurpose, *bytes) : Result<ByteVector>(fail(ErrorCode::corrupt, ""));
    if (!secret) return fail(ErrorCode::corrupt, "recordingS3SecretAccessKey cannot be opened: set it anew");
    s.secret_access_key = std::string(as_text(*secret));
    crypto::wipe(*secret);
  }
  Result<void> fine = s3::set_encryption(s, encryption);
  if (fine) fine = s3::check(s);
  if (fine) out.s3 = std::move(s);
  if (!fine && out.write_to_s3) return tl::unexpected(fine.error());
  return out;
}

}  // namespace upcall::admin
