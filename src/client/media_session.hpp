// The peer connection of a headless attendee: offer and answer, ICE (controlling), DTLS client, SRTP, RTP and RTCP both
// ways. Sans-I/O; a reconnect makes a new one. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/net_address.hpp"
#include "base/rng.hpp"
#include "base/time.hpp"
#include "client/frame_assembler.hpp"
#include "rtc/dtls/transport.hpp"
#include "rtc/ice/controlling_agent.hpp"
#include "rtc/nack/receive_stream.hpp"
#include "rtc/red/red_receiver.hpp"
#include "rtc/red/red_sender.hpp"
#include "rtc/rtcp/transport_feedback.hpp"
#include "rtc/rtp/rtp_packet.hpp"
#include "rtc/sdp/session_description.hpp"
#include "rtc/srtp/session.hpp"

namespace upcall::client {

struct ReceivedAudio {
  std::int64_t sequence = 0;
  std::uint32_t timestamp = 0;
  Instant arrival;
  ByteVector payload;
  bool recovered = false;            // was lost, and came beside a later frame
};
struct ReceivedVideo {
  std::uint32_t stream_id = 0;
  rtc::VideoCodec codec = rtc::VideoCodec::vp8;
  AssembledFrame frame;
};

struct MediaOutput {
  struct Datagram {
    NetAddress to;
    ByteVector bytes;
  };
  std::vector<Datagram> datagrams;
  std::vector<ReceivedAudio> audio;
  std::vector<ReceivedVideo> video;
  bool key_frame_wanted = false;
  std::optional<std::uint64_t> remb_bps;   // what the camera may send from now on
  void clear() {
    datagrams.clear();
    audio.clear();
    video.clear();
    key_frame_wanted = false;
    remb_bps.reset();
  }
};

// Sees the payload of each packet of a camera, for who measures what becomes of single packets; called from within the
// session's own calls.
class PacketWatch {
 public:
  virtual ~PacketWatch() = default;
  // Before it is encrypted and kept for repair; may be written on.
  virtual void video_leaves(MutBytes payload) = 0;
  // `repaired`: it came as a retransmission.
  virtual void video_arrived(std::uint32_t stream_id, Bytes payload, bool repaired) = 0;
};

struct MediaCounters {
  std::uint64_t packets_sent = 0, packets_received = 0, retransmitted = 0, repaired = 0, nacks_sent = 0, plis_sent = 0, plis_received = 0;
  std::uint64_t audio_recovered = 0, feedback_received = 0, reports_received = 0, auth_failures = 0;
};

// Where the counters of a sender begin; by default they are random.
struct FirstNumbers {
  std::uint16_t audio_sequence = 0, video_sequence = 0, rtx_sequence = 0, transport_sequence = 0, picture_id = 0;
};

class MediaSession {
 public:
  // `transport_feedback`: offers to tell when what packet arrived (transport-cc) for what it receives. `codecs`: what it
  // receives, and may send.
  MediaSession(const dtls::DtlsContext& context, RandomSource& random, const std::optional<FirstNumbers>& first = {},
               bool transport_feedback = true, std::vector<rtc::VideoCodec> codecs = {rtc::VideoCodec::vp8});
  // `watch` outlives the session; null: nobody watches.
  void set_watch(PacketWatch* watch) { watch_ = watch; }

  // The offer: audio, camera slot, one recvonly section for each id in `receive` (0: a section that fell free).
  // `sends_first` stands first in the camera's section, as a client writes it that sends it.
  // Sections keep their places; ids that are new get free places or new ones at the end.
  std::string make_offer(bool camera, const std::vector<std::uint32_t>& wanted_streams, rtc::VideoCodec sends_first = rtc::VideoCodec::vp8);
  // receive_stream_ids that belong to the last offer.
  std::vector<std::uint32_t> receive_stream_ids() const;
  // False: the answer makes no sense.
  bool set_answer(Instant now, std::string_view sdp, MediaOutput& out);

  void on_datagram(Instant now, const NetAddress& from, MutBytes datagram, MediaOutput& out);
  void handle_timeout(Instant now, std::uint64_t ntp_now, MediaOutput& out);
  Instant next_deadline() const;

  void send_audio(Instant now, Bytes opus, std::uint32_t timestamp, Instant captured_at, std::uint8_t minus_dbov, MediaOutput& out);
  // A frame of a codec that the answer does not have is not sent.
  void send_video(Instant now, rtc::VideoCodec codec, Bytes frame, std::uint32_t timestamp, Instant captured_at, std::optional<std::uint8_t> rotation, MediaOutput& out);

  // Of its camera, as it was answered.
  bool may_send(rtc::VideoCodec codec) const;

