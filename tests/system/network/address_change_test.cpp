// NATs that give attendees other addresses in the middle of a call.
#include <algorithm>
#include <cstdlib>
#include <vector>

#include <gtest/gtest.h>

#include "network.hpp"

namespace upcall::network {
namespace {

int asked(const char* name, int fallback) {
  const char* given = std::getenv(name);
  return given != nullptr ? std::atoi(given) : fallback;
}

double percentile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  return values[std::min(values.size() - 1, static_cast<std::size_t>(share * static_cast<double>(values.size())))];
}

// UPCALL_REBINDS and UPCALL_SEED make it a measurement (tools/address_changes.sh).
TEST(AddressChange, MediaIsBackWithinASecondAndNobodyNegotiatesAnew) {
  const int rebinds = asked("UPCALL_REBINDS", 8);
  story::World world(through_relay());
  RelayProcess relay(world, static_cast<std::uint64_t>(asked("UPCALL_SEED", 7)));
  story::Call call = world.begin_meeting();
  relay.command({{"both", {{"delay_ms", 25}, {"jitter_ms", 10}, {"loss", 0.02}}}});
  const bj::object before = inspect(world, call.meeting);
  for (int i = 0; i < rebinds; ++i) {
    relay.command({{"rebind", true}});
    const auto wanted = static_cast<std::size_t>(2 * (i + 1));
    world.until("the media of both at their new addresses", Duration::s(10),
                [&] { return relay.counts().at("back_after_ms").as_array().size() >= wanted; });
  }
  const bj::object counts = relay.counts();
  std::vector<double> back;
  for (const bj::value& v : counts.at("back_after_ms").as_array()) back.push_back(v.to_number<double>());
  std::printf("%d address changes of two attendees (25-35 ms each way, 2 %% lost): media back p50 %.0f ms, p99 %.0f ms, most %.0f ms\n", rebinds,
              percentile(back, 0.5), percentile(back, 0.99), *std::max_element(back.begin(), back.end()));
  EXPECT_LT(percentile(back, 0.99), 1000);
  world.expect_media(call, Duration::s(10));
  for (auto* device : {&*call.agent_device, &*call.customer_device}) {
    EXPECT_EQ(story::number_at(world.device_facts(*device), "reconnects"), 0);
  }
  const bj::object after = inspect(world, call.meeting);
  EXPECT_EQ(after.at("connections").as_array().size(), before.at("connections").as_array().size());
  for (std::size_t i = 0; i < after.at("connections").as_array().size(); ++i) {
    // Each SUBSCRIBE moves the moment of the latest one.
    EXPECT_EQ(after.at("connections").at(i).at("join"), before.at("connections").at(i).at("join"));
  }
}

TEST(AddressChange, TheOldAddressIsRefusedAfterwards) {
  story::World world(through_relay());
  RelayProcess relay(world, 3);
  story::Call call = world.begin_meeting();
  relay.command({{"rebind", true}});
  world.until("the media of both at their new addresses", Duration::s(10), [&] { return relay.counts().at("back_after_ms").as_array().size() == 2; });
  // What was under way at the change still counted; from a second after it nothing does.
  world.until("the end of the old addresses", Duration::s(10), [&] {
    const double refused = drops(inspect(world, call.meeting), "path_not_validated");
    relay.command({{"stray", 3}});
    return drops(inspect(world, call.meeting), "path_not_validated") > refused;
  });
  const double refused = drops(inspect(world, call.meeting), "path_not_validated");
  const double replays = drops(inspect(world, call.meeting), "srtp_replay");
  const double strays = story::number_at(relay.counts(), "strays");
  relay.command({{"stray", 50}});
  world.until("strays of both", Duration::s(10), [&] { return story::number_at(relay.counts(), "strays") >= strays + 100; });
  world.until("the refusal of all of them", Duration::s(5), [&] { return drops(inspect(world, call.meeting), "path_not_validated") >= refused + 100; });
  EXPECT_EQ(drops(inspect(world, call.meeting), "srtp_replay"), replays) << "a stray never reaches SRTP, where it would be a copy";
  // The server asks who sends from there, and takes no answer but the attendee's; media stays where it is.
  world.expect_media(call, Duration::s(10));
  for (auto* device : {&*call.agent_device, &*call.customer_device}) {
    EXPECT_EQ(story::number_at(world.device_facts(*device), "reconnects"), 0);
  }
}

TEST(Weather, BurstsReorderAndDuplicatesEndNoCall) {
  story::World world(through_relay());
  RelayProcess relay(world, 11);
  story::Call call = world.begin_meeting();
  relay.command({{"both", {{"loss", 0.02}, {"burst_begin", 0.005}, {"burst_end", 0.3}, {"burst_loss", 0.8}, {"duplicate", 0.1}, {"straggle", 0.1},
                           {"delay_ms", 30}, {"jitter_ms", 20}}}});
  world.expect_media(call, Duration::s(30), 60);
  const bj::object counts = relay.counts();
  EXPECT_GT(story::number_at(counts, "up_lost"), 0);
  EXPECT_GT(story::number_at(counts, "up_duplicated"), 0);
  for (auto* device : {&*call.agent_device, &*call.customer_device}) {
    const bj::object facts = world.device_facts(*device);
    EXPECT_EQ(story::number_at(facts, "reconnects"), 0);
    for (const auto& remote : facts.at("remotes").as_object()) EXPECT_EQ(story::number_at(remote.value().as_object(), "out_of_order"), 0);
  }
}

}  // namespace
}  // namespace upcall::network
