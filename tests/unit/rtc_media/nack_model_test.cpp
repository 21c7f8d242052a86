// The receiver's list of missing packets and the sender's history of sent ones against ordered maps, from seeds: packets
// that come, are late, get lost, come twice, numbers that wrap and leap, requests that get lost too.
#include <gtest/gtest.h>

#include <map>

#include "base/rng.hpp"
#include "rtc/nack/receive_stream.hpp"
#include "sfu/packet_history.hpp"

namespace upcall::rtc {
namespace {

constexpr std::size_t kMissingMax = 128;
constexpr int kTriesMax = 10;

// What NackList is to do, in the plainest way.
class Model {
 public:
  void on_packet(std::int64_t sequence, Instant now) {
    if (!highest_) {
      highest_ = sequence;
    } else if (sequence <= *highest_) {
      missing_.erase(sequence);
    } else if (static_cast<std::size_t>(sequence - *highest_ - 1) > kMissingMax - missing_.size()) {
      missing_.clear();
      gave_up_ = true;
      highest_ = sequence;
    } else {
      for (std::int64_t s = *highest_ + 1; s < sequence; ++s) missing_[s] = {now, now + Duration::ms(5), 0};
      highest_ = sequence;
    }
  }
  void forget_before(std::int64_t sequence) { missing_.erase(missing_.begin(), missing_.lower_bound(sequence)); }
  void reset() {
    missing_.clear();
    highest_.reset();
  }
  std::vector<std::uint16_t> take_due(Instant now, Duration rtt, std::size_t room) {
    std::vector<std::uint16_t> out;
    if (due() > now) return out;
    for (auto at = missing_.begin(); at != missing_.end();) {
      Missing& m = at->second;
      if (m.tries >= kTriesMax || now - m.first_seen > Duration::s(1)) {
        gave_up_ = true;
        at = missing_.erase(at);
        continue;
      }
      if (m.ask_at <= now && out.size() < room) {
        out.push_back(static_cast<std::uint16_t>(at->first));
        ++m.tries;
        m.ask_at = now + std::max(rtt, Duration::ms(20));
      }
      ++at;
    }
    return out;
  }
  bool take_gave_up() { return std::exchange(gave_up_, false); }
  Instant due() const {
    Instant first = Instant::never();
    for (const auto& [s, m] : missing_) first = std::min(first, m.ask_at);
    return first;
  }
  std::size_t size() const { return missing_.size(); }
  std::optional<Instant> oldest() const { return missing_.empty() ? std::nullopt : std::optional(missing_.begin()->second.first_seen); }

