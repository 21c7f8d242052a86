// What is told of one person's call at a moment, and why it is not better. Plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace upcall::quality {

// The one thing that would help most. `value` beside it is in the unit named here.
enum class Reason : std::uint8_t {
  none,             // nothing worth a word
  gone,             // nothing comes from this person; seconds
  narrow_up,        // the way from this person carries little; kbit/s
  narrow_down,      // the way to this person carries little; kbit/s
  loss_up,          // packets from this person get lost; percent
  loss_down,        // packets to this person get lost; percent
  delay,            // round trip; milliseconds
  jitter,           // packets come unevenly; milliseconds
  sound_gaps,       // sound had to be made up; percent
  picture_freezes,  // pictures that this person sees stand still; percent of the time
  few_frames,       // pictures that this person sees; a second
  camera_still,     // its camera is on and sends nothing; seconds
  busy_device,      // its processor is at its limit; 2 serious, 3 critical
};
inline constexpr int kReasonCount = 13;

// Stable words, for answers and stored rows.
std::string_view to_string(Reason reason);

struct Figures {
  double score = 5;                        // the worst of what there is, 1 to 5
  std::optional<double> sound, picture;    // nothing: there is none
  Reason reason = Reason::none;
  double reason_value = 0;
  std::optional<double> rtt_ms, loss_up_percent, loss_down_percent;
  double jitter_ms = 0;
  std::optional<double> up_kbps, down_kbps;   // what the ways carry, where that was measured
  double sent_kbps = 0, received_kbps = 0;    // by this person, all of it
  std::optional<double> fps;                  // of the worst camera that it sees
  double frozen_percent = 0;                  // of the time
  std::optional<double> sound_gaps_percent;
  std::optional<int> cpu_pressure;
  bool client_tells = false;                  // its own figures are in here
};

}  // namespace upcall::quality
