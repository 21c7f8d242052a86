#include "service/pipeline/git_user.hpp"

#include <algorithm>

#include "base/ids.hpp"
#include "crypto/password.hpp"
#include "io/store/audit_repository.hpp"
#include "io/store/login_repository.hpp"
#include "io/store/meeting_repository.hpp"
#include "io/store/parameter_repository.hpp"

namespace upcall::service {

namespace {

constexpr std::string_view kUser = "pipelineUser", kHash = "pipelineUserPassword";
constexpr std::size_t kNameMax = 128;

bool all_of(std::string_view text, std::string_view extra) {
  return std::all_of(text.begin(), text.end(), [extra](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || extra.find(c) != std::string_view::npos; });
}

}  // namespace

bool is_repository_name(std::string_view name) {
  return !name.empty() && name.size() <= 100 && all_of(name, "._-") && name.front() != '.' && name.front() != '-' && !name.ends_with(".git") && !name.ends_with(".lock");
}

bool is_branch_name(std::string_view name) {
  return !name.empty() && name.size() <= 200 && all_of(name, "._-/+@") && name.front() != '-' && name.front() != '/' && name.front() != '.' && name.back() != '/' && name.back() != '.' &&
         name != "@" && !name.ends_with(".lock") && name.find("..") == std::string_view::npos && name.find("//") == std::string_view::npos && name.find("/.") == std::string_view::npos &&
         name.find(".lock/") == std::string_view::npos;
}

Result<PipelineSettings> pipeline_settings(store::Database& db) {
  PipelineSettings out;
  bool failed = false;
  Error error;
  const auto value = [&](std::string_view name, std::string_view otherwise) -> std::string {
    auto got = store::parameters::get_or(db, name, otherwise);
    if (!got) {
      failed = true;
      error = got.error();
      return {};
    }
    return got->empty() ? std::string(otherwise) : *got;
  };
  out.repository = value("cdkPipelineRepositoryName", "upcall");
  if (!is_repository_name(out.repository)) {
    // "/srv/git/product.git" and "https://git.example/product.git" are of the name "product".
    out.source = out.repository;
    while (out.repository.ends_with('/')) out.repository.pop_back();
    out.repository.erase(0, out.repository.find_last_of("/:") + 1);
    if (out.repository.ends_with(".git")) out.repository.resize(out.repository.size() - 4);
    if (!is_repository_name(out.repository)) out.repository = "upcall";
  }
  out.branch = value("cdkPipelineRepositoryBranchName", "main");
  out.stage = value("cdkPipelineStageName", "Prod");
  out.create_new = value("cdkPipelineCreateNewRepository", "true") == "true";
  out.only_way = value("cdkPipelineEnabled", "false") == "true";
  out.user = value(kUser, "");
  out.user_active = !value(kHash, "").empty();
  if (failed) return tl::unexpected(error);
  return out;
}

Result<std::string> reset_git_password(store::Database& db, RandomSource& random, std::string_view user) {
  std::string password = "upcall-git-" + make_token(random);
  auto hash = crypto::hash_password(password);
  if (!hash) return tl::unexpected(hash.error());
  if (auto done = store::parameters::set(db, kUser, user); !done) return tl::unexpected(done.error());
  if (auto done = store::parameters::set(db, kHash, *hash); !done) return tl::unexpected(done.error());
  // Whoever had to wait for the old one's failures does not for the new one.
  if (auto done = store::login_failures::clear(db, "name/git:" + store::token_hash(user)); !done) return tl::unexpected(done.error());
  return password;
}

Result<void> revoke_git_user(store::Database& db) { return store::parameters::set(db, kHash, ""); }

GitUsers::Outcome GitUsers::verify(std::string_view user, std::string_view password, std::uint64_t peer, WallTime now) {
  user = user.substr(0, kNameMax);
  const std::string subject = "name/git:" + store::token_hash(user), address = "peer/" + std::to_string(peer);
  struct Known {
    std::string hash;
    Duration wait;
  };
  auto known = store_.read([&](store::Database& db) -> Result<Known> {
    auto settings = pipeline_settings(db);
    if (!settings) return tl::unexpected(settings.error());
    auto hash = store::parameters::get_or(db, kHash, "");
    if (!hash) return tl::unexpected(hash.error());
    auto own = store::login_failures::find(db, subject);
    if (!own) return tl::unexpected(own.error());
    auto theirs = store::login_failures::find(db, address);
    if (!theirs) return tl::unexpected(theirs.error());
    return Known{!user.empty() && user == settings->user ? *hash : "", std::max(identity::wait_before_next(*own, now), identity::wait_before_next(*theirs, now))};
  });
  if (!known) return {Verdict::unavailable, {}};
  if (known->wait > Duration()) return {Verdict::too_many, known->wait};
  hashing_.acquire();
  const bool fine = crypto::verify_password(known->hash, password);
  hashing_.release();
  if (fine) {
    auto cleared = store_.write([&](store::Database& db) { return store::login_failures::clear(db, subject); });
    return {cleared ? Verdict::fine : Verdict::unavailable, {}};
  }
  auto stored = store_.write([&](store::Database& db) -> Result<void> {
    if (auto done = store::login_failures::prune(db, now - identity::kFailuresForgotten); !done) return done;
    const std::pair<std::string, identity::LockoutRule> counts[] = {{subject, identity::kAccountLockout}, {address, identity::kAddressLockout}};
    for (const auto& [who, rule] : counts) {
      auto present = store::login_failures::find(db, who);
      if (!present) return tl::unexpected(present.error());
      if (auto done = store::login_failures::put(db, who, identity::after_failure(*present, rule, now)); !done) return done;
    }
    return store::audit::add(db, {now, "anonymous", "pipeline.login-failed", "repository", ""});
  });
  return {stored ? Verdict::wrong : Verdict::unavailable, {}};
}

}  // namespace upcall::service
