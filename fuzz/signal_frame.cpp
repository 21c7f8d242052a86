// Signalling frames from outside, decoded and fed to a room with another attendee in it.
// link: upcall_signaling
//
// Input: messages one after another, each behind a 16-bit length (big-endian). Between them media connects. Whatever
// comes, the other attendee stays in the meeting, every frame that the room sends can be read, and one message becomes so
// much work for the media worker and so many bytes to the two sockets at most.
#include <cstdint>
#include <cstdlib>

#include "base/rng.hpp"
#include "signaling/room.hpp"

namespace {
using namespace upcall;

void require(bool holds) {
  if (!holds) std::abort();
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  SeededRandom random(1);
  Now now{Instant::from_ms(1'000'000), WallTime::from_unix_ms(1'800'000'000'000)};
  signaling::RoomOutput out;
  signaling::RoomOptions options;
  options.meeting = wire::MeetingNo{1};
  options.fingerprint = "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF";
  options.candidates.push_back({"203.0.113.9", 40000, "host", true});
  std::uint32_t connections = 1;
  signaling::Room room(now, options, random, [&] { return wire::ConnectionNo{connections++}; }, out);
  const auto other = room.open(now, {"other", "other", "Other", false}, out);
  wire::SignalFrame join;
  join.set_type(wire::SignalFrame::JOIN);
  join.mutable_join();
  const std::string joined = wire::encode_signal(join, now.wall);
  room.on_message(now, other, as_bytes(joined), out);
  const auto stranger = room.open(now, {"stranger", "stranger", "Stranger", false}, out);

  Reader in{Bytes(data, size)};
  while (in.ok() && in.remaining() > 2) {
    const Bytes message = in.bytes(std::min<std::size_t>(in.u16(), in.remaining()));
    room.on_message(now, stranger, message, out);
    require(out.commands.size() <= 64);
    for (const auto& command : std::exchange(out.commands, {})) {
      if (const auto* add = std::get_if<wire::SfuAddConnection>(&command)) room.on_sfu_event(now, wire::SfuConnected{add->connection}, out);
    }
    std::size_t bytes = 0;
    for (const auto& send : out.sends) bytes += send.message.size();
    require(out.sends.size() <= 8 && bytes <= 64 * 1024 + 4 * message.size());
    for (const auto& send : out.sends) require(wire::decode_signal(as_bytes(send.message)).has_value());
    for (const auto& close : out.closes) require(close.session == stranger);
    out.sends.clear();
    out.closes.clear();
    now.mono = now.mono + Duration::ms(100);
  }
  room.on_close(now, stranger, out);
  now.mono = now.mono + Duration::s(31);
  room.handle_timeout(now, out);
  room.end(now, out);
  return 0;
}
