// One attendee's transport in the meeting core: ICE-lite, DTLS, SRTP, and its streams. Plain state with the transport's
// own rules; owned by its Meeting, never leaves its thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rtc/dtls/transport.hpp"
#include "rtc/ice/lite_server.hpp"
#include "rtc/rtcp/transport_feedback.hpp"
#include "rtc/srtp/session.hpp"
#include "sfu/downlink.hpp"
#include "sfu/link_quality.hpp"
#include "sfu/outbox.hpp"
#include "sfu/streams.hpp"
#include "wire/sfu.hpp"

namespace upcall::sfu {

enum class Drop : std::uint8_t {
  path_not_validated, before_keys, srtp_auth, srtp_replay, srtp_table_full, srtp_other, rtp_malformed, rtcp_malformed, unknown_ssrc,
  unknown_payload, duplicate, rtx_unknown, no_path, oversize, not_allowed, other_codec, count_
};
std::string_view to_string(Drop drop);
Drop drop_of(srtp::SrtpError error);

struct Connection {
  Connection(Instant now, const wire::SfuAddConnection& add, const dtls::DtlsContext& context);

  wire::ConnectionNo no;
  std::uint32_t owner = 0;           // the same for all connections of one owner_attendee_id, in this meeting
  std::string attendee_id, owner_attendee_id, display_name;
  bool content = false;
  bool muted = false;
  wire::SfuRights rights;
  // Does what `from` sends reach this connection, as far as its rights go?
  bool hears(const Connection& from) const { return from.content ? rights.get_content : rights.hear; }
  bool sees(const Connection& from) const { return from.content ? rights.get_content : rights.see_cameras; }

  // Transport.
  const dtls::DtlsContext& dtls_context;
  ice::IceLiteServer ice;
  std::optional<dtls::DtlsTransport> dtls;
  std::optional<srtp::SrtpSession> srtp_in, srtp_out;
  bool dtls_started = false;
  bool connected = false;
  bool failed = false;
  bool dropped_told = false;
  bool first_video_told = false;
  Instant added_at, session_set_at, validated_at, last_heard;
  std::vector<ice::Path> routes;     // of this connection in the worker's table
  std::vector<std::uint32_t> ssrcs;  // likewise: what it sends, by which it is found after a change of its address

  // What offer and answer agreed on.
  bool session_set = false;
  wire::SfuSetSession session;

  // In.
  std::optional<AudioIn> audio_in;
  std::unique_ptr<VideoIn> video_in;
  SenderClock clock;
  rtc::TransportFeedbackRecorder feedback;
  Instant feedback_due = Instant::never();
  Instant report_due = Instant::never();
  // Out.
  std::optional<AudioOut> audio_out;
  std::vector<std::unique_ptr<VideoSubscription>> subscriptions;
  Duration rtt = Duration::ms(100);
  std::optional<Instant> rtt_at;     // of its last sample; nothing: not known
  LinkQuality link;
  std::int64_t down_expected = 0, down_lost = 0;   // of all that it reported on
  bool figures_due = false;          // told with every second report
  Downlink down;

  // Counters.
  std::uint64_t packets_in = 0, packets_out = 0, bytes_in = 0, bytes_out = 0;
  std::uint64_t retransmitted = 0, repairs_looked_up = 0, nacks_received = 0, nacks_sent = 0, plis_received = 0, plis_sent = 0;
  std::array<std::uint64_t, static_cast<std::size_t>(Drop::count_)> drops{};
  void drop(Drop reason) { ++drops[static_cast<std::size_t>(reason)]; }

  // The peer itself was heard: what it sent was authentic. Anything else may come from anybody, and keeps no call alive.
  void heard(Instant now) {
    last_heard = now;
    dropped_told = false;
  }

  bool can_send() const { return connected && !failed; }

  // Protects the packet that stands in `out.slot()` (first `size` bytes) and commits it to the selected path; takes it from
  // the budget. `cluster`: of the probe it belongs to.
  void send_rtp(Instant now, Outbox& out, std::size_t size, std::uint8_t cluster = 0);
  void send_rtcp(Outbox& out, Bytes plain);
  // Hands over what DTLS wants to send, on the selected path or on the one just heard from.
  void send_dtls(Outbox& out, dtls::DtlsOutbox& from, const ice::Path* heard_on);

  wire::SfuConnectionReport report() const;
  wire::SfuConnectionFigures figures(Instant now) const;
};

}  // namespace upcall::sfu
