// service::RetentionService over a real store and a real directory of objects: every way to delete, every hold, crashes
// between the steps, and what reconciliation finds.
#include "service/retention/retention_service.hpp"

#include <gtest/gtest.h>

#include "base/wall_text.hpp"
#include "crypto/random.hpp"
#include "io/objects/directory_object_store.hpp"
#include "io/store/adhoc_repository.hpp"
#include "io/store/centre_repository.hpp"
#include "io/store/contact_search_repository.hpp"
#include "io/store/meeting_repository.hpp"
#include "io/store/outbox_repository.hpp"
#include "io/store/parameter_repository.hpp"
#include "io/store/user_cache_repository.hpp"
#include "json/json.hpp"
#include "service/contact_search/contact_indexer.hpp"

#include "../store/temp_dir.hpp"

namespace upcall::service {
namespace {

constexpr std::int64_t kDay = 24 * 3600 * 1000;

// The real store of objects, that answers "unavailable" to removing while it is told to.
class Flaky final : public objects::ObjectStore {
 public:
  explicit Flaky(objects::ObjectStore& under) : under_(under) {}
  Result<std::unique_ptr<objects::Upload>> begin_upload(std::string_view key, std::string_view type) override { return under_.begin_upload(key, type); }
  Result<objects::ObjectInfo> stat(std::string_view key) override { return under_.stat(key); }
  Result<std::shared_ptr<wire::BodySource>> open(std::string_view key) override { return under_.open(key); }
  Result<void> remove(std::string_view key) override {
    if (down) return fail(ErrorCode::unavailable, "down");
    return under_.remove(key);
  }
  Result<std::vector<objects::ObjectInfo>> list(std::string_view prefix) override { return under_.list(prefix); }
  bool down = false;

 private:
  objects::ObjectStore& under_;
};

class Retaining : public testing::Test {
 protected:
  void SetUp() override {
    store_ = store::Store::open({dir_.path()}).value();
    sealer_ = store::Sealer::open(dir_.path(), random_).value();
    directory_ = objects::DirectoryObjectStore::open_root(dir_.path() + "/objects", sealer_->derive("objects"), random_).value();
    objects_ = std::make_unique<Flaky>(*directory_);
    signer_ = RecordSigner::open(*store_, *sealer_, random_).value();
    make();
  }
  void make() {
    service_.reset();
    service_ = std::make_unique<RetentionService>(RetentionOptions{}, *store_, *objects_, *signer_, random_, [this] { return Now{Instant::from_ms(ms_), WallTime::from_unix_ms(ms_)}; });
  }
  template <class F>
  auto write(F f) {
    auto r = store_->write(f);
    if (!r) throw std::runtime_error(r.error().message);
    if constexpr (!std::is_void_v<typename decltype(r)::value_type>) return std::move(*r);
  }

