#include "server/admin/storage_parameters.hpp"

#include "crypto/secret.hpp"
#include "server/admin/stored_parameters.hpp"

namespace upcall::admin {

Result<StorageSettings> storage_settings(store::Database& db, store::Sealer& sealer) {
  auto own = own_parameters(db, sealer);
  if (!own) return tl::unexpected(own.error());
  StorageSettings out;
  const std::string where = (*own)["recordingObjectStore"];
  if (!where.empty() && where != "embedded" && where != "s3") return fail(ErrorCode::invalid_argument, "recordingObjectStore must be embedded or s3");
  out.write_to_s3 = where == "s3";
  out.ca_file = (*own)["recordingS3CaFile"];
  if ((*own)["recordingS3SecretAccessKey"] == kUnreadable) return fail(ErrorCode::corrupt, "recordingS3SecretAccessKey cannot be opened: set it anew");
  auto settings = parameters::s3_settings(*own);
  if (settings) out.s3 = std::move(*settings);
  if (!settings && out.write_to_s3) return tl::unexpected(settings.error());
  return out;
}

}  // namespace upcall::admin
