#include "sim/recording/story.hpp"

#include <cstdlib>
#include <functional>
#include <memory>

#include "sim/recording/server.hpp"

namespace upcall::sim {

namespace {

constexpr int kServers = 2, kMeetings = 2;
constexpr Duration kRest = Duration::s(600);      // within which everything has come to its end
constexpr Duration kPatience = Duration::s(6);    // of a client
constexpr Duration kSkew = Duration::s(3);        // of a server's wall clock, at most

class Story {
 public:
  Story(std::uint64_t seed, Plant plant) : world_(seed, plant) {
    world_.trace = std::getenv("UPCALL_TRACE") != nullptr;
    for (int i = 0; i < kServers; ++i) {
      servers_.push_back(std::make_unique<Server>(world_, i, world_.between(-kSkew.ms(), kSkew.ms())));
    }
    for (auto& s : servers_) {
      for (auto& o : servers_) {
        if (s != o) s->others.push_back(o.get());
      }
    }
    for (MeetingNo m = 0; m < kMeetings; ++m) world_.ledger.meeting_live[m] = true;
  }

  RecordingStory play() {
    end_ = world_.mono() + world_.between(30'000, 150'000);
    choose_faults();
    for (auto& s : servers_) s->boot();
    plan_clients();
    run_until(end_);
    world_.faults = {};
    calm_ = true;
    at(Duration::s(2), [this] {
      for (MeetingNo m = 0; m < kMeetings; ++m) end_meeting(m);
    });
    run_until(end_ + kRest);
    world_.ledger.last_look(world_.mono());
    return result();
  }

 private:
  // From one moment of the noisy part of the story.
  void at_random(std::function<void()> action) { at(Duration::ms(static_cast<std::int64_t>(random().below(static_cast<std::uint64_t>((end_ - world_.mono()).ms())))), std::move(action)); }
  void at(Duration delay, std::function<void()> action) { world_.queue.after(delay, std::move(action)); }
  RandomSource& random() { return world_.random; }
  Server& any_server() { return *servers_[random().chance(0.8) ? 0 : 1]; }

  void run_until(Instant until) {
    while (world_.queue.next() <= until) {
      world_.queue.advance_to(world_.queue.next());
      world_.queue.run_one();
    }
    world_.queue.advance_to(until);
  }

