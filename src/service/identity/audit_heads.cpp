#include "service/identity/audit_heads.hpp"

#include <algorithm>
#include <charconv>

#include "base/wall_text.hpp"
#include "io/store/parameter_repository.hpp"
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

std::string checkpoint_text(const store::audit::Checkpoint& c) {
  return bj::serialize(bj::object{{"auditPrunedThrough", c.through_id}, {"hash", c.hash}, {"rows", c.rows}, {"at", to_iso8601(c.at)}});
}

constexpr Duration kPruneEvery = Duration::s(3600);

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
    auto checkpoints = store::audit::checkpoints(db);
    if (!checkpoints) return tl::unexpected(checkpoints.error());
    for (const store::audit::Checkpoint& c : *checkpoints) {
      if (signer.verified(c.signature) != checkpoint_text(c)) {
        out.fault = identity::AuditFault{c.through_id, "a checkpoint whose signature is not ours"};
        return out;
      }
      out.after_id = c.through_id;
      out.pruned_at = c.at;
      out.pruned_rows = c.rows;
      verifier.begin_after(c.through_id, c.hash);
    }
    if (kept.first != 0 && kept.first < out.after_id) return fail(ErrorCode::gone, "the audit was pruned through row " + std::to_string(out.after_id) + ", behind this head");
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
    // The row of the checkpoint itself is gone, its hash is known.
    for (; next < heads.size() && heads[next].first == out.after_id; ++next) verifier.head(heads[next].first, heads[next].second);
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

Result<std::int64_t> prune_audit(store::Store& store, const RecordSigner& signer, WallTime cutoff, WallTime now) {
  auto end = store.read([&](store::Database& db) { return store::audit::last_before(db, cutoff); });
  if (!end) return tl::unexpected(end.error());
  if (end->id == 0) return std::int64_t{0};
  auto report = verify_audit(store, signer, "");
  if (!report) return tl::unexpected(report.error());
  if (report->fault) return fail(ErrorCode::corrupt, "the audit was changed: row " + std::to_string(report->fault->id) + ": " + report->fault->what);
  return store.write([&](store::Database& db) -> Result<std::int64_t> {
    auto last = store::audit::last_before(db, cutoff);
    if (!last) return tl::unexpected(last.error());
    if (last->id == 0) return std::int64_t{0};
    auto before = store::audit::checkpoints(db);
    if (!before) return tl::unexpected(before.error());
    // First, so that the chain never ends with the checkpoint.
    if (auto noted = store::audit::add(db, {now, "system", "audit.pruned", std::to_string(last->id), "from before " + to_iso8601(cutoff)}); !noted) return tl::unexpected(noted.error());
    const std::int64_t since = before->empty() ? 0 : before->back().through_id;
    auto going = db.one("select count(*) from audit where id>?1 and id<=?2", [](store::Row& r) { return r.i64(0); }, since, last->id);
    if (!going) return tl::unexpected(going.error());
    store::audit::Checkpoint checkpoint{last->id, last->hash, now, (before->empty() ? 0 : before->back().rows) + going->value_or(0), {}};
    checkpoint.signature = signer.sign(checkpoint_text(checkpoint));
    return store::audit::prune(db, checkpoint);
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

void AuditHeads::prune() {
  const Now now = clock_();
  if (now.mono < prune_at_) return;
  prune_at_ = now.mono + kPruneEvery;
  const auto days = store_.read([](store::Database& db) { return store::parameters::get_or(db, "auditKeepDays", "0"); });
  if (!days) return;
  std::int64_t keep = 0;
  std::from_chars(days->data(), days->data() + days->size(), keep);
  if (keep <= 0) return;
  // A changed audit stays as it is; the check says so to whoever asks.
  (void)prune_audit(store_, signer_, now.wall - Duration::s(keep * 86'400), now.wall);
}

void AuditHeads::loop() {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, every_, [this] { return stopping_; })) {
    lock.unlock();
    // A store that takes nothing is told by everybody else; the next minute tries again.
    (void)sign_audit_head(store_, signer_, clock_().wall);
    prune();
    lock.lock();
  }
}

}  // namespace upcall::service
