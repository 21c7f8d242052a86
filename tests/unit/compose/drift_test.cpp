// Four hours with clocks that run 100 ppm apart: sound and picture of each person, and the two persons, stay together to
// the end. Synthetic packets through the real composer; the studio reads flashes and clicks back instead of pictures.
#include <gtest/gtest.h>

#include <map>
#include <queue>

#include "base/rng.hpp"
#include "compose/composer.hpp"
#include "rtc/codec/vp8_packetizer.hpp"

namespace upcall::compose {
namespace {

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kEverySeconds = 10;   // a flash and a click of everybody

// A packet is one byte: what its sound is. Anna is heard on the left, Ben on the right.
class OneByteVoice final : public AudioDecoder {
 public:
  std::size_t decode(Bytes packet, std::vector<float>& out) override {
    const std::size_t from = out.size();
    out.resize(from + kAudioBlock * 2);
    if (packet[0] != 0) {
      for (std::size_t i = 0; i < kAudioBlock; ++i) out[from + i * 2 + (packet[0] - 1u)] = 0.5f;
    }
    return kAudioBlock;
  }
  void recover(Bytes, std::size_t n, std::vector<float>& out) override { out.insert(out.end(), n * 2, 0); }
  void conceal(std::size_t n, std::vector<float>& out) override { out.insert(out.end(), n * 2, 0); }
};

class FlashStudio final : public Studio {
 public:
  bool open_video(std::uint32_t, wire::TapCodec) override { return true; }
  bool decode_video(std::uint32_t source, Bytes frame, int) override {
    ++frames[source];
    flash_[source] = frame[1];
    return true;
  }
  void close_video(std::uint32_t) override {}
  std::unique_ptr<AudioDecoder> open_audio(wire::TapCodec) override { return std::make_unique<OneByteVoice>(); }
  Result<void> show(std::int64_t tick, const Scene&, std::span<const std::uint32_t> changed, bool) override {
    ++shown;
    for (const std::uint32_t source : changed) {
      if (flash_[source] != 0) flashes[source].push_back(tick * kSecond / 30);
    }
    return {};
  }
  Result<void> sound(std::span<const float> pcm) override {
    for (std::size_t i = 0; i < pcm.size() / 2; ++i, ++sample_) {
      for (std::size_t side = 0; side < 2; ++side) {
        const bool loud = pcm[i * 2 + side] > 0.25f;
        if (loud && !was_loud_[side]) clicks[side].push_back(sample_ * 1000 / 48);
        was_loud_[side] = loud;
      }
    }
    return {};
  }
  Result<void> finish(std::int64_t) override { return {}; }

  std::map<std::uint32_t, std::vector<std::int64_t>> flashes;   // us in the film
  std::vector<std::int64_t> clicks[2];
  std::map<std::uint32_t, std::int64_t> frames;
  std::int64_t shown = 0;

 private:
  std::map<std::uint32_t, std::uint8_t> flash_;
  std::int64_t sample_ = 0;
  bool was_loud_[2] = {};
};

// One stream of a person whose crystal is off: packets at true times, stamped by their clock.
struct Sender {
  std::uint32_t source = 0;
  bool video = false;
  double ppm = 0;
  std::int64_t delay_us = 0, wall_us = 0;
  std::uint32_t base = 0;
  std::int64_t n = 0;                   // frames sent, counted on their own clock
  std::int64_t next_report_us = 400'000;
  std::uint16_t sequence = 0, picture = 0;

