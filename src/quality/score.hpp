// How good sound and pictures are to a person, 1 (bad) to 5 (as good as the call can be), from what their way does to them.
//
//   sound     the E-model, ITU-T G.107, as Cole and Rosenbluth reduced it to delay and loss ("Voice over IP performance
//             monitoring", 2001), with the loss robustness of a codec that conceals (ITU-T G.113, Bpl 25.1)
//   pictures  the opinion model for video telephony, ITU-T G.1070 (H.264, VGA), with the stalling of ITU-T P.1203.3
//
// Both are stretched so that a way without fault is a 5 (ADR 24). Pure; more loss, delay or standing still never scores
// higher. Inputs are clamped to what makes sense: no errors.
#pragma once

namespace upcall::quality {

struct SoundPath {
  double one_way_ms = 0;      // network, jitter buffer and coding
  double loss_percent = 0;    // that is heard: behind repair, before concealment
};
double sound_score(const SoundPath& path);

// A picture that lacks no bits: more than that is not seen in a call.
inline constexpr double kEnoughVideoKbps = 1500;

struct PicturePath {
  double kbps = kEnoughVideoKbps;
  double fps = 30;
  double loss_percent = 0;    // behind repair
  int freezes = 0;
  double frozen_share = 0;    // of the time, 0 to 1
};
double picture_score(const PicturePath& path);

}  // namespace upcall::quality
