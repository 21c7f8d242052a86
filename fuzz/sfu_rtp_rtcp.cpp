// What authenticated but malicious attendees send: decrypted RTP and RTCP of any shape into two meetings at once, with
// commands and time between. Nothing crashes, nothing crosses meetings, what goes out is well-formed, fits an Ethernet
// frame, is decrypted by a receiver that loses nothing, and is no amplification of what came in.
// link: upcall_sim
#include <cstdio>
#include <cstdlib>

#include "sim/live_peers.hpp"

using namespace upcall;
using namespace upcall::sim;

namespace {

constexpr int kOperationsMax = 256;
constexpr std::size_t kTagSize = 7;

std::uint32_t checksum(Bytes bytes) {
  std::uint32_t h = 2166136261u;
  for (const std::uint8_t b : bytes) h = (h ^ b) * 16777619u;
  return h;
}

class Attack {
 public:
  explicit Attack(Bytes input) : in_(input), live_(1, profile(in_.u8())) {
    // A camera, a camera that is watched by name of its SSRC only, a content share; and a meeting next door.
    for (const auto& [meeting, id] : {std::pair(1u, "a"), {1u, "b"}, {1u, "a#content"}, {2u, "x"}, {2u, "y"}}) live_.join(meeting, id);
    for (LivePeer& p : live_.peers()) live_.publish(p);
    for (LivePeer& to : live_.peers()) {
      if (to.owner_id != to.attendee_id) continue;
      for (LivePeer& from : live_.peers()) {
        if (from.meeting == to.meeting && from.owner_id != to.owner_id) live_.watch(to, from);
      }
    }
    source_.resize(live_.peers().size());
  }

  void run() {
    for (int i = 0; i < kOperationsMax && in_.remaining() > 0; ++i) {
      const std::uint8_t op = in_.u8();
      const std::size_t who = (op >> 5) % live_.peers().size();
      LivePeer& peer = live_.peers()[who];
      if (peer.removed) continue;
      const std::uint64_t before = live_.sent_by_server(), repaired = retransmitted();
      const bool datagram = operation(op & 31, peer, source_[who]);
      judge(peer);
      // One datagram comes in: at most one to each subscriber and a few requests; retransmissions have a budget.
      if (datagram && live_.sent_by_server() - before > 24 + retransmitted() - repaired) fail("amplification");
    }
    live_.advance(Duration::s(2));
    judge(live_.peers().front());
    const std::vector<std::uint32_t> meetings{1, 2};
    for (const std::uint32_t m : meetings) live_.command(wire::SfuEndMeeting{wire::MeetingNo{m}});
    if (live_.worker().meeting_count() + live_.worker().connection_count() + live_.worker().path_count() != 0) fail("left behind");
    judge(live_.peers().front());
  }

 private:
  struct Source {                 // the honest part of a sender: its counters
    std::uint16_t video = 32'700, audio = 32'700, rtx = 0, transport = 65'530;
    std::uint32_t video_time = 0xfffff000, audio_time = 0xfffff000;
    std::vector<PlainRtp> sent;   // the last few, for RTX
  };

  static srtp::Profile profile(std::uint8_t b) {
    return b % 2 == 0 ? srtp::Profile::aead_aes_128_gcm : srtp::Profile::aes128_cm_sha1_80;
  }
  [[noreturn]] static void fail(const char* what) {
    std::fprintf(stderr, "breach: %s\n", what);
    std::abort();
  }

  // Who sent it stands at the end, so that where it arrives can be judged.
  ByteVector tagged(const LivePeer& peer, Bytes head) {
    ByteVector out(head.begin(), head.end());
    out.push_back(0x5a);
    out.push_back(static_cast<std::uint8_t>(peer.meeting));
    out.push_back(static_cast<std::uint8_t>(peer.no.value));
    const std::uint32_t sum = checksum(Bytes(out).last(3)) ^ 0x75c3a901u;
    for (int i = 3; i >= 0; --i) out.push_back(static_cast<std::uint8_t>(sum >> (8 * i)));
    return out;
  }
  Bytes chunk(std::size_t most) { return in_.bytes(std::min<std::size_t>(in_.remaining(), in_.u8() % (most + 1))); }

