// DTLS under attack. First byte 0: raw datagrams (u16 length each) into a server and a client. Else: a real handshake
// whose datagrams are dropped, doubled, delayed and changed as the input says; whoever connects has the right keys. What anybody
// may put between them is of no effect: plain-text alerts and data, what seems encrypted, records of another version.
// link: upcall_rtc_dtls
#include <cstdlib>
#include <deque>

#include "rtc/dtls/transport.hpp"

using namespace upcall;
using namespace upcall::dtls;

namespace {

DtlsContext make_context() {
  return DtlsContext::make(DtlsCertificate::make(WallTime::from_unix_ms(1'700'000'000'000)).value()).value();
}
const DtlsContext& server_context() {
  static const DtlsContext context = make_context();
  return context;
}
const DtlsContext& client_context() {
  static const DtlsContext context = make_context();
  return context;
}

void raw(Reader& reader) {
  DtlsTransport server(server_context(), Role::server, client_context().fingerprint());
  DtlsTransport client(client_context(), Role::client, server_context().fingerprint());
  DtlsOutbox out;
  Instant now = Instant::from_ms(1000);
  server.start(now, out);
  client.start(now, out);
  for (int i = 0; i < 64 && reader.remaining() >= 2; ++i) {
    const std::size_t size = std::min<std::size_t>(reader.u16() % 2048, reader.remaining());
    const Bytes datagram = reader.bytes(size);
    for (DtlsTransport* end : {&server, &client}) {
      out.clear();
      end->handle(now, datagram, out);
      end->handle_timeout(now, out);
      if (end->state() == State::connected || end->take_srtp_keys()) std::abort();
    }
    now = now + Duration::ms(10);
  }
}

ByteVector stranger_record(Reader& reader) {
  const std::uint8_t type = static_cast<std::uint8_t>(20 + reader.u8() % 4), flags = reader.u8();
  const bool right_version = (flags & 1) != 0;
  std::uint8_t epoch = flags & 2 ? 1 : 0;
  if (type == 22 && right_version) epoch = 1;
  const Bytes body = reader.bytes(std::min<std::size_t>(reader.remaining(), reader.u8()));
  ByteVector out{type, 0xfe, static_cast<std::uint8_t>(right_version ? 0xfd : 0xff), 0, epoch, static_cast<std::uint8_t>(flags & 4 ? 0x7f : 0), 0, 0, 0, 0, flags, 0, static_cast<std::uint8_t>(body.size())};
  out.insert(out.end(), body.begin(), body.end());
  return out;
}

void mutated(Reader& reader) {
  DtlsTransport server(server_context(), Role::server, client_context().fingerprint());
  DtlsTransport client(client_context(), Role::client, server_context().fingerprint());
  std::deque<std::pair<bool, ByteVector>> air;
  DtlsOutbox out;
  const Instant now = Instant::from_ms(1000);
  const auto collect = [&](bool to_server) {
    for (std::size_t i = 0; i < out.size(); ++i) {
      if (air.size() < 64) air.emplace_back(to_server, ByteVector(out[i].begin(), out[i].end()));
    }
    out.clear();
  };
  client.start(now, out);
  collect(true);
  bool disturbed = false;   // by more than a stranger's records
  for (int i = 0; i < 64 && !air.empty(); ++i) {
    auto [to_server, datagram] = std::move(air.front());
    air.pop_front();
    if (to_server && server.state() == State::connecting) {
      // A message under the very next number is not among them: see docs/faults.md.
      for (int n = reader.u8() % 4; n > 0 && i > 0; --n) server.handle(now, stranger_record(reader), out);
      collect(false);
    }
    const std::uint8_t op = reader.u8();  // zero, honest delivery, when the input is used up
    disturbed = disturbed || op % 8 == 1 || (op % 8 >= 3 && op % 8 <= 5);
    switch (op % 8) {
      case 1: continue;                                                  // lost
      case 2: air.emplace_back(to_server, datagram); break;              // doubled
      case 3: air.emplace_back(to_server, std::move(datagram)); continue;  // late
      case 4: datagram[reader.u16() % datagram.size()] ^= reader.u8(); break;
      case 5: datagram.resize(reader.u16() % datagram.size()); break;
      case 6: air.emplace_front(to_server, ByteVector(datagram.begin(), datagram.begin() + 1)); break;
      default: break;
    }
    (to_server ? server : client).handle(now, datagram, out);
    collect(!to_server);
  }
  if (!disturbed && air.empty() && (server.state() != State::connected || client.state() != State::connected)) std::abort();
  const auto s = server.take_srtp_keys(), c = client.take_srtp_keys();
  if (s && c && (s->send.key.value != c->receive.key.value || s->receive.key.value != c->send.key.value)) std::abort();
  if (s && c) {
    // Nothing of a stranger's ends what stands, or is answered.
    for (int i = 0; i < 32; ++i) {
      const ByteVector record = stranger_record(reader);
      server.handle(now, record, out);
      client.handle(now, record, out);
      if (out.size() > 0 || server.state() != State::connected || client.state() != State::connected) std::abort();
    }
    client.close(out);
    for (std::size_t i = 0; i < out.size(); ++i) {
      DtlsOutbox last;
      server.handle(now, out[i], last);
    }
    if (server.state() != State::closed) std::abort();
  }
  // Nobody but the two certificates took part, so nobody else can have been proven.
  if (server.failure() == Failure::fingerprint_mismatch || client.failure() == Failure::fingerprint_mismatch) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Reader reader(Bytes(data, size));
  if (reader.u8() == 0) {
    raw(reader);
  } else {
    mutated(reader);
  }
  return 0;
}
