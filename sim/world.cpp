#include "sim/world.hpp"

#include <algorithm>

#include "rtc/dtls/certificate.hpp"
#include "rtc/dtls/transport.hpp"
#include "wire/signal/signal_frame.hpp"

namespace upcall::sim {

namespace {
constexpr std::size_t kBreachesMax = 20;

// Keys are made once a process; which ones does not change what happens.
const dtls::DtlsContext& make_context(bool server) {
  static const auto make = [] {
    return dtls::DtlsContext::make(dtls::DtlsCertificate::make(WallTime::from_unix_ms(1'800'000'000'000)).value()).value();
  };
  static const dtls::DtlsContext at_server = make(), at_client = make();
  return server ? at_server : at_client;
}
}  // namespace

World::World(std::uint64_t seed, std::function<void(Instant)> on_clock) : on_clock_(std::move(on_clock)), random_(seed) {
  on_clock_(queue_.now().mono);
  server_ = std::make_unique<Server>(
      queue_, make_context(true), random_,
      Server::Wires{
          .datagram = [this](const NetAddress& to, Bytes datagram) { to_client(to, datagram); },
          .message =
              [this](SocketNo socket, std::string message) {
                ClientSocket& s = sockets_.at(socket);
                s.down_ready = std::max(s.down_ready, queue_.now().mono + socket_delay());
                queue_.at(s.down_ready, [this, socket, message = std::move(message)] {
                  ClientSocket& at = sockets_.at(socket);
                  if (!at.client_open) return;
                  if (const auto frame = wire::decode_signal(as_bytes(message)); !frame) {
                    breach("the server sent a frame that cannot be read");
                  } else if (frame->type() == wire::SignalFrame::INDEX) {
                    at.owner->on_index(*frame);
                  } else if (frame->type() == wire::SignalFrame::JOIN_ACK) {
                    at.owner->relays_offered.push_back(frame->joinack().turn_credentials().uris_size() > 0);
                  }
                  client::Output out;
                  at.owner->attendee.on_socket_message(queue_.now(), as_bytes(message), out);
                  apply(*at.owner, out);
                });
              },
          .close =
              [this](SocketNo socket, std::uint16_t code) {
                ClientSocket& s = sockets_.at(socket);
                s.down_ready = std::max(s.down_ready, queue_.now().mono + socket_delay());
                queue_.at(s.down_ready, [this, socket, code] {
                  ClientSocket& at = sockets_.at(socket);
                  if (at.server_open) {
                    at.server_open = false;
                    queue_.after(socket_delay(), [this, socket] { server_->socket_closed(socket); });
                  }
                  if (!at.client_open) return;
                  at.client_open = false;
                  client::Output out;
                  at.owner->attendee.on_socket_closed(queue_.now(), code, out);
                  apply(*at.owner, out);
                });
              },
          .breach = [this](const std::string& what) { breach(what); }});
}

void World::breach(const std::string& what) {
  if (breaches_.size() >= kBreachesMax) return;
  breaches_.push_back("at " + std::to_string((queue_.now().mono - Instant::from_ms(1'000'000)).ms()) + " ms: " + what);
}

NetAddress World::fresh_address() {
  const std::uint32_t n = next_host_++;
  return NetAddress::v4(192, 0, static_cast<std::uint8_t>(n >> 8), static_cast<std::uint8_t>(n), 50000);
}

void World::open_meeting(const std::string& meeting) {
  meeting_numbers_[meeting] = static_cast<std::uint32_t>(meeting_numbers_.size()) + 1;
  server_->open_meeting(meeting);
}

Participant& World::add(const std::string& meeting, const std::string& attendee_id, AddOptions options) {
  ParticipantOptions p;
  p.id = static_cast<std::uint32_t>(participants_.size()) + 1;
  p.meeting = meeting;
  p.meeting_number = meeting_numbers_.at(meeting);
  p.attendee_id = attendee_id;
  p.content = attendee_id.ends_with(signaling::kContentSuffix);
  p.camera = options.camera;
  p.first_timestamp = options.first_timestamp;
  p.first_numbers = options.first_numbers;
  p.frames_per_second = options.frames_per_second;
  p.frame_bytes = options.frame_bytes;
  p.bits_per_second = options.bits_per_second;
  p.layer_bits_per_second = options.layer_bits_per_second;
  if (!options.video_codecs.empty()) p.video_codecs = options.video_codecs;
  p.transport_feedback = options.transport_feedback;
  participants_.push_back(std::make_unique<Participant>(
      p, make_context(false), queue_, random_, [this](const std::string& what) { breach(what); },
      [this](std::uint32_t id) { return id >= 1 && id <= participants_.size() ? participants_[id - 1]->options.attendee_id : ""; }));
  Participant& out = *participants_.back();
  out.address = fresh_address();
  by_address_[out.address] = &out;
  set_weather(out, options.weather);
  client::Output first;
  out.attendee.start(queue_.now(), first);
  apply(out, first);
  return out;
}

void World::set_weather(Participant& p, Weather up, Weather down) {
  p.up.set(up);
  p.down.set(down);
  for (const Weather& w : {up, down}) p.link_troubled = p.link_troubled || w.loss > 0 || w.burst_begin > 0 || w.delay > Duration::ms(100);
}

void World::judge_strength(const Participant& told, const client::Event& event) {
  if (event.kind != client::EventKind::signal_strength || event.strength == 2) return;
  for (const auto& p : participants_) {
    if (p->options.meeting != told.options.meeting || p->options.attendee_id != event.attendee_id) continue;
    if (p->options.content) breach(told.options.attendee_id + " is told of the link of a content share");
    if (!p->link_troubled) breach(told.options.attendee_id + " is told that the link of " + event.attendee_id + " is bad, it never was");
  }
}

void World::set_all_weather(Weather weather) {
  for (auto& p : participants_) set_weather(*p, weather);
}

void World::leave(Participant& p) {
  p.link_troubled = true;
  p.gone = true;
  client::Output out;
  p.attendee.leave(queue_.now(), out);
  apply(p, out);
}

void World::set_muted(Participant& p, bool muted) {
  p.muted = muted;
  client::Output out;
  p.attendee.set_muted(queue_.now(), muted, out);
  apply(p, out);
}

void World::set_camera(Participant& p, bool on) {
  p.camera = on;
  client::Output out;
  p.attendee.set_camera(queue_.now(), on, out);
  apply(p, out);
}

void World::rebind(Participant& p) {
  p.link_troubled = true;
  by_address_.erase(p.address);
  p.address = fresh_address();
  by_address_[p.address] = &p;
}

void World::cut_socket(Participant& p, Duration server_notices) {
  p.link_troubled = true;
  const auto at = socket_of_.find(&p);
  if (at == socket_of_.end()) return;
  const SocketNo socket = at->second;
  ClientSocket& s = sockets_.at(socket);
  if (!s.client_open) return;
  s.client_open = false;
  queue_.after(server_notices, [this, socket] {
    ClientSocket& late = sockets_.at(socket);
    if (!std::exchange(late.server_open, false)) return;
    server_->socket_closed(socket);
  });
  client::Output out;
  p.attendee.on_socket_closed(queue_.now(), 1006, out);
  apply(p, out);
}

void World::vanish(Participant& p) {
  p.link_troubled = true;
  p.gone = true;
  by_address_.erase(p.address);
  const auto at = socket_of_.find(&p);
  if (at == socket_of_.end()) return;
  ClientSocket& s = sockets_.at(at->second);
  s.client_open = false;
  if (std::exchange(s.server_open, false)) server_->socket_closed(at->second);
}

void World::open_socket(Participant& p) {
  const SocketNo socket{next_socket_++};
  socket_of_[&p] = socket;
  sockets_[socket] = {.owner = &p, .client_open = true, .server_open = false, .up_ready = {}, .down_ready = {}};
  const bool content = p.options.content;
  sockets_[socket].up_ready = queue_.now().mono + socket_delay();
  queue_.at(sockets_[socket].up_ready, [this, socket, &p, content] {
    ClientSocket& s = sockets_.at(socket);
    if (!s.client_open || p.gone) return;
    s.server_open = true;
    server_->socket_opened(socket, p.options.meeting,
                           {p.options.attendee_id, "ext-" + p.options.attendee_id, "Name of " + p.options.attendee_id, content});
    queue_.after(socket_delay(), [this, socket, &p] {
      if (!sockets_.at(socket).client_open || socket_of_[&p] != socket) return;
      client::Output out;
      p.attendee.on_socket_open(queue_.now(), out);
      apply(p, out);
    });
  });
}

void World::close_from_client(SocketNo socket) {
  ClientSocket& s = sockets_.at(socket);
  if (!std::exchange(s.client_open, false)) return;
  s.up_ready = std::max(s.up_ready, queue_.now().mono + socket_delay());
  queue_.at(s.up_ready, [this, socket] {
    if (!std::exchange(sockets_.at(socket).server_open, false)) return;
    server_->socket_closed(socket);
  });
}

void World::apply(Participant& p, client::Output& out) {
  for (const client::Event& event : out.events) judge_strength(p, event);
  p.take(out);
  for (std::string& message : out.messages) {
    const SocketNo socket = socket_of_.at(&p);
    ClientSocket& s = sockets_.at(socket);
    if (!s.client_open) continue;
    s.up_ready = std::max(s.up_ready, queue_.now().mono + socket_delay());
    queue_.at(s.up_ready, [this, socket, message = std::move(message)] {
      if (sockets_.at(socket).server_open) server_->socket_message(socket, as_bytes(message));
    });
  }
  if (out.close_socket) {
    if (const auto at = socket_of_.find(&p); at != socket_of_.end()) close_from_client(at->second);
  }
  if (out.open_socket) open_socket(p);
  for (auto& datagram : out.media.datagrams) {
    ++datagrams_;
    if (datagram.to != Server::media_address()) breach("a client sends to a stranger");
    const Link::Copies copies = p.up.offer(queue_.now().mono, datagram.bytes.size(), random_);
    for (std::size_t i = 0; i < copies.count; ++i) {
      queue_.after(copies.delay[i], [this, from = p.address, bytes = datagram.bytes]() mutable { server_->datagram(from, bytes); });
    }
  }
}

void World::to_client(const NetAddress& to, Bytes datagram) {
  ++datagrams_;
  const auto at = by_address_.find(to);
  if (at == by_address_.end()) return;  // the address has moved on
  const Link::Copies copies = at->second->down.offer(queue_.now().mono, datagram.size(), random_);
  for (std::size_t i = 0; i < copies.count; ++i) {
    queue_.after(copies.delay[i], [this, to, bytes = ByteVector(datagram.begin(), datagram.end())]() mutable {
      const auto still = by_address_.find(to);
      if (still == by_address_.end() || still->second->gone) return;
      client::Output out;
      still->second->attendee.on_datagram(queue_.now(), Server::media_address(), bytes, out);
      apply(*still->second, out);
    });
  }
}

Instant World::next_instant() const {
  Instant next = std::min(queue_.next(), server_->next_deadline());
  for (const auto& p : participants_) {
    if (p->gone && !p->attendee.media()) continue;
    if (!by_address_.contains(p->address)) continue;  // vanished
    next = std::min({next, p->attendee.next_deadline(), p->next_media()});
  }
  return next;
}

void World::step_timers() {
  const Instant now = queue_.now().mono;
  if (server_->next_deadline() <= now) server_->handle_timeout();
  for (std::size_t i = 0; i < participants_.size(); ++i) {
    Participant& p = *participants_[i];
    if (!by_address_.contains(p.address)) continue;
    if (p.attendee.next_deadline() <= now) {
      client::Output out;
      p.attendee.handle_timeout(queue_.now(), out);
      apply(p, out);
    }
    if (p.next_media() <= now) {
      client::Output out;
      p.send_media(out);
      apply(p, out);
    }
  }
}

bool World::run_until(const std::function<bool()>& condition, Duration limit) {
  const Instant end = queue_.now().mono + limit;
  std::size_t at_once = 0;
  Instant last = queue_.now().mono;
  for (;;) {
    if (condition()) return true;
    const Instant next = next_instant();
    if (next > end) {
      queue_.advance_to(end);
      on_clock_(end);
      return condition();
    }
    queue_.advance_to(next);
    on_clock_(queue_.now().mono);
    // A deadline that its owner does not move would stop the clock for ever.
    at_once = queue_.now().mono == last ? at_once + 1 : 0;
    last = queue_.now().mono;
    if (at_once > 20'000) {
      breach("time stands still");
      return false;
    }
    while (queue_.run_one()) {
    }
    step_timers();
  }
}

void World::run_for(Duration time) {
  run_until([] { return false; }, time);
}

std::vector<Participant*> World::present(const std::string& meeting) const {
  std::vector<Participant*> out;
  for (const auto& p : participants_) {
    if (p->options.meeting == meeting && !p->gone && !p->attendee.ended()) out.push_back(p.get());
  }
  return out;
}

}  // namespace upcall::sim
