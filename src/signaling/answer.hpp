// From an offer of the media client to our answer and to what the media worker must know. Pure: all numbers that have
// to be made (SSRCs) come from the caller.
//
// Shape of the answer: ICE-lite, DTLS passive, Opus alone, in each video section those offered codecs that are taken here,
// each with its RTX, in the order offered and with the parameters offered (the client compares them as text); the camera slot
// is answered sendrecv though nothing is sent on it (the client finds its send codec there; Firefox gets recvonly), a received
// video is bound by MediaStream id "v_<mid>".
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "rtc/sdp/sdp_writer.hpp"
#include "rtc/sdp/session_description.hpp"
#include "wire/sfu.hpp"

namespace upcall::signaling {

// What the client's protocol tells apart of receivers' codecs. A set, one bit each.
using CodecSet = std::uint8_t;
inline constexpr CodecSet kTakesVp8 = 1, kTakesH264Baseline = 2, kTakesH264ConstrainedBaseline = 4, kTakesVp9 = 8;
inline constexpr CodecSet kTakesAll = kTakesVp8 | kTakesH264Baseline | kTakesH264ConstrainedBaseline | kTakesVp9;
inline constexpr CodecSet kTakesH264 = kTakesH264Baseline | kTakesH264ConstrainedBaseline;

struct AnswerInput {
  rtc::SdpTransport transport;           // ours
  std::uint64_t session_id = 0;
  std::uint32_t version = 1;
  std::string cname;                     // of everything we send on this connection
  CodecSet codecs = kTakesAll;           // that this deployment takes
  bool camera_wanted = false;            // the SUBSCRIBE was DUPLEX with a video send stream
  // Answers the camera's section sendrecv. Not for Firefox: there a section that may receive claims any SSRC whose payload
  // type no other section has yet, whatever its MID, so that a stream which arrives before the answer that announces it
  // is torn between two sections for ever. The price: without sendrecv the client does not change its codec by itself.
  bool camera_receives = true;
  bool listens = true;                   // false: a content share, which gets no downlink audio
  std::uint32_t audio_ssrc = 0;
  std::vector<std::uint32_t> receive_stream_ids;  // one a video section, in order; 0: none
  std::size_t receives_max = 25;         // sections beyond so many, and repeated streams, stay without one
  std::uint32_t camera_stream_id = 0;    // where one stream is taken
  // The layers that its SUBSCRIBE names, the smallest first; of an offer with as many encodings each gets one.
  struct Layer {
    std::uint32_t stream_id = 0, kbps = 0;   // 0: not sent now
  };
  std::vector<Layer> camera_layers;
  std::uint32_t camera_kbps = 0;         // what its encoder may come to; 0: not said
  // Is there such a publication now?
  std::function<bool(std::uint32_t stream_id)> is_published;
  // Our (ssrc, rtx ssrc) for this stream in the section with this mid.
  std::function<std::pair<std::uint32_t, std::uint32_t>(const std::string& mid, std::uint32_t stream_id)> ssrcs_for;
};

struct Answer {
  std::string sdp;
  wire::SfuSetSession session;           // `connection` is left to the caller
  bool camera = false;                   // a camera section is sending
  CodecSet takes = 0;                    // of those asked about, what the client has in its video sections
};

// Why an offer cannot be answered: a sentence for the client's log.
using AnswerResult = Result<Answer>;

AnswerResult build_answer(std::string_view offer, const AnswerInput& input);

}  // namespace upcall::signaling
