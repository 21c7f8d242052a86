// Passwords, lock-outs, second factors, clients of the log-in, keys of tokens.
#include <algorithm>

#include "base/ids.hpp"
#include "base/wall_text.hpp"
#include "crypto/password.hpp"
#include "crypto/signature.hpp"
#include "identity/redirect.hpp"
#include "io/store/audit_repository.hpp"
#include "io/store/credential_repository.hpp"
#include "io/store/identity_repository.hpp"
#include "io/store/login_repository.hpp"
#include "io/store/meeting_repository.hpp"
#include "io/store/oauth_repository.hpp"
#include "json/json.hpp"
#include "server/admin/admin_parts.hpp"
#include "service/identity/audit_heads.hpp"

namespace upcall::admin {

namespace bj = boost::json;

namespace {

// 71 bits: typed once, from a paper.
constexpr std::string_view kTemporaryLetters = "abcdefghijkmnpqrstuvwxyz23456789";
constexpr int kTemporaryLength = 14;

Result<store::User> the_user(store::Database& db, const Arguments& arguments) {
  auto user = store::users::find_login(db, json::text_or(arguments, "username"));
  if (!user) return tl::unexpected(user.error());
  if (!*user) return fail(ErrorCode::not_found, "there is no such user");
  return std::move(**user);
}

bj::array uris(const std::vector<std::string>& list) {
  bj::array out;
  for (const std::string& uri : list) out.emplace_back(uri);
  return out;
}

bj::object client_json(const store::OauthClient& c) {
  return {{"clientId", c.id}, {"name", c.name}, {"redirectUris", uris(c.redirect_uris)}, {"logoutUris", uris(c.logout_uris)}, {"apiAccess", c.api_access}, {"createdAt", to_iso8601(c.created)}};
}

}  // namespace

std::string temporary_password(RandomSource& random) {
  std::string out;
  for (int i = 0; i < kTemporaryLength; ++i) out += kTemporaryLetters[random.below(kTemporaryLetters.size())];
  return out;
}

Answer user_reset_password(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {"username"}); !fine) return tl::unexpected(fine.error());
  const std::string fresh = temporary_password(context.random);
  auto hash = crypto::hash_password(fresh);
  if (!hash) return tl::unexpected(hash.error());
  return context.store.write([&](store::Database& db) -> Answer {
    auto user = the_user(db, arguments);
    if (!user) return tl::unexpected(user.error());
    if (auto done = store::passwords::set(db, user->id, *hash, true, context.now); !done) return tl::unexpected(done.error());
    if (auto done = store::passwords::drop_links(db, user->id); !done) return tl::unexpected(done.error());
    if (auto done = store::sessions::revoke_all(db, user->id, context.now); !done) return tl::unexpected(done.error());
    if (auto done = note(db, context, "user.password_reset", user->id); !done) return tl::unexpected(done.error());
    return bj::object{{"userId", user->id}, {"username", user->username}, {"temporaryPassword", fresh}};
  });
}

Answer user_unlock(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {"username"}); !fine) return tl::unexpected(fine.error());
  return context.store.write([&](store::Database& db) -> Answer {
    auto user = the_user(db, arguments);
    if (!user) return tl::unexpected(user.error());
    auto cleared = store::login_failures::clear(db, "user/" + user->id);
    if (!cleared) return tl::unexpected(cleared.error());
    if (auto done = note(db, context, "user.unlocked", user->id); !done) return tl::unexpected(done.error());
    return bj::object{{"userId", user->id}, {"username", user->username}, {"hadFailures", *cleared}};
  });
}

Answer user_reset_second_factor(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {"username"}); !fine) return tl::unexpected(fine.error());
  return context.store.write([&](store::Database& db) -> Answer {
    auto user = the_user(db, arguments);
    if (!user) return tl::unexpected(user.error());
    auto had = store::second_factors::reset(db, user->id);
    if (!had) return tl::unexpected(had.error());
    if (auto done = store::sessions::revoke_all(db, user->id, context.now); !done) return tl::unexpected(done.error());
    if (auto done = note(db, context, "second_factor.reset", user->id); !done) return tl::unexpected(done.error());
    return bj::object{{"userId", user->id}, {"username", user->username}, {"hadSecondFactor", *had}};
  });
}

