// How mails are sent and who else may log people in, by the parameters; secrets that `configure` seals.
#pragma once

#include <string>
#include <string_view>

#include "io/mail/mailer.hpp"
#include "io/store/database.hpp"
#include "io/store/sealer.hpp"
#include "service/identity/federation.hpp"

namespace upcall::admin {

// Under which purpose a secret parameter is sealed.
std::string secret_purpose(std::string_view parameter);
// The secret in clear; empty when it was never set.
Result<std::string> secret_parameter(store::Database& db, store::Sealer& sealer, std::string_view parameter);

Result<service::FederationSettings> federation_settings(store::Database& db, store::Sealer& sealer);
Result<mail::MailSettings> mail_settings(store::Database& db, store::Sealer& sealer, const std::string& data_dir);

}  // namespace upcall::admin
