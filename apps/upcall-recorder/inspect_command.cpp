// "inspect": what a film shows.
#include <cstdio>

#include "commands.hpp"
#include "io/film/film_inspector.hpp"

namespace upcall::recorder {

int run_inspect(const std::string& file, bool json) {
  const auto findings = film::inspect_film(file);
  if (!findings) {
    std::fprintf(stderr, "upcall-recorder: %s\n", findings.error().message.c_str());
    return 1;
  }
  if (json) {
    std::printf("%s\n", film::to_json(*findings).c_str());
    return 0;
  }
  const film::FilmFindings& f = *findings;
  std::printf("%dx%d, %g fps grid, %.2f s, %s + %s, %llu pictures, longest hold %.2f s\n", f.width, f.height, f.fps,
              f.duration_s, f.video_codec.c_str(), f.audio_codec.empty() ? "no sound" : f.audio_codec.c_str(),
              static_cast<unsigned long long>(f.video_frames), f.longest_hold_s);
  for (const auto& p : f.participants) {
    std::printf("  %s %u of run %016llx at (%d,%d), %d wide: %llu pictures (%llu different), clock %u to %u ms%s%s",
                p.screen ? "screen" : "camera", p.participant, static_cast<unsigned long long>(p.run), p.x, p.y, p.width,
                static_cast<unsigned long long>(p.frames), static_cast<unsigned long long>(p.distinct_frames),
                p.first_clock_ms, p.last_clock_ms, p.clock_rising ? "" : ", NOT rising",
                p.text_frames > 0 ? ", text readable" : "");
    if (p.av_offset_ms) std::printf(", sound %+.1f ms", *p.av_offset_ms);
    std::printf("\n");
  }
  return 0;
}

}  // namespace upcall::recorder
