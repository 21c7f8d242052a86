#include <gtest/gtest.h>

#include "io/store/centre_repository.hpp"
#include "io/store/credential_repository.hpp"
#include "io/store/identity_repository.hpp"
#include "io/store/meeting_repository.hpp"
#include "io/store/migrations.hpp"
#include "io/store/outbox_repository.hpp"
#include "io/store/recording_repository.hpp"
#include "temp_dir.hpp"

namespace upcall::store {
namespace {

class Repositories : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = Database::open(dir_.path() + "/t.db", Database::Mode::read_write);
    ASSERT_TRUE(opened);
    db_ = std::move(*opened);
    ASSERT_TRUE(migrate(*db_));
  }
  Meeting meeting(std::string id) {
    return {std::move(id), "ext", "title", "user-1", "Agent", "contact-1", WallTime::from_unix_ms(1000), {}, R"({"a":1})"};
  }
  Recording recording(std::string id) {
    Recording r;
    r.recording_id = std::move(id);
    r.external_meeting_id = "ext";
    r.meeting_id = "m1";
    r.owner_principal = "user-1";
    r.hierarchy_group_id = "g2";
    r.hierarchy_path = "g1/g2";
    r.object_key = "RECORDINGS/x.mp4";
    r.requested = WallTime::from_unix_ms(5);
    return r;
  }
  test::TempDir dir_;
  std::unique_ptr<Database> db_;
};

TEST_F(Repositories, OneLiveMeetingPerExternalId) {
  ASSERT_TRUE(meetings::insert(*db_, meeting("m1")));
  EXPECT_EQ(meetings::insert(*db_, meeting("m2")).error().code, ErrorCode::conflict);
  EXPECT_TRUE(*meetings::end(*db_, "m1", WallTime::from_unix_ms(2000)));
  EXPECT_FALSE(*meetings::end(*db_, "m1", WallTime::from_unix_ms(3000)));
  EXPECT_EQ((*meetings::find_external(*db_, "ext"))->ended->unix_ms(), 2000);
  ASSERT_TRUE(meetings::insert(*db_, meeting("m2")));
  EXPECT_EQ((*meetings::find_external(*db_, "ext"))->meeting_id, "m2");
  EXPECT_EQ(meetings::live(*db_)->size(), 1u);
  EXPECT_FALSE(meetings::find(*db_, "nope")->has_value());
}

TEST_F(Repositories, AttendeesByTokenAndExternalId) {
  ASSERT_TRUE(meetings::insert(*db_, meeting("m1")));
  Attendee a{"a1", "m1", "u1", "Jane", "", AttendeeRole::customer, token_hash("t1"), {9, 9}, WallTime::from_unix_ms(1), {}};
  ASSERT_TRUE(meetings::insert_attendee(*db_, a));
  Attendee same = a;
  same.attendee_id = "a2";
  same.join_token_hash = token_hash("t2");
  EXPECT_EQ(meetings::insert_attendee(*db_, same).error().code, ErrorCode::conflict);
  auto found = meetings::find_attendee_by_token(*db_, "m1", "t1");
  ASSERT_TRUE(found && *found);
  EXPECT_EQ((*found)->attendee_id, "a1");
  EXPECT_EQ((*found)->role, AttendeeRole::customer);
  EXPECT_EQ((*found)->join_token_sealed, (ByteVector{9, 9}));
  EXPECT_FALSE(meetings::find_attendee_by_token(*db_, "m1", "t2")->has_value());
  EXPECT_FALSE(meetings::find_attendee_by_token(*db_, "other", "t1")->has_value());
  EXPECT_TRUE(*meetings::remove_attendee(*db_, "a1", WallTime::from_unix_ms(9)));
  EXPECT_FALSE(meetings::find_attendee_by_token(*db_, "m1", "t1")->has_value());
  EXPECT_FALSE(meetings::find_attendee_external(*db_, "m1", "u1")->has_value());
  EXPECT_EQ((*meetings::find_attendee_ever(*db_, "m1", "u1"))->attendee_id, "a1");
  EXPECT_TRUE(meetings::insert_attendee(*db_, same)) << "a removed attendee frees its external id";
  EXPECT_EQ((*meetings::find_attendee_ever(*db_, "m1", "u1"))->attendee_id, "a2") << "the present one before any that was";
  EXPECT_TRUE(*meetings::remove_attendee(*db_, "a2", WallTime::from_unix_ms(10)));
  EXPECT_EQ((*meetings::find_attendee_ever(*db_, "m1", "u1"))->attendee_id, "a2") << "the last of them";
  EXPECT_FALSE(meetings::find_attendee_ever(*db_, "m2", "u1")->has_value());
}