  // True when it was one datagram.
  bool operation(int kind, LivePeer& peer, Source& s) {
    switch (kind) {
      case 0:
      case 1:
      case 2: return video(peer, s, kind);
      case 3:
      case 4: return audio(peer, s, kind == 4);
      case 5: {  // RTX of something sent, or of anything
        const std::uint8_t which = in_.u8();
        PlainRtp packet;
        if (which < 192 && !s.sent.empty()) {
          packet = s.sent[which % s.sent.size()];
        } else {
          packet.sequence = in_.u16();
          packet.timestamp = in_.u32();
          packet.payload = tagged(peer, chunk(64));
        }
        live_.send_rtx(peer, packet, s.rtx++);
        return true;
      }
      case 6: return rtcp(peer, [&](Writer& w) {   // NACK of what it got, or of anything
          w.u8(0x81);
          w.u8(205);
          const std::size_t items = 1 + in_.u8() % 32;
          w.u16(static_cast<std::uint16_t>(2 + items));
          w.u32(1);
          const std::uint32_t ssrc = pick_ssrc(peer);
          w.u32(ssrc);
          std::uint16_t last = 0;
          for (const PlainRtp& p : peer.rtp) {
            if (p.ssrc == ssrc) last = p.sequence;
          }
          for (std::size_t i = 0; i < items; ++i) {
            w.u16(static_cast<std::uint16_t>(last - in_.u8()));
            w.u16(in_.u16());
          }
        });
      case 7: return rtcp(peer, [&](Writer& w) { rtc::write_pli(w, 1, pick_ssrc(peer)); });
      case 8: return rtcp(peer, [&](Writer& w) {   // sender reports, as many as fit
          const int count = 1 + in_.u8() % 40;
          for (int i = 0; i < count; ++i) {
            rtc::write_sender_report(w, {.ssrc = own_ssrc(peer), .ntp = in_.u64(), .timestamp = in_.u32(), .packets = 1, .octets = 1,
                                         .report_blocks = {}}, {});
          }
        });
      case 9: return rtcp(peer, [&](Writer& w) {   // REMB, falling
          const int count = 1 + in_.u8() % 40;
          std::uint64_t bps = in_.u64();
          const std::uint32_t ssrcs[] = {pick_ssrc(peer)};
          for (int i = 0; i < count; ++i, bps = bps / 100 * 90) rtc::write_remb(w, 1, bps, ssrcs);
        });
      case 10: return rtcp(peer, [&](Writer& w) {
          const rtc::ReportBlock block{.ssrc = pick_ssrc(peer), .fraction_lost = in_.u8(), .cumulative_lost = in_.u8(),
                                       .extended_highest_sequence = in_.u32(), .jitter = in_.u16(), .last_sr = in_.u32(),
                                       .delay_since_last_sr = in_.u32()};
          rtc::write_receiver_report(w, 1, std::span(&block, 1));
        });
      case 11: {  // RTCP of any bytes
        ByteVector bytes{0x80, 200};
        const Bytes rest = chunk(200);
        bytes.insert(bytes.end(), rest.begin(), rest.end());
        bytes[0] = static_cast<std::uint8_t>(0x80 | in_.u8() % 64);
        bytes[1] = static_cast<std::uint8_t>(192 + in_.u8() % 32);
        return live_.send_rtcp(peer, bytes);
      }
      case 12: {  // RTP of any bytes
        ByteVector bytes{0x80, 96, 0, 0};
        bytes[0] = static_cast<std::uint8_t>(0x80 | in_.u8() % 64);
        bytes[1] = in_.u8();
        bytes[2] = in_.u8();
        bytes[3] = in_.u8();
        const Bytes rest = chunk(200);
        bytes.insert(bytes.end(), rest.begin(), rest.end());
        return live_.send_rtp(peer, tagged(peer, bytes));
      }
      case 13: live_.advance(Duration::ms(in_.u8())); return false;
      case 14: live_.advance(Duration::ms(in_.u8() * 50)); return false;
      case 15: live_.send_datagram(peer, chunk(200)); return true;
      case 16: live_.send_check(peer, {0, NetAddress::v4(198, 18, static_cast<std::uint8_t>(peer.no.value), in_.u8(), 5000)}); return true;
      default: command(kind, peer); return false;
    }
  }

