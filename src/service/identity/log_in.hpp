// Proving who one is: password, its change, second factor, with the delays after failures. One service for every way in
// (our log-in page, the password grant), so that none is weaker than the others. Writes the audit.
//
// Any thread. Nothing tells whether an account exists: unknown names take the same time, count and answer as known ones.
#pragma once

#include <cstdint>
#include <semaphore>
#include <string>
#include <string_view>
#include <vector>

#include "base/rng.hpp"
#include "io/store/login_repository.hpp"
#include "io/store/sealer.hpp"
#include "io/store/store.hpp"

namespace upcall::service {

class LogInService {
 public:
  LogInService(store::Store& store, store::Sealer& sealer, RandomSource& random, std::string issuer_name = "Upcall")
      : store_(store), sealer_(sealer), random_(random), issuer_name_(std::move(issuer_name)) {}

  enum class Stop : std::uint8_t {
    none,              // nothing is in the way (any more)
    wrong,             // name or password, without saying which
    disabled,          // told only to who knows the password
    too_many,          // `wait` says how long
    change_password,   // it was temporary
    password_refused,  // `message` says why
    code_needed,
    code_wrong,
    enrolment_needed,  // a security profile asks for a second factor and there is none
    unavailable,
  };
  struct Outcome {
    Stop stop = Stop::none;
    std::string user_id;
    std::string message;
    Duration wait{};
  };

  // none or disabled, with the user; wrong; too_many.
  Outcome password(std::string_view login, std::string_view password, std::uint64_t peer, WallTime now);
  // What a user who has proven the password must do next: change_password, code_needed, enrolment_needed, none.
  Outcome next(const std::string& user_id, bool code_proven = false);
  // Whether this may become the user's password: none or password_refused.
  Outcome check_password(const std::string& user_id, std::string_view fresh);
  // Of a user who has proven the old one or holds a link. Ends all sessions; links become void.
  Outcome set_password(const std::string& user_id, std::string_view fresh, WallTime now, std::string_view why);
  // A code of the app, or a recovery code. Each works once.
  Outcome code(const std::string& user_id, std::string_view typed, std::uint64_t peer, WallTime now);
  // Everything at once, as the password grant has it: `code` and `fresh` may be empty.
  Outcome all(std::string_view login, std::string_view password, std::string_view code, std::string_view fresh, std::uint64_t peer, WallTime now);

  struct Enrolment {
    std::string secret_base32;
    std::string uri;  // for the QR picture
  };
  // `conflict` when there is a confirmed one. The same secret until it is confirmed, so that the page may be reloaded.
  Result<Enrolment> begin_enrolment(const std::string& user_id);
  // With the first code of the app: the recovery codes, shown once; nothing when the code is wrong.
  Result<std::optional<std::vector<std::string>>> confirm_enrolment(const std::string& user_id, std::string_view code, WallTime now);

  static std::string_view to_string(Stop stop);

 private:
  // Both counts, and the audit, in one transaction.
  Outcome failed(Stop stop, const std::string& subject, const std::string& user_id, std::uint64_t peer, WallTime now);
  bool matches(std::string_view hash, std::string_view password);
  Result<Duration> wait_of(const std::string& subject, std::uint64_t peer, WallTime now);

  store::Store& store_;
  store::Sealer& sealer_;
  RandomSource& random_;
  const std::string issuer_name_;
  // A password's work takes 19 MB and a core for 20 ms: a storm of log-ins waits here, beside everything else that is asked.
  static constexpr std::ptrdiff_t kHashingMax = 4;
  std::counting_semaphore<> hashing_{kHashingMax};
};

}  // namespace upcall::service