TEST_F(Repositories, OneRecordingInProgressPerMeeting) {
  ASSERT_TRUE(meetings::insert(*db_, meeting("m1")));
  Recording first = recording("r1");
  ASSERT_TRUE(recordings::insert(*db_, first));
  for (RecordingState next : {RecordingState::starting, RecordingState::recording, RecordingState::stopping}) {
    EXPECT_EQ(recordings::insert(*db_, recording("r2")).error().code, ErrorCode::conflict) << to_string(first.state);
    const RecordingState before = first.state;
    first.state = next;
    EXPECT_TRUE(*recordings::update(*db_, first, before));
    EXPECT_FALSE(*recordings::update(*db_, first, before)) << "compare-and-set must fail the second time";
  }
  EXPECT_EQ((*recordings::in_progress(*db_, "ext"))->recording_id, "r1");
  first.state = RecordingState::composing;
  ASSERT_TRUE(*recordings::update(*db_, first, RecordingState::stopping));
  EXPECT_TRUE(recordings::insert(*db_, recording("r2"))) << "composing is not in progress any more";
  EXPECT_EQ(recordings::unfinished(*db_)->size(), 2u);
  EXPECT_EQ(recordings::of_meeting(*db_, "ext")->size(), 2u);
  EXPECT_EQ((*recordings::find(*db_, "r1"))->hierarchy_path, "g1/g2");
}

TEST_F(Repositories, RecordingNeedsItsMeeting) {
  EXPECT_EQ(recordings::insert(*db_, recording("r1")).error().code, ErrorCode::conflict);
}

TEST_F(Repositories, LeaseAndWriterEpochNeverRepeat) {
  ASSERT_TRUE(meetings::insert(*db_, meeting("m1")));
  ASSERT_TRUE(recordings::insert(*db_, recording("r1")));
  const auto at = [](std::int64_t ms) { return WallTime::from_unix_ms(ms); };
  EXPECT_TRUE(*recordings::take_lease(*db_, "r1", "host-a", at(0), at(10)));
  EXPECT_FALSE(*recordings::take_lease(*db_, "r1", "host-b", at(9), at(20)));
  EXPECT_TRUE(*recordings::take_lease(*db_, "r1", "host-a", at(9), at(20)));
  EXPECT_TRUE(*recordings::take_lease(*db_, "r1", "host-b", at(20), at(30)));
  ASSERT_TRUE(recordings::release_lease(*db_, "r1", "host-a"));
  EXPECT_FALSE(*recordings::take_lease(*db_, "r1", "host-c", at(25), at(30))) << "only its owner releases";

  EXPECT_EQ(recordings::next_writer_epoch(*db_, "r1").error().code, ErrorCode::not_found);
  ASSERT_TRUE(recordings::insert_key(*db_, "r1", ByteVector{1, 2}));
  EXPECT_EQ(*recordings::next_writer_epoch(*db_, "r1"), 1u);
  EXPECT_EQ(*recordings::next_writer_epoch(*db_, "r1"), 2u);
  EXPECT_EQ(**recordings::wrapped_key(*db_, "r1"), (ByteVector{1, 2}));
}

