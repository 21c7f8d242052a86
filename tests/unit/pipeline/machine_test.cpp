// The state machine of a run, under a clock of its own.
#include "pipeline/machine.hpp"

#include <gtest/gtest.h>

#include "base/rng.hpp"

namespace upcall::pipeline {
namespace {

const std::string kTwo = R"({"version":1,"stages":[
  {"name":"Build","commands":["a","b"],"timeoutSeconds":10},
  {"name":"Deploy","commands":["c"],"artifacts":["out"]}]})";
const std::string kOne = R"({"version":1,"stages":[{"name":"Only","commands":["x"]}]})";

class Clock {
 public:
  Now now() const { return {Instant() + at_, WallTime::from_unix_ms(1'800'000'000'000) + at_}; }
  Now after(Duration d) {
    at_ = at_ + d;
    return now();
  }

 private:
  Duration at_;
};

Run waiting() {
  Run run;
  run.number = 1;
  run.commit = std::string(40, 'a');
  return run;
}

using Effects = Machine::Effects;
Effects only(Do what, std::size_t command = 0) { return {{what, command}}; }

std::string states(const Run& run) {
  std::string out;
  for (const auto& s : run.stages) out += s.name + "=" + std::string(to_string(s.state)) + " ";
  return out;
}

TEST(PipelineMachine, AnUnchangedDefinitionRunsAllStages) {
  Clock clock;
  Machine m(waiting(), kTwo);
  EXPECT_EQ(m.start(clock.now()), only(Do::checkout));
  EXPECT_EQ(m.source_done(clock.after(Duration::s(1)), kTwo), only(Do::command, 0));
  EXPECT_EQ(m.stage()->name, "Build");
  EXPECT_EQ(m.command_done(clock.after(Duration::s(2)), false, 0), only(Do::command, 1));
  EXPECT_EQ(m.command_done(clock.after(Duration::s(2)), false, 0), only(Do::command, 0));
  EXPECT_EQ(m.stage()->name, "Deploy");
  EXPECT_EQ(m.command_done(clock.after(Duration::s(2)), false, 0), only(Do::keep_artifacts));
  EXPECT_EQ(m.artifacts_kept(clock.after(Duration::s(2)), ""), only(Do::finished));
  EXPECT_EQ(m.run().state, State::succeeded);
  EXPECT_FALSE(m.run().definition_changed);
  EXPECT_EQ((*m.run().stages[2].ended - *m.run().stages[2].started).ms(), 4000);
  EXPECT_FALSE(m.deadline());
}

TEST(PipelineMachine, AChangedDefinitionIsInstalledBeforeAnyStageOfIt) {
  Clock clock;
  Machine m(waiting(), kTwo);
  (void)m.start(clock.now());
  EXPECT_EQ(m.source_done(clock.now(), kOne), only(Do::install));
  EXPECT_EQ(m.pushed_text(), kOne);
  EXPECT_EQ(m.installed(clock.now(), ""), only(Do::command, 0));
  EXPECT_EQ(m.stage()->name, "Only");
  EXPECT_TRUE(m.run().definition_changed);
  EXPECT_EQ(states(m.run()), "Source=succeeded UpdatePipeline=succeeded Only=running ");
}

TEST(PipelineMachine, ADefinitionThatDoesNotParseFailsTheRunWithItsLine) {
  Clock clock;
  Machine m(waiting(), kTwo);
  (void)m.start(clock.now());
  EXPECT_EQ(m.source_done(clock.now(), "{\n\"version\":1,\n\"stages\":[}"), only(Do::finished));
  EXPECT_EQ(m.run().state, State::failed);
  EXPECT_EQ(m.run().message, "UpdatePipeline: deploy/pipeline/pipeline.json, line 3: this is not JSON");
  EXPECT_EQ(states(m.run()), "Source=succeeded UpdatePipeline=failed Build=skipped Deploy=skipped ");
}

