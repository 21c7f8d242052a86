// The audit can only grow, and what was done to it behind our back is found.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <thread>

#include "io/store/audit_repository.hpp"
#include "io/store/parameter_repository.hpp"
#include "io/store/store.hpp"
#include "json/json.hpp"
#include "server/admin/admin.hpp"
#include "service/identity/audit_heads.hpp"

namespace upcall::admin {
namespace {

namespace bj = boost::json;

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(*result);
}

class Audit : public ::testing::Test {
 protected:
  Audit() {
    std::string pattern = (std::filesystem::temp_directory_path() / "upcall-audit-XXXXXX").string();
    dir = ::mkdtemp(pattern.data());
    store = must(store::Store::open({dir}));
    sealer = must(store::Sealer::open(dir, random));
    signer = must(service::RecordSigner::open(*store, *sealer, random));
  }
  ~Audit() override {
    store.reset();
    std::filesystem::remove_all(dir);
  }
  void write(int count) {
    for (int i = 0; i < count; ++i) {
      const std::string n = std::to_string(next++);
      auto done = store->write([&](store::Database& db) { return store::audit::add(db, {now, "user-" + n, "thing.done", "target-" + n, "detail " + n}); });
      ASSERT_TRUE(done);
    }
  }
  Result<void> sql(const std::string& text) {
    return store->write([&](store::Database& db) { return db.script(text); });
  }
  // As somebody with the file and a text editor would do it.
  void tamper(const std::string& text) {
    for (const char* table : {"audit", "audit_chain", "audit_heads"}) {
      for (const char* verb : {"changed", "deleted", "replaced"}) ASSERT_TRUE(sql("drop trigger if exists " + std::string(table) + "_not_" + verb));
    }
    ASSERT_TRUE(sql(text));
  }
  Result<bj::value> verify(const std::string& head = {}) {
    Context context{*store, *sealer, random, now, "", "test"};
    return run(context, "audit.verify", head.empty() ? bj::object{} : bj::object{{"head", head}});
  }
  std::string fault() {
    auto answer = verify();
    return answer ? "" : answer.error().message;
  }
  void sign() { must(service::sign_audit_head(*store, *signer, now)); }

