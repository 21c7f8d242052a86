// The search's rows and index by themselves: installations of before, contacts that change, order, numbers, damage.
#include "io/store/contact_search_repository.hpp"

#include <gtest/gtest.h>

#include <set>

#include "io/store/centre_repository.hpp"
#include "io/store/migrations.hpp"
#include "temp_dir.hpp"

namespace upcall::store {
namespace {

constexpr contact::SearchScope kAll{true, ""};
const WallTime kNow = WallTime::from_unix_ms(1'800'000'000'000);

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

std::unique_ptr<Database> memory() { return must(Database::open(":memory:", Database::Mode::read_write)); }

void add(Database& db, const std::string& id, WallTime started, contact::Attributes attributes = {}) {
  must(centre::put_contact(db, {id, "ended", started, started + Duration::s(60), "", "{}"}, attributes));
}
void index_all(Database& db) {
  for (const std::string& id : must(contact_search::pending(db, 1000))) must(contact_search::index(db, id));
}
std::vector<std::string> found(Database& db, const contact::SearchFilter& filter = {}, const contact_search::Page& page = {}) {
  std::vector<std::string> out;
  for (const FoundContact& c : must(contact_search::search(db, filter, kAll, page, kNow))) out.push_back(c.contact_id);
  return out;
}
using List = std::vector<std::string>;

TEST(ContactIndex, AnInstallationOfBeforeIsIndexedToo) {
  auto db = memory();
  for (const Migration& m : migrations()) {
    if (m.version < 10) must(db->script(m.sql));
  }
  must(db->script("create table schema_version(version bigint not null); insert into schema_version values(9);"));
  must(db->script("insert into contacts(id, state, started_ms, ended_ms, snapshot) values('old', 'ended', 1000, 2000, '{}'), ('live', 'queued', 1000, null, '{}');"
                  "insert into participants(id, contact_id, role, display_name, token_hash) values('p', 'old', 'CUSTOMER', 'Jane Doe', 'x');"));
  must(migrate(*db));
  EXPECT_EQ(must(contact_search::pending(*db, 10)), List{"old"});
  index_all(*db);
  EXPECT_EQ(found(*db, {.customer = "jane"}), List{"old"});
  EXPECT_TRUE(must(contact_search::pending(*db, 10)).empty());
}

TEST(ContactIndex, ContactsOfOneMillisecondHaveAnOrder) {
  auto db = memory();
  must(migrate(*db));
  for (int i = 0; i < 5; ++i) {
    add(*db, "c" + std::to_string(i), kNow - Duration::s(100));
    index_all(*db);
  }
  EXPECT_EQ(found(*db), (List{"c4", "c3", "c2", "c1", "c0"}));
  EXPECT_EQ(found(*db, {}, {25, true, {}}), (List{"c0", "c1", "c2", "c3", "c4"}));
  const auto all = must(contact_search::search(*db, {}, kAll, {}, kNow));
  EXPECT_EQ(found(*db, {}, {2, false, all[1].number}), (List{"c2", "c1"}));
  EXPECT_EQ(found(*db, {}, {2, true, all[3].number}), (List{"c2", "c3"}));
  EXPECT_EQ(must(contact_search::count(*db, {}, kAll, 100, kNow)), 5);
  EXPECT_EQ(must(contact_search::count(*db, {}, kAll, 3, kNow)), 3);
}

// What is taken out is what had been put in, whatever has changed meanwhile; FTS5 checks the rest itself.
TEST(ContactIndex, StaysWholeWhileContactsChangeAndGo) {
  auto db = memory();
  must(migrate(*db));
  for (int i = 0; i < 40; ++i) {
    const std::string id = "c" + std::to_string(i);
    add(*db, id, kNow - Duration::s(i), {{"level", "silver"}});
    contact::ChatItem item;
    item.contact_id = id;
    item.id = "item-" + id;
    item.seq = 1;
    item.content = "word" + std::to_string(i);
    must(centre::insert_item(*db, item));
  }
  index_all(*db);
  for (int i = 0; i < 40; i += 2) must(centre::set_attribute(*db, "c" + std::to_string(i), "level", "gold"));
  index_all(*db);
  const auto with = [&](const char* level) { return found(*db, {.attributes = {{"level", {level}}}}, {100, false, {}}).size(); };
  EXPECT_EQ(with("gold"), 20u);
  EXPECT_EQ(with("silver"), 20u);
  for (int i = 0; i < 40; i += 4) must(contact_search::remove(*db, "c" + std::to_string(i)));
  bool first = true;
  while (!must(contact_search::forget_removed(*db, first))) first = false;
  EXPECT_EQ(with("gold"), 10u);
  EXPECT_EQ(with("silver"), 20u);
  EXPECT_EQ(found(*db, {.texts = {{contact::SearchedText::Speaker::anybody, "word4"}}}), List());
  EXPECT_EQ(must(contact_search::count(*db, {}, kAll, 100, kNow)), 30);
  must(db->script("insert into contact_index(contact_index) values('integrity-check')"));
}

TEST(ContactIndex, ARangeThatNoEndIsInFindsNothing) {
  auto db = memory();
  must(migrate(*db));
  add(*db, "c", kNow - Duration::s(3600));
  index_all(*db);
  EXPECT_EQ(found(*db, {.ended_from = kNow - Duration::s(7200)}), List{"c"});
  EXPECT_EQ(found(*db, {.ended_from = kNow + Duration::s(7200)}), List());
  EXPECT_EQ(found(*db, {.ended_until = kNow - Duration::s(7200)}), List());
  EXPECT_EQ(found(*db, {.ended_from = WallTime::from_unix_ms(0)}), List{"c"}) << "a range of years";
  EXPECT_EQ(must(contact_search::count(*db, {.ended_from = kNow - Duration::s(7200)}, kAll, 100, kNow)), 1);
}

}  // namespace
}  // namespace upcall::store
