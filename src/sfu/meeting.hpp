// The media core of one meeting, sans-I/O: inputs with their time, outputs in the Outbox of the call. A meeting lives
// and dies on one worker thread; nothing here locks, and nothing allocates per packet after warm-up.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <vector>

#include "base/rng.hpp"
#include "rtc/rtp/rtp_packet.hpp"
#include "sfu/allocation.hpp"
#include "sfu/audio_mixer.hpp"
#include "sfu/connection.hpp"
#include "sfu/outbox.hpp"
#include "sfu/tap.hpp"

namespace upcall::sfu {

// What all meetings of a worker share. Outlives them.
struct Shared {
  const dtls::DtlsContext& dtls_context;
  AudioMixerFactory* mixers = nullptr;  // null: two talkers at once are forwarded by loudness
  RandomSource& random;
  NtpClock ntp;
  rtc::bwe::RateLimits rates;           // of an estimate
  std::size_t cameras_most = ~std::size_t{0};  // that a receiver gets while the thread has too much to do
  std::uint64_t video_held = 0;         // packets that receivers did not get: held, or no key frame yet
};

class Meeting {
 public:
  // Limits and periods.
  static constexpr std::size_t kConnectionsMax = 600;  // 250 people, their shares, and seats of those who reconnect
  static constexpr Duration kConnectLimit = Duration::s(30);
  static constexpr Duration kDroppedAfter = Duration::s(15);
  static constexpr Duration kGiveUpAfter = Duration::s(60);
  static constexpr Duration kFeedbackPeriod = Duration::ms(50);
  static constexpr Duration kReportPeriod = Duration::s(1);       // also of judging the link
  // A round trip that was not measured for this long says nothing of now.
  static constexpr Duration kRoundTripFresh = Duration::s(15);
  static constexpr Duration kKeyRequestPeriod = Duration::ms(2000);
  // A recording that starts waits for its first picture: once, a key frame may follow another this soon.
  static constexpr Duration kKeyRequestPeriodAtStart = Duration::ms(200);
  static constexpr Duration kVideoSilence = Duration::s(5);
  static constexpr Duration kBitratesPeriod = Duration::s(2);
  static constexpr Duration kLevelsPeriod = Duration::ms(200);
  static constexpr Duration kTapKeyFrame = Duration::s(30);
  static constexpr Duration kTapKeyFrameContent = Duration::s(10);
  // How soon a tap that lost something looks for room in its ring again; the journal drains it as often.
  static constexpr Duration kTapRecoverPeriod = Duration::ms(20);
  static constexpr std::uint8_t kSpeechLevel = 60;              // -dBov; louder is speech
  static constexpr Duration kSpeechHangover = Duration::ms(600);
  static constexpr std::size_t kMixedTalkersMax = 3;
  // In larger meetings decoders rest when their source was silent for so long.
  static constexpr std::size_t kAllWarmMost = 16;
  static constexpr Duration kWarmFor = Duration::s(5);

  Meeting(wire::MeetingNo no, Shared& shared) : no_(no), shared_(shared) {}

  wire::MeetingNo no() const { return no_; }

  // Commands. add() answers null when the meeting is full.
  Connection* add(Instant now, const wire::SfuAddConnection& command);
  void set_session(Instant now, const wire::SfuSetSession& command, Outbox& out);
  void set_muted(Instant now, wire::ConnectionNo connection, bool muted);
  void set_rights(Instant now, const wire::SfuSetRights& command, Outbox& out);
  void pause_receive(Instant now, const wire::SfuPauseReceive& command, Outbox& out);
  void prefer_receives(Instant now, const wire::SfuPreferReceives& command, Outbox& out);
  void remove(Instant now, wire::ConnectionNo connection, bool dropped, Outbox& out);
  void open_tap(Now now, const wire::SfuOpenTap& command, Outbox& out);
  void close_tap(Instant now, wire::TapNo tap, wire::TapStopReason reason, Outbox& out);
  void refresh_tap(Instant now, wire::TapNo tap, Outbox& out);
  void pause_tap(Instant now, wire::TapNo tap, bool paused, Outbox& out);
  void end(Instant now, Outbox& out);
  wire::SfuMeetingReport report(std::uint64_t request) const;

  // One datagram of this connection. True when the set of its validated paths may have grown (the worker's table).
  bool handle(Instant now, Connection& connection, const ice::Path& path, MutBytes datagram, Outbox& out);

  void handle_timeout(Instant now, Outbox& out);
  Instant next_deadline() const { return next_deadline_; }
  // End of a turn: taps publish.
  void publish_taps();