  void contact(const std::string& id, bool automatic = false) {
    contact::Attributes attributes{{"customerEmailAddress", "carl@example.com"}, {"outcome", "lost"}};
    if (automatic) attributes["videoRecordingAutoStartEnabled"] = "True";
    write([&](store::Database& db) { return store::centre::put_contact(db, {id, "ended", WallTime::from_unix_ms(ms_), WallTime::from_unix_ms(ms_), "", "{}"}, attributes); });
    contact::ChatItem item;
    item.contact_id = id;
    item.id = "item-" + id;
    item.seq = 1;
    item.content = "my card number is …";
    write([&](store::Database& db) { return store::centre::insert_item(db, item); });
  }
  void meeting(const std::string& id, std::optional<std::string> contact_id, bool ended = true) {
    store::Meeting m;
    m.meeting_id = id;
    m.external_meeting_id = "ext-" + id;
    m.owner_principal = "agent";
    m.contact_id = std::move(contact_id);
    m.created = WallTime::from_unix_ms(ms_);
    write([&](store::Database& db) { return store::meetings::insert(db, m); });
    if (ended) write([&](store::Database& db) { return store::meetings::end(db, id, WallTime::from_unix_ms(ms_)); });
  }
  void file(const std::string& key) {
    auto upload = objects_->begin_upload(key, "video/mp4").value();
    ASSERT_TRUE(upload->put_part(1, as_bytes("a film")));
    ASSERT_TRUE(upload->complete(WallTime::from_unix_ms(ms_)));
  }
  std::string recording(const std::string& id, const std::string& meeting_id, std::optional<std::string> contact_id = std::nullopt,
                        store::RecordingState state = store::RecordingState::stored) {
    store::Recording r;
    r.recording_id = id;
    r.external_meeting_id = "ext-" + meeting_id;
    r.meeting_id = meeting_id;
    r.owner_principal = "agent";
    r.contact_id = std::move(contact_id);
    r.state = state;
    r.object_key = "RECORDINGS/2026/11/30/00/" + id + ".mp4";
    r.requested = r.stopped.emplace(WallTime::from_unix_ms(ms_));
    write([&](store::Database& db) { return store::recordings::insert(db, r); });
    write([&](store::Database& db) { return store::recordings::insert_key(db, id, as_bytes("wrapped")); });
    if (state == store::RecordingState::stored) file(r.object_key);
    return r.object_key;
  }
  void rule(const std::string& outcome, int days) {
    write([&](store::Database& db) { return store::retention::insert_rule(db, {"rule-" + outcome + std::to_string(days), "", "", outcome, days, WallTime()}); });
  }
  bool has_row(const std::string& id) {
    return store_->read([&](store::Database& db) { return store::retention::find(db, id); }).value().has_value();
  }
  bool has_key(const std::string& id) {
    return store_->read([&](store::Database& db) { return store::recordings::wrapped_key(db, id); }).value().has_value();
  }
  bool has_file(const std::string& key) { return objects_->stat(key).has_value(); }
  std::vector<std::string> events(const std::string& type) {
    std::vector<std::string> out;
    const auto all = store_->read([](store::Database& db) { return store::outbox::pending(db, "test", 100); }).value();
    for (const auto& e : all) {
      if (e.type == type) out.push_back(e.meeting_id);
    }
    return out;
  }

