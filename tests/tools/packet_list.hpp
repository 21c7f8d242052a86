// What an MP4 file's container says: presentation times by FFmpeg's demuxer, decode times and numbers of fragments box by
// box with code of its own (ISO/IEC 14496-12 §8.8).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace upcall::test {

struct PacketList {
  bool good = false;
  std::vector<std::int64_t> video_pts, audio_pts;   // in the tracks' timescales, as the file has them; sorted
  // Each track's fragments begin to be decoded when what was before them ends.
  bool continuous = true;
  std::vector<std::uint32_t> sequence;              // mfhd of each fragment
};

PacketList read_packets(const std::string& file);

}  // namespace upcall::test