  Connection* find(wire::ConnectionNo connection);
  std::span<const std::unique_ptr<Connection>> connections() const { return connections_; }
  bool has_tap(wire::TapNo tap) const;
  std::size_t tap_count() const { return taps_.size(); }
  // Of the receiver that asks for most.
  std::size_t cameras_asked_most() const;
  // What receivers get is decided anew at the next timeout.
  void reallocate(Instant now);

 private:
  // A media packet after decryption and RTX removal.
  struct MediaPacket {
    std::int64_t sequence = 0;
    std::uint32_t timestamp = 0;
    bool marker = false;
    bool key_frame = false;
    std::uint16_t picture_id = 0;     // of video, 0 where it has none
    std::uint8_t tl0_picture_index = 0;
    bool recovered = false;  // audio that came beside a later frame
    std::optional<std::uint8_t> rotation;
    Bytes payload;
  };

  // One packet for one receiver, numbered.
  struct OutgoingVideo {
    rtc::VideoCodec codec = rtc::VideoCodec::vp8;
    StreamRewriter::Out numbers;
    bool marker = false;
    std::optional<std::uint8_t> rotation;
    Bytes payload;
    std::uint16_t picture_id_offset = 0;
    std::uint8_t tl0_offset = 0;
  };

  // Transport (meeting.cpp).
  bool on_stun(Instant now, Connection& c, const ice::Path& path, Bytes datagram, Outbox& out);
  // Asks an address that sends what looks like this connection's media whether it is the peer.
  void probe(Instant now, Connection& c, const ice::Path& path, std::size_t bytes, Outbox& out);
  void on_dtls(Instant now, Connection& c, const ice::Path& path, Bytes datagram, Outbox& out);
  void after_dtls(Instant now, Connection& c, Outbox& out);
  void fail_connection(Connection& c, wire::SfuFailure failure, Outbox& out);
  void wire_subscriptions(Instant now, Outbox& out);
  void wake_at(Instant when) { next_deadline_ = std::min(next_deadline_, when); }

  // RTP in (meeting.cpp), then by kind.
  void on_rtp(Instant now, Connection& c, MutBytes datagram, Outbox& out);
  void on_video(Instant now, Connection& c, VideoLayer& layer, const rtc::RtpView& rtp, rtc::VideoCodec codec, bool from_rtx, Outbox& out);
  // Its publisher sends another codec from this packet on.
  void change_codec(Instant now, Connection& c, VideoLayer& layer, rtc::VideoCodec codec, std::int64_t sequence);
  void forward_video(Instant now, Connection& c, VideoLayer& layer, const MediaPacket& packet, Outbox& out);
  void send_video(Instant now, VideoSubscription& to, const MediaPacket& packet, Outbox& out);
  void request_key_frame(Instant now, Connection& publisher, VideoLayer& layer, Outbox& out, Duration period = kKeyRequestPeriod);
  // The subscription has all it needs but a picture to begin with.
  void begin_subscription(Instant now, VideoSubscription& subscription, Outbox& out);
  void tell_first_video(Instant now, const VideoSubscription& subscription, Outbox& out);
  void write_video(Instant now, VideoSubscription& to, const OutgoingVideo& packet, Outbox& out);
  void retransmit(Instant now, VideoSubscription& to, std::uint16_t sequence, Outbox& out);
  void end_video(Instant now, Connection& c);

  // Layers of a publication (meeting_layers.cpp). Null: nobody's packet.
  VideoLayer* layer_of(Instant now, Connection& c, const rtc::RtpView& rtp, bool repair);
  // Another encoder feeds it from now on.
  void restart_layer(Instant now, Connection& c, VideoLayer& layer);
  // It brings pictures again, or of another size.
  void begin_flow(Instant now, Connection& c, VideoLayer& layer, Outbox& out);
  // The subscription goes on with this layer, at this packet of a key frame.
  void switch_to(Instant now, VideoSubscription& to, const VideoIn& video, const VideoLayer& layer, const MediaPacket& first);
  void want_layer(Instant now, VideoSubscription& to, int index, Outbox& out);
  // Asks for the key frame that the subscription can begin with.
  void want_picture(Instant now, VideoSubscription& to, Outbox& out);
  void want_shown_picture(Instant now, VideoSubscription& to, Outbox& out);
  // Does this packet belong into recordings?
  bool take_for_taps(Instant now, Connection& c, VideoLayer& layer, bool key_frame, Outbox& out);
  void request_tap_key_frame(Instant now, Connection& c, Outbox& out, Duration period);
  void tend_video(Instant now, Connection& c, Outbox& out);