  double rate() const { return 1 + ppm / 1e6; }
  std::uint32_t hz() const { return video ? 90000 : 48000; }
  // They capture 15 pictures and 50 packets of sound a second of their own clock.
  std::int64_t own_us(std::int64_t index) const { return index * kSecond / (video ? 15 : 50); }
  std::int64_t true_us(std::int64_t index) const { return static_cast<std::int64_t>(static_cast<double>(own_us(index)) / rate()); }
  std::uint32_t timestamp(std::int64_t own) const { return base + static_cast<std::uint32_t>(own * hz() / kSecond); }
};

struct Arrival {
  std::int64_t at_us = 0;
  std::uint64_t order = 0;
  wire::TapRecord record;
  ByteVector payload;
  bool operator>(const Arrival& o) const { return at_us != o.at_us ? at_us > o.at_us : order > o.order; }
};

TEST(Drift, FourHoursWithClocks100PpmApartStayTogether) {
  constexpr std::int64_t kEnd = 4 * 3600 * kSecond;
  FlashStudio studio;
  Composer composer({}, studio);
  SeededRandom random(4);
  const auto feed = [&](const wire::TapRecord& r) { ASSERT_TRUE(composer.feed(r).has_value()); };
  feed(wire::TapStart{1, "r", "m", 0});
  feed(wire::TapAttendee{0, "anna", "Anna", false});
  feed(wire::TapAttendee{0, "ben", "Ben", false});
  std::vector<Sender> senders;
  for (std::uint32_t i = 0; i < 4; ++i) {
    Sender s;
    s.source = i + 1;
    s.video = i % 2 == 0;
    s.ppm = i < 2 ? 100 : -100;
    s.delay_us = 40'000;
    s.wall_us = 3'900'000'000 * kSecond + i / 2 * 12'345'678;
    s.base = 0xf0000000u + random.below(1000);   // runs over within the hour
    feed(wire::TapSource{0, s.source, i < 2 ? "anna" : "ben", s.video ? wire::TapKind::video : wire::TapKind::audio,
                         s.video ? wire::TapCodec::vp8 : wire::TapCodec::opus, s.hz(), 0, false});
    senders.push_back(s);
  }
  std::priority_queue<Arrival, std::vector<Arrival>, std::greater<>> under_way;
  std::uint64_t order = 0;
  const auto deliver_until = [&](std::int64_t time_us) {
    while (!under_way.empty() && under_way.top().at_us <= time_us) {
      Arrival a = under_way.top();
      under_way.pop();
      if (auto* p = std::get_if<wire::TapPacket>(&a.record)) p->payload = a.payload;
      feed(a.record);
    }
  };
  // What happens at a full ten seconds of true time is in the first frame and packet captured then.
  std::map<std::uint32_t, std::int64_t> told;
  std::map<std::uint32_t, std::vector<std::int64_t>> captured;
  while (true) {
    Sender& s = *std::min_element(senders.begin(), senders.end(), [](const Sender& a, const Sender& b) { return a.true_us(a.n) < b.true_us(b.n); });
    const std::int64_t now = s.true_us(s.n);
    if (now >= kEnd) break;
    deliver_until(now);
    const std::int64_t event = now / kSecond / kEverySeconds;
    const bool marked = event > 0 && told[s.source] != event;
    if (marked) {
      told[s.source] = event;
      captured[s.source].push_back(now);
    }
    if (now >= s.next_report_us) {
      s.next_report_us += s.video ? kSecond : 2'500'000;
      const std::int64_t own = s.own_us(s.n), wall = (s.wall_us + own) / 1000 * 1000;   // rounded to a millisecond
      wire::TapSenderReport r;
      r.at_us = static_cast<std::uint64_t>(now + s.delay_us);
      r.source = s.source;
      r.ntp = static_cast<std::uint64_t>(wall / kSecond) << 32 | (static_cast<std::uint64_t>(wall % kSecond) << 32) / 1'000'000;
      r.timestamp = s.timestamp(own);
      under_way.push({static_cast<std::int64_t>(r.at_us), ++order, r, {}});
    }
    wire::TapPacket p;
    p.source = s.source;
    p.timestamp = s.timestamp(s.own_us(s.n));
    // Sound is sent when its 20 ms are over; pictures take their encoder's time.
    p.at_us = static_cast<std::uint64_t>(now + s.delay_us + 20'000 + static_cast<std::int64_t>(random.below(8000)));
    if (s.video) {
      ByteVector frame(12, marked ? 1 : 0);
      frame[0] = s.n % 60 == 0 ? 0x10 : 0x11;
      p.marker = true;
      rtc::packetize_vp8(frame, s.picture++ & 0x7fff, 1000, [&](Bytes payload, bool) {
        p.sequence = s.sequence++;
        under_way.push({static_cast<std::int64_t>(p.at_us), ++order, p, ByteVector(payload.begin(), payload.end())});
      });
    } else {
      p.sequence = s.sequence++;
      under_way.push({static_cast<std::int64_t>(p.at_us), ++order, p, ByteVector{static_cast<std::uint8_t>(marked ? 1 + (s.source > 2) : 0)}});
    }
    ++s.n;
  }
  deliver_until(kEnd);
  feed(wire::TapStop{static_cast<std::uint64_t>(kEnd), wire::TapStopReason::requested});
  ASSERT_TRUE(composer.finish().has_value());

  const std::size_t events = kEnd / kSecond / kEverySeconds - 1;
  // How late each event is in the film, against the moment at which it was captured.
  const auto lateness = [&](std::uint32_t source, const std::vector<std::int64_t>& seen) {
    std::vector<double> out;
    for (std::size_t i = 0; i < seen.size(); ++i) out.push_back(static_cast<double>(seen[i] - captured[source].at(i)) / 1000);
    return out;
  };
  double worst_av = 0, worst_persons = 0, least = 1e9, most = -1e9;
  std::vector<double> sounds[2];
  for (std::uint32_t person = 0; person < 2; ++person) {
    const auto& flashes = studio.flashes[person * 2 + 1];
    ASSERT_EQ(flashes.size(), events) << "no frame is lost or doubled, person " << person;
    ASSERT_EQ(studio.clicks[person].size(), events) << "person " << person;
    const auto pictures = lateness(person * 2 + 1, flashes);
    sounds[person] = lateness(person * 2 + 2, studio.clicks[person]);
    for (std::size_t i = 0; i < events; ++i) {
      worst_av = std::max(worst_av, std::abs(pictures[i] - sounds[person][i]));
      least = std::min(least, sounds[person][i]);
      most = std::max(most, sounds[person][i]);
    }
  }
  for (std::size_t i = 0; i < events; ++i) worst_persons = std::max(worst_persons, std::abs(sounds[0][i] - sounds[1][i]));
  EXPECT_LT(worst_av, 40);
  EXPECT_LT(worst_persons, 40);
  EXPECT_LT(most - least, 40) << "nobody runs away from the recording's own clock";
  EXPECT_TRUE(composer.facts().markers.empty());
  EXPECT_EQ(composer.facts().duration_us, kEnd);
  EXPECT_EQ(composer.facts().freezes + composer.facts().lost_video_packets + composer.facts().concealed_samples, 0u);
  std::printf("in four hours at most: sound against picture %.1f ms, persons apart %.1f ms, lateness %.1f to %.1f ms\n", worst_av,
              worst_persons, least, most);
}

}  // namespace
}  // namespace upcall::compose
