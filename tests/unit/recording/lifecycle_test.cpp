// recording::Lifecycle, one input at a time. What becomes of it among servers that crash: tests/simulation/recording.
#include <gtest/gtest.h>

#include "recording/lifecycle.hpp"
#include "recording/requests.hpp"

namespace upcall::recording {
namespace {

using What = effect::Answer::What;
using Written = Lifecycle::Written;

constexpr WallTime kWall = WallTime::from_unix_ms(1'800'000'000'000);

// A life cycle, its clock, and the effects of the last input.
class Bench {
 public:
  explicit Bench(Owned owned = {}, LeaseRules rules = {}) : life_(with_claim(std::move(owned)), now(), rules) {}

  static Owned with_claim(Owned owned) {
    owned.claim = {"server-1", 1};
    owned.lease_asked = owned.requested = Instant::from_ms(1'000'000);
    return owned;
  }
  static Owned resumed(State state, bool meeting_live = true) {
    Owned out;
    out.row.state = state;
    out.resumed = true;
    out.meeting_live = meeting_live;
    return out;
  }
  Now now() const { return {Instant::from_ms(1'000'000) + passed_, kWall + passed_}; }
  void pass(Duration span) { passed_ += span; }

  template <class F>
  Bench& input(F&& f) {
    out_.clear();
    f(life_, now(), out_);
    return *this;
  }
  Bench& begin() { return input([](auto& l, Now n, auto& o) { l.begin(n, o); }); }
  Bench& tick() { return input([](auto& l, Now n, auto& o) { l.tick(n, o); }); }
  Bench& written(Written w = Written::done) { return input([&](auto& l, Now n, auto& o) { l.written(n, w, o); }); }
  Bench& journal_opened() { return input([](auto& l, Now n, auto& o) { l.journal_opened(n, o); }); }
  Bench& tap_opened() { return input([](auto& l, Now n, auto& o) { l.tap_opened(n, o); }); }
  Bench& tap_closed() { return input([](auto& l, Now n, auto& o) { l.tap_closed(n, 0, o); }); }
  Bench& journal_closed(bool ended = true) { return input([&](auto& l, Now n, auto& o) { l.journal_closed(n, ended, false, 100, o); }); }
  Bench& stop(const std::string& key = "", Ticket ticket = 7) {
    return input([&](auto& l, Now n, auto& o) { l.stop(n, wire::TapStopReason::requested, "agent", key, ticket, o); });
  }
  Bench& pause(Ticket ticket = 8) { return input([&](auto& l, Now n, auto& o) { l.pause(n, Duration::s(60), "agent", ticket, o); }); }

  // The only effect of this kind.
  template <class E>
  const E* one() const {
    const E* found = nullptr;
    for (const Effect& e : out_) {
      if (const E* is = std::get_if<E>(&e)) {
        EXPECT_EQ(found, nullptr) << "twice";
        found = is;
      }
    }
    return found;
  }
  template <class E>
  std::size_t at() const {
    for (std::size_t i = 0; i < out_.size(); ++i) {
      if (std::holds_alternative<E>(out_[i])) return i;
    }
    return out_.size();
  }
  std::string event() const { return one<effect::WriteRow>() ? std::string(one<effect::WriteRow>()->event) : "nothing is written"; }
  State to() const { return one<effect::WriteRow>() ? one<effect::WriteRow>()->row.state : State::failed; }
  std::optional<What> answer() const { return one<effect::Answer>() ? std::optional(one<effect::Answer>()->what) : std::nullopt; }

  Bench& to_recording() {
    begin().written();
    journal_opened().tap_opened().written();
    return *this;
  }
  Lifecycle life_;
  Effects out_;

