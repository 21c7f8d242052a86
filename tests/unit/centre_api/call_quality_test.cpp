// Call quality on its way from a meeting to people: to the contact's agent as it happens, to a supervisor who watches, and,
// when the contact is over, to whoever may read it; erased with it.
#include "archive.hpp"
#include "io/store/meeting_repository.hpp"
#include "io/store/retention_repository.hpp"

namespace upcall::test {
namespace {

store::Meeting meeting_of(const std::string& contact_id, const std::string& id) {
  return {id, "ext-" + id, "title", "owner", "Owner", contact_id, WallTime::from_unix_ms(1'800'000'000'000), std::nullopt, "{}"};
}
store::Attendee attendee(const std::string& meeting, const std::string& id, const std::string& name) {
  store::Attendee out{id, meeting, "user-" + id, name, "", store::AttendeeRole::customer, "hash-" + id, {1}, WallTime::from_unix_ms(1'800'000'000'000), std::nullopt};
  return out;
}

service::QualityUpdate update(const std::string& meeting, double score, quality::Reason reason = quality::Reason::none) {
  service::QualityUpdate out{meeting, {}, true, {}};
  quality::Figures f;
  f.score = score;
  f.reason = reason;
  f.reason_value = 320;
  out.people.push_back({"a-1", "user-a-1", f, 7});
  return out;
}
service::QualityRecord record(double score) {
  const Instant began = Instant::from_ms(50'000);
  quality::Series series(began);
  quality::Figures f;
  f.score = score;
  f.reason = score < 3 ? quality::Reason::narrow_up : quality::Reason::none;
  f.rtt_ms = 44;
  series.note(began, quality::Happening::joined);
  series.add(began, f);
  series.add(began + Duration::s(11), f);
  return {"a-1", "user-a-1", WallTime::from_unix_ms(1'800'000'000'000), WallTime::from_unix_ms(1'800'000'020'000), series};
}

struct CallOfJane {
  CallOfJane() : jane(archive.in) {
    jane.connect();
    archive.status(archive.as_ann, "available");
    archive.post("/api/agent/contacts/" + jane.contact_id + "/accept", archive.as_ann);
    EXPECT_TRUE(archive.in.store->write([&](store::Database& db) -> Result<void> {
      if (auto done = store::meetings::insert(db, meeting_of(jane.contact_id, "m-1")); !done) return done;
      return store::meetings::insert_attendee(db, attendee("m-1", "a-1", "Jane"));
    }));
  }
  bj::object quality_frame(OpenSocket& socket) {
    return socket.connection->take([](const bj::object& f) { return f.at("type") == "quality"; }, "quality");
  }
  // Written at some time soon.
  void wait_written(std::uint64_t writes) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (archive.in.quality->counters().written < writes && std::chrono::steady_clock::now() < until) std::this_thread::yield();
    ASSERT_GE(archive.in.quality->counters().written, writes);
  }
  Archive archive;
  Customer jane;
};

TEST(CallQuality, TheAgentOfTheContactHearsOfItAndNobodyElse) {
  CallOfJane call;
  auto& in = call.archive.in;
  const auto open = [&](const Installation::Headers& who, const char* query) { return in.open(std::string("/api/agent/events") + query, who); };
  auto ann = open(call.archive.as_ann, "?quality=1"), old_page = open(call.archive.as_ann, ""), bob = open(call.archive.as_bob, "?quality=1");
  for (OpenSocket* s : {&ann, &old_page, &bob}) s->connection->take([](const bj::object& f) { return f.at("type") == "snapshot"; }, "snapshot");
  in.quality->take(update("m-1", 2.4, quality::Reason::narrow_up));
  const bj::object told = call.quality_frame(ann);
  EXPECT_FALSE(told.contains("seq"));
  EXPECT_EQ(text(told.at("contactId")), call.jane.contact_id);
  const bj::object& person = told.at("people").at(0).as_object();
  EXPECT_EQ(text(person.at("attendeeId")), "a-1");
  EXPECT_EQ(person.at("score").to_number<double>(), 2.4);
  EXPECT_EQ(text(person.at("reason").at("code")), "narrow_up");
  EXPECT_EQ(person.at("reason").at("value").to_number<int>(), 320);
  in.quality->take(update("m-unknown", 1));
  in.quality->take(update("m-1", 4.8));
  EXPECT_FALSE(call.quality_frame(ann).at("people").at(0).as_object().contains("reason"));
  // What is numbered comes behind it to all: whoever had not asked, and the other agent, have got nothing before.
  call.archive.status(call.archive.as_ann, "offline");
  call.archive.status(call.archive.as_bob, "available");
  for (OpenSocket* s : {&old_page, &bob}) {
    s->connection->take([](const bj::object& f) { return f.at("type") == "agent"; }, "agent");
    for (const bj::object& frame : s->connection->all()) EXPECT_NE(frame.at("type"), "quality");
  }
}

TEST(CallQuality, ASupervisorAsksForTheCallThatIsWatched) {
  CallOfJane call;
  auto& in = call.archive.in;
  call.archive.in.admin_run("user.add", {{"username", "lee@example.com"}, {"email", "lee@example.com"}, {"password", "password-lee@example.com"}, {"name", "Lee"}, {"security-profile", {"CallCenterManager"}}, {"hierarchy-group", "A"}});
  const auto lee = call.archive.as("lee");
  const std::string path = "/api/supervisor/contacts/" + call.jane.contact_id;
  auto ann = in.open("/api/agent/events?quality=1", call.archive.as_ann);
  ann.connection->take([](const bj::object& f) { return f.at("type") == "snapshot"; }, "snapshot");
  in.quality->take(update("m-1", 3.1));
  call.quality_frame(ann);
  EXPECT_EQ(in.send("GET", path + "/quality", "", lee).status, 404) << "does not watch";
  call.archive.post(path + "/monitor", lee);
  const auto people = [&] {
    auto answer = in.send("GET", path + "/quality", "", lee);
    EXPECT_EQ(answer.status, 200) << answer.body;
    return Installation::body(answer).at("data").at("people").as_array();
  };
  EXPECT_EQ(people().at(0).at("score").to_number<double>(), 3.1);
  EXPECT_EQ(in.send("GET", path + "/quality", "", call.archive.as_sue).status, 403) << "no permission to monitor";
  in.quality->take({"m-1", {}, true, {}});   // everybody has left
  call.quality_frame(ann);
  EXPECT_TRUE(people().empty());
  call.archive.post(path + "/leave", lee);
  EXPECT_EQ(in.send("GET", path + "/quality", "", lee).status, 404);
}

TEST(CallQuality, IsKeptWithTheContactForThoseWhoMayReadItAndErasedWithIt) {
  CallOfJane call;
  auto& in = call.archive.in;
  service::QualityUpdate first = update("m-1", 2), newer = update("m-1", 2), gone = update("m-none", 2);
  first.records.push_back(record(4));
  newer.records.push_back(record(2));
  gone.records.push_back(record(2));
  in.quality->take(first);
  call.wait_written(1);
  in.quality->take(gone);    // its meeting is not there: left out
  in.quality->take(newer);   // the same stay: in the place of the first
  call.wait_written(3);
  const std::string path = "/api/contacts/" + call.jane.contact_id + "/quality";
  EXPECT_EQ(in.send("GET", path, "", call.archive.as_sue).status, 404) << "not over";
  call.archive.post("/api/agent/contacts/" + call.jane.contact_id + "/end", call.archive.as_ann);
  call.archive.post("/api/agent/contacts/" + call.jane.contact_id + "/clear", call.archive.as_ann);
  in.index_contacts();
  EXPECT_EQ(call.archive.status_of(path, call.archive.as("max")), 404) << "another group's";
  EXPECT_EQ(call.archive.status_of(path, call.archive.as("pat")), 403);
  auto answer = in.send("GET", path, "", call.archive.as_sue);
  ASSERT_EQ(answer.status, 200) << answer.body;
  const auto stays = Installation::body(answer).at("data").at("stays").as_array();
  ASSERT_EQ(stays.size(), 1u);
  const bj::object& stay = stays[0].as_object();
  EXPECT_EQ(text(stay.at("name")), "Jane");
  EXPECT_EQ(stay.at("stepMs").to_number<int>(), 5000);
  EXPECT_EQ(stay.at("points").as_array().size(), 3u);
  EXPECT_TRUE(stay.at("points").at(1).is_null());
  EXPECT_EQ(stay.at("points").at(2).at(0).to_number<double>(), 2);
  EXPECT_EQ(text(stay.at("events").at(0).at("kind")), "joined");
  EXPECT_EQ(text(stay.at("summary").at("reason")), "narrow_up");

  const auto rows = [&] { return *in.store->read([&](store::Database& db) { return db.one("select count(*) from call_quality", [](store::Row& r) { return r.i64(0); }); }); };
  EXPECT_EQ(rows(), 1);
  ASSERT_TRUE(in.store->write([&](store::Database& db) -> Result<void> {
    if (auto begun = store::retention::begin_erasure(db, {call.jane.contact_id, WallTime::from_unix_ms(1'800'000'100'000), "cli", "[]", std::nullopt, ""}); !begun) return begun;
    auto done = store::retention::erase_contact_rows(db, call.jane.contact_id);
    return done ? Result<void>() : tl::unexpected(done.error());
  }));
  EXPECT_EQ(rows(), 0);
  in.quality->take(newer);   // what was on its way comes too late
  call.wait_written(4);
  EXPECT_EQ(rows(), 0);
}

TEST(CallQuality, EndsWithItsMeetingToo) {
  CallOfJane call;
  auto& in = call.archive.in;
  service::QualityUpdate one = update("m-1", 2);
  one.records.push_back(record(2));
  in.quality->take(one);
  call.wait_written(1);
  ASSERT_TRUE(in.store->write([&](store::Database& db) -> Result<void> {
    (void)db.run("update meetings set ended_ms=1 where meeting_id='m-1'");
    auto done = store::retention::remove_expired(db, WallTime::from_unix_ms(1'900'000'000'000), WallTime::from_unix_ms(1'850'000'000'000), 10);
    return done ? Result<void>() : tl::unexpected(done.error());
  }));
  EXPECT_EQ(*in.store->read([&](store::Database& db) { return db.one("select count(*) from call_quality", [](store::Row& r) { return r.i64(0); }); }), 0);
}

}  // namespace
}  // namespace upcall::test