  bool connected() const { return srtp_out_.has_value() && !failed_; }
  bool failed() const { return failed_; }
  const MediaCounters& counters() const { return counters_; }
  std::int64_t lost() const;
  // Since when the oldest packet that is still asked for is missing.
  std::optional<Instant> oldest_missing() const;

 private:
  struct RemoteVideo {
    std::string mid;
    std::uint32_t stream_id = 0;     // 0: free
    std::uint32_t ssrc = 0, rtx_ssrc = 0;
    rtc::ReceiveStats stats{90000};
    rtc::NackList nacks;
    rtc::VideoCodec codec = rtc::VideoCodec::vp8;
    std::int64_t codec_since = -1;   // the first sequence of it
    FrameAssembler assembler;
    Instant last_pli;
    bool pli_sent = false;
  };
  struct SentPacket {
    std::uint16_t sequence = 0;
    bool used = false;
    std::uint8_t rtx_type = 0;
    ByteVector plain;                // RTP before protection
    std::size_t header_size = 0;
  };
  void pump_ice(MediaOutput& out);
  void pump_dtls(Instant now, MediaOutput& out);
  void start_dtls(Instant now, MediaOutput& out);
  void on_rtp(Instant now, MutBytes datagram, MediaOutput& out);
  void on_rtcp(Instant now, MutBytes datagram, MediaOutput& out);
  void deliver(Instant now, RemoteVideo& video, rtc::VideoCodec codec, std::int64_t extended, std::uint32_t timestamp, bool marker,
               std::optional<std::uint8_t> rotation, Bytes payload, MediaOutput& out);
  void on_audio(Instant now, const rtc::RtpView& rtp, MediaOutput& out);
  void on_report_blocks(Instant now, Bytes blocks);
  void send_rtp(MutBytes buffer, std::size_t size, MediaOutput& out);
  void send_rtcp(Bytes plain, MediaOutput& out);
  void send_pli(Instant now, RemoteVideo& video, MediaOutput& out);
  void send_arrivals(MediaOutput& out);
  void send_reports(Instant now, std::uint64_t ntp_now, MediaOutput& out);
  std::array<std::uint8_t, 2> next_transport_sequence();

  const dtls::DtlsContext& context_;
  RandomSource& random_;
  ice::Credentials local_;
  std::uint64_t sdp_session_ = 0;
  std::uint32_t sdp_version_ = 0;
  std::uint32_t next_mid_ = 2;
  std::vector<RemoteVideo> remotes_;
  bool camera_ = false;
  std::uint32_t audio_ssrc_, video_ssrc_, rtx_ssrc_;
  std::uint16_t audio_sequence_, video_sequence_, rtx_sequence_, transport_sequence_ = 0, picture_id_;
  bool camera_accepted_ = false;
  std::vector<rtc::VideoCodec> codecs_, camera_codecs_;   // offered; answered in the camera's section
  rtc::RtpExtensionIds ids_;         // as answered

  std::optional<ice::IceControllingAgent> ice_;
  ice::CheckOutbox checks_;
  std::optional<dtls::DtlsTransport> dtls_;
  dtls::DtlsOutbox dtls_out_;
  dtls::Fingerprint peer_fingerprint_;
  std::optional<srtp::SrtpSession> srtp_in_, srtp_out_;
  bool answered_ = false, dtls_started_ = false, failed_ = false;

  rtc::ReceiveStats audio_stats_{48000};
  // Redundant audio, when the server has answered with it.
  std::uint8_t red_type_ = 0;
  rtc::RedReceiver red_in_;
  rtc::RedSender red_out_;
  std::int64_t audio_out_sequence_ = 0;      // unwrapped, counts from 0
  std::array<std::int64_t, 64> audio_seen_;  // the sequence that stands in each place
  std::optional<std::pair<std::int64_t, std::int64_t>> audio_reported_;  // highest and lost of the last report
  std::uint32_t remote_audio_ssrc_ = 0;
  std::vector<SentPacket> sent_ = std::vector<SentPacket>(512);
  std::uint32_t audio_packets_ = 0, audio_octets_ = 0, video_packets_ = 0, video_octets_ = 0;
  // Last timestamp sent of each stream and when, for the sender reports.
  std::uint32_t audio_timestamp_ = 0, video_timestamp_ = 0;
  Instant audio_sent_at_, video_sent_at_;
  rtc::TransportFeedbackRecorder arrivals_;
  bool transport_feedback_;
  PacketWatch* watch_ = nullptr;
  Instant report_due_ = Instant::never(), nack_due_ = Instant::never(), arrivals_due_ = Instant::never();
  MediaCounters counters_;
};

}  // namespace upcall::client
