// Datagrams from addresses that are nobody's into a live media worker, while a call stands (first byte even) or while one
// comes up through real ICE checks and a real DTLS handshake (odd): checks without the password, records of a handshake,
// answers that were not asked for, media under the streams' numbers, the peer's own packets, junk. They change nothing of any
// connection, give nobody more bytes than he sent, and the call comes up and goes on.
// link: upcall_sim
#include <cstdio>
#include <cstdlib>
#include <tuple>

#include "rtc/stun/builder.hpp"
#include "sim/live_peers.hpp"

using namespace upcall;
using namespace upcall::sim;

namespace {

constexpr std::size_t kPlaces = 6;

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "breach: %s\n", what);
  std::abort();
}

dtls::DtlsContext make_context() { return dtls::DtlsContext::make(dtls::DtlsCertificate::make(WallTime::from_unix_ms(1'700'000'000'000)).value()).value(); }
const dtls::DtlsContext& server_context() {
  static const dtls::DtlsContext context = make_context();
  return context;
}
const dtls::DtlsContext& client_context() {
  static const dtls::DtlsContext context = make_context();
  return context;
}

// Some share the peer's host (192.0.2.1:5000), some its port.
ice::Path stranger_path(std::size_t i) {
  return {static_cast<std::uint32_t>(i == 5), NetAddress::v4(192, 0, 2, static_cast<std::uint8_t>(i < 3 ? 1 : 100 + i), static_cast<std::uint16_t>(i < 3 ? 6000 + i : 5000))};
}

// What strangers know of the peer: all that is seen on the wire.
struct Known {
  std::string ufrag, sender;
  std::uint32_t connection = 0, ssrc = 0;
  ByteVector last_sent;
};

class Strangers {
 public:
  explicit Strangers(Reader& in) : in_(in) {}

  std::size_t place() { return in_.u8() % kPlaces; }
  ByteVector datagram(const Known& known) {
    switch (in_.u8() % 9) {
      case 0: return stun(known, stun::Class::request, true);
      case 1: return stun(known, stun::Class::request, false);
      case 2: return stun(known, stun::Class::success, true);
      case 3: {  // a record of any kind
        ByteVector out{static_cast<std::uint8_t>(20 + in_.u8() % 5), 0xfe, static_cast<std::uint8_t>(in_.u8() % 2 ? 0xfd : 0xff), 0, static_cast<std::uint8_t>(in_.u8() % 3), 0, 0, 0, 0, 0, in_.u8(), 0, 0};
        const Bytes body = chunk();
        out[12] = static_cast<std::uint8_t>(body.size());
        out.insert(out.end(), body.begin(), body.end());
        return out;
      }
      case 4: {  // a hello of its own
        dtls::DtlsTransport client(client_context(), dtls::Role::client, server_context().fingerprint());
        dtls::DtlsOutbox out;
        client.start(Instant::from_ms(1), out);
        return ByteVector(out[0].begin(), out[0].end());
      }
      case 5:
      case 6: {  // media, control
        const bool control = in_.u8() % 2 == 0;
        ByteVector out{0x80, static_cast<std::uint8_t>(control ? 200 : 111), 0, in_.u8(), 0, 0, 0, 0, 0, 0, 0, 0};
        for (std::size_t i = 0; i < 4; ++i) out[(control ? 4 : 8) + i] = static_cast<std::uint8_t>(known.ssrc >> (24 - 8 * i));
        const Bytes body = chunk();
        out.insert(out.end(), body.begin(), body.end());
        return out;
      }
      case 7:   // with the peer's check anybody is the peer: what a path is worth is decided by its answer
        if (!known.last_sent.empty() && known.last_sent[0] > 3) return known.last_sent;
        [[fallthrough]];
      default: {
        const Bytes any = chunk();
        return ByteVector(any.begin(), any.end());
      }
    }
  }

