#include "meeting_story.hpp"

#include "clock_hook.hpp"
#include "sim/world.hpp"

namespace upcall::sim {

namespace {

Weather random_weather(RandomSource& random) {
  Weather w;
  w.delay = Duration::ms(static_cast<std::int64_t>(1 + random.below(80)));
  w.jitter = Duration::ms(static_cast<std::int64_t>(random.below(30)));
  if (random.chance(0.6)) w.loss = random.unit() * 0.08;
  if (random.chance(0.3)) {
    w.burst_begin = 0.01;
    w.burst_loss = 0.7;
  }
  if (random.chance(0.4)) w.duplicate = 0.03;
  if (random.chance(0.4)) w.straggle = 0.02;
  return w;
}

World::AddOptions random_attendee(RandomSource& random) {
  World::AddOptions out;
  out.camera = random.chance(0.7);
  out.weather = random_weather(random);
  // Seconds before the wrap of both clocks.
  out.first_timestamp = static_cast<std::uint32_t>(0) - static_cast<std::uint32_t>(48000 * (1 + random.below(6)));
  // The other counters as near to their wraps as a lossy network allows: SRTP tells nobody the roll-over counter, so a
  // receiver that misses every packet before the wrap of a sequence number is locked out for good (RFC 3711 §3.3.1).
  // Those begin just below 2^15, the last start that is safe, and wrap on foot or in streams_test. The roll-over
  // counter itself (2^48 packets) cannot be reached; TL0PICIDX, which this client does not send: unit/sfu/live_video.
  const auto below = [&](std::uint32_t end, std::uint32_t most) {
    return static_cast<std::uint16_t>(end - 1 - random.below(most));
  };
  out.first_numbers = client::FirstNumbers{.audio_sequence = below(0x8000, 50), .video_sequence = below(0x8000, 50),
                                           .rtx_sequence = below(0x8000, 50), .transport_sequence = below(0x10000, 300),
                                           .picture_id = below(0x8000, 60)};
  out.frame_bytes = 600 + random.below(3000);
  return out;
}

class Story {
 public:
  explicit Story(std::uint64_t seed) : world_(seed, follow_clock), random_(world_.random()) {}

  StoryResult play() {
    meetings_.push_back("m1");
    if (random_.chance(0.4)) meetings_.push_back("m2");
    for (const std::string& m : meetings_) {
      world_.open_meeting(m);
      const std::uint64_t people = 2 + random_.below(3);
      for (std::uint64_t i = 0; i < people; ++i) {
        join(m);
        world_.run_for(Duration::ms(static_cast<std::int64_t>(random_.below(700))));
      }
    }
    const std::uint64_t acts = 6 + random_.below(8);
    for (std::uint64_t i = 0; i < acts; ++i) {
      world_.run_for(Duration::ms(static_cast<std::int64_t>(100 + random_.below(1500))));
      act(meetings_[random_.below(meetings_.size())]);
    }
    settle();
    finish();
    return result();
  }

 private:
  void join(const std::string& meeting) {
    Participant& p = world_.add(meeting, meeting + "-a" + std::to_string(++named_), random_attendee(random_));
    p.talking = random_.chance(0.5);
    if (random_.chance(0.3)) world_.set_muted(p, true);
  }

  void act(const std::string& meeting) {
    const auto here = world_.present(meeting);
    if (here.empty()) return join(meeting);
    Participant& p = *here[random_.below(here.size())];
    switch (random_.below(12)) {
      case 0:
        if (here.size() < 5) join(meeting);
        break;
      case 1:
        // While it waits to reconnect nobody hears that it leaves: to the others it vanished.
        vanished_ = vanished_ || !p.attendee.connected();
        world_.leave(p);
        break;
      case 2: world_.cut_socket(p, Duration::ms(static_cast<std::int64_t>(random_.below(4000)))); break;
      case 3: world_.rebind(p); break;
      case 4:
      case 5: world_.set_muted(p, !p.muted); break;
      case 6:
      case 7:
        if (!p.options.content) world_.set_camera(p, !p.camera);
        break;
      case 8: share(p); break;
      case 9: record(meeting); break;
      case 10: p.talking = !p.talking; break;
      case 11:
        if (random_.chance(0.3)) {
          world_.vanish(p);
          vanished_ = true;
        } else {
          world_.set_weather(p, random_weather(random_));
        }
        break;
    }
  }

  void share(Participant& owner) {
    if (owner.options.content) return world_.leave(owner);
    std::size_t shares = 0;
    for (const Participant* p : world_.present(owner.options.meeting)) {
      if (p->options.content) ++shares;
      if (p->options.attendee_id == owner.options.attendee_id + "#content") return;
    }
    if (shares >= 2) return;
    World::AddOptions options = random_attendee(random_);
    options.camera = true;
    world_.add(owner.options.meeting, owner.options.attendee_id + "#content", options);
  }

  void record(const std::string& meeting) {
    for (const auto& r : world_.server().recordings()) {
      if (r->meeting == meeting && !r->closed) {
        world_.server().stop_recording(*r);
        // Stopped is what the worker says: until then the story starts no second one.
        world_.run_for(Duration::ms(20));
        return;
      }
    }
    world_.server().start_recording(meeting, random_.chance(0.3) ? 16 << 10 : 8 << 20);
  }

  // The weather clears, nobody does anything: long enough for reconnects with their back-off, a rebound address and key
  // frames, and for a link to be called good again; somebody who vanished in the middle of joining is missed after 30 s.
  void settle() {
    world_.set_all_weather(Weather{});
    for (const std::string& m : meetings_) {
      for (Participant* p : world_.present(m)) p->talking = p->talking || random_.chance(0.5);
    }
    const Duration step = Duration::ms(500);
    for (int i = 0; i < (vanished_ ? 66 : 36); ++i) {
      world_.run_for(step);
      drain();
    }
    for (const std::string& m : meetings_) {
      world_.judge_agreement(m);
      world_.judge_repaired(m);
      world_.judge_links(m);
    }
  }

  void finish() {
    for (const std::string& m : meetings_) world_.server().end_meeting(m);
    world_.run_for(Duration::s(2));
    drain();
    for (const auto& p : world_.participants()) {
      // Of a share that vanished the seat is kept for a while: a third one may be refused then.
      if (p->options.content && p->end_status() == 409) continue;
      if (!p->gone && p->end_status() != 410) fail(p->options.attendee_id + " was not told that the meeting ended");
      const auto seen = p->totals();
      total_.frames_seen += seen.video_frames;
      total_.audio_heard += seen.audio_forwarded;
      total_.mixed += seen.audio_mixed;
      total_.lost += seen.lost;
      total_.repaired += seen.repaired;
    }
    for (const auto& r : world_.server().recordings()) {
      r->drain();
      world_.judge_recording(*r);
      total_.records += r->records.size();
    }
    world_.judge_emptiness();
  }

  void drain() {
    for (const auto& r : world_.server().recordings()) r->drain();
  }
  void fail(std::string what) { extra_.push_back(std::move(what)); }

  StoryResult result() {
    total_.breaches = world_.breaches();
    total_.breaches.insert(total_.breaches.end(), extra_.begin(), extra_.end());
    total_.datagrams = world_.datagrams();
    return total_;
  }

  World world_;
  RandomSource& random_;
  std::vector<std::string> meetings_;
  std::vector<std::string> extra_;
  StoryResult total_;
  std::uint32_t named_ = 0;
  bool vanished_ = false;
};

}  // namespace

StoryResult play_story(std::uint64_t seed) { return Story(seed).play(); }

}  // namespace upcall::sim
