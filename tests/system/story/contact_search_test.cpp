// A contact is found within two seconds of the end of its after-contact work, also when the server is killed then.
#include <gtest/gtest.h>

#include "harness.hpp"
#include "io/clock/system_clock.hpp"

namespace upcall::story {
namespace {

std::size_t found(World& world, const std::string& query) {
  const auto answer = world.need(world.supervisor().expect(200, "GET", "/api/contact-search?" + query), "a search");
  return answer.data().at("contacts").as_array().size();
}

void say(World& world, const Call& call, const std::string& words) {
  const bj::object message{{"content", words}};
  world.need(world.agent().expect(200, "POST", "/api/agent/contacts/" + call.contact + "/items", &message), words);
}

void finish(World& world, const Call& call) {
  world.need(world.agent().expect(200, "POST", "/api/agent/contacts/" + call.contact + "/end"), "end");
  world.need(world.agent().expect(200, "POST", "/api/agent/contacts/" + call.contact + "/clear"), "clear");
}

TEST(ContactSearch, FoundWithinTwoSecondsOfTheEnd) {
  World world;
  const Call call = world.begin_call(false);
  say(world, call, "quincunx");
  EXPECT_EQ(found(world, "text=quincunx"), 0u);
  finish(world, call);
  const Instant ended = system_now().mono;
  world.until("the contact to be found", Duration::s(2), [&] { return found(world, "text=quincunx") == 1; });
  RecordProperty("ms", static_cast<int>((system_now().mono - ended).ms()));
  EXPECT_EQ(found(world, "channel=video&contactId=" + call.contact), 1u);
  const auto page = world.need(world.supervisor().expect(200, "GET", "/api/contacts/" + call.contact), "its page");
  EXPECT_EQ(json::text_or(page.data().at("attributes").as_object(), "videoExternalMeetingId"), call.meeting);
}

TEST(ContactSearch, AKilledServerIndexesWhatHasEnded) {
  World world;
  const Call call = world.begin_call(false);
  say(world, call, "zyzzyva");
  finish(world, call);
  world.kill_server();
  world.start_server();
  world.until("the contact to be found", Duration::s(10), [&] { return found(world, "text=zyzzyva") == 1; });
}

}  // namespace
}  // namespace upcall::story
