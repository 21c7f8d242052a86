#include "server/admin/mail_parameters.hpp"

#include "io/store/parameter_repository.hpp"
#include "server/admin/stored_parameters.hpp"

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

Result<std::string> value_in(store::Database& db, std::string_view name) { return parameter_in_force(db, name); }

}  // namespace

Result<service::FederationSettings> federation_settings(store::Database& db, store::Sealer& sealer) {
  service::FederationSettings out;
  std::string trust, provision, switched, provider_url, provider_name;
  for (const auto& [name, place] : {std::pair{"federationIssuer", &out.issuer}, {"federationName", &out.name}, {"federationClientId", &out.client_id}, {"federationAllowedDomains", &out.allowed_domains},
                                    {"federationTrustEmail", &trust}, {"federationAutoProvision", &provision}, {"federationSecurityProfile", &out.profile},
                                    {"federationEmailClaim", &out.claims.email}, {"federationNameClaim", &out.claims.name}, {"cognitoSAMLEnabled", &switched},
                                    {"cognitoSAMLIdentityProviderURL", &provider_url}, {"cognitoSAMLIdentityProviderName", &provider_name}}) {
    auto text = value_in(db, name);
    if (!text) return tl::unexpected(text.error());
    *place = std::move(*text);
  }
  // Switched off, everything keeps its value, and there is no other log-in.
  out.issuer = parameters::federation_on(switched, out.issuer) ? parameters::federation_issuer(out.issuer, provider_url) : "";
  if (out.name.empty()) out.name = provider_name;
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