  test::TempDir dir_;
  crypto::SystemRandom random_;
  std::int64_t ms_ = 1'800'000'000'000;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<store::Sealer> sealer_;
  std::unique_ptr<objects::DirectoryObjectStore> directory_;
  std::unique_ptr<Flaky> objects_;
  std::unique_ptr<RecordSigner> signer_;
  std::unique_ptr<RetentionService> service_;
};

TEST_F(Retaining, WithoutARuleForEver) {
  meeting("m1", std::nullopt);
  const std::string key = recording("r1", "m1");
  ms_ += 100 * 365 * kDay;
  EXPECT_EQ(service_->sweep().value(), 0);
  EXPECT_TRUE(has_row("r1") && has_file(key));
}

TEST_F(Retaining, ARowLivesAsLongAsItsFile) {
  contact("c1");
  meeting("m1", "c1");
  meeting("m2", std::nullopt);
  const std::string of_contact = recording("r1", "m1", "c1"), other = recording("r2", "m2");
  rule("lost", 30);
  ms_ += 30 * kDay - 1;
  EXPECT_EQ(service_->sweep().value(), 0);
  ms_ += 1;
  EXPECT_EQ(service_->sweep().value(), 1);
  EXPECT_FALSE(has_row("r1") || has_key("r1") || has_file(of_contact));
  EXPECT_TRUE(has_row("r2") && has_key("r2") && has_file(other)) << "its contact had no such outcome";
  EXPECT_EQ(events("recording.deleted"), std::vector<std::string>{"ext-m1"});
}

// A search must not promise a film that a rule has taken.
TEST_F(Retaining, TheSearchKnowsWhenARecordingHasGone) {
  contact("c1");
  meeting("m1", "c1");
  recording("r1", "m1", "c1");
  ContactIndexer indexer(*store_);
  const auto found = [&](bool recorded) {
    EXPECT_TRUE(indexer.run_once());
    contact::SearchFilter filter;
    filter.recorded = recorded;
    return store_->read([&](store::Database& db) { return store::contact_search::search(db, filter, {true, ""}, {}, WallTime::from_unix_ms(ms_)); }).value().size();
  };
  EXPECT_EQ(found(true), 1u);
  rule("lost", 30);
  ms_ += 30 * kDay;
  EXPECT_EQ(service_->sweep().value(), 1);
  EXPECT_EQ(found(true), 0u);
  EXPECT_EQ(found(false), 1u) << "the contact itself stays";
  ASSERT_TRUE(service_->erase("c1", "test"));
  EXPECT_EQ(found(false), 0u);
  EXPECT_EQ(indexer.counters().given_up, 0u);
}

TEST_F(Retaining, AHoldWinsOverEveryWay) {
  contact("c1");
  meeting("m1", "c1");
  const std::string key = recording("r1", "m1", "c1"), second = recording("r2", "m1", "c1");
  rule("", 1);
  ASSERT_TRUE(store_->write([&](store::Database& db) { return store::retention::hold(db, "r1", "case 7", "administrator", WallTime::from_unix_ms(ms_)); }).value());
  ms_ += 10 * kDay;
  const auto by_hand = service_->remove("r1", "administrator", "not needed");
  ASSERT_FALSE(by_hand);
  EXPECT_EQ(by_hand.error().code, ErrorCode::conflict);
  EXPECT_NE(by_hand.error().message.find("case 7"), std::string::npos);
  const auto erased = service_->erase("c1", "administrator");
  ASSERT_FALSE(erased);
  EXPECT_EQ(erased.error().code, ErrorCode::conflict);
  EXPECT_TRUE(has_row("r2") && has_file(second)) << "all or nothing";
  EXPECT_EQ(service_->sweep().value(), 1) << "the other one, by rule";
  EXPECT_TRUE(has_row("r1") && has_key("r1") && has_file(key));
  EXPECT_FALSE(has_row("r2"));
  ASSERT_TRUE(store_->write([&](store::Database& db) { return store::retention::release(db, "r1"); }).value());
  EXPECT_EQ(service_->sweep().value(), 1);
  EXPECT_FALSE(has_row("r1") || has_file(key));
}

TEST_F(Retaining, WhatIsNotFinishedStays) {
  meeting("m1", std::nullopt);
  recording("r1", "m1", std::nullopt, store::RecordingState::composing);
  rule("", 0);
  EXPECT_EQ(service_->sweep().value(), 0);
  EXPECT_EQ(service_->remove("r1", "a", "b").error().code, ErrorCode::conflict);
  EXPECT_EQ(service_->remove("nobody", "a", "b").error().code, ErrorCode::not_found);
}

TEST_F(Retaining, AStoreThatIsDownIsAskedAgainAndNobodySeesTheRecordingMeanwhile) {
  meeting("m1", std::nullopt);
  const std::string key = recording("r1", "m1");
  objects_->down = true;
  EXPECT_FALSE(service_->remove("r1", "administrator", "by hand"));
  EXPECT_TRUE(has_file(key));
  EXPECT_FALSE(store_->read([](store::Database& db) { return store::recordings::find(db, "r1"); }).value()) << "nobody finds it any more";
  EXPECT_EQ(store_->write([&](store::Database& db) { return store::retention::hold(db, "r1", "too late", "a", WallTime()); }).error().code, ErrorCode::conflict);
  make();  // the server dies here
  EXPECT_EQ(service_->sweep().value(), 0);
  objects_->down = false;
  EXPECT_EQ(service_->sweep().value(), 1);
  EXPECT_FALSE(has_row("r1") || has_key("r1") || has_file(key));
}

TEST_F(Retaining, ErasureLeavesNothingOfThePersonAndACertificate) {
  contact("c1");
  meeting("m1", "c1");
  const std::string key = recording("r1", "m1", "c1");
  const std::string certificate = service_->erase("c1", "administrator").value();
  EXPECT_FALSE(has_row("r1") || has_key("r1") || has_file(key));
  const auto left = [&](const char* sql) { return store_->read([&](store::Database& db) { return db.one(sql, [](store::Row& r) { return r.i64(0); }); }).value().value(); };
  EXPECT_EQ(left("select count(*) from chat_items"), 0);
  EXPECT_EQ(left("select count(*) from contact_attributes"), 0);
  EXPECT_EQ(left("select count(*) from contacts where snapshot<>''"), 0);
  // Signed, and what it says can be read.
  const std::size_t first = certificate.find('.'), second = certificate.rfind('.');
  const auto payload = from_base64url(std::string_view(certificate).substr(first + 1, second - first - 1)).value();
  const auto said = json::parse_object(as_text(payload)).value();
  EXPECT_EQ(json::text_or(said, "contactId"), "c1");
  EXPECT_EQ(json::integer_at(said, "chatItems"), 1);
  ASSERT_EQ(json::array_at(said, "recordings")->size(), 1u);
  EXPECT_EQ(json::text_or(json::array_at(said, "recordings")->at(0).as_object(), "objectKey"), key);
  const auto jwk = json::parse_object(signer_->public_jwk()).value();
  const auto key_of_signer = crypto::Es256PublicKey::from_point(from_base64url(json::text_or(jwk, "x")).value(), from_base64url(json::text_or(jwk, "y")).value()).value();
  EXPECT_TRUE(key_of_signer.verify(as_bytes(std::string_view(certificate).substr(0, second)), from_base64url(std::string_view(certificate).substr(second + 1)).value()));
  EXPECT_EQ(service_->erase("c1", "somebody else").value(), certificate) << "once";
}

TEST_F(Retaining, AnErasureThatWasInterruptedIsFinished) {
  contact("c1");
  meeting("m1", "c1");
  const std::string key = recording("r1", "m1", "c1");
  objects_->down = true;
  EXPECT_FALSE(service_->erase("c1", "administrator"));
  make();
  objects_->down = false;
  EXPECT_EQ(service_->sweep().value(), 1);
  EXPECT_FALSE(has_row("r1") || has_file(key));
  const auto erasure = store_->read([](store::Database& db) { return store::retention::erasure(db, "c1"); }).value();
  ASSERT_TRUE(erasure && erasure->done);
  EXPECT_FALSE(erasure->certificate.empty());
}

TEST_F(Retaining, ALiveContactIsNotErased) {
  contact("c1");
  meeting("m1", "c1", false);
  EXPECT_EQ(service_->erase("c1", "a").error().code, ErrorCode::conflict);
  EXPECT_EQ(service_->erase("c2", "a").error().code, ErrorCode::not_found);
}

TEST_F(Retaining, AContactThatWantedARecordingAndHasNoneIsToldOnce) {
  contact("wanted", true);
  contact("not", false);
  contact("has", true);
  meeting("m1", "wanted");
  meeting("m2", "not");
  meeting("m3", "has");
  recording("r3", "m3", "has", store::RecordingState::composing);
  EXPECT_EQ(service_->sweep().value(), 0);
  EXPECT_TRUE(events("recording.missing").empty()) << "an hour is left for it";
  ms_ += 3600 * 1000 + 1;
  EXPECT_EQ(service_->sweep().value(), 0);
  EXPECT_EQ(service_->sweep().value(), 0);
  EXPECT_EQ(events("recording.missing"), std::vector<std::string>{"ext-m1"});
  EXPECT_EQ(service_->counters().missing, 1);
}

TEST_F(Retaining, ReconciliationFindsWhatDoesNotBelongTogether) {
  meeting("m1", std::nullopt);
  const std::string gone = recording("r1", "m1"), fine = recording("r2", "m1");
  ASSERT_TRUE(objects_->remove(gone));
  file("RECORDINGS/2026/11/30/00/nobodys.mp4");
  auto seen = service_->reconcile().value();
  EXPECT_EQ(seen.rows_without_file, std::vector<std::string>{"r1"});
  EXPECT_TRUE(seen.files_without_row.empty()) << "a file comes before its row says so";
  ms_ += kDay;
  seen = service_->reconcile().value();
  EXPECT_EQ(seen.files_without_row, std::vector<std::string>{"RECORDINGS/2026/11/30/00/nobodys.mp4"});
  EXPECT_TRUE(has_file(fine));
}

// acceptance: 64
TEST_F(Retaining, MeetingsAttendeesReferencesAndTheUserCacheGoWhenTheirTimeIsOver) {
  const auto count = [&](const char* table) {
    return store_->read([&](store::Database& db) { return db.one("select count(*) from " + std::string(table), [](store::Row& r) { return r.i64(0); }); }).value().value();
  };
  const auto attendee = [&](const std::string& id, const std::string& meeting_id) {
    store::Attendee a;
    a.attendee_id = id;
    a.meeting_id = meeting_id;
    a.external_user_id = "user-" + id;
    a.name = "Carl";
    a.email = "carl@example.com";
    a.join_token_hash = "hash-" + id;
    a.created = WallTime::from_unix_ms(ms_);
    write([&](store::Database& db) { return store::meetings::insert_attendee(db, a); });
  };
  const std::int64_t begin = ms_;
  meeting("ended", std::nullopt);
  attendee("a1", "ended");
  meeting("live", std::nullopt, false);
  attendee("a2", "live");
  meeting("recorded", std::nullopt);
  attendee("a3", "recorded");
  const std::string key = recording("r", "recorded");
  write([&](store::Database& db) {
    return db.script("insert into routing_profiles(id, name, chat_slots, created_ms) values('p', 'p', 1, 0);"
                     "insert into users(id, username, email, name, password_hash, routing_profile_id, created_ms) values('u', 'u', 'u@example.com', 'U', '', 'p', 0);");
  });
  write([&](store::Database& db) { return store::user_cache::put(db, "u", {"cached", WallTime::from_unix_ms(ms_)}, WallTime::from_unix_ms(ms_)); });
  write([&](store::Database& db) {
    return store::adhoc_routes::insert(db, {"12345678", "u", "carl@example.com", WallTime::from_unix_ms(ms_), WallTime::from_unix_ms(ms_) + Duration::s(15 * 60)});
  });
  // A millisecond before its time, and at it: a reference 15 minutes, the cache 12 hours, meeting and attendees 45 days.
  struct Step {
    std::int64_t after_ms;
    const char* table;
    std::int64_t before, then;
  };
  for (const Step& step : {Step{15 * 60'000, "adhoc_routes", 1, 0}, {12 * 3'600'000, "user_cache", 1, 0}, {45 * kDay, "meetings", 3, 2}}) {
    ms_ = begin + step.after_ms - 1;
    ASSERT_TRUE(service_->sweep());
    EXPECT_EQ(count(step.table), step.before) << step.table;
    EXPECT_EQ(count("attendees"), 3);
    ms_ = begin + step.after_ms;
    ASSERT_TRUE(service_->sweep());
    EXPECT_EQ(count(step.table), step.then) << step.table;
  }
  EXPECT_EQ(count("attendees where attendee_id='a1'"), 0);
  EXPECT_EQ(count("meetings where meeting_id in ('live', 'recorded')"), 2) << "a live one has not begun to age; one with a film stays with it";
  EXPECT_TRUE(has_file(key));
  // With the film the meeting goes, too.
  ASSERT_TRUE(service_->remove("r", "administrator", "asked for"));
  ASSERT_TRUE(service_->sweep());
  EXPECT_EQ(count("meetings"), 1);
  EXPECT_EQ(count("attendees"), 1);
}

TEST_F(Retaining, HowLongMeetingsStayIsAParameter) {
  const auto meetings = [&] { return store_->read([](store::Database& db) { return db.one("select count(*) from meetings", [](store::Row& r) { return r.i64(0); }); }).value().value(); };
  const auto keep = [&](const char* days) { write([&](store::Database& db) { return store::parameters::set(db, "meetingKeepDays", days); }); };
  for (int i = 0; i < 450; ++i) meeting("m" + std::to_string(i), std::nullopt);
  keep("0");
  ms_ += 400 * kDay;
  ASSERT_TRUE(service_->sweep());
  EXPECT_EQ(meetings(), 450) << "0 is for ever";
  keep("401");
  ASSERT_TRUE(service_->sweep());
  EXPECT_EQ(meetings(), 450);
  keep("400");
  ASSERT_TRUE(service_->sweep());
  EXPECT_EQ(meetings(), 0) << "all of them, however many";
}

}  // namespace
}  // namespace upcall::service
