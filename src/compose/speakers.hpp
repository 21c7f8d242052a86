// Who speaks, by the audio levels that senders measured themselves (RFC 6464). One person at a time is active: who has
// spoken for 200 ms begins, who is silent for 800 ms ends, and another takes over before that only after being louder for
// a second. So a cough moves nothing, and the mark does not flicker between words. Pure; one thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace upcall::compose {

class Speakers {
 public:
  static constexpr std::int64_t kOnUs = 200'000, kOffUs = 800'000, kTakeOverUs = 1'000'000;

  // `level`: as in a TapPacket: 0 (loudest) to 127 (-dBov) in the lower seven bits; the voice bit is not asked, many
  // senders never set it. Times of one person rise.
  void level(const std::string& person, std::int64_t at_us, std::uint8_t level);
  // Muted, or gone: what was heard of them is forgotten.
  void silence(const std::string& person);
  void clear();
  // Call at each tick. True: somebody else is active than before.
  bool advance(std::int64_t now_us);

  const std::string& active() const { return active_; }   // empty: nobody
  // When they spoke last, as far as it was known at the last advance(); -1: never.
  std::int64_t spoke_us(const std::string& person) const;

 private:
  struct Voice {
    double volume = 0;                  // dB above digital silence, smoothed
    std::int64_t at_us = -1;            // of the last level
    std::int64_t begun_us = -1, last_us = -1;   // of the stretch of speech that runs or ran
    std::int64_t louder_since_us = -1;  // than who is active
    bool speaking = false;
  };
  static void hear(Voice& voice, std::int64_t at_us, double volume);

  std::map<std::string, Voice> voices_;
  std::map<std::string, std::int64_t> spoke_;
  std::string active_;
};

}  // namespace upcall::compose
