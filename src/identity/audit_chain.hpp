// The audit log as a chain: each row's hash covers the row and the hash before it, so that a row that was edited, removed
// or moved breaks every hash behind it. Heads are signed now and then (service/identity/audit_heads.hpp): who can write the
// database could make the chain anew, but not sign it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/time.hpp"

namespace upcall::identity {

struct AuditRow {
  std::int64_t id = 0;
  WallTime at;
  std::string actor, action, target, detail;
};

// Hexadecimal SHA-256 over the previous hash and the fields with their lengths. Before the first row it is kAuditStart.
inline constexpr std::string_view kAuditStart = "0000000000000000000000000000000000000000000000000000000000000000";
std::string audit_hash(std::string_view previous, const AuditRow& row);

struct AuditFault {
  std::int64_t id = 0;
  std::string what;  // "edited or moved", "removed", "not in the chain", "a signed head says otherwise"
};

// Fed with rows and chain entries by ascending id; the first fault ends it.
class AuditVerifier {
 public:
  // What was pruned ends with this row; before the first row().
  void begin_after(std::int64_t id, std::string hash) {
    last_id_ = id;
    last_hash_ = std::move(hash);
  }
  // `hash`: the chain's entry, nothing when there is none. `row`: nothing when the entry has lost its row.
  void row(std::int64_t id, const AuditRow* row, const std::optional<std::string>& hash);
  // After the rows up to `id` were given: what a verified head says. The newest row's hash when its id is `id`.
  void head(std::int64_t id, std::string_view hash);
  const std::optional<AuditFault>& fault() const { return fault_; }
  std::int64_t last_id() const { return last_id_; }
  const std::string& last_hash() const { return last_hash_; }
  std::int64_t rows() const { return rows_; }

 private:
  std::int64_t last_id_ = 0;
  std::int64_t rows_ = 0;
  std::string last_hash_{kAuditStart};
  std::optional<AuditFault> fault_;
};

}  // namespace upcall::identity
