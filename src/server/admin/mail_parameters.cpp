#include "server/admin/mail_parameters.hpp"

#include "io/store/parameter_repository.hpp"
#include "server/admin/parameter_table.hpp"

namespace upcall::admin {

std::string secret_purpose(std::string_view parameter) { return "parameters/" + std::string(parameter); }

Result<std::string> secret_parameter(store::Database& db, store::Sealer& sealer, std::string_view parameter) {
  auto stored = store::parameters::get_or(db, parameter, "");
  if (!stored || stored->empty()) return stored;
  const auto sealed = from_hex(*stored);
  if (!sealed) return fail(ErrorCode::corrupt, "a stored secret is damaged");
  auto plain = sealer.unseal(secret_purpose(parameter), *sealed);
  if (!plain) return tl::unexpected(plain.error());
  return std::string(as_text(*plain));
}

namespace {

Result<std::string> value_in(store::Database& db, std::string_view name) {
  auto stored = store::parameters::get_or(db, name, "");
  if (stored && stored->empty()) return std::string(find_parameter(name)->fallback);
  return stored;
}

}  // namespace

Result<service::FederationSettings> federation_settings(store::Database& db, store::Sealer& sealer) {
  service::FederationSettings out;
  std::string trust, provision;
  for (const auto& [name, place] : {std::pair{"federationIssuer", &out.issuer}, {"federationName", &out.name}, {"federationClientId", &out.client_id}, {"federationAllowedDomains", &out.allowed_domains},
                                    {"federationTrustEmail", &trust}, {"federationAutoProvision", &provision}, {"federationSecurityProfile", &out.profile},
                                    {"federationEmailClaim", &out.claims.email}, {"federationNameClaim", &out.claims.name}}) {
    auto text = value_in(db, name);
    if (!text) return tl::unexpected(text.error());
    *place = std::move(*text);
  }
  out.trust_email = trust == "true";
  out.provision = provision == "true";
  auto secret = secret_parameter(db, sealer, "federationClientSecret");
  if (!secret) return tl::unexpected(secret.error());
  out.client_secret = std::move(*secret);
  return out;
}

Result<mail::MailSettings> mail_settings(store::Database& db, store::Sealer& sealer, const std::string& data_dir) {
  const auto value = [&](std::string_view name) { return value_in(db, name); };
  mail::MailSettings out;
  out.folder = data_dir + "/mail";
  auto method = value("mailMethod");
  if (!method) return tl::unexpected(method.error());
  out.smtp = *method == "smtp";
  for (const auto& [name, place] : {std::pair{"mailFrom", &out.from}, {"smtpURL", &out.url}, {"smtpUsername", &out.username}, {"smtpCaFile", &out.ca_file}}) {
    auto text = value(name);
    if (!text) return tl::unexpected(text.error());
    *place = std::move(*text);
  }
  auto password = secret_parameter(db, sealer, "smtpPassword");
  if (!password) return tl::unexpected(password.error());
  out.password = std::move(*password);
  if (out.smtp && !out.url.starts_with("smtp://") && !out.url.starts_with("smtps://")) return fail(ErrorCode::invalid_argument, "smtpURL must be smtp://HOST:PORT or smtps://HOST:PORT");
  return out;
}

}  // namespace upcall::admin