  bool video(LivePeer& peer, Source& s, int kind) {
    PlainRtp packet;
    const std::uint8_t flags = in_.u8();
    packet.marker = (flags & 1) != 0;
    if (kind == 1) s.video = static_cast<std::uint16_t>(s.video + static_cast<std::int8_t>(in_.u8()));
    if (kind == 2) s.video = in_.u16();
    packet.sequence = s.video++;
    s.video_time += flags & 2 ? 3000 : flags & 4 ? in_.u32() : 0;
    packet.timestamp = s.video_time;
    if (flags & 8) packet.transport_sequence = kind == 2 ? in_.u16() : s.transport++;
    if (flags & 16) packet.rotation = in_.u8();
    ByteVector head;
    if (flags & 32) {             // an honest descriptor with every field, then a key or delta frame
      const std::uint8_t d[] = {0x90, 0xe0, static_cast<std::uint8_t>(0x80 | in_.u8()), in_.u8(), in_.u8(), 0x20,
                                static_cast<std::uint8_t>(flags & 64 ? 0x10 : 0x11), 0, 0, 0x9d, 1, 0x2a, 0x80, 2, 0x68, 1};
      head.assign(d, d + sizeof d);
    }
    const Bytes rest = chunk(64);
    head.insert(head.end(), rest.begin(), rest.end());
    if (flags & 128) head.resize(head.size() + in_.u16() % 1500, 7);
    packet.payload = tagged(peer, head);
    s.sent.push_back(packet);
    if (s.sent.size() > 32) s.sent.erase(s.sent.begin());
    if (kind == 0 && (flags & 0x0e) == 0x04) return false;   // lost on its way: RTX may bring it
    live_.send_video(peer, std::move(packet));
    return true;
  }

  bool audio(LivePeer& peer, Source& s, bool wild) {
    PlainRtp packet;
    const std::uint8_t flags = in_.u8();
    packet.marker = (flags & 1) != 0;
    if (wild) {
      s.audio = in_.u16();
      s.audio_time = in_.u32();
    }
    packet.sequence = s.audio++;
    packet.timestamp = s.audio_time += 960;
    if (flags & 2) packet.audio_level = in_.u8();
    if (flags & 4) packet.transport_sequence = s.transport++;
    if (flags & 8) packet.mid = "0";
    packet.payload = tagged(peer, chunk(64));
    if (flags & 16) packet.payload.insert(packet.payload.begin(), in_.u16() % 1500, 7);
    live_.send_audio(peer, std::move(packet));
    return true;
  }

  template <class Write>
  bool rtcp(LivePeer& peer, Write write) {
    std::uint8_t buffer[1440];
    Writer w(buffer);
    write(w);
    live_.send_rtcp(peer, w.written());
    return true;
  }

  std::uint32_t pick_ssrc(const LivePeer& peer) {
    const std::uint8_t which = in_.u8();
    if (peer.session.receives.empty() || which >= 250) return in_.u32();
    const wire::SfuReceive& r = peer.session.receives[which % peer.session.receives.size()];
    return which & 16 ? r.rtx_ssrc : r.ssrc;
  }
  std::uint32_t own_ssrc(const LivePeer& peer) {
    return (in_.u8() & 1) != 0 && peer.session.camera ? peer.session.camera->ssrc : peer.session.audio->receive_ssrc;
  }