  void choose_faults() {
    Faults& f = world_.faults;
    const auto some = [&](double share, double most) { return random().chance(share) ? random().unit() * most : 0.0; };
    f.crash_at_effect = some(0.5, 0.03);
    f.journal_refused = some(0.2, 0.3);
    f.journal_without_end = some(0.2, 0.3);
    f.composer_dies = some(0.3, 0.5);
    f.object_fails = some(0.4, 0.7);
    f.object_answer_lost = some(0.4, 0.5);
    f.store_unavailable = some(0.4, 0.4);
    f.store_answer_lost = some(0.3, 0.3);
    client_loses_ = some(0.6, 0.5);
    const auto few = [&](double share, std::uint64_t most) { return random().chance(share) ? 1 + random().below(most) : 0; };
    for (auto n = few(0.4, 3); n > 0; --n) at_random([this] { any_server().crash(); });
    for (auto n = few(0.2, 2); n > 0; --n) at_random([this] { any_server().end_well(); });
    for (auto n = few(0.4, 2); n > 0; --n) at_random([this] { any_server().stand_still(world_.between(500, 70'000)); });
    for (auto n = few(0.5, 3); n > 0; --n) {
      at_random([this] {
        any_server().cut_off(random().chance(0.8) ? world_.between(500, 70'000) : Duration(), random().chance(0.3) ? world_.between(500, 70'000) : Duration());
      });
    }
    if (random().chance(0.3)) at_random([this] { end_meeting(static_cast<MeetingNo>(random().below(kMeetings))); });
  }

  void plan_clients() {
    for (auto n = 2 + random().below(4); n > 0; --n) at_random([this] { client_starts(); });
    // One at the very beginning: most of the noise finds something that is recorded.
    at(Duration::ms(100), [this] { client_starts(); });
    for (auto n = random().below(5); n > 0; --n) at_random([this] { client_stops(); });
    for (auto n = random().below(5); n > 0; --n) at_random([this] { client_pauses(); });
    for (auto n = random().below(3); n > 0; --n) at_random([this] { client_goes_on(); });
  }

  std::string key(double share) { return random().chance(share) ? "key-" + std::to_string(next_key_++) : std::string(); }
  MeetingNo meeting() { return random().chance(0.7) ? 0 : 1; }

  // Asks, and asks again when nobody answers or the answer is lost on its way.
  void asks(int tries, std::function<void(Server&, Server::Told)> ask, std::function<void(Reply, RecordingNo)> told) {
    if (tries == 0) return;
    auto heard = std::make_shared<bool>(false);
    const auto again = [this, tries, ask, told, heard] {
      if (*heard) return;
      *heard = true;
      asks(tries - 1, ask, told);
    };
    at(kPatience, again);
    Server& server = any_server();
    if (!server.up() || server.stalled()) return;
    ask(server, [this, told, heard, again](Reply reply, RecordingNo no) {
      if (*heard || (!calm_ && random().chance(client_loses_))) return;
      if (reply == Reply::unavailable || reply == Reply::elsewhere) return at(world_.between(200, 3000), again);
      *heard = true;
      told(reply, no);
    });
  }

  void client_starts() {
    const MeetingNo m = meeting();
    const std::string k = key(0.7), owner = "agent-" + std::to_string(random().below(2));
    // The same request twice at once: a page that was loaded twice, a proxy that repeats.
    const int at_once = random().chance(0.3) ? 2 : 1;
    for (int i = 0; i < at_once; ++i) {
      asks(k.empty() ? 1 : 6, [m, owner, k](Server& s, Server::Told told) { s.start(m, owner, k, std::move(told)); },
           [this, owner, k](Reply reply, RecordingNo no) {
             if (reply == Reply::again) ++again_;
             if (reply == Reply::done || reply == Reply::again) world_.ledger.told_started(no, owner, k);
           });
    }
  }

  void client_stops() {
    const MeetingNo m = meeting();
    const std::string k = key(0.7);
    const int at_once = random().chance(0.3) ? 2 : 1;
    for (int i = 0; i < at_once; ++i) {
      asks(6, [m, k](Server& s, Server::Told told) { s.stop(m, k, wire::TapStopReason::requested, std::move(told)); },
           [this](Reply reply, RecordingNo no) {
             // Whoever is told by another server, from the row, has to allow for an owner that cannot hear it.
             if (reply == Reply::done) world_.ledger.told_stopped(no, world_.mono(), Duration::s(2));
             if (reply == Reply::again) world_.ledger.told_stopped(no, world_.mono(), Duration::s(22)), ++again_;
           });
    }
  }

  void client_pauses() {
    const MeetingNo m = meeting();
    const Duration longest = world_.between(5'000, 60'000);
    // It goes on by the wall clock of whoever has it then.
    const auto until = std::make_shared<Instant>();
    asks(2,
         [this, m, longest, until](Server& s, Server::Told told) {
           *until = world_.mono() + longest - kSkew - kSkew;
           s.pause(m, longest, std::move(told));
         },
         [this, until](Reply reply, RecordingNo no) {
           if (reply != Reply::done) return;
           ++pauses_;
           world_.ledger.told_paused(no, world_.mono(), *until);
         });
  }

  void client_goes_on() {
    const MeetingNo m = meeting();
    asks(2, [m](Server& s, Server::Told told) { s.go_on(m, std::move(told)); }, [](Reply, RecordingNo) {});
  }

  void end_meeting(MeetingNo m) {
    if (!world_.ledger.meeting_live[m]) return;
    world_.ledger.meeting_live[m] = false;
    for (auto& s : servers_) s->meeting_ended(m);
    deliver_end(m);
  }
  // The outbox: again until nothing of the meeting is in progress.
  void deliver_end(MeetingNo m) {
    if (!world_.ledger.in_progress(m)) return;
    for (auto& s : servers_) {
      if (s->up() && !s->stalled() && s->owns_of(m)) s->stop(m, "", wire::TapStopReason::meeting_ended, [](Reply, RecordingNo) {});
    }
    at(Duration::s(3), [this, m] { deliver_end(m); });
  }

  RecordingStory result() {
    RecordingStory out;
    const Ledger& l = world_.ledger;
    out.breaches = l.breaches;
    out.recordings = l.rows.size();
    for (const auto& [no, row] : l.rows) {
      out.stored += row.life.state == recording::State::stored;
      out.failed += row.life.state == recording::State::failed;
    }
    for (const auto& [no, journal] : l.journals) out.seals += journal.seals.size();
    out.pauses = pauses_;
    out.answered_again = again_;
    out.crashes = world_.crashes;
    out.stalls = world_.stalls;
    out.cuts = world_.cuts;
    out.takeovers = l.takeovers;
    out.lost_leases = world_.lost_leases;
    out.answers_lost = world_.answers_lost;
    out.writes = l.writes;
    out.refused = l.refused;
    return out;
  }

  World world_;
  std::vector<std::unique_ptr<Server>> servers_;
  Instant end_;
  bool calm_ = false;
  double client_loses_ = 0;         // of answers
  int next_key_ = 1;
  std::uint64_t pauses_ = 0, again_ = 0;
};

}  // namespace

RecordingStory play_recordings(std::uint64_t seed, Plant plant) { return Story(seed, plant).play(); }

}  // namespace upcall::sim
