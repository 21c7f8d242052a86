#include "io/media/opus_codec.hpp"

#include <algorithm>

#include <opus.h>

#include "base/invariant.hpp"

namespace upcall::media {

void OpusEncoder::Free::operator()(::OpusEncoder* p) const { opus_encoder_destroy(p); }
void OpusDecoder::Free::operator()(::OpusDecoder* p) const { opus_decoder_destroy(p); }

Result<std::unique_ptr<OpusEncoder>> OpusEncoder::open(const OpusEncoderOptions& o) {
  int error = 0;
  std::unique_ptr<OpusEncoder> out(new OpusEncoder);
  out->channels_ = o.channels;
  out->state_.reset(opus_encoder_create(kOpusRate, o.channels,
                                        o.music ? OPUS_APPLICATION_AUDIO : OPUS_APPLICATION_VOIP, &error));
  if (!out->state_ || error != OPUS_OK) return fail(ErrorCode::invalid_argument, "libopus refuses the encoder's settings");
  ::OpusEncoder* state = out->state_.get();
  opus_encoder_ctl(state, OPUS_SET_BITRATE(o.bitrate_bps));
  opus_encoder_ctl(state, OPUS_SET_COMPLEXITY(o.complexity));
  opus_encoder_ctl(state, OPUS_SET_INBAND_FEC(1));
  opus_encoder_ctl(state, OPUS_SET_PACKET_LOSS_PERC(o.expected_loss_percent));
  opus_encoder_ctl(state, OPUS_SET_DTX(0));
  return out;
}

Result<std::size_t> OpusEncoder::encode(std::span<const float> pcm, MutBytes out) {
  const int samples = static_cast<int>(pcm.size()) / channels_;
  const int size = opus_encode_float(state_.get(), pcm.data(), samples, out.data(), static_cast<opus_int32>(out.size()));
  if (size < 0) return fail(ErrorCode::invalid_argument, std::string("Opus: ") + opus_strerror(size));
  return static_cast<std::size_t>(size);
}

Result<std::unique_ptr<OpusDecoder>> OpusDecoder::open(int channels) {
  int error = 0;
  std::unique_ptr<OpusDecoder> out(new OpusDecoder);
  out->channels_ = channels;
  out->state_.reset(opus_decoder_create(kOpusRate, channels, &error));
  if (!out->state_ || error != OPUS_OK) return fail(ErrorCode::invalid_argument, "libopus refuses the decoder's settings");
  return out;
}

ParseResult<std::size_t> OpusDecoder::decode(Bytes packet, std::span<float> out) {
  UPCALL_INVARIANT(out.size() >= kOpusFrameMax * static_cast<std::size_t>(channels_), "PCM buffer too small");
  // An empty packet would mean concealment to libopus.
  if (packet.empty()) return fail(ParseError::truncated);
  const int n = opus_decode_float(state_.get(), packet.data(), static_cast<opus_int32>(packet.size()), out.data(),
                                  static_cast<int>(kOpusFrameMax), 0);
  if (n < 0) return fail(ParseError::malformed);
  return static_cast<std::size_t>(n);
}

std::size_t OpusDecoder::recover(Bytes next_packet, std::size_t samples, std::span<float> out) {
  samples = std::min(samples, kOpusFrameMax);
  const int n = opus_decode_float(state_.get(), next_packet.data(), static_cast<opus_int32>(next_packet.size()),
                                  out.data(), static_cast<int>(samples), 1);
  return n < 0 ? conceal(samples, out) : static_cast<std::size_t>(n);
}

std::size_t OpusDecoder::conceal(std::size_t samples, std::span<float> out) {
  samples = std::min(samples, kOpusFrameMax);
  const int n = opus_decode_float(state_.get(), nullptr, 0, out.data(), static_cast<int>(samples), 0);
  if (n > 0) return static_cast<std::size_t>(n);
  std::fill_n(out.begin(), samples * static_cast<std::size_t>(channels_), 0.0f);
  return samples;
}

std::size_t OpusDecoder::samples_in(Bytes packet) {
  if (packet.empty()) return 0;
  const int n = opus_packet_get_nb_samples(packet.data(), static_cast<opus_int32>(packet.size()), kOpusRate);
  return n > 0 && static_cast<std::size_t>(n) <= kOpusFrameMax ? static_cast<std::size_t>(n) : 0;
}

}  // namespace upcall::media