 private:
  Bytes chunk() { return in_.bytes(std::min<std::size_t>(in_.remaining(), in_.u8())); }
  ByteVector stun(const Known& known, stun::Class cls, bool is_signed) {
    const std::uint8_t flags = in_.u8();
    stun::TransactionId id{};
    for (std::size_t i = 0; i < 4; ++i) id[i] = static_cast<std::uint8_t>(known.connection >> (24 - 8 * i));
    id[11] = flags;
    std::array<std::uint8_t, stun::kBuildBufferSize> buffer;
    stun::Builder b(buffer, cls, stun::kBindingMethod, id);
    if (cls == stun::Class::success) b.xor_mapped_address(NetAddress::v4(192, 0, 2, 9, 9));
    else if (flags & 1) b.username(known.ufrag, known.sender).priority(1).ice_controlling(1);
    if (flags & 2) b.use_candidate();
    if (is_signed) b.integrity(crypto::HmacSha1(as_bytes("not-the-password-at-all!")));
    if ((flags & 4) == 0) b.fingerprint();
    const Bytes done = b.finish();
    return {done.begin(), done.end()};
  }
  Reader& in_;
};

auto state_of(const sfu::Connection& c) {
  const auto handshake = c.dtls ? std::tuple(c.dtls->state(), c.dtls->counters().records, c.dtls->counters().dropped, c.dtls->counters().restarts, c.dtls->next_deadline())
                                : std::tuple(dtls::State::fresh, std::uint64_t(0), std::uint64_t(0), std::uint64_t(0), Instant());
  return std::tuple(c.last_heard, c.dropped_told, c.connected, c.failed, c.dtls_started, c.validated_at, c.ice.selected(), c.ice.path_count(),
                    c.ice.next_deadline(), c.feedback_due, c.routes, c.ssrcs, handshake);
}

// A call of two that stands.
void established(Reader& in) {
  LivePeers live;
  LivePeer& a = live.join(1, "a");
  LivePeer& b = live.join(1, "b");
  live.publish(a);
  live.watch(b, a);
  for (std::size_t i = 0; i < kPlaces; ++i) live.watch_stranger(stranger_path(i));
  Strangers strangers(in);
  std::uint16_t sequence = 1;
  const auto speak = [&] {
    PlainRtp sound;
    sound.sequence = sequence++;
    sound.timestamp = sequence * 960u;
    sound.audio_level = 20;
    sound.payload = ByteVector(40, 7);
    const std::size_t before = b.rtp.size();
    live.send_audio(a, std::move(sound));
    if (b.rtp.size() != before + 1) fail("a packet of the call did not arrive");
  };
  // A new packet of the peer's that a stranger has caught, and sends on from where he is.
  const auto diverted = [&] {
    std::array<std::uint8_t, 12 + 40 + srtp::kMaxExpansion> packet{0x80, LivePeers::kOpus, static_cast<std::uint8_t>(sequence >> 8), static_cast<std::uint8_t>(sequence)};
    ++sequence;
    for (std::size_t k = 0; k < 4; ++k) packet[8 + k] = static_cast<std::uint8_t>(a.session.audio->receive_ssrc >> (24 - 8 * k));
    const std::size_t size = a.seal->protect_rtp(packet, 12 + 40).value();
    return ByteVector(packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(size));
  };
  for (int i = 0; i < 200 && in.remaining() > 0; ++i) {
    const std::uint8_t op = in.u8();
    live.advance(Duration::ms(op % 8 == 0 ? in.u8() : 1));
    if (op % 8 == 1) speak();
    if (op % 8 < 2) continue;
    const auto before_a = state_of(live.connection(a)), before_b = state_of(live.connection(b));
    const std::size_t heard = b.rtp.size(), paths = live.worker().path_count();
    const std::size_t place = strangers.place();
    live.send_from(stranger_path(place), op % 8 == 3 ? diverted() : strangers.datagram({a.ufrag, "them", a.no.value, a.session.audio->receive_ssrc, a.last_sent}));
    if (state_of(live.connection(a)) != before_a || state_of(live.connection(b)) != before_b) fail("a stranger changed a connection");
    if (b.rtp.size() != heard || live.worker().path_count() != paths) fail("a stranger was let in");
  }
  speak();
  if (!live.breaches().empty()) fail(live.breaches().front().c_str());
}