  void command(int kind, LivePeer& peer) {
    LivePeer& other = live_.peers()[in_.u8() % live_.peers().size()];
    switch (kind) {
      case 17:
      case 18:
        if (other.session.camera) live_.command(wire::SfuPauseReceive{peer.no, other.session.camera->stream_id, kind == 17});
        break;
      case 19: live_.command(wire::SfuSetMuted{peer.no, true}); break;
      case 20: live_.command(wire::SfuSetMuted{peer.no, false}); break;
      case 21: live_.publish(peer, true); break;          // another encoder
      case 22: live_.unpublish(peer); break;
      case 23:
        if (!peer.session.camera) live_.publish(peer);
        break;
      case 24: live_.unwatch(peer, other); break;
      case 25:
        if (other.meeting == peer.meeting && other.owner_id != peer.owner_id && peer.session.receives.size() < 4) live_.watch(peer, other);
        break;
      case 26: {
        wire::SfuOpenTap open;
        open.meeting = wire::MeetingNo{peer.meeting};
        open.tap = wire::TapNo{next_tap_++};
        open.ring = std::make_shared<ByteRing>(in_.u8() < 128 ? 4096 : 1 << 16);
        open.recording_id = "r";
        open.started = live_.now();
        if (taps_.size() < 4) {
          taps_.push_back({open.tap, peer.meeting, open.ring});
          live_.command(open);
        }
        break;
      }
      case 27:
        if (!taps_.empty()) {
          live_.command(wire::SfuCloseTap{taps_.front().no, wire::TapStopReason::requested});
          drain(taps_.front());
          taps_.erase(taps_.begin());
        }
        break;
      case 28:
        for (Tap& tap : taps_) drain(tap);
        break;
      case 29: live_.remove(peer); break;
      case 30: live_.command(wire::SfuInspect{wire::MeetingNo{peer.meeting}, 1}); break;
      default:
        peer.session.audio->receives = !peer.session.audio->receives;
        live_.set_session(peer);
    }
  }

  struct Tap {
    wire::TapNo no;
    std::uint32_t meeting;
    std::shared_ptr<ByteRing> ring;
  };
  void drain(Tap& tap) {
    ByteVector bytes;
    while (tap.ring->pop(bytes)) {
      const auto record = wire::decode_tap_record(bytes);
      if (!record) fail("a tap record cannot be read");
      if (const auto* p = std::get_if<wire::TapPacket>(&*record)) whose(p->payload, tap.meeting, "");
    }
  }

  // What carries a tag must be of this meeting and of somebody else.
  void whose(Bytes payload, std::uint32_t meeting, const std::string& not_of) {
    if (payload.size() < kTagSize) return;
    Reader tag(payload.last(kTagSize));
    const std::uint8_t magic = tag.u8(), from_meeting = tag.u8(), from = tag.u8();
    if (magic != 0x5a || tag.u32() != (checksum(payload.last(kTagSize).first(3)) ^ 0x75c3a901u)) return;
    if (from_meeting != meeting) fail("media of another meeting");
    for (const LivePeer& p : live_.peers()) {
      if (p.no.value == from && p.owner_id == not_of) fail("somebody gets its own media");
    }
  }

  void judge(const LivePeer&) {
    for (LivePeer& p : live_.peers()) {
      for (const PlainRtp& rtp : p.rtp) {
        whose(rtp.payload, p.meeting, p.owner_id);
        if (const auto heard = read_audio_packet(rtp.payload); heard && !heard->one) {
          for (const std::uint32_t source : heard->mixed) {
            const LivePeer& from = live_.peers()[source - 1];
            if (from.meeting != p.meeting || from.owner_id == p.owner_id) fail("a mix of the wrong talkers");
          }
        }
      }
      // The newest stay: NACKs are made of them.
      if (p.rtp.size() > 64) p.rtp.erase(p.rtp.begin(), p.rtp.end() - 32);
      p.rtcp.clear();
    }
    live_.events().clear();
    if (!live_.breaches().empty()) fail(live_.breaches().front().c_str());
  }

  std::uint64_t retransmitted() const {
    std::uint64_t sum = 0;
    for (const std::uint32_t m : {1u, 2u}) {
      for (const auto& c : worker().meeting(wire::MeetingNo{m})->connections()) sum += c->retransmitted;
    }
    return sum;
  }
  const sfu::Worker& worker() const { return const_cast<LivePeers&>(live_).worker(); }

  Reader in_;
  LivePeers live_;
  std::vector<Source> source_;
  std::vector<Tap> taps_;
  std::uint32_t next_tap_ = 1;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size <= 4096) Attack(Bytes(data, size)).run();
  return 0;
}