  // What a receiver's link carries (meeting_downlink.cpp).
  void on_transport_feedback(Instant now, Connection& c, Bytes fci, Outbox& out);
  void queue_video(Instant now, VideoSubscription& to, const WaitingVideo& packet, Outbox& out);
  void repair(Instant now, VideoSubscription& to, std::uint16_t sequence, Outbox& out);
  // Sends what waits and fits; wakes for the rest.
  void pace(Instant now, Connection& c, Outbox& out);
  bool send_waiting(Instant now, VideoSubscription& to, const WaitingVideo& packet, Outbox& out);
  void send_probe(Instant now, Connection& c, Outbox& out);
  // What waits of it is of no use any more.
  void drop_waiting(Instant now, VideoSubscription& subscription, Outbox& out);
  void tend_downlink(Instant now, Connection& c, Outbox& out);
  void allocate_videos(Instant now, Connection& c, Outbox& out);
  using LayerList = std::array<std::uint8_t, wire::kLayersMax>;   // indices of those that may be granted
  static std::uint64_t demand_layers(Instant now, const VideoSubscription& s, VideoDemand& demand, LayerList& list);
  void hold_video(Instant now, VideoSubscription& subscription, bool held, Outbox& out);
  static bool holds_back(const VideoSubscription& subscription);
  void allow_publisher(Instant now, Connection& publisher, Outbox& out);
  void tell_bitrates(Instant now, Outbox& out);
  std::uint64_t unknown_bps() const { return std::max(Downlink::kUnknownBps, shared_.rates.start_bps); }

  void on_audio(Instant now, Connection& c, const rtc::RtpView& rtp, Outbox& out);
  void on_audio_frame(Instant now, Connection& c, const MediaPacket& packet, std::optional<std::uint8_t> level, Outbox& out);
  void route_audio(Instant now, Connection& from, const MediaPacket& packet, Outbox& out);
  void send_audio(Instant now, Connection& to, const StreamRewriter::Out& numbers, bool marker, Bytes payload, Outbox& out);
  void mix_tick(Instant now, Outbox& out);
  bool needs_mixer() const;
  // Who speaks now; until the next call of anything.
  std::span<const Connection* const> talkers(Instant now);
  void end_audio(Instant now, Connection& c);
  bool speaks(const Connection& c, Instant now) const;
  void tell_levels(Instant now, Outbox& out);

  // RTCP (meeting_rtcp.cpp).
  void on_rtcp(Instant now, Connection& c, MutBytes datagram, Outbox& out);
  void on_sender_report(Instant now, Connection& c, std::uint32_t ssrc, std::uint64_t ntp, std::uint32_t timestamp, Outbox& out);
  void on_report_blocks(Instant now, Connection& c, Bytes blocks);
  void judge_link(Instant now, Connection& c, Outbox& out);
  void send_reports(Instant now, Connection& c, Outbox& out);
  void send_feedback(Instant now, Connection& c, Outbox& out);
  void send_nacks(Instant now, Connection& c, Outbox& out);
  VideoSubscription* subscription_by_ssrc(Connection& receiver, std::uint32_t ssrc);

  // Taps (meeting_tap.cpp).
  void tap_write(Instant now, Tap& tap, const wire::TapRecord& record);
  void tap_announce(Instant now, Tap& tap, Outbox& out, Duration key_period);
  void tap_forget(wire::TapNo tap);
  void recover_taps(Instant now, Outbox& out);
  void tap_attendee(Instant now, Tap& tap, const Connection& c);
  void tap_streams(Instant now, Tap& tap, Connection& c);
  std::uint32_t tap_source(Instant now, Tap& tap, Connection& c, wire::TapKind kind, std::vector<TapSourceRef>& refs);
  void tap_end(Instant now, std::vector<TapSourceRef>& refs);
  void tap_packet(Instant now, std::vector<TapSourceRef>& refs, Connection& c, wire::TapKind kind, wire::TapPacket& packet);

  wire::MeetingNo no_;
  Shared& shared_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<std::unique_ptr<Tap>> taps_;
  std::unique_ptr<AudioMixer> mixer_;
  Instant next_mix_ = Instant::never();
  Instant next_levels_;
  Instant next_bitrates_;
  bool levels_told_ = false;
  std::vector<const Connection*> talkers_;   // as of some time; sought anew from talkers_until_ on (zero: it has changed)
  Instant talkers_until_;
  bool restricted_hearing_ = false;          // somebody has no right to hear all
  std::uint32_t next_owner_ = 1;
  Instant next_deadline_ = Instant::never();
  dtls::DtlsOutbox dtls_out_;
};

}  // namespace upcall::sfu