// One that comes up, with strangers before each of its datagrams.
class Establishing : sfu::TransmitSink {
 public:
  explicit Establishing(Reader& in) : in_(in), strangers_(in) {
    worker_.command(now_, wire::SfuCreateMeeting{wire::MeetingNo{1}}, outbox_);
    wire::SfuAddConnection add;
    add.meeting = wire::MeetingNo{1};
    add.connection = wire::ConnectionNo{1};
    add.attendee_id = add.owner_attendee_id = add.display_name = "a";
    add.local_ufrag = known_.ufrag;
    add.local_pwd = kPwd;
    worker_.command(now_, add, outbox_);
    wire::SfuSetSession session;
    session.connection = add.connection;
    session.remote_ufrag = known_.sender;
    session.remote_pwd = "their-password-of-24-chars";
    session.remote_fingerprint = client_context().fingerprint().text();
    wire::SfuAudio audio;
    audio.payload_type = 111;
    audio.receive_ssrc = known_.ssrc;
    audio.send_ssrc = 2;
    audio.mid = "0";
    session.audio = audio;
    worker_.command(now_, session, outbox_);
  }

  void run() {
    dtls::DtlsTransport client(client_context(), dtls::Role::client, server_context().fingerprint());
    dtls::DtlsOutbox out;
    strangers();
    check();
    client.start(now_.mono, out);
    for (int round = 0; round < 32 && out.size() > 0; ++round) {
      std::vector<ByteVector> to_server;
      for (std::size_t i = 0; i < out.size(); ++i) to_server.emplace_back(out[i].begin(), out[i].end());
      out.clear();
      for (ByteVector& datagram : to_server) {
        strangers();
        known_.last_sent = datagram;
        handle(kPeer, datagram);
      }
      for (const ByteVector& datagram : std::exchange(to_peer_, {})) client.handle(now_.mono, datagram, out);
    }
    strangers();
    if (!connection().connected || client.state() != dtls::State::connected) fail("strangers kept a call from coming up");
  }

 private:
  static constexpr char kPwd[] = "a-password-of-24-characters";
  static inline const ice::Path kPeer{0, NetAddress::v4(192, 0, 2, 1, 5000)};

  sfu::Connection& connection() { return *worker_.meeting(wire::MeetingNo{1})->connections().front(); }

  void handle(const ice::Path& path, MutBytes datagram) {
    worker_.handle(now_.mono, path, datagram, outbox_);
    outbox_.flush();
  }
  void check() {
    std::array<std::uint8_t, stun::kBuildBufferSize> buffer;
    stun::TransactionId id{};
    id[11] = 200;
    stun::Builder b(buffer, stun::Class::request, stun::kBindingMethod, id);
    const Bytes made = b.username(known_.ufrag, known_.sender).priority(1).use_candidate().ice_controlling(1).integrity(crypto::HmacSha1(as_bytes(kPwd))).fingerprint().finish();
    ByteVector copy(made.begin(), made.end());
    handle(kPeer, copy);
    to_peer_.clear();   // the answer
  }
  void strangers() {
    for (int n = in_.u8() % 4; n > 0; --n) {
      now_.mono = now_.mono + Duration::ms(1);
      const auto before = state_of(connection());
      const std::size_t paths = worker_.path_count(), place = strangers_.place();
      ByteVector datagram = strangers_.datagram(known_);
      balance_[place] += static_cast<std::int64_t>(datagram.size());
      handle(stranger_path(place), datagram);
      if (state_of(connection()) != before || worker_.path_count() != paths) fail("a stranger changed a connection that comes up");
    }
  }
  void transmit(std::span<const sfu::Transmit> batch) override {
    for (const sfu::Transmit& t : batch) {
      if (t.path == kPeer) {
        to_peer_.emplace_back(t.datagram.begin(), t.datagram.end());
        continue;
      }
      bool known = false;
      for (std::size_t i = 0; i < kPlaces; ++i) {
        if (t.path != stranger_path(i)) continue;
        known = true;
        if ((balance_[i] -= static_cast<std::int64_t>(t.datagram.size())) < 0) fail("a stranger got more than came from there");
      }
      if (!known) fail("something was sent to where nobody is");
    }
  }

  Reader& in_;
  Strangers strangers_;
  Known known_{"ufrag1", "them", 1, 1000, {}};
  Now now_{Instant::from_ms(1'000'000), WallTime::from_unix_ms(1'800'000'000'000)};
  SeededRandom random_{1};
  sfu::Worker worker_{now_, server_context(), nullptr, random_};
  sfu::Outbox outbox_{*this};
  std::vector<ByteVector> to_peer_;
  std::array<std::int64_t, kPlaces> balance_{};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 4096) return 0;
  Reader in(Bytes(data, size));
  if (in.u8() % 2 == 0) established(in);
  else Establishing(in).run();
  return 0;
}
