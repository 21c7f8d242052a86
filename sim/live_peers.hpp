// Attendees on a bare media worker, below signalling: what an authenticated peer sends after ICE and DTLS, good or bad,
// and what each of them gets, decrypted and judged. For tests and fuzzing of the meeting core alone.
//
//   LivePeers live;
//   LivePeer& a = live.join(1, "a"); LivePeer& b = live.join(1, "b"); live.publish(a); live.watch(b, a);
//   live.send_video(a, {.sequence = 7, .timestamp = 0, .payload = frame}); EXPECT_EQ(b.rtp.size(), 1u);
//
// The DTLS handshake is left out (its keys are put in place), the ICE check is a real one. All is judged as it comes:
// whatever does not decrypt, parse or belong to its receiver is in breaches(). One thread, virtual time.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/rng.hpp"
#include "rtc/rtcp/rtcp.hpp"
#include "rtc/srtp/session.hpp"
#include "sfu/worker.hpp"
#include "sim/fake_mixer.hpp"

namespace upcall::sim {

// One RTP packet in clear, to be sent or as received.
struct PlainRtp {
  std::uint8_t payload_type = 0;
  bool marker = false;
  std::uint16_t sequence = 0;
  std::uint32_t timestamp = 0;
  std::uint32_t ssrc = 0;
  std::optional<std::uint8_t> rotation, audio_level;
  std::optional<std::uint16_t> transport_sequence;
  std::string mid;
  std::string rid;                        // of a layer, or with `repaired` of what it repairs
  bool repaired = false;
  ByteVector payload;
};

struct LivePeer {
  wire::ConnectionNo no;
  std::uint32_t meeting = 0;
  std::string attendee_id, owner_id;
  std::string ufrag, pwd;
  ice::Path path;
  wire::SfuSetSession session;            // what was agreed last
  std::set<std::uint32_t> media_ssrcs;    // of everything it was ever told to expect
  std::optional<srtp::SrtpSession> seal, open;
  bool removed = false, silent = false;

  std::vector<PlainRtp> rtp;              // got so far; tests clear them
  std::vector<ByteVector> rtcp;           // compounds
  std::uint64_t datagrams = 0;
  ByteVector last_sent;                   // as it was on the wire

  // All items of one kind among the compounds, in order; views into `rtcp`.
  template <class Item>
  std::vector<Item> items() const {
    std::vector<Item> out;
    for (const ByteVector& compound : rtcp) {
      rtc::RtcpReader reader(compound);
      while (auto item = reader.next()) {
        if (const Item* one = std::get_if<Item>(&*item)) out.push_back(*one);
      }
    }
    return out;
  }
};

class LivePeers final : public sfu::TransmitSink {
 public:
  static constexpr std::uint8_t kOpus = 111, kVp8 = 96, kRtx = 97;
  static constexpr std::size_t kDatagramMax = 1472;  // what an Ethernet frame carries over IPv4 and UDP

  explicit LivePeers(std::uint64_t seed = 1, srtp::Profile profile = srtp::Profile::aead_aes_128_gcm);

  // A connected attendee ("…#content" is a share of who stands before it) with audio both ways and the extensions of a
  // browser; ids of extensions differ from attendee to attendee. No video yet.
  LivePeer& join(std::uint32_t meeting, const std::string& attendee_id);
  // Its camera: a new publication, or with `again` the same from another encoder (new SSRCs).
  void publish(LivePeer& peer, bool again = false);
  // Its camera in this many sizes at once, rids "0" (the smallest), "1", …; SSRCs are bound by rid.
  void publish_layers(LivePeer& peer, std::size_t layers);
  void unpublish(LivePeer& peer);
  void watch(LivePeer& receiver, const LivePeer& publisher);
  void unwatch(LivePeer& receiver, const LivePeer& publisher);
  void set_session(LivePeer& peer) { command(peer.session); }
  void remove(LivePeer& peer);
  void command(const wire::SfuCommand& command);

  // Fills in what the peer agreed to and sends: SSRC and payload type when zero, extensions under its ids.
  void send_video(LivePeer& peer, PlainRtp packet);
  void send_audio(LivePeer& peer, PlainRtp packet);
  // RFC 4588: `packet` as it was, again.
  void send_rtx(LivePeer& peer, PlainRtp packet, std::uint16_t rtx_sequence);
  // Whatever bytes: protected and sent. False when they are no RTP (RTCP) header at all, which no cipher takes.
  bool send_rtp(LivePeer& peer, Bytes plain);
  bool send_rtcp(LivePeer& peer, Bytes plain);
  void send_datagram(LivePeer& peer, Bytes datagram);
  void send_check(LivePeer& peer, const ice::Path& path);
  // Somebody who is no peer: what is sent there counts, and must never be more than came from there.
  void watch_stranger(const ice::Path& path) { strangers_.emplace_back(path, 0); }
  void send_from(const ice::Path& path, Bytes datagram);
  // Sends no checks any more.
  void go_silent(LivePeer& peer) { peer.silent = true; }

  // Moves the clock and runs every timer on the way; consent is kept.
  void advance(Duration time);
  Instant now() const { return now_.mono; }

  // The receive section under which `receiver` watches `publisher`.
  const wire::SfuReceive& section(const LivePeer& receiver, const LivePeer& publisher) const;
  sfu::Connection& connection(const LivePeer& peer) const;
  sfu::Worker& worker() { return worker_; }
  const FakeMixerFactory& mixers() const { return mixers_; }
  std::deque<LivePeer>& peers() { return peers_; }
  std::vector<wire::SfuEvent>& events() { return outbox_.events(); }
  const std::vector<std::string>& breaches() const { return breaches_; }
  std::uint64_t sent_by_server() const { return sent_; }

  void transmit(std::span<const sfu::Transmit> batch) override;

 private:
  void take_rtp(LivePeer& peer, MutBytes datagram);
  void take_rtcp(LivePeer& peer, MutBytes datagram);
  void breach(std::string what) { if (breaches_.size() < 20) breaches_.push_back(std::move(what)); }
  void end_turn();
  void move_to(Instant when);
  void check_all();

  SeededRandom random_;
  srtp::Profile profile_;
  static constexpr Now kStart{Instant::from_ms(1'000'000), WallTime::from_unix_ms(1'800'000'000'000)};
  Now now_ = kStart;
  FakeMixerFactory mixers_;
  sfu::Worker worker_;
  sfu::Outbox outbox_{*this};
  std::deque<LivePeer> peers_;
  std::set<std::uint32_t> meetings_;
  std::vector<std::pair<ice::Path, std::int64_t>> strangers_;   // bytes from there, less those sent there
  std::optional<std::uint32_t> acting_;   // meeting of the input that is handled now
  Instant next_check_;
  std::uint32_t next_connection_ = 1, next_ssrc_ = 1000, next_stream_ = 1;
  std::uint64_t sent_ = 0;
  std::vector<std::string> breaches_;
};

}  // namespace upcall::sim