Answer security_profile_set(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {"name", "permission", "second-factor"}); !fine) return tl::unexpected(fine.error());
  auto names = texts(arguments, "permission");
  if (!names) return tl::unexpected(names.error());
  auto set = permissions_from(*names);
  if (!set) return tl::unexpected(set.error());
  const std::string factor = json::text_or(arguments, "second-factor");
  if (!factor.empty() && factor != "required" && factor != "optional") return fail(ErrorCode::invalid_argument, "second-factor must be required or optional");
  return context.store.write([&](store::Database& db) -> Answer {
    auto profile = store::security_profiles::find_name(db, json::text_or(arguments, "name"));
    if (!profile) return tl::unexpected(profile.error());
    if (!*profile) return fail(ErrorCode::not_found, "there is no such security profile");
    if (!names->empty()) {
      if (auto done = store::security_profiles::set_permissions(db, (*profile)->id, *set); !done) return tl::unexpected(done.error());
      std::string list;
      for (const std::string& name : *names) list += (list.empty() ? "" : " ") + name;
      if (auto done = note(db, context, "security_profile.changed", (*profile)->id, list); !done) return tl::unexpected(done.error());
    }
    if (!factor.empty()) {
      if (auto done = store::security_profiles::set_second_factor(db, (*profile)->id, factor == "required"); !done) return tl::unexpected(done.error());
      if (auto done = note(db, context, "security_profile.changed", (*profile)->id, "second factor " + factor); !done) return tl::unexpected(done.error());
    }
    return bj::object{{"securityProfileId", (*profile)->id}, {"name", (*profile)->name}};
  });
}

Answer oauth_client_add(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {"name", "redirect-uri", "logout-uri", "api-access"}); !fine) return tl::unexpected(fine.error());
  auto name = needed_name(arguments, "name");
  if (!name) return tl::unexpected(name.error());
  auto redirects = texts(arguments, "redirect-uri"), logouts = texts(arguments, "logout-uri");
  if (!redirects) return tl::unexpected(redirects.error());
  if (!logouts) return tl::unexpected(logouts.error());
  if (redirects->empty()) return fail(ErrorCode::invalid_argument, "at least one redirect-uri is needed");
  for (const auto* list : {&*redirects, &*logouts}) {
    for (const std::string& uri : *list) {
      if (!identity::is_registrable_redirect(uri)) return fail(ErrorCode::invalid_argument, "an address must be https://… (or http:// on this host) without a fragment; it is compared as a whole");
    }
  }
  const store::OauthClient client{make_uuid(context.random), *name, *redirects, *logouts, json::boolean_at(arguments, "api-access").value_or(false), context.now};
  return context.store.write([&](store::Database& db) -> Answer {
    if (auto done = store::oauth_clients::insert(db, client); !done) return tl::unexpected(done.error());
    if (auto done = note(db, context, "oauth_client.added", client.id); !done) return tl::unexpected(done.error());
    return client_json(client);
  });
}

Answer oauth_client_list(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {}); !fine) return tl::unexpected(fine.error());
  return context.store.read([&](store::Database& db) -> Answer {
    auto all = store::oauth_clients::all(db);
    if (!all) return tl::unexpected(all.error());
    bj::array list;
    for (const store::OauthClient& c : *all) list.push_back(client_json(c));
    return bj::object{{"clients", std::move(list)}};
  });
}

Answer oauth_client_remove(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {"client"}); !fine) return tl::unexpected(fine.error());
  const std::string id = json::text_or(arguments, "client");
  return context.store.write([&](store::Database& db) -> Answer {
    auto removed = store::oauth_clients::remove(db, id);
    if (!removed) return tl::unexpected(removed.error());
    if (!*removed) return fail(ErrorCode::not_found, "there is no such client");
    if (auto done = note(db, context, "oauth_client.removed", id); !done) return tl::unexpected(done.error());
    return bj::object{{"clientId", id}};
  });
}

// A running server reads its keys again afterwards.
Answer signing_key_rotate(Context& context, const Arguments& arguments) {
  if (auto fine = only(arguments, {}); !fine) return tl::unexpected(fine.error());
  const auto key = crypto::Es256PrivateKey::generate();
  const std::string kid = key.public_key().kid();
  const ByteVector sealed = context.sealer.seal("signing_keys/" + kid, key.pkcs8(), context.random);
  return context.store.write([&](store::Database& db) -> Answer {
    if (auto done = store::signing_keys::retire(db, context.now); !done) return tl::unexpected(done.error());
    if (auto done = store::signing_keys::insert(db, {kid, sealed, context.now, std::nullopt}); !done) return tl::unexpected(done.error());
    if (auto done = note(db, context, "signing_key.rotated", kid); !done) return tl::unexpected(done.error());
    return bj::object{{"kid", kid}};
  });
}

}  // namespace upcall::admin