TEST(PipelineMachine, WithoutADefinitionNothingRuns) {
  Clock clock;
  Machine m(waiting(), "");
  (void)m.start(clock.now());
  EXPECT_EQ(m.source_done(clock.now(), std::nullopt), only(Do::finished));
  EXPECT_EQ(m.run().state, State::failed);
}

TEST(PipelineMachine, AFailingCommandSkipsTheRest) {
  Clock clock;
  Machine m(waiting(), kTwo);
  (void)m.start(clock.now());
  (void)m.source_done(clock.now(), kTwo);
  EXPECT_EQ(m.command_done(clock.now(), false, 2), only(Do::finished));
  EXPECT_EQ(m.run().message, "Build: command 1 of 2 ended with status 2.");
  EXPECT_EQ(states(m.run()), "Source=succeeded UpdatePipeline=succeeded Build=failed Deploy=skipped ");
}

TEST(PipelineMachine, TheTimeLimitIsOfAllCommandsOfAStageTogether) {
  Clock clock;
  Machine m(waiting(), kTwo);
  (void)m.start(clock.now());
  (void)m.source_done(clock.now(), kTwo);
  EXPECT_EQ(m.command_done(clock.after(Duration::s(9)), false, 0), only(Do::command, 1));
  EXPECT_EQ(m.tick(clock.after(Duration::ms(900))), Effects{});
  EXPECT_EQ(m.tick(clock.after(Duration::ms(100))), only(Do::end_command));
  EXPECT_EQ(m.tick(clock.after(Duration::s(4))), Effects{});
  EXPECT_EQ(m.tick(clock.after(Duration::s(1))), only(Do::kill_command));
  EXPECT_EQ(m.command_done(clock.now(), true, 9), only(Do::finished));
  EXPECT_EQ(m.run().state, State::timed_out);
  EXPECT_NE(m.run().message.find("limit of 10 s"), std::string::npos);
}

TEST(PipelineMachine, StoppedWhileItWaitsAndWhileItRuns) {
  Clock clock;
  Machine before(waiting(), kTwo);
  EXPECT_EQ(before.stop(clock.now(), "ann"), only(Do::finished));
  EXPECT_EQ(before.run().state, State::stopped);
  Machine m(waiting(), kTwo);
  (void)m.start(clock.now());
  (void)m.source_done(clock.now(), kTwo);
  EXPECT_EQ(m.stop(clock.now(), "ann"), only(Do::end_command));
  EXPECT_EQ(m.stop(clock.now(), "ann"), Effects{});
  // It ended well just then: it is stopped all the same, and the next stage does not begin.
  EXPECT_EQ(m.command_done(clock.now(), false, 0), only(Do::finished));
  EXPECT_EQ(m.run().state, State::stopped);
  EXPECT_EQ(m.run().message, "Build: Stopped by ann.");
}

TEST(PipelineRun, InterruptedRunsAreMarkedAndOthersLeftAlone) {
  Clock clock;
  Machine m(waiting(), kTwo);
  (void)m.start(clock.now());
  (void)m.source_done(clock.now(), kTwo);
  pipeline::Run run = m.run();
  interrupt(run, clock.after(Duration::s(60)).wall);
  EXPECT_EQ(run.state, State::interrupted);
  EXPECT_EQ(states(run), "Source=succeeded UpdatePipeline=succeeded Build=interrupted Deploy=skipped ");
  const pipeline::Run over = run;
  interrupt(run, clock.after(Duration::s(60)).wall);
  EXPECT_EQ(run, over);
  pipeline::Run fresh = waiting();
  interrupt(fresh, clock.now().wall);
  EXPECT_EQ(fresh, waiting());
}

TEST(PipelineRun, IsReadAsItWasWritten) {
  Clock clock;
  Machine m(waiting(), kTwo);
  (void)m.start(clock.now());
  (void)m.source_done(clock.after(Duration::s(3)), kTwo);
  m.run().subject = "quotes \" and \n lines";
  m.run().process_group = 4711;
  const auto back = parse_run(to_json(m.run()));
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, m.run());
}

