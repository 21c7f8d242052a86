#include "service/identity/audit_heads.hpp"

#include <algorithm>
#include <charconv>

#include "base/wall_text.hpp"
#include "json/json.hpp"

namespace upcall::service {
namespace {

namespace bj = boost::json;

std::string head_text(std::int64_t id, std::string_view hash, WallTime at) {
  return bj::serialize(bj::object{{"audit", id}, {"hash", hash}, {"at", to_iso8601(at)}});
}

// A head as its signature says it, not as its columns do.
std::optional<std::pair<std::int64_t, std::string>> signed_head(const RecordSigner& signer, const store::audit::Head& head) {
  const auto text = signer.verified(head.signature);
  if (!text || *text != head_text(head.id, head.hash, head.at)) return std::nullopt;
  return std::pair(head.id, head.hash);
}

}  // namespace

Result<bool> sign_audit_head(store::Store& store, const RecordSigner& signer, WallTime now) {
  return store.write([&](store::Database& db) -> Result<bool> {
    auto end = store::audit::newest(db);
    if (!end) return tl::unexpected(end.error());
    auto last = store::audit::newest_signed(db);
    if (!last) return tl::unexpected(last.error());
    if (end->id == 0 || (*last && (*last)->id >= end->id)) return false;
    auto done = store::audit::add_head(db, {end->id, end->hash, now, signer.sign(head_text(end->id, end->hash, now))});
    if (!done) return tl::unexpected(done.error());
    return true;
  });
}

Result<AuditReport> verify_audit(store::Store& store, const RecordSigner& signer, std::string_view expected) {
  std::pair<std::int64_t, std::string> kept{0, ""};
  if (!expected.empty()) {
    const std::size_t colon = std::min(expected.find(':'), expected.size());
    const auto [end, error] = std::from_chars(expected.data(), expected.data() + colon, kept.first);
    if (error != std::errc() || end != expected.data() + colon || colon == expected.size() || kept.first <= 0) {
      return fail(ErrorCode::invalid_argument, "an expected head is written ID:HASH, as a check prints it");
    }
    kept.second = expected.substr(colon + 1);
  }
  return store.read([&](store::Database& db) -> Result<AuditReport> {
    auto rows = store::audit::heads(db);
    if (!rows) return tl::unexpected(rows.error());
    AuditReport out;
    identity::AuditVerifier verifier;
    std::vector<std::pair<std::int64_t, std::string>> heads;
    for (const store::audit::Head& row : *rows) {
      const auto head = signed_head(signer, row);
      if (!head) {
        out.fault = identity::AuditFault{row.id, "a head whose signature is not ours"};
        return out;
      }
      heads.push_back(*head);
    }
    if (kept.first != 0) {
      heads.insert(std::upper_bound(heads.begin(), heads.end(), kept), kept);
    }
    std::size_t next = 0;
    auto read = store::audit::each(db, [&](std::int64_t id, const identity::AuditRow* row, const std::optional<std::string>& hash) {
      // A head of a row that is not there any more.
      while (next < heads.size() && heads[next].first < id) {
        verifier.head(heads[next].first, heads[next].second);
        ++next;
      }
      verifier.row(id, row, hash);
      while (next < heads.size() && heads[next].first == id) {
        verifier.head(id, heads[next].second);
        ++next;
      }
    });
    if (!read) return tl::unexpected(read.error());
    for (; next < heads.size(); ++next) verifier.head(heads[next].first, heads[next].second);
    out.rows = verifier.rows();
    out.heads = static_cast<std::int64_t>(rows->size());
    out.last_id = verifier.last_id();
    out.last_hash = verifier.last_hash();
    out.fault = verifier.fault();
    return out;
  });
}

AuditHeads::AuditHeads(store::Store& store, const RecordSigner& signer, std::function<Now()> clock, std::chrono::seconds every)
    : store_(store), signer_(signer), clock_(std::move(clock)), every_(every), thread_([this] { loop(); }) {}

AuditHeads::~AuditHeads() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
  (void)sign_audit_head(store_, signer_, clock_().wall);
}

void AuditHeads::loop() {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, every_, [this] { return stopping_; })) {
    lock.unlock();
    // A store that takes nothing is told by everybody else; the next minute tries again.
    (void)sign_audit_head(store_, signer_, clock_().wall);
    lock.lock();
  }
}

}  // namespace upcall::service