 private:
  struct Missing {
    Instant first_seen, ask_at;
    int tries = 0;
  };
  std::map<std::int64_t, Missing> missing_;
  std::optional<std::int64_t> highest_;
  bool gave_up_ = false;
};

TEST(NackModel, TheListOfTheMissingIsThatOfAnOrderedMap) {
  std::size_t asked = 0, gave_up = 0, wrapped = 0, fullest = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(seed);
    SeededRandom random(seed);
    NackList list;
    Model model;
    ReceiveStats stats(90'000);
    Instant now = Instant::from_ms(1000);
    // Near the end of the numbers, so that they wrap soon.
    auto next = static_cast<std::uint16_t>(65'536 - random.below(400));
    const std::uint64_t loss_percent = random.below(4) * 10;
    const auto come = [&](std::uint16_t sequence) {
      const std::int64_t extended = stats.on_packet(sequence, 0, now);
      list.on_packet(extended, now);
      model.on_packet(extended, now);
    };
    for (int i = 0; i < 1500; ++i) {
      switch (random.below(16)) {
        default:
          wrapped += next == 0;
          if (random.below(100) >= loss_percent) come(next);
          ++next;
          break;
        case 9: come(static_cast<std::uint16_t>(next - random.below(200))); break;   // late, repeated, or repaired
        case 10: next = static_cast<std::uint16_t>(next + random.below(random.below(60) == 0 ? 400 : 4)); break;
        case 11: now = now + Duration::ms(static_cast<std::int64_t>(random.below(random.below(40) == 0 ? 1200 : 40))); break;
        case 12:
          if (random.below(6) == 0) {
            const std::int64_t from = stats.highest() - static_cast<std::int64_t>(random.below(100));
            list.forget_before(from);
            model.forget_before(from);
          }
          break;
        case 13:
          if (random.below(100) == 0) {
            list.reset();
            model.reset();
          }
          break;
        case 14:
        case 15: {
          std::array<std::uint16_t, 64> out;
          const std::size_t room = random.below(4) == 0 ? random.below(4) : out.size();
          const Duration rtt = Duration::ms(static_cast<std::int64_t>(random.below(random.below(2) == 0 ? 10 : 150)));
          const std::size_t n = list.take_due(now, rtt, std::span(out).first(room));
          ASSERT_EQ(std::vector<std::uint16_t>(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(n)), model.take_due(now, rtt, room)) << "step " << i;
          asked += n;
        }
      }
      const bool up = list.take_gave_up();
      ASSERT_EQ(up, model.take_gave_up()) << "step " << i;
      gave_up += up;
      ASSERT_EQ(list.size(), model.size()) << "step " << i;
      ASSERT_LE(list.size(), kMissingMax);
      fullest = std::max(fullest, list.size());
      ASSERT_EQ(list.oldest(), model.oldest());
      // Waking too early costs nothing, too late a repair.
      ASSERT_LE(list.next_deadline(), model.due());
    }
  }
  EXPECT_GT(asked, 10'000u);
  EXPECT_GT(gave_up, 100u);
  EXPECT_GT(wrapped, 50u);
  EXPECT_GT(fullest, kMissingMax - 10);
}

// Whoever asks again gets what was sent under that number or nothing, and the newest always.
TEST(NackModel, TheHistoryIsThatOfAnOrderedMap) {
  std::size_t found = 0, absent = 0, grown = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    SeededRandom random(seed);
    sfu::PacketHistory history;
    struct Sent {
      ByteVector payload;
      std::uint32_t timestamp;
      bool marker;
      std::optional<std::uint8_t> rotation;
      std::uint64_t order;
    };
    std::map<std::int64_t, Sent> all;
    std::vector<std::int64_t> order;
    std::int64_t next = 65'400;
    std::uint32_t timestamp = static_cast<std::uint32_t>(0u - random.below(100'000));
    const std::size_t payload_max = 1 + random.below(random.below(3) == 0 ? 40 : 1400);
    const std::uint32_t pace = static_cast<std::uint32_t>(1 + random.below(3000));
    for (int i = 0; i < 4000; ++i) {
      std::int64_t sequence = next;
      switch (random.below(40)) {
        case 0: sequence = next - static_cast<std::int64_t>(random.below(300)); break;   // late: a repair of the publisher's
        case 1: next = sequence = next + static_cast<std::int64_t>(random.below(random.below(10) == 0 ? 70'000 : 30)); break;
        case 2:
          if (random.below(40) == 0) {
            history.clear();
            all.clear();
            order.clear();
          }
          break;
        default: break;
      }
      next = std::max(next, sequence + 1);
      if (random.below(4) == 0) timestamp += pace;
      Sent sent{ByteVector(random.below(200) == 0 ? 3585 + random.below(500) : random.below(payload_max + 1)), timestamp, random.below(5) == 0,
                random.below(9) == 0 ? std::optional<std::uint8_t>(static_cast<std::uint8_t>(random.below(4))) : std::nullopt, 0};
      random.fill(sent.payload);
      const std::size_t capacity = history.capacity();
      history.put(sequence, sent.timestamp, sent.marker, sent.rotation, sent.payload);
      ASSERT_LE(history.capacity(), sfu::PacketHistory::kMostBytes);
      grown += history.capacity() != capacity;
      if (sent.payload.size() <= sfu::PacketHistory::kLeastBytes / 8) {
        sent.order = order.size();
        order.push_back(sequence);
        all[sequence] = std::move(sent);
      }
      for (int look = 0; look < 4; ++look) {
        const std::int64_t wanted = next - static_cast<std::int64_t>(random.below(look == 0 ? 5 : 900));
        const auto stored = history.find(wanted);
        const auto have = all.find(wanted);
        if (!stored) {
          ++absent;
          continue;
        }
        ++found;
        ASSERT_NE(have, all.end()) << wanted << " was never sent";
        ASSERT_EQ(ByteVector(stored->payload.begin(), stored->payload.end()), have->second.payload) << wanted;
        ASSERT_EQ(stored->timestamp, have->second.timestamp);
        ASSERT_EQ(stored->marker, have->second.marker);
        ASSERT_EQ(stored->rotation, have->second.rotation);
      }
      // The last ones are there: as many as fill the smallest ring but for the crumb at its end.
      std::size_t bytes = 0;
      for (std::size_t back = 0; back < std::min<std::size_t>(order.size(), 20); ++back) {
        const std::int64_t s = order[order.size() - 1 - back];
        const Sent& kept = all.at(s);
        if (kept.order != order.size() - 1 - back) continue;   // sent again since
        bytes += kept.payload.size();
        if (bytes + sfu::PacketHistory::kLeastBytes / 8 > sfu::PacketHistory::kLeastBytes) break;
        // A newer one may have taken its place in the table.
        bool covered = false;
        for (std::size_t newer = order.size() - back; newer < order.size(); ++newer) covered = covered || (order[newer] != s && (order[newer] - s) % 512 == 0);
        if (!covered) {
          ASSERT_TRUE(history.find(s)) << s << ", the last but " << back;
        }
      }
    }
  }
  EXPECT_GT(found, 100'000u);
  EXPECT_GT(absent, 10'000u);
  EXPECT_GT(grown, 20u);
}

// Both together over a link that loses packets, requests and repairs: each packet comes, or the list has given up and asks
// for a key frame; never is one asked for that is there.
TEST(NackModel, WhatIsLostComesOrIsGivenUp) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(seed);
    SeededRandom random(seed);
    const double loss = 0.3 * random.unit();
    sfu::PacketHistory history;
    NackList list;
    ReceiveStats stats(90'000);
    std::map<std::int64_t, ByteVector> sent, got;
    const std::int64_t begin = 65'536 + 65'536 - static_cast<std::int64_t>(random.below(1500));
    Instant now = Instant::from_ms(1000);
    bool gave_up = false;
    const auto deliver = [&](std::int64_t sequence, Bytes payload, bool repair) {
      const auto wire = static_cast<std::uint16_t>(sequence);
      const std::int64_t extended = repair ? stats.extend(wire) : stats.on_packet(wire, 0, now);
      list.on_packet(extended, now);
      got[extended % 65'536].assign(payload.begin(), payload.end());
    };
    for (int i = 0; i < 3000; ++i) {
      const std::int64_t sequence = begin + i;
      ByteVector payload(20 + random.below(400));
      random.fill(payload);
      history.put(sequence, static_cast<std::uint32_t>(i * 900), false, std::nullopt, payload);
      sent[sequence % 65'536] = payload;
      // The last ones are not lost: nothing after them would tell.
      if (i == 0 || i > 2900 || !random.chance(loss)) deliver(sequence, payload, false);
      now = now + Duration::ms(10);
      std::array<std::uint16_t, 128> asked;
      const std::size_t n = list.take_due(now, Duration::ms(30), asked);
      for (const std::uint16_t wanted : std::span(asked).first(n)) {
        ASSERT_FALSE(got.contains(wanted)) << wanted << " is there";
        if (random.chance(loss)) continue;   // the request is lost
        const std::int64_t full = begin + static_cast<std::uint16_t>(wanted - static_cast<std::uint16_t>(begin));
        const auto stored = history.find(full);
        if (stored && !random.chance(loss)) deliver(full, stored->payload, true);
      }
      gave_up = list.take_gave_up() || gave_up;
    }
    for (const auto& [sequence, payload] : sent) {
      const auto at = got.find(sequence);
      if (at == got.end()) {
        ASSERT_TRUE(gave_up) << sequence << " is missing for good";
      } else {
        ASSERT_EQ(at->second, payload);
      }
    }
    if (loss < 0.15) {
      EXPECT_FALSE(gave_up) << "at a loss of " << loss;
    }
  }
}

}  // namespace
}  // namespace upcall::rtc
