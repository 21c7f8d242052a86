// What a deployment may place and what it refuses, and the file that remembers it.
#include "deployment/plan.hpp"

#include <gtest/gtest.h>

namespace upcall::deployment {
namespace {

State with(std::initializer_list<Part> parts, const std::string& release = "1.0") {
  State out;
  for (const Part part : parts) out.parts[part] = release;
  return out;
}

std::string refusal(const State& state, std::vector<Part> parts, bool recording_on = true) {
  const auto planned = plan(state, {"2.0", std::move(parts), recording_on});
  return planned ? "" : planned.error().message;
}

TEST(Plan, ANewInstallationGetsAllPartsAndWithoutRecordingTwo) {
  const auto all = plan({}, {"2.0", {}, true});
  ASSERT_TRUE(all);
  EXPECT_EQ(all->changes, (std::vector<Change>{{Part::backend, "", "2.0"}, {Part::recording, "", "2.0"}, {Part::events, "", "2.0"}, {Part::frontend, "", "2.0"}}));
  EXPECT_TRUE(all->hands_over);
  EXPECT_TRUE(all->records);
  const auto two = plan({}, {"2.0", {}, false});
  ASSERT_TRUE(two);
  EXPECT_EQ(two->changes, (std::vector<Change>{{Part::backend, "", "2.0"}, {Part::frontend, "", "2.0"}}));
  EXPECT_FALSE(two->records);
}

// acceptance: 71
TEST(Plan, EachPartNeedsWhatTheOriginalsNeeds) {
  struct Row {
    std::vector<Part> there, wanted;
    const char* missing;   // null: fine
  };
  using enum Part;
  const Row rows[] = {
      {{}, {backend}, nullptr},
      {{}, {frontend}, "needs backend, which is not deployed: add --part backend"},
      {{}, {recording}, "needs backend, which is not deployed: add --part backend"},
      {{}, {events}, "needs backend and recording, which are not deployed: add --part backend --part recording"},
      {{backend}, {frontend}, nullptr},
      {{backend}, {recording}, nullptr},
      {{backend}, {events}, "needs recording, which is not deployed: add --part recording"},
      {{backend, frontend}, {events}, "needs recording"},
      {{backend, recording}, {events}, nullptr},
      {{}, {backend, recording, events}, nullptr},
      {{}, {recording, events}, "needs backend"},
  };
  for (const Row& row : rows) {
    State state;
    for (const Part part : row.there) state.parts[part] = "1.0";
    const std::string said = refusal(state, row.wanted);
    if (row.missing == nullptr) EXPECT_EQ(said, "");
    else EXPECT_NE(said.find(row.missing), std::string::npos) << said;
  }
}

TEST(Plan, RecordingOffTakesItAwayAndRefusesItByName) {
  const State state = with({Part::backend, Part::recording, Part::events, Part::frontend});
  const auto off = plan(state, {"1.0", {}, false});
  ASSERT_TRUE(off);
  EXPECT_EQ(off->changes, (std::vector<Change>{{Part::recording, "1.0", ""}, {Part::events, "1.0", ""}}));
  EXPECT_NE(refusal(state, {Part::recording}, false).find("--deploy-recording-stack=true"), std::string::npos);
}

TEST(Plan, PagesAndRecorderComeWithoutAHandover) {
  const State state = with({Part::backend, Part::recording, Part::events, Part::frontend});
  const auto pages = plan(state, {"2.0", {Part::frontend}, true});
  ASSERT_TRUE(pages);
  EXPECT_EQ(pages->changes, (std::vector<Change>{{Part::frontend, "1.0", "2.0"}}));
  EXPECT_FALSE(pages->hands_over);
  EXPECT_FALSE(plan(state, {"2.0", {Part::recording}, true})->hands_over);
  const auto same = plan(state, {"1.0", {}, true});
  ASSERT_TRUE(same);
  EXPECT_TRUE(same->changes.empty());
  EXPECT_EQ(describe(*same), std::vector<std::string>{"nothing to change"});
}

TEST(Plan, BackGoesToWhatWasThere) {
  State state = with({Part::backend, Part::frontend}, "2.0");
  EXPECT_FALSE(plan_back(state));
  state.previous = with({Part::backend, Part::frontend, Part::recording}).parts;
  const auto back = plan_back(state);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->changes, (std::vector<Change>{{Part::backend, "2.0", "1.0"}, {Part::recording, "", "1.0"}, {Part::frontend, "2.0", "1.0"}}));
  EXPECT_EQ(describe(*back).front(), "change backend from 2.0 to 1.0");
}

TEST(Plan, ANameThatIsNoFoldersNameIsRefused) {
  for (const char* name : {"", "..", ".hidden", "a/b", "a b", "a\n"}) EXPECT_FALSE(plan({}, {name, {}, true})) << name;
  EXPECT_FALSE(is_release_name(std::string(101, 'a')));
  EXPECT_TRUE(is_release_name("0.1.0+841.afa4740d"));
}

TEST(State, ComesBackAsItWas) {
  State state = with({Part::backend, Part::frontend}, "2.0");
  state.previous = with({Part::backend}).parts;
  for (int i = 0; i < 60; ++i) add_event(state, {"2026-11-30T00:00:00Z", "deployed", std::to_string(i), "a \"note\""});
  ASSERT_EQ(state.history.size(), kHistory);
  const auto again = parse_state(to_json(state));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->parts, state.parts);
  EXPECT_EQ(again->previous, state.previous);
  EXPECT_EQ(again->history, state.history);
  EXPECT_TRUE(parse_state("{}")->parts.empty());
}

TEST(State, WhatIsNotOneIsRefusedWherever) {
  const std::string whole = to_json(with({Part::backend, Part::frontend}));
  for (std::size_t n = 0; n < whole.size(); ++n) EXPECT_FALSE(parse_state(whole.substr(0, n))) << n;
  for (const char* text : {"[]", R"({"parts":[]})", R"({"parts":{"kitchen":"1"}})", R"({"parts":{"backend":7}})", R"({"parts":{"backend":"../x"}})",
                           R"({"previous":{"backend":"a/b"}})", R"({"history":{}})", R"({"history":[1]})"}) {
    EXPECT_FALSE(parse_state(text)) << text;
  }
}

}  // namespace
}  // namespace upcall::deployment