TEST_F(Repositories, ARecordingIsChangedByItsOwnerAlone) {
  ASSERT_TRUE(meetings::insert(*db_, meeting("m1")));
  Recording row = recording("r1");
  ASSERT_TRUE(recordings::insert(*db_, row));
  const auto at = [](std::int64_t ms) { return WallTime::from_unix_ms(ms); };
  const auto moves = [&](RecordingState to, const recording::Claim& claim) {
    const RecordingState from = row.state;
    row.state = to;
    const bool moved = *recordings::update_owned(*db_, row, from, claim);
    if (!moved) row.state = from;
    return moved;
  };
  EXPECT_FALSE(moves(RecordingState::starting, {"", 0})) << "nobody's is nobody's to change";
  ASSERT_TRUE(*recordings::take_lease(*db_, "r1", "host-a", at(0), at(10)));
  EXPECT_TRUE(moves(RecordingState::starting, {"host-a", 0})) << "of a recording without a key";
  ASSERT_TRUE(recordings::insert_key(*db_, "r1", ByteVector{1, 2}));
  ASSERT_EQ(*recordings::next_writer_epoch(*db_, "r1"), 1u);
  EXPECT_FALSE(moves(RecordingState::recording, {"host-a", 0}));
  EXPECT_FALSE(moves(RecordingState::recording, {"host-b", 1}));
  EXPECT_TRUE(moves(RecordingState::recording, {"host-a", 1}));
  EXPECT_EQ(*recordings::claim_of(*db_, "r1"), (recording::Claim{"host-a", 1}));
  // Renewed by its claim alone, and then not free for longer.
  EXPECT_FALSE(*recordings::renew_lease(*db_, "r1", {"host-b", 1}, at(100)));
  EXPECT_FALSE(*recordings::renew_lease(*db_, "r1", {"host-a", 2}, at(100)));
  EXPECT_TRUE(*recordings::renew_lease(*db_, "r1", {"host-a", 1}, at(30)));
  EXPECT_FALSE(*recordings::take_lease(*db_, "r1", "host-b", at(29), at(60)));
  EXPECT_TRUE(*recordings::take_lease(*db_, "r1", "host-b", at(30), at(60)));
  ASSERT_EQ(*recordings::next_writer_epoch(*db_, "r1"), 2u);
  EXPECT_FALSE(moves(RecordingState::stopping, {"host-a", 1}));
  EXPECT_TRUE(moves(RecordingState::stopping, {"host-b", 2}));
  EXPECT_TRUE(moves(RecordingState::failed, {"host-b", 2}));
  EXPECT_EQ(recordings::claim_of(*db_, "r1")->owner, "") << "what is final is nobody's";
  EXPECT_EQ(recordings::claim_of(*db_, "r2").error().code, ErrorCode::not_found);
  ASSERT_TRUE(recordings::insert(*db_, recording("r2")));
  ASSERT_TRUE(*recordings::take_lease(*db_, "r2", "host-a", at(0), at(10)));
  ASSERT_TRUE(recordings::release_leases(*db_, "host-a"));
  EXPECT_TRUE(*recordings::take_lease(*db_, "r2", "host-b", at(1), at(10))) << "a server that ended well keeps nobody waiting";
}

