// What log-ins need beside the user: failures, links in mails, second factors. Secrets are stored as hashes (token_hash),
// the second factor's sealed by the caller (store::Sealer, purpose "second_factors/<user_id>").
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "identity/lockout.hpp"
#include "io/store/database.hpp"

namespace upcall::store {

namespace login_failures {
// Of a subject that has none: all zero. Subjects: "user/<id>", "name/<hash>", "peer/<hash>".
Result<identity::Failures> find(Database& db, std::string_view subject);
Result<void> put(Database& db, std::string_view subject, const identity::Failures& failures);
// True when there were some.
Result<bool> clear(Database& db, std::string_view subject);
// Those that count no more.
Result<void> prune(Database& db, WallTime last_before);
}  // namespace login_failures

namespace passwords {
struct State {
  std::string hash;
  bool temporary = false;
};
Result<std::optional<State>> of_user(Database& db, std::string_view user_id);
Result<bool> set(Database& db, std::string_view user_id, std::string_view hash, bool temporary, WallTime now);

enum class LinkPurpose : std::uint8_t { reset, invitation };
Result<void> insert_link(Database& db, std::string_view token, std::string_view user_id, LinkPurpose purpose, WallTime expires);
struct Link {
  std::string user_id;
  LinkPurpose purpose = LinkPurpose::reset;
};
// Nothing: unknown, used, expired.
Result<std::optional<Link>> find_link(Database& db, std::string_view token, WallTime now);
// The same, and it is used up: of two at once, one gets it.
Result<std::optional<Link>> use_link(Database& db, std::string_view token, WallTime now);
// Links of a user that were not used: a new password makes them void.
Result<void> drop_links(Database& db, std::string_view user_id);
// How many were made for this user and are not expired.
Result<std::int64_t> open_links(Database& db, std::string_view user_id, WallTime now);
Result<void> prune_links(Database& db, WallTime now);
}  // namespace passwords

namespace second_factors {
struct Factor {
  ByteVector secret_sealed;
  bool confirmed = false;
  std::int64_t last_step = 0;
};
Result<std::optional<Factor>> find(Database& db, std::string_view user_id);
// Not confirmed yet; replaces one that is not either.
Result<void> begin(Database& db, std::string_view user_id, Bytes secret_sealed);
Result<void> confirm(Database& db, std::string_view user_id, WallTime now);
// False: this step, or a later one, was used already.
Result<bool> use_step(Database& db, std::string_view user_id, std::int64_t step);
Result<void> set_recovery_codes(Database& db, std::string_view user_id, const std::vector<std::string>& codes);
// True: it was one of the user's, and is used up now.
Result<bool> use_recovery_code(Database& db, std::string_view user_id, std::string_view code, WallTime now);
Result<std::int64_t> recovery_codes_left(Database& db, std::string_view user_id);
// By an administrator, or before another enrolment. True when there was one.
Result<bool> reset(Database& db, std::string_view user_id);
// Whether one of the user's security profiles asks for it.
Result<bool> required(Database& db, std::string_view user_id);
}  // namespace second_factors

}  // namespace upcall::store
