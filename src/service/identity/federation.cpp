#include "service/identity/federation.hpp"

#include "base/ids.hpp"
#include "base/percent.hpp"
#include "crypto/hash.hpp"
#include "crypto/password.hpp"
#include "io/store/audit_repository.hpp"
#include "io/store/identity_repository.hpp"
#include "io/store/oauth_repository.hpp"
#include "io/store/parameter_repository.hpp"
#include "json/json.hpp"

namespace upcall::service {
namespace {

namespace bj = boost::json;

constexpr std::string_view kPurpose = "federation_state";
constexpr Duration kStateLife = Duration::s(600);
constexpr Duration kMetadataKept = Duration::s(3600);
constexpr Duration kKeysKept = Duration::s(600);
// A token with an unknown key asks for the keys again, but a flood of such tokens does not flood the provider.
constexpr Duration kKeysAtMostEvery = Duration::s(30);

tl::unexpected<Error> no_log_in(std::string why) { return fail(ErrorCode::unauthenticated, std::move(why)); }

}  // namespace

std::string Federation::name() {
  const auto settings = options_.settings();
  if (!settings || settings->issuer.empty() || settings->client_id.empty()) return {};
  return settings->name.empty() ? settings->issuer : settings->name;
}

Result<identity::ProviderMetadata> Federation::metadata(const FederationSettings& settings, WallTime now) {
  {
    const std::lock_guard lock(mutex_);
    if (metadata_ && metadata_->issuer == settings.issuer && now >= metadata_read_ && now - metadata_read_ < kMetadataKept) return *metadata_;
  }
  if (!identity::is_provider_address(settings.issuer)) return fail(ErrorCode::unavailable, "the provider's issuer is no https address");
  std::string base = settings.issuer;
  while (base.ends_with('/')) base.pop_back();
  auto text = options_.fetch({base + "/.well-known/openid-configuration", {}, {}});
  if (!text) return tl::unexpected(text.error());
  auto read = identity::parse_metadata(*text, settings.issuer);
  if (!read) return fail(ErrorCode::unavailable, "the provider's discovery document cannot be used");
  const std::lock_guard lock(mutex_);
  metadata_ = *read;
  metadata_read_ = now;
  return *read;
}

Result<Federation::Begun> Federation::begin(std::string_view authorize_query, std::string_view return_to, WallTime now) {
  auto settings = options_.settings();
  if (!settings) return tl::unexpected(settings.error());
  if (settings->issuer.empty() || settings->client_id.empty()) return fail(ErrorCode::not_found, "there is no other provider");
  auto provider = metadata(*settings, now);
  if (!provider) return tl::unexpected(provider.error());
  const std::string state = make_token(random_), nonce = make_token(random_), verifier = make_token(random_);
  const std::string kept = bj::serialize(bj::object{{"s", state}, {"n", nonce}, {"v", verifier}, {"i", settings->issuer}, {"q", authorize_query}, {"r", return_to}, {"e", (now + kStateLife).unix_ms()}});
  Begun out;
  out.cookie = to_base64url(sealer_.seal(kPurpose, as_bytes(std::string_view(kept)), random_));
  const std::string& endpoint = provider->authorization_endpoint;
  out.address = endpoint + (endpoint.find('?') == std::string::npos ? "?" : "&") + "response_type=code&scope=openid%20email%20profile&client_id=" + percent_encode(settings->client_id) +
                "&redirect_uri=" + percent_encode(options_.redirect_uri) + "&state=" + state + "&nonce=" + nonce +
                "&code_challenge_method=S256&code_challenge=" + to_base64url(crypto::sha256(as_bytes(std::string_view(verifier))));
  return out;
}

Result<std::string> Federation::verified(const std::string& token, const identity::ProviderMetadata& provider, WallTime now) {
  for (const bool fetch_first : {false, true}) {
    {
      const std::lock_guard lock(mutex_);
      const bool fresh = keys_of_ == provider.jwks_uri && now >= keys_read_ && now - keys_read_ < (fetch_first ? kKeysAtMostEvery : kKeysKept);
      if (fresh) {
        auto payload = identity::verify_jws(token, keys_);
        if (payload) return *payload;
        if (fetch_first || payload.error() != ParseError::bad_integrity) break;
        continue;
      }
    }
    auto text = options_.fetch({provider.jwks_uri, {}, {}});
    if (!text) return tl::unexpected(text.error());
    auto keys = identity::parse_jwks(*text);
    if (!keys) return fail(ErrorCode::unavailable, "the provider's keys cannot be read");
    const std::lock_guard lock(mutex_);
    keys_ = std::move(*keys);
    keys_of_ = provider.jwks_uri;
    keys_read_ = now;
    auto payload = identity::verify_jws(token, keys_);
    if (payload) return *payload;
    break;
  }
  return no_log_in("the id token's signature is not the provider's");
}

Result<Federation::Finished> Federation::finish(const Answer& answer, WallTime now) {
  const auto sealed = answer.cookie.size() <= 16384 ? from_base64url(answer.cookie) : fail(ParseError::too_long);
  if (!sealed) return no_log_in("no log-in was begun with this browser");
  auto plain = sealer_.unseal(kPurpose, *sealed);
  const auto kept = plain ? json::parse_object(as_text(*plain)) : fail(ParseError::bad_integrity);
  if (!kept) return no_log_in("no log-in was begun with this browser");
  const std::string state = json::text_or(*kept, "s");
  if (state.empty() || !crypto::constant_time_equal(as_bytes(std::string_view(state)), as_bytes(std::string_view(answer.state)))) return no_log_in("the answer is for another log-in");
  if (json::integer_at(*kept, "e").value_or(0) <= now.unix_ms()) return no_log_in("the log-in took too long");
  auto settings = options_.settings();
  if (!settings) return tl::unexpected(settings.error());
  // RFC 9207: whose answer it is, where the provider says so.
  if (settings->issuer != json::text_or(*kept, "i") || (!answer.issuer.empty() && answer.issuer != settings->issuer)) return no_log_in("the answer comes from another provider");
  if (answer.code.empty() || answer.code.size() > 4096) return no_log_in("the provider gave no code");
  auto provider = metadata(*settings, now);
  if (!provider) return tl::unexpected(provider.error());
  FetchRequest exchange{provider->token_endpoint,
                        "grant_type=authorization_code&code=" + percent_encode(answer.code) + "&redirect_uri=" + percent_encode(options_.redirect_uri) + "&code_verifier=" + json::text_or(*kept, "v") +
                            "&client_id=" + percent_encode(settings->client_id),
                        {}};
  // RFC 6749 §2.3.1: both are form-encoded first.
  if (!settings->client_secret.empty()) {
    const std::string pair = percent_encode(settings->client_id) + ":" + percent_encode(settings->client_secret);
    exchange.authorization = "Basic " + to_base64(as_bytes(std::string_view(pair)));
  }
  auto text = options_.fetch(exchange);
  if (!text) return tl::unexpected(text.error());
  const auto tokens = json::parse_object(*text, 64 << 10);
  const std::string id_token = tokens ? json::text_or(*tokens, "id_token") : "";
  if (id_token.empty()) return no_log_in("the provider gave no id token");
  auto payload = verified(id_token, *provider, now);
  if (!payload) return tl::unexpected(payload.error());
  auto who = identity::read_id_token(*payload, settings->issuer, settings->client_id, json::text_or(*kept, "n"), settings->claims, now);
  if (!who) return tl::unexpected(who.error());
  auto user = account_of(*who, *settings, now);
  if (!user) return tl::unexpected(user.error());
  return Finished{std::move(*user), json::text_or(*kept, "q"), json::text_or(*kept, "r")};
}

Result<std::string> Federation::account_of(const identity::ExternalIdentity& who, const FederationSettings& settings, WallTime now) {
  std::string why;  // for the audit
  auto found = store_.write([&](store::Database& db) -> Result<std::string> {
    auto linked = store::federated::user_of(db, who.issuer, who.subject);
    if (!linked) return tl::unexpected(linked.error());
    std::string user_id = linked->value_or("");
    if (user_id.empty()) {
      if (!who.email_verified && !settings.trust_email) why = "the e-mail address is not verified";
      else if (!identity::domain_allowed(who.email, settings.allowed_domains)) why = "the domain is not allowed";
      if (!why.empty()) return std::string();
      auto user = store::users::find_email(db, who.email);
      if (!user) return tl::unexpected(user.error());
      if (*user) {
        auto other = store::federated::is_linked(db, who.issuer, (*user)->id);
        if (!other) return tl::unexpected(other.error());
        if (*other) why = "the user is linked to somebody else of this provider";
        else if ((*user)->disabled) why = "the user is disabled";
        if (!why.empty()) return std::string();
        user_id = (*user)->id;
      } else if (settings.provision) {
        auto profile = store::security_profiles::find_name(db, settings.profile);
        if (!profile) return tl::unexpected(profile.error());
        auto routing = store::parameters::get_or(db, "defaultRoutingProfileId", "");
        if (!routing) return tl::unexpected(routing.error());
        if (!*profile) {
          why = "there is no profile for new users";
          return std::string();
        }
        store::User fresh;
        fresh.id = make_uuid(random_);
        fresh.username = fresh.email = who.email;
        fresh.name = who.name.empty() ? who.email : who.name;
        fresh.password_hash = "";  // no password fits it
        fresh.routing_profile_id = *routing;
        fresh.created = now;
        fresh.security_profile_ids = {(*profile)->id};
        if (auto done = store::users::insert(db, fresh); !done) return tl::unexpected(done.error());
        if (auto done = store::audit::add(db, {now, "federation", "user.added", fresh.id, "by " + who.issuer}); !done) return tl::unexpected(done.error());
        user_id = fresh.id;
      } else {
        why = "nobody has this e-mail address";
        return std::string();
      }
      if (auto done = store::federated::link(db, who.issuer, who.subject, user_id, now); !done) return tl::unexpected(done.error());
      if (auto done = store::audit::add(db, {now, user_id, "federation.linked", user_id, "to " + who.issuer}); !done) return tl::unexpected(done.error());
    }
    auto user = store::users::find(db, user_id);
    if (!user) return tl::unexpected(user.error());
    if (!*user || (*user)->disabled) {
      why = "the user is disabled";
      return std::string();
    }
    return user_id;
  });
  if (!found) return found;
  if (!found->empty()) return found;
  auto noted = store_.write([&](store::Database& db) { return store::audit::add(db, {now, "anonymous", "login.failed", "federation", why}); });
  if (!noted) return tl::unexpected(noted.error());
  return fail(ErrorCode::forbidden, "There is no account for you here. Ask your administrator.");
}

}  // namespace upcall::service