TEST_F(Repositories, OutboxIsGapFreePerMeetingAndEachConsumerGoesOnAlone) {
  const auto add = [&](std::string id, std::string meeting_id) {
    return outbox::add(*db_, {0, std::move(id), std::move(meeting_id), 0, "t", "{}", WallTime::from_unix_ms(1)});
  };
  EXPECT_EQ(add("e1", "a")->seq, 1u);
  EXPECT_EQ(add("e2", "b")->seq, 1u);
  // A rolled-back change leaves no gap.
  ASSERT_TRUE(db_->script("savepoint s"));
  EXPECT_EQ(add("e3", "a")->seq, 2u);
  ASSERT_TRUE(db_->script("rollback to s; release s"));
  EXPECT_EQ(add("e4", "a")->seq, 2u);
  EXPECT_EQ(add("e4", "a").error().code, ErrorCode::conflict);

  auto stop = outbox::pending(*db_, "stop-recordings", 10);
  ASSERT_EQ(stop->size(), 3u);
  ASSERT_TRUE(outbox::advance(*db_, "stop-recordings", stop->back().position));
  ASSERT_TRUE(outbox::advance(*db_, "stop-recordings", 1)) << "no way back";
  EXPECT_TRUE(outbox::pending(*db_, "stop-recordings", 10)->empty());
  EXPECT_EQ(outbox::pending(*db_, "webhook", 2)->size(), 2u);
  EXPECT_EQ(*outbox::prune(*db_, {"stop-recordings", "webhook"}, WallTime::from_unix_ms(100)), 0);
  EXPECT_EQ(*outbox::prune(*db_, {"stop-recordings"}, WallTime::from_unix_ms(100)), 3);
}

TEST_F(Repositories, UsersProfilesAndGroupsMakeAPrincipal) {
  ASSERT_TRUE(routing::insert_queue(*db_, {"q", "Q"}, WallTime()));
  ASSERT_TRUE(routing::insert_profile(*db_, {"rp", "RP", 2, {{"q", 3}}}, WallTime()));
  ASSERT_TRUE(security_profiles::insert(*db_, {"sp1", "One", {identity::Permission::contact_handle}}));
  ASSERT_TRUE(security_profiles::insert(*db_, {"sp2", "Two", {identity::Permission::flow_admin}}));
  EXPECT_EQ(security_profiles::insert(*db_, {"sp3", "Two", {}}).error().code, ErrorCode::conflict);
  EXPECT_FALSE(*hierarchy::any(*db_));
  ASSERT_TRUE(hierarchy::insert(*db_, {"g1", "North", {}, 1, "g1"}));
  ASSERT_TRUE(hierarchy::insert(*db_, {"g2", "Sales", "g1", 2, "g1/g2"}));
  EXPECT_EQ(hierarchy::insert(*db_, {"g3", "North", {}, 1, "g3"}).error().code, ErrorCode::conflict) << "also among roots";
  EXPECT_EQ(hierarchy::insert(*db_, {"g4", "Deep", "g2", 6, "x"}).error().code, ErrorCode::conflict) << "five levels";
  User ann{"u1", "ann", "ann@example.com", "Ann", "hash", "g2", "rp", false, WallTime::from_unix_ms(7), {"sp1", "sp2"}};
  ASSERT_TRUE(users::insert(*db_, ann));
  auto principal = users::principal(*db_, "u1");
  ASSERT_TRUE(principal && *principal);
  EXPECT_EQ((*principal)->hierarchy_path, "g1/g2");
  EXPECT_TRUE((*principal)->may(identity::Permission::contact_handle));
  EXPECT_TRUE((*principal)->may(identity::Permission::flow_admin));
  EXPECT_FALSE((*principal)->may(identity::Permission::recording_all_groups));
  EXPECT_EQ((*users::find_login(*db_, "ANN@Example.com"))->id, "u1");
  EXPECT_FALSE(users::find_login(*db_, "ANN")->has_value()) << "user names are exact";
  EXPECT_EQ(centre::agents(*db_)->size(), 1u);
  ASSERT_TRUE(users::set_disabled(*db_, "u1", true));
  EXPECT_FALSE(users::principal(*db_, "u1")->has_value());
  EXPECT_TRUE(centre::agents(*db_)->empty());
  User stranger = ann;
  stranger.id = "u2";
  stranger.username = "bob";
  stranger.email = "bob@example.com";
  stranger.routing_profile_id = "none";
  EXPECT_EQ(users::insert(*db_, stranger).error().code, ErrorCode::conflict) << "foreign keys hold";
}

