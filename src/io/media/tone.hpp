// Finding beeps of a known frequency in PCM (Goertzel), to the millisecond: the sound half of the lip-sync measurement.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace upcall::media {

// Amplitude (0..1 for a full-scale sine) of one frequency in a block of samples.
double tone_amplitude(std::span<const float> pcm, double frequency, double rate);

// Start of every beep, in samples from the beginning of `pcm`. A beep is where the amplitude rises from silence to more
// than half of the loudest beep of that frequency and `minimum_amplitude`.
std::vector<double> find_beeps(std::span<const float> pcm, double frequency, double rate = 48000,
                               double minimum_amplitude = 0.02);

}  // namespace upcall::media
