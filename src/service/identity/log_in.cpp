#include "service/identity/log_in.hpp"

#include <algorithm>

#include "crypto/password.hpp"
#include "identity/password_policy.hpp"
#include "identity/totp.hpp"
#include "io/store/audit_repository.hpp"
#include "io/store/credential_repository.hpp"
#include "io/store/identity_repository.hpp"
#include "io/store/meeting_repository.hpp"

namespace upcall::service {
namespace {

constexpr std::size_t kLoginMax = 256;
constexpr std::size_t kCodeMax = 32;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::string peer_subject(std::uint64_t peer) { return "peer/" + std::to_string(peer); }
std::string user_subject(const std::string& id) { return "user/" + id; }
std::string second_factor_purpose(const std::string& user_id) { return "second_factors/" + user_id; }

LogInService::Outcome unavailable() { return {LogInService::Stop::unavailable, {}, {}, {}}; }

}  // namespace

std::string_view LogInService::to_string(Stop stop) {
  switch (stop) {
    case Stop::none: return "none";
    case Stop::wrong: return "invalid_credentials";
    case Stop::disabled: return "user_disabled";
    case Stop::too_many: return "too_many_attempts";
    case Stop::change_password: return "password_change_required";
    case Stop::password_refused: return "password_refused";
    case Stop::code_needed: return "second_factor_required";
    case Stop::code_wrong: return "second_factor_wrong";
    case Stop::enrolment_needed: return "second_factor_enrolment_required";
    case Stop::unavailable: return "unavailable";
  }
  return "";
}

Result<Duration> LogInService::wait_of(const std::string& subject, std::uint64_t peer, WallTime now) {
  return store_.read([&](store::Database& db) -> Result<Duration> {
    auto own = store::login_failures::find(db, subject);
    if (!own) return tl::unexpected(own.error());
    auto address = store::login_failures::find(db, peer_subject(peer));
    if (!address) return tl::unexpected(address.error());
    return std::max(identity::wait_before_next(*own, now), identity::wait_before_next(*address, now));
  });
}

LogInService::Outcome LogInService::failed(Stop stop, const std::string& subject, const std::string& user_id, std::uint64_t peer, WallTime now) {
  auto stored = store_.write([&](store::Database& db) -> Result<void> {
    if (auto done = store::login_failures::prune(db, now - identity::kFailuresForgotten); !done) return done;
    const std::pair<std::string, identity::LockoutRule> counts[] = {{subject, identity::kAccountLockout}, {peer_subject(peer), identity::kAddressLockout}};
    for (const auto& [who, rule] : counts) {
      auto present = store::login_failures::find(db, who);
      if (!present) return tl::unexpected(present.error());
      if (auto done = store::login_failures::put(db, who, identity::after_failure(*present, rule, now)); !done) return done;
    }
    // What was typed as a name may be a password: it is in no log.
    return store::audit::add(db, {now, user_id.empty() ? "anonymous" : user_id, "login.failed", user_id.empty() ? "unknown" : user_id, std::string(to_string(stop))});
  });
  if (!stored) return unavailable();
  return {stop, {}, {}, {}};
}

bool LogInService::matches(std::string_view hash, std::string_view password) {
  hashing_.acquire();
  const bool out = crypto::verify_password(hash, password);
  hashing_.release();
  return out;
}

LogInService::Outcome LogInService::password(std::string_view login, std::string_view password, std::uint64_t peer, WallTime now) {
  login = login.substr(0, kLoginMax);
  auto user = store_.read([&](store::Database& db) { return store::users::find_login(db, login); });
  if (!user) return unavailable();
  const std::string subject = *user ? user_subject((*user)->id) : "name/" + store::token_hash(lower(login));
  const auto wait = wait_of(subject, peer, now);
  if (!wait) return unavailable();
  if (*wait > Duration()) return {Stop::too_many, {}, {}, *wait};
  // The full work is done for unknown and disabled users too, so that time tells nothing.
  if (!matches(*user ? (*user)->password_hash : "", password)) return failed(Stop::wrong, subject, *user ? (*user)->id : "", peer, now);
  if ((*user)->disabled) {
    auto noted = store_.write([&](store::Database& db) { return store::audit::add(db, {now, (*user)->id, "login.failed", (*user)->id, "user_disabled"}); });
    return noted ? Outcome{Stop::disabled, (*user)->id, {}, {}} : unavailable();
  }
  // A password alone ends the counting only where it is all that is asked for: a second factor could be tried for ever.
  auto factor = store_.read([&](store::Database& db) { return store::second_factors::find(db, (*user)->id); });
  if (!factor) return unavailable();
  if (!*factor || !(*factor)->confirmed) {
    auto cleared = store_.write([&](store::Database& db) { return store::login_failures::clear(db, subject); });
    if (!cleared) return unavailable();
  }
  return {Stop::none, (*user)->id, {}, {}};
}

LogInService::Outcome LogInService::next(const std::string& user_id, bool code_proven) {
  Outcome out;
  out.user_id = user_id;
  auto read = store_.read([&](store::Database& db) -> Result<void> {
    auto state = store::passwords::of_user(db, user_id);
    if (!state) return tl::unexpected(state.error());
    if (!*state) return fail(ErrorCode::not_found, "");
    auto factor = store::second_factors::find(db, user_id);
    if (!factor) return tl::unexpected(factor.error());
    auto required = store::second_factors::required(db, user_id);
    if (!required) return tl::unexpected(required.error());
    const bool has_factor = *factor && (*factor)->confirmed;
    // The code first: who has found a temporary password must not be able to replace it.
    if (has_factor && !code_proven) out.stop = Stop::code_needed;
    else if ((*state)->temporary) out.stop = Stop::change_password;
    else if (*required && !has_factor) out.stop = Stop::enrolment_needed;
    return {};
  });
  return read ? out : unavailable();
}

LogInService::Outcome LogInService::check_password(const std::string& user_id, std::string_view fresh) {
  auto user = store_.read([&](store::Database& db) { return store::users::find(db, user_id); });
  if (!user || !*user) return unavailable();
  const store::User& u = **user;
  if (auto fine = identity::check_new_password(fresh, u.username, u.email, u.name); !fine) return {Stop::password_refused, user_id, fine.error().message, {}};
  if (matches(u.password_hash, fresh)) return {Stop::password_refused, user_id, "The new password must not be the old one.", {}};
  return {Stop::none, user_id, {}, {}};
}

LogInService::Outcome LogInService::set_password(const std::string& user_id, std::string_view fresh, WallTime now, std::string_view why) {
  if (const Outcome refused = check_password(user_id, fresh); refused.stop != Stop::none) return refused;
  hashing_.acquire();
  auto hash = crypto::hash_password(fresh);
  hashing_.release();
  if (!hash) return unavailable();
  auto stored = store_.write([&](store::Database& db) -> Result<void> {
    if (auto done = store::passwords::set(db, user_id, *hash, false, now); !done) return tl::unexpected(done.error());
    if (auto done = store::passwords::drop_links(db, user_id); !done) return done;
    // Whoever was logged in with the old password is not any more.
    if (auto done = store::sessions::revoke_all(db, user_id, now); !done) return done;
    return store::audit::add(db, {now, user_id, "password.changed", user_id, std::string(why)});
  });
  return stored ? Outcome{Stop::none, user_id, {}, {}} : unavailable();
}

LogInService::Outcome LogInService::code(const std::string& user_id, std::string_view typed, std::uint64_t peer, WallTime now) {
  const std::string subject = user_subject(user_id);
  const auto wait = wait_of(subject, peer, now);
  if (!wait) return unavailable();
  if (*wait > Duration()) return {Stop::too_many, {}, {}, *wait};
  auto factor = store_.read([&](store::Database& db) { return store::second_factors::find(db, user_id); });
  if (!factor) return unavailable();
  if (!*factor || !(*factor)->confirmed) return failed(Stop::code_wrong, subject, user_id, peer, now);
  auto secret = sealer_.unseal(second_factor_purpose(user_id), (*factor)->secret_sealed);
  if (!secret) return unavailable();
  std::string digits;
  for (const char c : typed.substr(0, kCodeMax)) {
    if (c != ' ') digits += c;
  }
  const auto step = identity::match_totp(*secret, digits, now);
  const auto recovery = step ? std::nullopt : identity::normal_recovery_code(typed);
  auto used = store_.write([&](store::Database& db) -> Result<bool> {
    auto done = step ? store::second_factors::use_step(db, user_id, *step)
                     : recovery ? store::second_factors::use_recovery_code(db, user_id, *recovery, now) : Result<bool>(false);
    if (!done || !*done) return done;
    if (recovery) {
      if (auto noted = store::audit::add(db, {now, user_id, "second_factor.recovery_code_used", user_id, ""}); !noted) return tl::unexpected(noted.error());
    }
    return store::login_failures::clear(db, subject).map([](bool) { return true; });
  });
  if (!used) return unavailable();
  if (!*used) return failed(Stop::code_wrong, subject, user_id, peer, now);
  return {Stop::none, user_id, {}, {}};
}

LogInService::Outcome LogInService::all(std::string_view login, std::string_view given, std::string_view typed_code, std::string_view fresh, std::uint64_t peer, WallTime now) {
  Outcome at = password(login, given, peer, now);
  if (at.stop != Stop::none) return at;
  const std::string user_id = at.user_id;
  at = next(user_id);
  if (at.stop == Stop::code_needed) {
    if (typed_code.empty()) return at;
    // A code works once: what else is missing is said before it is used up.
    auto state = store_.read([&](store::Database& db) { return store::passwords::of_user(db, user_id); });
    if (!state || !*state) return unavailable();
    if ((*state)->temporary && fresh.empty()) return {Stop::change_password, user_id, {}, {}};
    if ((*state)->temporary) {
      if (const Outcome refused = check_password(user_id, fresh); refused.stop != Stop::none) return refused;
    }
    if (const Outcome proven = code(user_id, typed_code, peer, now); proven.stop != Stop::none) return proven;
    at = next(user_id, true);
  }
  if (at.stop == Stop::change_password) {
    if (fresh.empty()) return at;
    if (const Outcome changed = set_password(user_id, fresh, now, "first log-in"); changed.stop != Stop::none) return changed;
    at = next(user_id, true);
  }
  return at;
}

Result<LogInService::Enrolment> LogInService::begin_enrolment(const std::string& user_id) {
  auto user = store_.read([&](store::Database& db) { return store::users::find(db, user_id); });
  if (!user) return tl::unexpected(user.error());
  if (!*user) return fail(ErrorCode::not_found, "there is no such user");
  auto factor = store_.read([&](store::Database& db) { return store::second_factors::find(db, user_id); });
  if (!factor) return tl::unexpected(factor.error());
  if (*factor && (*factor)->confirmed) return fail(ErrorCode::conflict, "there is a second factor already");
  ByteVector secret(identity::kTotpSecretSize);
  if (*factor) {
    auto present = sealer_.unseal(second_factor_purpose(user_id), (*factor)->secret_sealed);
    if (!present) return tl::unexpected(present.error());
    secret = std::move(*present);
  } else {
    random_.fill(secret);
    const ByteVector sealed = sealer_.seal(second_factor_purpose(user_id), secret, random_);
    auto stored = store_.write([&](store::Database& db) { return store::second_factors::begin(db, user_id, sealed); });
    if (!stored) return tl::unexpected(stored.error());
  }
  return Enrolment{identity::to_base32(secret), identity::otpauth_uri(issuer_name_, (*user)->username, secret)};
}

Result<std::optional<std::vector<std::string>>> LogInService::confirm_enrolment(const std::string& user_id, std::string_view typed, WallTime now) {
  auto factor = store_.read([&](store::Database& db) { return store::second_factors::find(db, user_id); });
  if (!factor) return tl::unexpected(factor.error());
  if (!*factor || (*factor)->confirmed) return fail(ErrorCode::conflict, "there is nothing to confirm");
  auto secret = sealer_.unseal(second_factor_purpose(user_id), (*factor)->secret_sealed);
  if (!secret) return tl::unexpected(secret.error());
  const auto step = identity::match_totp(*secret, typed, now);
  if (!step) return std::optional<std::vector<std::string>>();
  auto codes = identity::make_recovery_codes(random_);
  auto stored = store_.write([&](store::Database& db) -> Result<void> {
    if (auto done = store::second_factors::confirm(db, user_id, now); !done) return done;
    if (auto done = store::second_factors::use_step(db, user_id, *step); !done) return tl::unexpected(done.error());
    if (auto done = store::second_factors::set_recovery_codes(db, user_id, codes); !done) return done;
    return store::audit::add(db, {now, user_id, "second_factor.enrolled", user_id, ""});
  });
  if (!stored) return tl::unexpected(stored.error());
  return std::optional(std::move(codes));
}

}  // namespace upcall::service