TEST_F(Repositories, RefreshTokensWorkOnceAndReuseEndsTheSession) {
  ASSERT_TRUE(routing::insert_profile(*db_, {"rp", "RP", 2, {}}, WallTime()));
  ASSERT_TRUE(users::insert(*db_, {"u1", "ann", "a@b", "Ann", "h", {}, "rp", false, WallTime(), {}}));
  const auto at = [](std::int64_t ms) { return WallTime::from_unix_ms(ms); };
  ASSERT_TRUE(sessions::insert(*db_, {"s1", "u1", at(0), at(1000), false}));
  ASSERT_TRUE(sessions::add_refresh_token(*db_, "t1", "s1", at(500)));
  ASSERT_TRUE(sessions::add_refresh_token(*db_, "t2", "s1", at(500)));
  ASSERT_TRUE(sessions::add_refresh_token(*db_, "t3", "s1", at(10)));
  EXPECT_FALSE(sessions::use_refresh_token(*db_, "unknown", at(1))->has_value());
  EXPECT_TRUE(sessions::use_refresh_token(*db_, "t1", at(1))->has_value());
  EXPECT_FALSE(sessions::use_refresh_token(*db_, "t3", at(10))->has_value()) << "expired";
  EXPECT_FALSE(sessions::use_refresh_token(*db_, "t1", at(2))->has_value());
  EXPECT_TRUE((*sessions::find(*db_, "s1"))->revoked);
  EXPECT_FALSE(sessions::use_refresh_token(*db_, "t2", at(3))->has_value());
  EXPECT_EQ(*sessions::prune(*db_, at(1000)), 1);
  // The token's text is nowhere in the table.
  EXPECT_FALSE(db_->one("select 1 from refresh_tokens where token_hash='t2'", [](Row& r) { return r.i64(0); })->has_value());
}

TEST_F(Repositories, ChatItemsPageByNumber) {
  ASSERT_TRUE(centre::put_contact(*db_, {"c1", "queued", WallTime(), {}, "", "{}"}, {{"k", "v"}}));
  ASSERT_TRUE(centre::put_contact(*db_, {"c1", "connected", WallTime(), {}, "ann", "{}"}, {{"k", "w"}}));
  EXPECT_EQ((*centre::attributes(*db_, "c1")).at("k"), "w");
  EXPECT_EQ(centre::live_contacts(*db_)->size(), 1u);
  for (std::uint64_t i = 1; i <= 5; ++i) {
    contact::ChatItem item;
    item.id = "i" + std::to_string(i);
    item.contact_id = "c1";
    item.seq = i;
    item.content = "";
    ASSERT_TRUE(centre::insert_item(*db_, item));
  }
  auto back = centre::items(*db_, "c1", 0, INT64_MAX, 2, true);
  ASSERT_EQ(back->size(), 2u);
  EXPECT_EQ((*back)[0].seq, 5u);
  EXPECT_EQ((*centre::items(*db_, "c1", 2, 5, 10, false)).size(), 2u);
  EXPECT_EQ((*back)[0].content, "") << "empty is not absent";
  ASSERT_TRUE(centre::insert_participant(*db_, "c1", {"p1", contact::Role::customer, "Jane", "", true, false}, "secret"));
  EXPECT_EQ((*centre::participant_by_token(*db_, "secret"))->contact_id, "c1");
  ASSERT_TRUE(centre::add_connection(*db_, "conn", "p1", WallTime::from_unix_ms(10), WallTime::from_unix_ms(0)));
  EXPECT_TRUE(centre::participant_by_connection(*db_, "conn", WallTime::from_unix_ms(9))->has_value());
  EXPECT_FALSE(centre::participant_by_connection(*db_, "conn", WallTime::from_unix_ms(10))->has_value());
  ASSERT_TRUE(centre::put_contact(*db_, {"c1", "ended", WallTime(), WallTime(), "", "{}"}, {}));
  EXPECT_EQ((*centre::find_contact(*db_, "c1"))->agent_id, "ann") << "who served it is kept";
}

}  // namespace
}  // namespace upcall::store
