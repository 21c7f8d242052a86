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
  std::int64_t rows = 0;
  std::int64_t heads = 0;
  std::int64_t last_id = 0;
  std::string last_hash;
  std::optional<identity::AuditFault> fault;  // nothing: all is as it was written
};
// `expected`: "ID:HASH" of an earlier report; empty: none.
Result<AuditReport> verify_audit(store::Store& store, const RecordSigner& signer, std::string_view expected);

// Signs once a minute, and at the end. Threads: one of its own.
class AuditHeads {
 public:
  AuditHeads(store::Store& store, const RecordSigner& signer, std::function<Now()> clock, std::chrono::seconds every = std::chrono::seconds(60));
  ~AuditHeads();
  AuditHeads(const AuditHeads&) = delete;
  AuditHeads& operator=(const AuditHeads&) = delete;

 private:
  void loop();
  store::Store& store_;
  const RecordSigner& signer_;
  const std::function<Now()> clock_;
  const std::chrono::seconds every_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace upcall::service