// Random worlds: commands that fail, hang, or end when they are told to; stops and full disks at any time; definitions that
// change and that are broken. Whatever happens, the rules hold.
class PipelineWorlds : public ::testing::TestWithParam<int> {};

TEST_P(PipelineWorlds, KeepTheRules) {
  SeededRandom random(static_cast<std::uint64_t>(GetParam()));
  for (int round = 0; round < 200; ++round) {
    Clock clock;
    const std::string definitions[] = {kTwo, kOne, "", "{", R"({"version":2})"};
    const std::string active = definitions[random.below(3)], pushed = definitions[random.below(5)];
    Machine m(waiting(), active);
    std::optional<Do> work;  // what is under way
    bool asked_to_end = false, installed = false, finished = false;
    Instant asked{};
    Effects effects = m.start(clock.now());
    for (int step = 0; step < 400 && !finished; ++step) {
      for (const Effect& e : effects) {
        ASSERT_FALSE(finished) << "nothing follows the end";
        switch (e.what) {
          case Do::finished:
            finished = true;
            ASSERT_FALSE(work) << "the end does not come while something is under way";
            break;
          case Do::end_command:
            ASSERT_TRUE(work);
            asked_to_end = true;
            asked = clock.now().mono;
            break;
          case Do::kill_command:
            ASSERT_TRUE(asked_to_end) << "asked before it is killed";
            ASSERT_GE((clock.now().mono - asked).ms(), 5000);
            break;
          default:
            ASSERT_FALSE(work) << "one work at a time";
            ASSERT_FALSE(asked_to_end) << "no new work after the request to end";
            work = e.what;
            if (e.what == Do::install) ASSERT_TRUE(parse_definition(pushed)) << "only a good definition is installed";
            if (e.what == Do::command) ASSERT_TRUE(installed || pushed == active) << "the pipeline itself first";
        }
      }
      effects.clear();
      std::size_t running = 0;
      for (const auto& s : m.run().stages) running += s.state == State::running;
      ASSERT_EQ(running, finished ? 0u : 1u) << states(m.run());
      if (finished) break;
      const Now now = clock.after(Duration::ms(static_cast<std::int64_t>(random.below(4000))));
      const auto dice = random.below(20);
      if (dice == 0) {
        effects = m.stop(now, "x");
      } else if (dice == 1) {
        effects = m.abort(now, "full");
      } else if (dice < 8 || !work) {
        effects = m.tick(now);
      } else {
        const Do was = *work;
        // Some work hangs until it is told to end.
        if (was == Do::command && !asked_to_end && random.chance(0.2)) continue;
        work.reset();
        if (was == Do::checkout) effects = random.chance(0.1) ? m.source_failed(now, "git") : m.source_done(now, pushed.empty() ? std::nullopt : std::optional(pushed));
        if (was == Do::install) {
          installed = true;
          effects = m.installed(now, random.chance(0.1) ? "no room" : "");
        }
        if (was == Do::command) effects = m.command_done(now, random.chance(0.05), random.chance(0.1) ? 1 : 0);
        if (was == Do::keep_artifacts) effects = m.artifacts_kept(now, random.chance(0.1) ? "gone" : "");
      }
    }
    ASSERT_TRUE(finished) << "every run ends: " << states(m.run());
    ASSERT_TRUE(is_over(m.run().state));
    ASSERT_TRUE(m.run().ended);
    bool all = true;
    for (const auto& s : m.run().stages) {
      ASSERT_TRUE(is_over(s.state)) << states(m.run());
      all = all && s.state == State::succeeded;
    }
    ASSERT_EQ(all, m.run().state == State::succeeded) << states(m.run());
  }
}
INSTANTIATE_TEST_SUITE_P(Seeds, PipelineWorlds, ::testing::Range(1, 9));

}  // namespace
}  // namespace upcall::pipeline