 private:
  Duration passed_;
};

TEST(Lifecycle, AWholeLifeWritesEachStateBeforeItsEffect) {
  Bench b;
  b.begin();
  EXPECT_EQ(b.to(), State::starting);
  EXPECT_FALSE(b.one<effect::OpenJournal>()) << "before the state is written";
  EXPECT_TRUE(b.written().one<effect::OpenJournal>());
  ASSERT_TRUE(b.journal_opened().one<effect::OpenTap>());
  EXPECT_FALSE(b.one<effect::OpenTap>()->paused);
  EXPECT_EQ(b.tap_opened().event(), "recording.started");
  EXPECT_FALSE(b.one<effect::Compose>());
  EXPECT_TRUE(b.written().one<effect::Compose>());
  EXPECT_EQ(b.stop("k").event(), "recording.stopped");
  EXPECT_EQ(b.one<effect::WriteRow>()->stop_key, "k") << "in the same transaction";
  EXPECT_FALSE(b.one<effect::CloseTap>());
  EXPECT_FALSE(b.answer());
  EXPECT_TRUE(b.written().one<effect::CloseTap>());
  EXPECT_EQ(b.answer(), What::done);
  EXPECT_TRUE(b.tap_closed().one<effect::CloseJournal>());
  EXPECT_EQ(b.journal_closed().to(), State::composing);
  EXPECT_TRUE(b.one<effect::RemoveAttendee>());
  b.written();
  b.input([](auto& l, Now n, auto& o) { l.film_stored(n, {1234, 99, {}}, o); });
  EXPECT_EQ(b.event(), "recording.stored");
  EXPECT_FALSE(b.one<effect::ReleaseLocalData>());
  EXPECT_TRUE(b.written().one<effect::ReleaseLocalData>());
  ASSERT_TRUE(b.one<effect::Over>());
  EXPECT_FALSE(b.one<effect::Over>()->lost);
  EXPECT_EQ(b.life_.row().duration_ms, 1234);
  EXPECT_TRUE(b.life_.deadline().is_never());
}

TEST(Lifecycle, WhatCouldNotBeWrittenIsTriedAgainAndNotDoneUntilThen) {
  Bench b;
  b.to_recording();
  b.stop().written(Written::not_done);
  EXPECT_FALSE(b.one<effect::CloseTap>());
  EXPECT_FALSE(b.answer()) << "not stopped yet";
  EXPECT_EQ(b.life_.state(), State::recording);
  EXPECT_EQ(b.life_.deadline(), b.now().mono + Duration::s(1));
  b.pass(Duration::s(1));
  EXPECT_EQ(b.tick().event(), "recording.stopped");
  EXPECT_EQ(b.written().answer(), What::done);
  EXPECT_TRUE(b.one<effect::CloseTap>());
}

TEST(Lifecycle, ALostAnswerIsLookedUpAndNotWrittenTwice) {
  Bench b;
  b.to_recording();
  EXPECT_TRUE(b.stop().written(Written::unknown).one<effect::ReadRow>());
  LifeRow seen = b.life_.row();
  seen.state = State::stopping;
  b.input([&](auto& l, Now n, auto& o) { l.row_read(n, seen, l.claim(), o); });
  EXPECT_TRUE(b.one<effect::CloseTap>());
  EXPECT_FALSE(b.one<effect::WriteRow>());
  // The same, and it had not arrived.
  Bench c;
  c.to_recording();
  c.stop().written(Written::unknown);
  c.input([&](auto& l, Now n, auto& o) { l.row_unreadable(n, o); });
  EXPECT_TRUE(c.out_.empty());
  c.pass(Duration::s(1));
  EXPECT_TRUE(c.tick().one<effect::ReadRow>());
  c.input([&](auto& l, Now n, auto& o) { l.row_read(n, l.row(), l.claim(), o); });
  c.pass(Duration::s(1));
  EXPECT_EQ(c.tick().event(), "recording.stopped");
}

TEST(Lifecycle, AnotherClaimInTheRowEndsItHere) {
  Bench b;
  b.to_recording();
  b.stop("", 5).written(Written::refused);
  b.input([&](auto& l, Now n, auto& o) { l.row_read(n, l.row(), Claim{"server-2", 2}, o); });
  EXPECT_LT(b.at<effect::AbandonJournal>(), b.at<effect::CloseTap>()) << "the tap's end is not the recording's";
  EXPECT_TRUE(b.one<effect::StopComposing>());
  EXPECT_EQ(b.answer(), What::unavailable);
  ASSERT_TRUE(b.one<effect::Over>());
  EXPECT_TRUE(b.one<effect::Over>()->lost);
  EXPECT_TRUE(b.tap_closed().out_.empty()) << "nothing is decided any more";
}

TEST(Lifecycle, TheLeaseIsRenewedAtAThirdAndItsOwnerStopsBeforeItIsOver) {
  Bench b;
  b.to_recording();
  b.pass(Duration::s(10));
  ASSERT_TRUE(b.tick().one<effect::RenewLease>());
  const Instant asked = b.one<effect::RenewLease>()->asked;
  b.pass(Duration::s(3));
  b.input([&](auto& l, Now n, auto& o) { l.lease_held(n, asked, o); });
  EXPECT_EQ(b.life_.deadline(), asked + Duration::s(10)) << "counted from the asking";
  // Nobody answers any more.
  b.pass(Duration::s(7));
  EXPECT_TRUE(b.tick().one<effect::RenewLease>());
  b.pass(Duration::s(9));
  EXPECT_TRUE(b.tick().one<effect::RenewLease>());
  EXPECT_FALSE(b.life_.over());
  b.pass(Duration::s(1));
  b.tick();
  EXPECT_TRUE(b.one<effect::AbandonJournal>());
  EXPECT_TRUE(b.life_.over());
}

// The embedded store: nobody else can have the recording, so a store that is away ends no capturing.
TEST(Lifecycle, ALeaseThatNobodyElseCouldTakeIsLostByTheStoresWordOnly) {
  LeaseRules alone;
  alone.shared = false;
  Bench b({}, alone);
  b.to_recording();
  for (int minutes = 0; minutes < 10; ++minutes) {
    b.pass(Duration::s(60));
    EXPECT_TRUE(b.tick().one<effect::RenewLease>());
    EXPECT_FALSE(b.one<effect::AbandonJournal>());
  }
  b.stop();
  EXPECT_TRUE(b.one<effect::WriteRow>()) << "a stop is still taken";
  b.input([](auto& l, Now n, auto& o) { l.lease_refused(n, o); });
  EXPECT_TRUE(b.one<effect::AbandonJournal>());
}

TEST(Lifecycle, AServerThatStoodStillDecidesNothingWhenItWakes) {
  Bench b;
  b.to_recording();
  b.pass(Duration::s(20));
  // The first input after it is not the tick.
  b.stop();
  EXPECT_FALSE(b.one<effect::WriteRow>());
  EXPECT_EQ(b.answer(), What::unavailable);
  EXPECT_TRUE(b.one<effect::AbandonJournal>());
}

TEST(Lifecycle, APauseStopsTheTapFirstAndIsAnsweredWhenItIsWritten) {
  Bench b;
  b.to_recording();
  b.pause();
  EXPECT_LT(b.at<effect::PauseTap>(), b.at<effect::WriteRow>());
  EXPECT_EQ(b.event(), "recording.paused");
  EXPECT_FALSE(b.answer());
  EXPECT_EQ(b.written().answer(), What::done);
  EXPECT_EQ(b.life_.row().paused_until, b.now().wall + Duration::s(60));
  EXPECT_EQ(b.pause().answer(), What::paused);
  // It goes on by itself, also when the store has to be asked twice.
  for (int i = 0; i < 6; ++i) {
    b.pass(Duration::s(10));
    b.tick();
    if (const auto* renew = b.one<effect::RenewLease>()) b.life_.lease_held(b.now(), renew->asked, b.out_);
  }
  EXPECT_EQ(b.event(), "recording.resumed");
  b.written(Written::not_done);
  EXPECT_FALSE(b.one<effect::PauseTap>());
  b.pass(Duration::s(1));
  EXPECT_EQ(b.tick().event(), "recording.resumed");
  ASSERT_TRUE(b.written().one<effect::PauseTap>());
  EXPECT_FALSE(b.one<effect::PauseTap>()->paused);
  EXPECT_FALSE(b.life_.paused());
}

TEST(Lifecycle, APauseThatCannotBeWrittenIsNone) {
  Bench b;
  b.to_recording();
  b.pause().written(Written::not_done);
  EXPECT_EQ(b.answer(), What::unavailable);
  ASSERT_TRUE(b.one<effect::PauseTap>());
  EXPECT_FALSE(b.one<effect::PauseTap>()->paused);
  // One whose answer was lost stays paused until the row is looked at.
  b.pass(Duration::s(1));
  b.pause().written(Written::unknown);
  EXPECT_FALSE(b.one<effect::PauseTap>());
  EXPECT_FALSE(b.answer());
}

TEST(Lifecycle, AStopEndsAPauseInTheSameWrite) {
  Bench b;
  b.to_recording();
  b.pause().written();
  b.stop();
  ASSERT_TRUE(b.one<effect::WriteRow>());
  EXPECT_EQ(b.one<effect::WriteRow>()->pause, PauseChange::end);
  EXPECT_FALSE(b.one<effect::WriteRow>()->row.paused_until);
  EXPECT_FALSE(b.written().one<effect::PauseTap>());
}

TEST(Lifecycle, RepeatedStopsByKey) {
  Bench b;
  b.to_recording();
  b.stop("k", 1);
  EXPECT_FALSE(b.stop("k", 2).answer()) << "answered with the first, when it is written";
  EXPECT_EQ(b.stop("other", 3).answer(), What::stopping);
  EXPECT_EQ(b.stop("", 4).answer(), What::stopping);
  b.written();
  std::vector<Ticket> done;
  for (const Effect& e : b.out_) {
    if (const auto* a = std::get_if<effect::Answer>(&e)) done.push_back(a->ticket);
  }
  EXPECT_EQ(done, (std::vector<Ticket>{1, 2}));
  EXPECT_EQ(b.stop("k", 5).answer(), What::done);
}

TEST(Lifecycle, AStopBeforeTheTapIsThereOpensAndClosesIt) {
  Bench b;
  EXPECT_EQ(b.stop().to(), State::stopping) << "before it has begun";
  EXPECT_EQ(b.written().answer(), What::done);
  EXPECT_TRUE(b.begin().one<effect::OpenJournal>());
  b.journal_opened();
  EXPECT_LT(b.at<effect::OpenTap>(), b.at<effect::CloseTap>());
}

TEST(Lifecycle, ARestartClosesWhatWasStoppedAndGoesOnWithWhatWasNot) {
  Bench goes_on(Bench::resumed(State::recording));
  EXPECT_TRUE(goes_on.begin().one<effect::OpenJournal>());
  EXPECT_TRUE(goes_on.journal_opened().one<effect::OpenTap>());
  EXPECT_TRUE(goes_on.tap_opened().one<effect::Compose>()) << "its state is written already";

  Bench ended(Bench::resumed(State::recording, false));
  EXPECT_EQ(ended.begin().event(), "recording.stopped");
  ended.written();
  EXPECT_TRUE(ended.journal_opened().one<effect::CloseJournal>());
  EXPECT_FALSE(ended.one<effect::OpenTap>());

  Bench complete(Bench::resumed(State::stopping));
  complete.begin();
  complete.input([](auto& l, Now n, auto& o) { l.journal_refused(n, Lifecycle::Refusal::complete, "complete", o); });
  EXPECT_EQ(complete.to(), State::composing);
  EXPECT_TRUE(complete.one<effect::RemoveAttendee>()) << "the crash may have come before";
  EXPECT_TRUE(complete.written().one<effect::Compose>());
}

TEST(Lifecycle, ADamagedJournalIsStoppedBeforeItIsComposed) {
  Bench b(Bench::resumed(State::recording));
  b.begin();
  b.input([](auto& l, Now n, auto& o) { l.journal_refused(n, Lifecycle::Refusal::corrupt, "damaged", o); });
  EXPECT_EQ(b.event(), "recording.stopped");
  EXPECT_FALSE(b.one<effect::Compose>());
  EXPECT_EQ(b.written().to(), State::composing);
}

TEST(Lifecycle, AJournalThatCannotBeOpenedFailsANewRecordingAndWaitsForAnOldOne) {
  const auto refuse = [](auto& l, Now n, auto& o) { l.journal_refused(n, Lifecycle::Refusal::other, "no room", o); };
  Bench fresh;
  fresh.begin().written();
  EXPECT_EQ(fresh.input(refuse).event(), "recording.failed");
  EXPECT_TRUE(fresh.written().one<effect::Over>());
  Bench old(Bench::resumed(State::recording));
  old.begin();
  EXPECT_TRUE(old.input(refuse).out_.empty()) << "there is media in it";
  EXPECT_EQ(old.life_.deadline(), old.now().mono + Duration::s(5));
  old.pass(Duration::s(5));
  EXPECT_TRUE(old.tick().one<effect::OpenJournal>());
}

TEST(Lifecycle, AJournalWithoutItsEndIsTakenUpAnew) {
  Bench b;
  b.to_recording();
  b.stop().written();
  b.tap_closed().journal_closed(false);
  ASSERT_TRUE(b.one<effect::Over>());
  EXPECT_TRUE(b.one<effect::Over>()->lost);
}

TEST(Lifecycle, AFailureIsWrittenUntilItIsWritten) {
  Bench b;
  b.input([](auto& l, Now n, auto& o) { l.fail(n, "no attendee", o); });
  EXPECT_EQ(b.event(), "recording.failed");
  b.written(Written::not_done);
  EXPECT_FALSE(b.life_.over());
  b.pass(Duration::s(1));
  EXPECT_EQ(b.tick().event(), "recording.failed");
  EXPECT_TRUE(b.written().one<effect::Over>());
  EXPECT_EQ(b.life_.row().reason, "no attendee");
}

TEST(Lifecycle, AFilmIsMadeWhenItsTimeHasCome) {
  Owned after;
  after.compose = ComposeWhen::after;
  Bench b(after);
  EXPECT_FALSE(b.to_recording().one<effect::Compose>());
  b.stop().written();
  b.tap_closed().journal_closed();
  EXPECT_TRUE(b.written().one<effect::Compose>());
  // Composing fails for now: the reason is shown, and it is tried again in a minute.
  b.input([](auto& l, Now n, auto& o) { l.film_failed(n, "made to fail", o); });
  ASSERT_TRUE(b.one<effect::WriteRow>());
  EXPECT_EQ(b.one<effect::WriteRow>()->row.reason, "made to fail");
  EXPECT_EQ(b.to(), State::composing);
  b.written();

  Owned demand;
  demand.compose = ComposeWhen::on_demand;
  Bench d(demand);
  d.to_recording();
  EXPECT_TRUE(d.input([](auto& l, Now n, auto& o) { l.want_film(n, o); }).one<effect::Compose>());
}

TEST(Lifecycle, AFullSpoolEndsItWithItsReason) {
  Bench b;
  b.to_recording();
  EXPECT_EQ(b.input([](auto& l, Now n, auto& o) { l.no_room(n, o); }).event(), "recording.stopped");
  ASSERT_TRUE(b.written().one<effect::CloseTap>());
  EXPECT_EQ(b.one<effect::CloseTap>()->reason, wire::TapStopReason::spool_full);
  EXPECT_EQ(b.life_.row().reason, kSpoolWasFull);
}

TEST(Requests, WhatAStartIs) {
  StartFacts f{"m-1", std::nullopt, true, false};
  EXPECT_EQ(decide_start(f), StartDecision::begin);
  f.in_progress = true;
  EXPECT_EQ(decide_start(f), StartDecision::in_progress);
  f.meeting_live = false;
  EXPECT_EQ(decide_start(f), StartDecision::meeting_ended);
  f.earlier_meeting = "m-1";
  EXPECT_EQ(decide_start(f), StartDecision::again) << "whatever has become of it";
  f.earlier_meeting = "m-2";
  EXPECT_EQ(decide_start(f), StartDecision::other_meeting);
}

TEST(Requests, WhatAStopIs) {
  EXPECT_EQ(decide_stop({true, true, true}), StopDecision::again);
  EXPECT_EQ(decide_stop({false, false, false}), StopDecision::nothing);
  EXPECT_EQ(decide_stop({false, true, false}), StopDecision::elsewhere);
  EXPECT_EQ(decide_stop({false, true, true}), StopDecision::ask);
}

}  // namespace
}  // namespace upcall::recording
