#include "io/store/webhook_repository.hpp"

#include <gtest/gtest.h>

#include "io/store/store.hpp"
#include "temp_dir.hpp"

namespace upcall::store {
namespace {

WallTime at(std::int64_t second) { return WallTime::from_unix_ms(1'000'000 + second * 1000); }

class Webhooks : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = Store::open({dir_.path()});
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = std::move(*opened);
    event("m-0", "meeting.started");  // before the webhook: it is not told
    ASSERT_TRUE(store_->write([&](Database& db) { return webhooks::insert(db, hook_); }));
  }
  void event(const std::string& meeting, const std::string& type) {
    ASSERT_TRUE(store_->write([&](Database& db) { return outbox::add(db, {0, "e" + std::to_string(++events_), meeting, 0, type, "{}", at(0)}); }));
  }
  int take_up(int limit = 100) { return store_->write([&](Database& db) { return webhooks::take_up(db, hook_, limit, at(0)); }).value(); }
  std::vector<std::string> due(std::int64_t second) {
    std::vector<std::string> out;
    const auto list = store_->read([&](Database& db) { return webhooks::due(db, hook_.id, at(second), 10); }).value();
    for (const auto& d : list) out.push_back(d.event.event_id);
    return out;
  }
  std::int64_t position(const std::string& event_id) {
    return store_->read([&](Database& db) { return db.one("select position from outbox where event_id=?1", [](Row& r) { return r.i64(0); }, event_id); }).value().value();
  }

  test::TempDir dir_;
  std::unique_ptr<Store> store_;
  Webhook hook_{"w-1", "https://x/", {1, 2, 3}, "recording.* meeting.ended", at(0), false};
  int events_ = 0;
};

TEST_F(Webhooks, OneOfAMeetingAtATimeInItsOrder) {
  event("m-1", "recording.started");   // e2
  event("m-1", "attendee.joined");     // e3: not wanted
  event("m-2", "recording.started");   // e4
  event("m-1", "recording.stored");    // e5
  event("m-2", "meeting.ended");       // e6
  EXPECT_EQ(take_up(2), 2);
  EXPECT_EQ(take_up(), 3);
  EXPECT_EQ(take_up(), 0);
  EXPECT_EQ(due(0), (std::vector<std::string>{"e2", "e4"}));
  // m-1's first fails: what follows of m-1 waits, m-2 goes on.
  ASSERT_TRUE(store_->write([&](Database& db) { return webhooks::failed(db, hook_.id, position("e2"), "answered 500", at(0), at(10)); }));
  ASSERT_TRUE(store_->write([&](Database& db) { return webhooks::delivered(db, hook_.id, position("e4"), at(0)); }));
  EXPECT_EQ(due(1), (std::vector<std::string>{"e6"}));
  ASSERT_TRUE(store_->write([&](Database& db) { return webhooks::delivered(db, hook_.id, position("e6"), at(1)); }));
  EXPECT_EQ(due(9), (std::vector<std::string>{}));
  EXPECT_EQ(store_->read([&](Database& db) { return webhooks::next_due(db, hook_.id); }).value(), at(10));
  EXPECT_EQ(due(10), (std::vector<std::string>{"e2"}));
  ASSERT_TRUE(store_->write([&](Database& db) { return webhooks::given_up(db, hook_.id, position("e2"), "answered 500", at(10)); }));
  EXPECT_EQ(due(10), (std::vector<std::string>{"e5"})) << "a day is enough: the next is told";
  const auto backlog = store_->read([&](Database& db) { return webhooks::backlog(db, hook_.id); }).value();
  EXPECT_EQ(backlog.pending, 1);
  EXPECT_EQ(backlog.given_up, 1);
}

TEST_F(Webhooks, GoesWithAllThatItWasToBeTold) {
  event("m-1", "recording.started");
  take_up();
  ASSERT_TRUE(store_->write([&](Database& db) { return webhooks::remove(db, hook_.id); }).value());
  EXPECT_FALSE(store_->write([&](Database& db) { return webhooks::remove(db, hook_.id); }).value());
  EXPECT_EQ(due(100).size(), 0u);
}

TEST(EventMatches, Patterns) {
  EXPECT_TRUE(event_matches("recording.*", "recording.stored"));
  EXPECT_TRUE(event_matches("meeting.ended recording.stored", "recording.stored"));
  EXPECT_TRUE(event_matches("*", "anything"));
  EXPECT_FALSE(event_matches("recording.*", "recordings.stored"));
  EXPECT_FALSE(event_matches("recording", "recording.stored"));
  EXPECT_FALSE(event_matches("", "recording.stored"));
  EXPECT_FALSE(event_matches("meeting.ended", "meeting.ended2"));
}

}  // namespace
}  // namespace upcall::store
