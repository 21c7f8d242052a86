// One side of a call on a bad network: its own score falls, with the reason, the other's stays, and it is kept.
#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "network.hpp"

namespace upcall::network {
namespace {

struct Person {
  double score = 0;
  std::string reason;
};
// By attendee id; those of whom something is known.
std::map<std::string, Person> people(story::World& world, const std::string& meeting) {
  std::map<std::string, Person> out;
  const bj::object seen = inspect(world, meeting);
  for (const bj::value& v : seen.at("people").as_array()) {
    const bj::object& p = v.as_object();
    const bj::object* why = json::object_at(p, "reason");
    out[json::text_or(p, "attendeeId")] = {story::number_at(p, "score"), why != nullptr ? json::text_or(*why, "code") : ""};
  }
  return out;
}

struct BadSide {
  std::string bad, good, reason;
};
// Waits until one of the two is judged as bad for one of these reasons and the other as good.
BadSide one_falls(story::World& world, const std::string& meeting, const std::set<std::string>& reasons) {
  BadSide out;
  std::string last;
  world.until("one person's score has fallen and the other's has not", Duration::s(60), [&] {
    out = {};
    for (const auto& [id, person] : people(world, meeting)) {
      if (person.score < 4 && reasons.contains(person.reason)) {
        out.bad = id;
        out.reason = person.reason;
      }
      if (person.score >= 4) out.good = id;
    }
    return !out.bad.empty() && !out.good.empty();
  });
  return out;
}
void all_well(story::World& world, const std::string& meeting) {
  world.until("both fare well", Duration::s(60), [&] {
    const auto now = people(world, meeting);
    return now.size() == 2 && std::all_of(now.begin(), now.end(), [](const auto& one) { return one.second.score >= 4; });
  });
}
// From the beginning of the call on, for so many judgements of both.
void no_false_alarm(story::World& world) {
  world.until("some judgements", Duration::s(60), [&] { return world.metric("upcall_call_quality_score_count{of=\"call\"}") >= 16; });
  for (const char* reason : {"narrow_up", "narrow_down", "loss_up", "loss_down", "delay", "jitter", "picture_freezes", "camera_still"}) {
    EXPECT_EQ(world.metric(std::string("upcall_call_quality_reasons_total{reason=\"") + reason + "\"}"), 0) << reason;
  }
}

TEST(CallQuality, LossOnOneSideIsThatPersonsAndIsKeptWithTheMeeting) {
  story::World world(through_relay());
  RelayProcess relay(world, 11);
  story::Call call = world.begin_call();
  no_false_alarm(world);
  relay.command({{"up", {{"of", 1}, {"loss", 0.25}}}});
  const BadSide up = one_falls(world, call.meeting, {"loss_up"});
  relay.command({{"up", {{"of", 1}}}});
  all_well(world, call.meeting);
  relay.command({{"down", {{"of", 1}, {"loss", 0.25}}}});
  const BadSide down = one_falls(world, call.meeting, {"loss_down"});
  EXPECT_EQ(up.bad, down.bad) << "the same side both times";
  EXPECT_EQ(up.good, down.good);
  EXPECT_GT(world.metric("upcall_call_quality_reasons_total{reason=\"loss_up\"}"), 0);

  // A server that dies loses less than half a minute; what it had written is the first part.
  world.until("something is written", Duration::s(40), [&] { return world.metric("upcall_call_quality_written_total") > 0; });
  ASSERT_EQ(world.end_meeting(call), 200);
  world.until("both are kept to their end", Duration::s(20), [&] {
    const bj::object seen = inspect(world, call.meeting);
    const bj::value* stays = seen.if_contains("stays");
    if (stays == nullptr || stays->as_array().size() != 2) return false;
    for (const bj::value& stay : stays->as_array()) {
      const bj::array& events = stay.at("events").as_array();
      if (events.empty() || events.back().at("kind") != "left") return false;
    }
    return true;
  });
  const bj::object kept = inspect(world, call.meeting);
  for (const bj::value& v : kept.at("stays").as_array()) {
    const bj::object& stay = v.as_object();
    const bj::object& sum = *json::object_at(stay, "summary");
    EXPECT_FALSE(json::text_or(stay, "name").empty());
    std::vector<std::string> happened;
    for (const bj::value& e : stay.at("events").as_array()) happened.push_back(json::text_or(e.as_object(), "kind"));
    EXPECT_EQ(happened.front(), "joined");
    EXPECT_NE(std::find(happened.begin(), happened.end(), "video_on"), happened.end());
    if (json::text_or(stay, "attendeeId") == up.bad) {
      EXPECT_LT(story::number_at(sum, "worstScore"), 4);
    } else {
      EXPECT_GE(story::number_at(sum, "worstScore"), 3);
    }
  }
}

TEST(CallQuality, ANarrowWayToOnePersonIsToldAsNarrow) {
  story::World world(through_relay());
  RelayProcess relay(world, 12);
  story::Call call = world.begin_call();
  no_false_alarm(world);
  relay.command({{"down", {{"of", 1}, {"rate_kbps", 260}, {"queue_ms", 300}}}});
  const BadSide narrow = one_falls(world, call.meeting, {"narrow_down"});
  EXPECT_NE(narrow.bad, narrow.good);
  // The other sends less for its sake, and is not blamed for that.
  const auto now = people(world, call.meeting);
  EXPECT_GE(now.at(narrow.good).score, 4);
}

}  // namespace
}  // namespace upcall::network
