// A contact centre in virtual time with flows written for one test.
#pragma once

#include <gmock/gmock.h>

#include "centre_world.hpp"
#include "contact/snapshot.hpp"
#include "flow_samples.hpp"

namespace upcall::contact {

inline Flow read_flow(const std::string& text) {
  auto import = import_flow(text);
  for (const auto& p : import.problems) ADD_FAILURE() << p.block_id << ": " << p.message;
  return import.flow.value_or(Flow{});
}

// Zones by a fixed distance from UTC: "+2".
class FixedZones final : public TimeZones {
 public:
  std::optional<LocalTime> local(std::string_view zone, WallTime at) const override {
    if (!zone.starts_with("+")) return std::nullopt;
    const std::int64_t minutes = at.unix_ms() / 60'000 + (zone[1] - '0') * 60;
    LocalTime t;
    t.minute = static_cast<int>(minutes % 1440);
    t.weekday = static_cast<int>((minutes / 1440 + 3) % 7);  // 1970-01-01 was a Thursday
    t.date = {2027, 1, static_cast<int>(minutes / 1440 % 28)};
    t.yesterday = {2027, 1, static_cast<int>((minutes / 1440 - 1) % 28)};
    return t;
  }
};

inline std::string say(const std::string& id, const std::string& text, const std::string& next) {
  return block(id, "MessageParticipant", R"("Text":")" + text + "\"", {next, {}, {}});
}
inline std::string bye(const std::string& id = "end") { return block(id, "DisconnectParticipant", ""); }

// One contact that runs a flow.
class FlowWorld {
 public:
  explicit FlowWorld(const std::string& type, const std::vector<std::string>& blocks, CentreConfig config = make_config()) {
    config.time_zones = std::make_shared<FixedZones>();
    config.instance_arn = "arn:aws:connect:local:000000000000:instance/i";
    if (type == "customerQueue") {
      config.flows["start"] = read_flow(document("Start", "contactFlow", "hook", {
          block("hook", "UpdateContactEventHooks", R"("EventHooks":{"CustomerQueue":"Tested"})", {"queue", {}, {}}),
          block("queue", "UpdateContactTargetQueue", R"("QueueId":"BasicQueue")", {"go", {error("NoMatchingError", "end")}, {}}),
          block("go", "TransferContactToQueue", "", {"end", {error("NoMatchingError", "end"), error("QueueAtCapacity", "end")}, {}}), bye()}));
    }
    const std::string first = blocks.front().substr(15, blocks.front().find('"', 15) - 15);
    config.flows["tested"] = read_flow(document("Tested", type, first, blocks));
    start_ = type == "customerQueue" ? "start" : "tested";
    world = std::make_unique<World>(std::move(config));
  }
  void add(const std::string& flow_id, const std::string& text) {
    CentreConfig config = world->centre.config();
    config.flows[flow_id] = read_flow(text);
    run(Configure{std::move(config)});
  }
  Effects run(const Command& command) {
    Effects e = world->run(command);
    for (const auto& call : e.flow_calls) calls.push_back(call);
    for (const auto& s : e.flow_steps) steps.push_back(s.step);
    return e;
  }
  std::string start(Attributes extra = {}) {
    Attributes a{{"customerName", "Jane"}};
    for (auto& [k, v] : extra) a[k] = v;
    Effects e = run(StartChat{start_, "Jane", a, initial_message});
    id = e.contact_id;
    customer = e.participants.front().participant.id;
    run(ConnectParticipant{id, customer});
    return id;
  }
  void answer(const std::string& text) { run(SendItem{id, customer, "", ItemType::message, "text/plain", text, ""}); }
  void pass(Duration span) {
    const Instant end = world->now.mono + span;
    int ticks = 0;
    while (world->centre.next_deadline() <= end) {
      const Instant at = std::max(world->now.mono, world->centre.next_deadline());
      world->now.wall = world->now.wall + (at - world->now.mono);
      world->now.mono = at;
      run(Tick{});
      ASSERT_LT(++ticks, 10'000) << "a timer that never moves on";
    }
    world->now.wall = world->now.wall + (end - world->now.mono);
    world->now.mono = end;
  }
  // Through a snapshot into a new centre, as after a restart.
  void restart(Duration away) {
    const Contact* c = contact();
    ASSERT_NE(c, nullptr);
    const std::string kept = to_snapshot(*c, world->now, world->centre.flow(c->flow_id));
    auto fresh = std::make_unique<World>(world->centre.config());
    // The monotonic clock is another one.
    fresh->now = {Instant::from_ms(5'000), world->now.wall + away};
    fresh->items = world->items;
    auto restored = from_snapshot(kept, fresh->now, [&](std::string_view flow) { return fresh->centre.flow(flow); });
    ASSERT_TRUE(restored);
    fresh->centre.restore(std::move(*restored), fresh->now);
    world = std::move(fresh);
  }
  const Contact* contact() const { return world->centre.contact(id); }
  std::vector<std::string> said() {
    std::vector<std::string> out;
    for (const auto& i : world->items[id]) {
      if (i.type == ItemType::message && i.role == Role::system) out.push_back(*i.content);
    }
    return out;
  }
  std::vector<std::string> results(const std::string& block_id) const {
    std::vector<std::string> out;
    for (const auto& s : steps) {
      if (s.block == block_id) out.push_back(s.result);
    }
    return out;
  }

  std::unique_ptr<World> world;
  std::string id, customer, initial_message;
  std::vector<FlowCallRequest> calls;
  std::vector<FlowStep> steps;

 private:
  std::string start_;
};

}  // namespace upcall::contact
