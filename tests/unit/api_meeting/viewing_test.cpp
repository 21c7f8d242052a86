// Every viewing of a film is in the audit before its first byte leaves, whatever part of it is asked for first.
#include "api/meeting/playback_access.hpp"
#include "io/store/audit_repository.hpp"
#include "io/store/recording_repository.hpp"
#include "meetings_rig.hpp"

namespace upcall::test {
namespace {

class Viewing : public ::testing::Test {
 protected:
  Viewing() {
    auto upload = must(m.objects->begin_upload("RECORDINGS/r-1.mp4", "video/mp4"));
    must(upload->put_part(1, as_bytes(std::string_view("0123456789"))).map([] { return 0; }));
    must(upload->complete(m.in.now().wall));
    store::Recording row;
    row.recording_id = "r-1";
    row.external_meeting_id = "m-1";
    row.meeting_id = m.meeting.meeting_id;
    row.owner_principal = "someone";
    row.object_key = "RECORDINGS/r-1.mp4";
    row.requested = m.in.now().wall;
    row.state = store::RecordingState::stored;
    must(m.in.store->write([&](store::Database& db) { return store::recordings::insert(db, row); }).map([] { return 0; }));
  }
  wire::HttpResponse get(const std::string& range) {
    // A program's address is as good as anybody's.
    std::string address = api::film_address_for_hook(m.api, "r-1", m.in.now().wall);
    address.erase(0, address.find("/api/"));
    return m.in.send("GET", address, "", range.empty() ? Installation::Headers{} : Installation::Headers{{"range", range}});
  }
  int viewed() {
    int out = 0;
    for (const auto& entry : must(m.in.store->read([](store::Database& db) { return store::audit::of_target(db, "r-1"); }))) out += entry.action == "recording.viewed";
    return out;
  }
  Meetings m;
};

TEST_F(Viewing, IsNotedOnceHoweverManyPartsAreRead) {
  EXPECT_EQ(get("bytes=0-3").status, 206);
  EXPECT_EQ(viewed(), 1);
  EXPECT_EQ(get("bytes=4-7").status, 206);
  EXPECT_EQ(get("bytes=2-").status, 206);
  EXPECT_EQ(viewed(), 1);
  EXPECT_EQ(get("").status, 200);
  EXPECT_EQ(viewed(), 2) << "from the front again: another viewing";
}

TEST_F(Viewing, IsNotedAlsoWithoutTheFirstByte) {
  EXPECT_EQ(get("bytes=1-").status, 206);
  EXPECT_EQ(viewed(), 1);
}

TEST_F(Viewing, WhatCannotBeNotedIsNotShown) {
  must(m.in.store->write([](store::Database& db) { return db.script("alter table audit rename to audit_gone"); }).map([] { return 0; }));
  EXPECT_GE(get("bytes=1-").status, 500);
  must(m.in.store->write([](store::Database& db) { return db.script("alter table audit_gone rename to audit"); }).map([] { return 0; }));
  EXPECT_EQ(get("bytes=1-").status, 206);
  EXPECT_EQ(viewed(), 1);
}

TEST_F(Viewing, ARangeThatIsNotThereIsNoViewing) {
  EXPECT_EQ(get("bytes=99-").status, 416);
  EXPECT_EQ(viewed(), 0);
}

}  // namespace
}  // namespace upcall::test
