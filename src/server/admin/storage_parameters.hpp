// Where recordings are kept, as the parameters say it (docs/guides/storage.md). The secret is sealed in the store and never
// leaves this room but in the settings.
#pragma once

#include <optional>
#include <string>

#include "io/store/database.hpp"
#include "io/store/sealer.hpp"
#include "s3/settings.hpp"

namespace upcall::admin {

inline constexpr std::string_view kSecretAccessKeyPurpose = "parameters/recordingS3SecretAccessKey";

struct StorageSettings {
  bool write_to_s3 = false;         // recordingObjectStore is "s3"
  std::optional<s3::Settings> s3;   // checked; also set while new recordings stay here: older ones may lie in the bucket
  std::string ca_file;              // of authorities to trust instead of the system's
};

// Errors: invalid_argument (s3 is chosen, but a setting is missing or cannot be right), corrupt (the sealed secret).
Result<StorageSettings> storage_settings(store::Database& db, store::Sealer& sealer);

}  // namespace upcall::admin
