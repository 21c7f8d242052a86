// Files that people send in a chat: taken, kept in the object store (encrypted as films are), looked at by the
// installation's own command, and given out only after it has approved them.
//
// The command (parameter chatAttachmentScanCommand) gets the file on its standard input and, in its environment, type and
// size; never a name, which is a stranger's text. It approves by ending with 0; anything else, and not ending in time,
// rejects: an attachment that nobody has looked at is given to nobody. Without a command everything is approved.
//
// Threads: members from any thread; they block on store and objects. Files are scanned one after another on a thread of
// the service's own.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "base/rng.hpp"
#include "io/objects/object_store.hpp"
#include "io/process/child_process.hpp"
#include "io/store/attachment_repository.hpp"
#include "io/store/store.hpp"

namespace upcall::service {

inline constexpr std::int64_t kAttachmentBytesMost = 20 << 20;

class AttachmentService {
 public:
  // References must outlive the service. `scanned` is told on the service's thread: the row with its new state.
  AttachmentService(store::Store& store, objects::ObjectStore& objects, RandomSource& random, std::function<Now()> clock);
  ~AttachmentService();
  AttachmentService(const AttachmentService&) = delete;
  AttachmentService& operator=(const AttachmentService&) = delete;
  // Takes up what was being scanned when the last process ended.
  void start(std::function<void(const store::AttachmentRow&)> scanned);

  struct Wanted {
    std::string contact_id, participant_id, name, content_type, client_token;
    std::int64_t size_bytes = 0;
  };
  struct Begun {
    std::string attachment_id, ticket;  // the ticket is the credential in the upload's address
    WallTime expires;
  };
  // Errors: invalid_argument with the field's name, exhausted (too many in this chat).
  Result<Begun> begin(const Wanted& wanted);
  // How large a body for this ticket may be; 0: none. Never blocks on anything but a mutex.
  std::size_t body_limit(std::string_view ticket) const;
  // Errors: not_found (no such ticket, or too late), invalid_argument (another size or type than announced).
  Result<void> put(std::string_view ticket, std::string_view content_type, Bytes body);
  // The upload is whole; from here on scan() brings it further. Again: the row as it is. Errors: not_found; conflict: it
  // was not uploaded.
  Result<store::AttachmentRow> complete(const std::string& contact_id, const std::string& participant_id, const std::string& attachment_id);
  void scan(const std::string& attachment_id);

  // A ticket to read an approved one. Errors: not_found.
  Result<std::string> give_out(const std::string& contact_id, const std::string& attachment_id, Duration valid, store::AttachmentRow* row);
  struct Content {
    store::AttachmentRow row;
    std::shared_ptr<wire::BodySource> source;
  };
  Result<Content> open(std::string_view ticket);

 private:
  struct Ticket {
    std::string attachment_id, content_type;
    std::int64_t size_bytes = 0;
    Instant expires;
  };
  using Tickets = std::map<std::string, Ticket, std::less<>>;
  std::string make_ticket(Tickets& tickets, Ticket ticket);
  std::optional<Ticket> find_ticket(const Tickets& tickets, std::string_view text) const;
  void run();
  Result<bool> approves(const store::AttachmentRow& row);
  void scan_one(const std::string& attachment_id);
  // Uploads that were never completed.
  void prune();

  store::Store& store_;
  objects::ObjectStore& objects_;
  RandomSource& random_;
  std::function<Now()> clock_;
  std::function<void(const store::AttachmentRow&)> scanned_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  Tickets uploads_, downloads_;
  std::deque<std::string> waiting_;
  bool stop_ = false;
  process::ChildHost children_;
  std::thread thread_;
};

}  // namespace upcall::service
