#include "relay.hpp"

#include <utility>

namespace upcall::relay {

namespace {
// STUN (0..3) and DTLS (20..63) are no media (RFC 7983 §7).
bool is_media(Bytes datagram) { return !datagram.empty() && datagram[0] >= 128 && datagram[0] <= 191; }
}  // namespace

void Relay::set_up(const sim::Weather& weather, std::uint32_t of) {
  if (of == 0) up_ = weather;
  for (auto& [address, attendee] : attendees_) {
    if (of == 0 || of == attendee.number) attendee.up.set(weather);
  }
}

void Relay::set_down(const sim::Weather& weather, std::uint32_t of) {
  if (of == 0) down_ = weather;
  for (auto& [address, attendee] : attendees_) {
    if (of == 0 || of == attendee.number) attendee.down.set(weather);
  }
}

void Relay::rebind(Instant now) {
  for (auto& [address, attendee] : attendees_) {
    owner_.erase(attendee.socket);
    attendee.before = std::exchange(attendee.socket, next_socket_++);
    owner_[attendee.socket] = address;
    attendee.rebound_at = now;
    attendee.awaits_answer = true;
    ++counts_.rebinds;
  }
}

void Relay::stray(std::uint32_t count) {
  for (auto& [address, attendee] : attendees_) attendee.strays = attendee.before != 0 ? count : 0;
}

void Relay::from_attendee(Instant now, const NetAddress& address, Bytes datagram) {
  auto at = attendees_.find(address);
  if (at == attendees_.end()) {
    at = attendees_.emplace(address, Attendee(up_, down_)).first;
    at->second.socket = next_socket_++;
    owner_[at->second.socket] = address;
    at->second.number = static_cast<std::uint32_t>(++counts_.attendees);
  }
  Attendee& attendee = at->second;
  ++counts_.up;
  const sim::Link::Copies copies = attendee.up.offer(now, datagram.size(), random_);
  if (blocked_ || copies.count == 0) {
    ++counts_.up_lost;
    return;
  }
  counts_.up_duplicated += copies.count - 1;
  for (std::size_t i = 0; i < copies.count; ++i) {
    enqueue(now + copies.delay[i], {true, attendee.socket, {}, ByteVector(datagram.begin(), datagram.end())});
  }
  if (attendee.strays > 0 && is_media(datagram)) {
    --attendee.strays;
    ++counts_.strays;
    enqueue(now, {true, attendee.before, {}, ByteVector(datagram.begin(), datagram.end())});
  }
}

void Relay::from_server(Instant now, SocketId socket, Bytes datagram) {
  const auto owner = owner_.find(socket);
  if (owner == owner_.end()) {
    ++counts_.to_old;
    return;
  }
  Attendee& attendee = attendees_.at(owner->second);
  ++counts_.down;
  if (attendee.awaits_answer && is_media(datagram)) {
    attendee.awaits_answer = false;
    counts_.back_after.push_back(now - attendee.rebound_at);
  }
  const sim::Link::Copies copies = attendee.down.offer(now, datagram.size(), random_);
  if (blocked_ || copies.count == 0) {
    ++counts_.down_lost;
    return;
  }
  counts_.down_duplicated += copies.count - 1;
  for (std::size_t i = 0; i < copies.count; ++i) {
    enqueue(now + copies.delay[i], {false, socket, owner->second, ByteVector(datagram.begin(), datagram.end())});
  }
}

std::vector<Relay::Due> Relay::due(Instant now) {
  std::vector<Due> out;
  while (!waiting_.empty() && waiting_.top().at <= now) {
    Due next = waiting_.top().due;
    waiting_.pop();
    if (!next.to_server && !owner_.contains(next.socket)) {
      ++counts_.to_old;   // the address was given up while it was under way
      continue;
    }
    out.push_back(std::move(next));
  }
  return out;
}

}  // namespace upcall::relay
