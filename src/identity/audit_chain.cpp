#include "identity/audit_chain.hpp"

#include "crypto/hash.hpp"

namespace upcall::identity {

std::string audit_hash(std::string_view previous, const AuditRow& row) {
  crypto::Sha256 hash;
  const auto field = [&](std::string_view text) {
    const std::string size = std::to_string(text.size()) + ":";
    hash.update(as_bytes(std::string_view(size))).update(as_bytes(text));
  };
  field(previous);
  field(std::to_string(row.id));
  field(std::to_string(row.at.unix_ms()));
  for (const std::string* text : {&row.actor, &row.action, &row.target, &row.detail}) field(*text);
  return to_hex(hash.finish());
}

void AuditVerifier::row(std::int64_t id, const AuditRow* row, const std::optional<std::string>& hash) {
  if (fault_) return;
  if (row == nullptr) {
    fault_ = AuditFault{id, "removed"};
  } else if (!hash) {
    fault_ = AuditFault{id, "not in the chain"};
  } else if (audit_hash(last_hash_, *row) != *hash) {
    // With a gap before it, most likely the row in the gap is what is missing.
    fault_ = id > last_id_ + 1 ? AuditFault{last_id_ + 1, "removed"} : AuditFault{id, "edited or moved"};
  } else {
    last_id_ = id;
    last_hash_ = *hash;
    ++rows_;
  }
}

void AuditVerifier::head(std::int64_t id, std::string_view hash) {
  if (fault_) return;
  if (id != last_id_) fault_ = AuditFault{id, "removed"};
  else if (hash != last_hash_) fault_ = AuditFault{id, "a signed head says otherwise"};
}

}  // namespace upcall::identity
