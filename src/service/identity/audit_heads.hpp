// Signed heads of the audit chain, and the check of all of it. A head says "the row of this id had this hash, at this
// time", signed with the key of records: who can write the database cannot make an older audit anew without it. What nobody
// can see from inside is the loss of everything behind the last head that is left; `expected` (a head that was kept
// elsewhere, printed by every check) finds that, too.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "io/store/audit_repository.hpp"
#include "io/store/store.hpp"
#include "service/retention/record_signer.hpp"

namespace upcall::service {

// Signs the chain's end when it has moved since the last head. True: there is a new head.
Result<bool> sign_audit_head(store::Store& store, const RecordSigner& signer, WallTime now);

struct AuditReport {
  std::int64_t after_id = 0;    // rows up to it were pruned; 0: none, the audit is there from its beginning
  WallTime pruned_at;           // when, with after_id
  std::int64_t pruned_rows = 0;
  std::int64_t rows = 0;
  std::int64_t heads = 0;
  std::int64_t last_id = 0;
  std::string last_hash;
  std::optional<identity::AuditFault> fault;  // nothing: all is as it was written
};
// `expected`: "ID:HASH" of an earlier report; empty: none. gone: what it speaks of was pruned since.
Result<AuditReport> verify_audit(store::Store& store, const RecordSigner& signer, std::string_view expected);

// Removes rows from before `cutoff`, the oldest first, behind a signed checkpoint from which the rest can be verified. How many.
// An audit that was changed is not pruned (corrupt): the trace of who changed it would go with it.
Result<std::int64_t> prune_audit(store::Store& store, const RecordSigner& signer, WallTime cutoff, WallTime now);

// Signs once a minute, and at the end; prunes once an hour what is older than the parameter auditKeepDays says (0: nothing).
// Threads: one of its own.
class AuditHeads {
 public:
  AuditHeads(store::Store& store, const RecordSigner& signer, std::function<Now()> clock, std::chrono::seconds every = std::chrono::seconds(60));
  ~AuditHeads();
  AuditHeads(const AuditHeads&) = delete;
  AuditHeads& operator=(const AuditHeads&) = delete;

 private:
  void loop();
  void prune();
  store::Store& store_;
  const RecordSigner& signer_;
  const std::function<Now()> clock_;
  const std::chrono::seconds every_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  Instant prune_at_;
  std::thread thread_;
};

}  // namespace upcall::service
