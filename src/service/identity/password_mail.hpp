// Links by mail: a forgotten password, an invitation. Each link works once and expires.
//
// Nothing tells whether an account exists: asking is only put into a queue, so that it always takes the same time; the
// thread behind it looks the account up. Any thread.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "base/rng.hpp"
#include "io/mail/mailer.hpp"
#include "io/store/store.hpp"

namespace upcall::service {

inline constexpr Duration kResetLinkLife = Duration::s(3600);
inline constexpr Duration kInvitationLife = Duration::s(7 * 24 * 3600);

struct PasswordMailOptions {
  std::string public_url;  // of the links
  std::function<Result<mail::MailSettings>()> settings;  // as they are when a mail is sent
  std::function<Now()> clock;
};

class PasswordMails {
 public:
  PasswordMails(PasswordMailOptions options, store::Store& store, RandomSource& random);
  ~PasswordMails();
  PasswordMails(const PasswordMails&) = delete;
  PasswordMails& operator=(const PasswordMails&) = delete;

  // exhausted when too many wait.
  Result<void> forgotten(std::string login, bool german);
  // Made here and now, so that an administrator sees what went wrong. not_found: no such user.
  Result<void> invite(std::string_view username, std::string_view actor);
  // Until nothing waits any more: for tests and the end.
  void flush();
  struct Counters {
    std::uint64_t sent = 0, failed = 0, unknown = 0, held_back = 0;
    bool in_trouble = false;  // the last one was not taken
  };
  Counters counters() const;

 private:
  struct Job {
    std::string login;
    bool german = false;
  };
  void loop();
  void reset(const Job& job);
  Result<void> send(const std::string& email, const std::string& subject, const std::string& text);

  const PasswordMailOptions options_;
  store::Store& store_;
  RandomSource& random_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> queue_;
  bool busy_ = false;
  bool stopping_ = false;
  Counters counters_;
  std::thread thread_;
};

}  // namespace upcall::service