  int next = 1;
  SeededRandom random{7};
  WallTime now = WallTime::from_unix_ms(1'800'000'000'000);
  std::string dir;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<store::Sealer> sealer;
  std::unique_ptr<service::RecordSigner> signer;
};

TEST_F(Audit, IsRightAsItWasWritten) {
  EXPECT_EQ(must(verify()).at("rows").to_number<int>(), 0);
  write(5);
  sign();
  write(5);
  const auto report = must(verify());
  EXPECT_EQ(report.at("rows").to_number<int>(), 10);
  EXPECT_TRUE(verify(report.at("head").as_string().c_str()));
  EXPECT_FALSE(verify("10:0000"));
  EXPECT_FALSE(verify("10"));
  EXPECT_FALSE(verify("x:y"));
}

TEST_F(Audit, TheDatabaseRefusesChanges) {
  write(3);
  sign();
  for (const char* text : {"update audit set detail='x' where id=2", "delete from audit where id=2", "delete from audit", "update audit_chain set hash='x'", "delete from audit_chain where id=3",
                           "update audit_heads set hash='x'", "delete from audit_heads", "insert or replace into audit(id, at_ms, actor, action, target, detail) values(2, 0, 'x', 'x', 'x', 'x')"}) {
    (void)sql(text);
    EXPECT_EQ(fault(), "") << text;
  }
}

TEST_F(Audit, AnEditedRowIsFound) {
  write(5);
  for (const char* column : {"actor", "action", "target", "detail"}) {
    const std::string name = column;
    tamper("update audit set " + name + "=" + name + "||'x' where id=3");
    EXPECT_NE(fault().find("row 3: edited"), std::string::npos) << fault();
    tamper("update audit set " + name + "=substr(" + name + ", 1, length(" + name + ")-1) where id=3");
    EXPECT_EQ(fault(), "");
  }
  tamper("update audit set at_ms=at_ms+1 where id=3");
  EXPECT_NE(fault().find("row 3: edited"), std::string::npos);
}

TEST_F(Audit, ARemovedRowIsFound) {
  write(5);
  tamper("delete from audit where id=3");
  EXPECT_NE(fault().find("row 3: removed"), std::string::npos) << fault();
  tamper("delete from audit_chain where id=3");
  EXPECT_NE(fault().find("row 3: removed"), std::string::npos) << fault();
}

TEST_F(Audit, ReorderedRowsAreFound) {
  write(5);
  tamper("update audit set id=-2 where id=2; update audit set id=2 where id=3; update audit set id=3 where id=-2;");
  EXPECT_NE(fault().find("row 2: edited or moved"), std::string::npos) << fault();
}

TEST_F(Audit, AnInsertedRowIsFound) {
  write(3);
  tamper("update audit set id=9 where id=3; insert into audit(id, at_ms, actor, action, target, detail) values(3, 0, 'x', 'x', 'x', 'x');");
  EXPECT_NE(fault(), "");
}

// Who makes the whole chain anew cannot sign it.
TEST_F(Audit, AChainThatWasMadeAnewDoesNotFitItsHeads) {
  write(5);
  sign();
  tamper("update audit set detail='forged' where id=2; delete from audit_chain;");
  write(1);  // chains all of them again
  EXPECT_NE(fault().find("a signed head says otherwise"), std::string::npos) << fault();
  tamper("update audit_heads set hash=(select hash from audit_chain c where c.id=audit_heads.id)");
  EXPECT_NE(fault().find("signature is not ours"), std::string::npos) << fault();
}

TEST_F(Audit, WhatIsCutOffAtTheEndIsFoundByAHead) {
  write(5);
  sign();
  write(3);
  const std::string kept = must(verify()).at("head").as_string().c_str();
  tamper("delete from audit where id>6; delete from audit_chain where id>6; delete from audit_heads where id>6;");
  EXPECT_EQ(fault(), "") << "the last signed head that is left is of row 5";
  EXPECT_FALSE(verify(kept)) << "but not by one that was kept elsewhere";
  tamper("delete from audit where id>4; delete from audit_chain where id>4;");
  EXPECT_NE(fault().find("removed"), std::string::npos);
}

TEST_F(Audit, RowsOfBeforeTheChainAreTakenIn) {
  ASSERT_TRUE(sql("insert into audit(at_ms, actor, action, target, detail) values(1, 'a', 'b', 'c', 'd'), (2, 'a', 'b', 'c', 'd')"));
  write(1);
  EXPECT_EQ(must(verify()).at("rows").to_number<int>(), 3);
  ASSERT_TRUE(sql("insert into audit(at_ms, actor, action, target, detail) values(1, 'a', 'b', 'c', 'd')"));
  EXPECT_NE(fault().find("not in the chain"), std::string::npos);
}

TEST_F(Audit, IsListedNewestFirstByWhatIsAskedFor) {
  write(3);
  ASSERT_TRUE(store->write([&](store::Database& db) { return store::audit::add(db, {now + Duration::s(60), "ann", "login.failed", "ann", ""}); }));
  Context context{*store, *sealer, random, now, "", "test"};
  const auto ids = [&](const bj::object& arguments) {
    std::vector<int> out;
    const bj::value answer = must(run(context, "audit.list", arguments));
    for (const auto& entry : answer.at("entries").as_array()) out.push_back(entry.at("id").to_number<int>());
    return out;
  };
  EXPECT_EQ(ids({}), (std::vector<int>{4, 3, 2, 1}));
  EXPECT_EQ(ids({{"limit", 2}}), (std::vector<int>{4, 3}));
  EXPECT_EQ(ids({{"action", "login."}}), (std::vector<int>{4}));
  EXPECT_EQ(ids({{"action", "thing"}}), (std::vector<int>{}));
  EXPECT_EQ(ids({{"actor", "user-2"}}), (std::vector<int>{2}));
  EXPECT_EQ(ids({{"target", "target-3"}}), (std::vector<int>{3}));
  EXPECT_EQ(ids({{"since", "2027-01-15T08:01:00Z"}}), (std::vector<int>{4}));
  EXPECT_FALSE(run(context, "audit.list", {{"since", "yesterday"}}));
}

// --- retention ---

class AuditRetention : public Audit {
 protected:
  AuditRetention() {
    write(4);
    now = now + Duration::s(10 * 86'400);
    write(3);
    sign();
  }
  std::int64_t prune(Duration keep) { return must(service::prune_audit(*store, *signer, now - keep, now)); }
  std::vector<identity::AuditRow> rows() {
    return must(store->read([](store::Database& db) { return store::audit::list(db, {}); }));
  }
};

TEST_F(AuditRetention, OldRowsGoAndTheRestIsVerifiedFromASignedCheckpoint) {
  EXPECT_EQ(prune(Duration::s(20 * 86'400)), 0) << "nothing is so old";
  EXPECT_FALSE(must(verify()).as_object().contains("from"));
  EXPECT_EQ(prune(Duration::s(5 * 86'400)), 4);
  ASSERT_EQ(rows().size(), 4u);
  EXPECT_EQ(rows().back().id, 5);
  EXPECT_EQ(rows().front().action, "audit.pruned");
  const auto report = must(verify());
  EXPECT_EQ(report.at("rows").to_number<int>(), 4);
  EXPECT_EQ(report.at("from").at("id").to_number<int>(), 5);
  EXPECT_EQ(report.at("from").at("prunedRows").to_number<int>(), 4);
  EXPECT_EQ(prune(Duration::s(5 * 86'400)), 0) << "once";
  write(2);
  EXPECT_TRUE(verify(report.at("head").as_string().c_str()));
}

TEST_F(AuditRetention, EverythingMayGoAndTheChainGoesOn) {
  const auto before = must(verify()).at("head");
  now = now + Duration::s(400 * 86'400);
  EXPECT_EQ(prune(Duration::s(86'400)), 7);
  EXPECT_EQ(rows().size(), 1u);
  write(3);
  now = now + Duration::s(400 * 86'400);
  sign();
  EXPECT_EQ(prune(Duration::s(86'400)), 4);
  const auto report = must(verify());
  EXPECT_EQ(report.at("from").at("prunedRows").to_number<int>(), 11) << "in all";
  EXPECT_EQ(report.at("rows").to_number<int>(), 1);
  EXPECT_EQ(verify(before.as_string().c_str()).error().code, ErrorCode::gone) << "what was kept of it speaks of what is not there any more";
}

TEST_F(AuditRetention, AHeadOfTheCheckpointsOwnRowIsCompared) {
  const std::string hash = must(store->read([](store::Database& db) { return store::audit::hash_of(db, 4); }));
  prune(Duration::s(5 * 86'400));
  EXPECT_TRUE(verify("4:" + hash));
  EXPECT_FALSE(verify("4:" + std::string(64, '0')));
}

TEST_F(AuditRetention, TheDatabaseRefusesToDeleteWhatNoCheckpointCovers) {
  prune(Duration::s(5 * 86'400));
  for (const char* text : {"delete from audit", "delete from audit where id=5", "delete from audit_chain where id=6", "delete from audit_checkpoints", "update audit_checkpoints set through_id=6",
                           "insert or replace into audit_checkpoints(through_id, hash, at_ms, rows, signature) values(4, 'x', 0, 0, 'x')", "insert into audit_checkpoints(through_id, hash, at_ms, rows, signature) values(3, 'x', 0, 0, 'x')"}) {
    (void)sql(text);
    EXPECT_EQ(fault(), "") << text;
  }
}

TEST_F(AuditRetention, ACheckpointThatWeHaveNotSignedIsFound) {
  prune(Duration::s(5 * 86'400));
  // As somebody who wants row 5 gone: the database takes it, the check does not.
  ASSERT_TRUE(sql("insert into audit_checkpoints(through_id, hash, at_ms, rows, signature) select 5, (select hash from audit_chain where id=5), at_ms, 5, signature from audit_checkpoints; "
                  "delete from audit where id<=5; delete from audit_chain where id<=5; delete from audit_heads where id<=5;"));
  EXPECT_NE(fault().find("a checkpoint whose signature is not ours"), std::string::npos) << fault();
}

TEST_F(AuditRetention, WithoutItsCheckpointTheRestIsFound) {
  prune(Duration::s(5 * 86'400));
  tamper("drop trigger audit_checkpoints_not_deleted; delete from audit_checkpoints;");
  EXPECT_NE(fault(), "");
}

TEST_F(AuditRetention, AChangedAuditIsNotPruned) {
  tamper("update audit set detail='nothing happened' where id=2");
  const auto pruned = service::prune_audit(*store, *signer, now - Duration::s(5 * 86'400), now);
  ASSERT_FALSE(pruned);
  EXPECT_EQ(pruned.error().code, ErrorCode::corrupt);
  EXPECT_EQ(rows().size(), 7u) << "the trace stays";
}

TEST_F(AuditRetention, TheServerPrunesAsTheParameterSays) {
  const auto run_server = [&] {
    service::AuditHeads heads(*store, *signer, [this] { return Now{Instant::from_ms(1), now}; }, std::chrono::seconds(0));
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (rows().size() == 7 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  };
  ASSERT_TRUE(store->write([](store::Database& db) { return store::parameters::set(db, "auditKeepDays", "5"); }));
  run_server();
  EXPECT_EQ(rows().size(), 4u);
  EXPECT_EQ(fault(), "");
}

TEST_F(AuditRetention, ListAndExportTakeWhatWasAskedFor) {
  Context context{*store, *sealer, random, now, "", "test"};
  const auto ids = [](const bj::value& answer) {
    std::vector<std::int64_t> out;
    for (const bj::value& entry : answer.at("entries").as_array()) out.push_back(entry.at("id").to_number<std::int64_t>());
    return out;
  };
  EXPECT_EQ(ids(must(run(context, "audit.list", {{"limit", 2}}))), (std::vector<std::int64_t>{7, 6}));
  EXPECT_EQ(ids(must(run(context, "audit.list", {{"before", 3}}))), (std::vector<std::int64_t>{2, 1}));
  EXPECT_EQ(ids(must(run(context, "audit.list", {{"actor", "user-6"}}))), (std::vector<std::int64_t>{6}));
  EXPECT_EQ(ids(must(run(context, "audit.list", {{"until", "2027-01-20T00:00:00Z"}}))), (std::vector<std::int64_t>{4, 3, 2, 1}));
  EXPECT_FALSE(run(context, "audit.list", {{"until", "yesterday"}}));
  EXPECT_FALSE(run(context, "audit.list", {{"before", 0}}));

  const auto exported = must(run(context, "audit.export", {{"since", "2027-01-20T00:00:00Z"}}));
  EXPECT_EQ(exported.at("entries").to_number<int>(), 3);
  std::string_view rest = exported.at("content").as_string();
  std::string hash;
  for (std::int64_t id = 5; id <= 7; ++id) {
    const std::size_t end = rest.find('\n');
    ASSERT_NE(end, std::string_view::npos);
    const auto line = json::parse_object(rest.substr(0, end));
    ASSERT_TRUE(line);
    EXPECT_EQ(json::integer_at(*line, "id"), id);
    hash = json::text_or(*line, "hash");
    rest.remove_prefix(end + 1);
  }
  EXPECT_TRUE(rest.empty());
  EXPECT_TRUE(verify("7:" + hash)) << "an exported line is a head to compare with";
  EXPECT_EQ(rows().front().action, "audit.exported");
  EXPECT_EQ(must(run(context, "audit.export", {{"limit", 2}})).at("before").to_number<int>(), 7);
}

}  // namespace
}  // namespace upcall::admin
