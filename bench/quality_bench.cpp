// What judging the quality of calls costs: CPU a person and second (counters of the media worker, what the client says of
// itself, the judgement, and what is kept as JSON every 20 s), beside the least that the server does for the same person's
// media in a second; memory and kept bytes of a call of an hour. Usage: quality_bench [FILE.json]
// link: upcall_service_meetings upcall_service_quality upcall_rtc_srtp
#include <boost/json/serialize.hpp>

#include <array>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include <malloc.h>

#include "base/bytes.hpp"
#include "base/rng.hpp"
#include "rtc/srtp/session.hpp"
#include "service/meetings/meeting_quality.hpp"
#include "service/quality/quality_json.hpp"

namespace upcall::bench {
namespace {

constexpr int kMeetings = 100, kPeople = 2, kSeconds = 3600;

double cpu_us() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_nsec) / 1e3;
}

// One person of a call: 50 packets of sound and 45 of a 400 kbit/s camera come, and as many go to it.
double media_us_per_second() {
  constexpr int kRounds = 400, kSound = 50, kVideo = 45;
  srtp::MasterKey key;
  key.profile = srtp::Profile::aead_aes_128_gcm;
  SeededRandom random(1);
  random.fill(key.key.bytes());
  random.fill(key.salt.bytes());
  srtp::SrtpSession source(key, srtp::Direction::protect), in(key, srtp::Direction::unprotect), out(key, srtp::Direction::protect);
  std::uint16_t sequence = 0;
  double us = 0;
  for (int round = 0; round < kRounds; ++round) {
    for (int i = 0; i < kSound + kVideo; ++i) {
      std::array<std::uint8_t, 1536> packet{}, sent{};
      Writer w{MutBytes(packet)};
      w.u8(0x80);
      w.u8(96);
      w.u16(sequence++);
      w.u32(0);
      w.u32(1);
      const std::size_t size = source.protect_rtp(packet, 12 + (i < kSound ? 80 : 1100)).value();
      const double before = cpu_us();
      const auto plain = in.unprotect_rtp(MutBytes(packet).first(size));
      if (!plain) std::abort();
      std::memcpy(sent.data(), packet.data(), *plain);
      if (!out.protect_rtp(sent, *plain)) std::abort();
      us += cpu_us() - before;
    }
  }
  return us / kRounds;
}

struct Meeting {
  explicit Meeting(Now now, RandomSource& random) : room(now, {}, random, [] { return wire::ConnectionNo{1}; }, out) {
    for (int i = 0; i < kPeople; ++i) {
      quality.on_event(now, {signaling::RoomEventKind::attendee_joined, std::string(1, static_cast<char>('a' + i)), false}, room);
      quality.on_event(now, {signaling::RoomEventKind::video_started, std::string(1, static_cast<char>('a' + i)), false}, room);
    }
  }
  signaling::RoomOutput out;
  signaling::Room room;
  service::MeetingQuality quality{"m"};
};

struct Judging {
  double us_per_person_second = 0, keeping_us_per_person_second = 0, bytes_per_person = 0, json_bytes_per_person = 0;
};

Judging judging() {
  SeededRandom random(2);
  Now now{Instant::from_ms(1'000'000), WallTime::from_unix_ms(1'800'000'000'000)};
  const auto held = [] { return mallinfo2().uordblks; };
  std::vector<std::unique_ptr<Meeting>> meetings;
  for (int i = 0; i < kMeetings; ++i) meetings.push_back(std::make_unique<Meeting>(now, random));
  const std::size_t before = held();
  Judging out;
  double judge_us = 0, keep_us = 0;
  std::array<wire::SfuConnectionFigures, kPeople> counters;
  std::size_t last_json = 0, rows = 0;
  for (int second = 1; second <= kSeconds; ++second) {
    now.mono = now.mono + Duration::s(1);
    now.wall = now.wall + Duration::s(1);
    for (auto& f : counters) {
      f.audio_expected += 50;
      f.video_expected += 45;
      f.down_expected += 95;
      f.audio_lost += static_cast<std::int64_t>(random.below(3));
      f.bytes_in += 55'000;
      f.bytes_out += 55'000;
      f.rtt_ms = static_cast<float>(20 + random.below(80));
      f.jitter_ms = static_cast<float>(random.below(20));
      f.camera_published = f.video_flows = true;
      f.cameras_sent = 1;
    }
    wire::ClientMetrics metrics;
    metrics.rtt_ms = 40;
    metrics.sound_pps = 50;
    metrics.sound_concealed_percent = static_cast<double>(random.below(4));
    metrics.encode_fps = metrics.decode_fps = 15;
    metrics.cameras = 1;
    std::vector<service::QualityUpdate> updates;
    const double begun = cpu_us();
    for (auto& m : meetings) {
      for (int i = 0; i < kPeople; ++i) {
        const std::string id(1, static_cast<char>('a' + i));
        m->quality.on_measured(now.mono, {id, metrics});
        if (second % 2 == 0) m->quality.on_measured(now.mono, {id, counters[static_cast<std::size_t>(i)]});
      }
      if (second % 2 != 0) continue;
      if (auto update = m->quality.tick(now); update && !update->records.empty()) updates.push_back(std::move(*update));
    }
    const double judged = cpu_us();
    for (const auto& update : updates) {
      for (const auto& record : update.records) {
        last_json = boost::json::serialize(service::series_json(record.series)).size() + boost::json::serialize(service::summary_json(record.series.summary())).size();
        ++rows;
      }
    }
    judge_us += judged - begun;
    keep_us += cpu_us() - judged;
  }
  if (rows == 0) std::abort();
  constexpr double kPersonSeconds = static_cast<double>(kMeetings) * kPeople * kSeconds;
  out.us_per_person_second = judge_us / kPersonSeconds;
  out.keeping_us_per_person_second = keep_us / kPersonSeconds;
  out.bytes_per_person = static_cast<double>(held() - before) / (kMeetings * kPeople);
  out.json_bytes_per_person = static_cast<double>(last_json);
  return out;
}

int run(const char* file) {
  const double media = media_us_per_second();
  const Judging q = judging();
  const double sum = q.us_per_person_second + q.keeping_us_per_person_second;
  std::printf("CPU of a person's second: judging %.2f us, keeping %.2f us, its media's ciphers alone %.1f us (%.1f %%)\n", q.us_per_person_second, q.keeping_us_per_person_second, media, 100 * sum / media);
  std::printf("a person's hour: %.0f bytes of memory, %.0f bytes kept\n", q.bytes_per_person, q.json_bytes_per_person);
  if (file == nullptr) return 0;
  FILE* out = std::fopen(file, "w");
  if (out == nullptr) return 1;
  std::fprintf(out, "{\"judging_us\":%.3f,\"keeping_us\":%.3f,\"media_ciphers_us\":%.2f,\"bytes_per_person_hour\":%.0f,\"kept_bytes_per_person_hour\":%.0f}\n", q.us_per_person_second, q.keeping_us_per_person_second, media, q.bytes_per_person, q.json_bytes_per_person);
  return std::fclose(out) == 0 ? 0 : 1;
}

}  // namespace
}  // namespace upcall::bench

int main(int argc, char** argv) { return upcall::bench::run(argc > 1 ? argv[1] : nullptr); }
