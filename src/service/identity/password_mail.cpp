#include "service/identity/password_mail.hpp"

#include "base/ids.hpp"
#include "io/store/audit_repository.hpp"
#include "io/store/identity_repository.hpp"
#include "io/store/login_repository.hpp"

namespace upcall::service {
namespace {

constexpr std::size_t kQueueMax = 256;
// Of one account at a time: who fills a stranger's mailbox gets no further.
constexpr std::int64_t kOpenLinksMax = 3;

}  // namespace

PasswordMails::PasswordMails(PasswordMailOptions options, store::Store& store, RandomSource& random)
    : options_(std::move(options)), store_(store), random_(random), thread_([this] { loop(); }) {}

PasswordMails::~PasswordMails() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

Result<void> PasswordMails::forgotten(std::string login, bool german) {
  {
    const std::lock_guard lock(mutex_);
    if (queue_.size() >= kQueueMax) return fail(ErrorCode::exhausted, "too many mails wait");
    queue_.push_back({std::move(login), german});
  }
  changed_.notify_all();
  return {};
}

void PasswordMails::flush() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return (queue_.empty() && !busy_) || stopping_; });
}

PasswordMails::Counters PasswordMails::counters() const {
  const std::lock_guard lock(mutex_);
  return counters_;
}

void PasswordMails::loop() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (stopping_) return;
    const Job job = std::move(queue_.front());
    queue_.pop_front();
    busy_ = true;
    lock.unlock();
    reset(job);
    lock.lock();
    busy_ = false;
    changed_.notify_all();
  }
}

Result<void> PasswordMails::send(const std::string& email, const std::string& subject, const std::string& text) {
  auto settings = options_.settings();
  if (!settings) return tl::unexpected(settings.error());
  auto sent = mail::send(*settings, {email, subject, text}, make_uuid(random_), options_.clock().wall);
  const std::lock_guard lock(mutex_);
  ++(sent ? counters_.sent : counters_.failed);
  counters_.in_trouble = !sent;
  return sent;
}

void PasswordMails::reset(const Job& job) {
  const WallTime now = options_.clock().wall;
  const std::string token = make_token(random_);
  bool held_back = false;
  auto user = store_.write([&](store::Database& db) -> Result<std::optional<store::User>> {
    auto found = store::users::find_login(db, job.login);
    if (!found || !*found || (*found)->disabled) return found ? std::optional<store::User>() : found;
    if (auto done = store::passwords::prune_links(db, now); !done) return tl::unexpected(done.error());
    auto open = store::passwords::open_links(db, (*found)->id, now);
    if (!open) return tl::unexpected(open.error());
    held_back = *open >= kOpenLinksMax;
    if (held_back) return std::nullopt;
    if (auto done = store::passwords::insert_link(db, token, (*found)->id, store::passwords::LinkPurpose::reset, now + kResetLinkLife); !done) return tl::unexpected(done.error());
    if (auto done = store::audit::add(db, {now, "anonymous", "password.link_sent", (*found)->id, "reset"}); !done) return tl::unexpected(done.error());
    return found;
  });
  if (!user || !*user) {
    const std::lock_guard lock(mutex_);
    ++(held_back ? counters_.held_back : counters_.unknown);
    return;
  }
  const std::string link = options_.public_url + "/account/password?token=" + token;
  const auto& u = **user;
  (void)(job.german ? send(u.email, "Neues Passwort für Upcall",
                           "Hallo " + u.name + ",\n\njemand hat für dieses Konto ein neues Passwort verlangt. Hier lässt es sich wählen, einmal und innerhalb einer Stunde:\n\n" + link +
                               "\n\nWer das nicht war, braucht nichts zu tun.\n")
                    : send(u.email, "A new password for Upcall",
                           "Hello " + u.name + ",\n\nsomebody has asked for a new password of this account. It can be chosen here, once and within an hour:\n\n" + link +
                               "\n\nIf it was not you, there is nothing to do.\n"));
}

Result<void> PasswordMails::invite(std::string_view username, std::string_view actor) {
  const WallTime now = options_.clock().wall;
  const std::string token = make_token(random_);
  auto user = store_.write([&](store::Database& db) -> Result<store::User> {
    auto found = store::users::find_login(db, username);
    if (!found) return tl::unexpected(found.error());
    if (!*found) return fail(ErrorCode::not_found, "there is no such user");
    if (auto done = store::passwords::insert_link(db, token, (*found)->id, store::passwords::LinkPurpose::invitation, now + kInvitationLife); !done) return tl::unexpected(done.error());
    if (auto done = store::audit::add(db, {now, std::string(actor), "password.link_sent", (*found)->id, "invitation"}); !done) return tl::unexpected(done.error());
    return std::move(**found);
  });
  if (!user) return tl::unexpected(user.error());
  return send(user->email, "Your account at Upcall",
              "Hello " + user->name + ",\n\nan account has been made for you, with the user name " + user->username + ". Choose a password here, within a week:\n\n" + options_.public_url +
                  "/account/password?token=" + token + "\n");
}

}  // namespace upcall::service
