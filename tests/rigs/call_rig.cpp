#include "call_rig.hpp"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <new>

#include <time.h>

#include "io/clock/system_clock.hpp"
#include "rtc/dtls/certificate.hpp"

namespace {
std::atomic<std::uint64_t> allocation_count{0};
}

void* operator new(std::size_t size) {
  allocation_count.fetch_add(1, std::memory_order_relaxed);
  if (void* p = std::malloc(size)) return p;
  std::abort();
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }

namespace upcall::bench {

std::uint64_t allocations() { return allocation_count.load(std::memory_order_relaxed); }

double thread_cpu_seconds() {
  timespec t{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}

namespace {
dtls::DtlsContext make_context() {
  return dtls::DtlsContext::make(dtls::DtlsCertificate::make(system_now().wall).value()).value();
}
double wall_us() {
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now().time_since_epoch()).count();
}
}  // namespace

CallRig::CallRig()
    : server_context_(make_context()),
      client_context_(make_context()),
      socket_(udp::UdpSocket::bind(NetAddress::v4(127, 0, 0, 1, 0), 8 << 20).value()),
      address_(socket_.local()) {
  // What a forwarder costs is measured, not what these links would carry: no estimate may make anything wait.
  constexpr std::uint64_t kAnyBps = 100'000'000'000;
  worker_ = std::make_unique<sfu::Worker>(system_now(), server_context_, nullptr, random_,
                                          rtc::bwe::RateLimits{kAnyBps, kAnyBps, kAnyBps});
  frame_.resize(1096);
  random_.fill(frame_);
}

void CallRig::open_meeting(const std::string& meeting) {
  Entry& entry = meetings_[meeting];
  entry.no = wire::MeetingNo{next_meeting_++};
  signaling::RoomOptions options;
  options.meeting = entry.no;
  options.fingerprint = server_context_.fingerprint().text();
  options.candidates.push_back({ip_text(address_), address_.port, "host", true});
  signaling::RoomOutput out;
  entry.room = std::make_unique<signaling::Room>(system_now(), std::move(options), random_,
                                                 [this] { return wire::ConnectionNo{next_connection_++}; }, out);
  apply(entry, out);
}

void CallRig::end_meeting(const std::string& meeting) {
  const auto at = meetings_.find(meeting);
  signaling::RoomOutput out;
  at->second.room->end(system_now(), out);
  for (const auto& command : out.commands) worker_->command(system_now(), command, outbox_);
  after_commands();
  meetings_.erase(at);
}

RigAttendee& CallRig::add(const std::string& meeting, const std::string& attendee_id, bool camera) {
  client::AttendeeOptions options;
  options.attendee_id = attendee_id;
  options.camera = camera;
  attendees_.push_back(std::make_unique<RigAttendee>(options, client_context_, random_,
                                                     udp::UdpSocket::bind(NetAddress::v4(127, 0, 0, 1, 0), 4 << 20).value()));
  RigAttendee& a = *attendees_.back();
  a.meeting = meeting;
  client::Output out;
  a.attendee.start(system_now(), out);
  Entry& entry = meetings_.at(meeting);
  signaling::RoomOutput room_out;
  a.session = entry.room->open(system_now(), {attendee_id, attendee_id, attendee_id, false}, room_out);
  apply(entry, room_out);
  out.clear();
  a.attendee.on_socket_open(system_now(), out);
  apply(a, out);
  return a;
}

void CallRig::apply(Entry& entry, signaling::RoomOutput& out) {
  for (const auto& command : out.commands) {
    if (const auto* add = std::get_if<wire::SfuAddConnection>(&command)) {
      for (auto& [id, e] : meetings_) {
        if (&e == &entry) connections_[add->connection] = id;
      }
    }
    worker_->command(system_now(), command, outbox_);
  }
  const auto sends = std::exchange(out.sends, {});
  after_commands();
  for (const auto& send : sends) {
    for (auto& a : attendees_) {
      if (a->session != send.session || &meetings_.at(a->meeting) != &entry) continue;
      client::Output reply;
      a->attendee.on_socket_message(system_now(), as_bytes(send.message), reply);
      apply(*a, reply);
    }
  }
}

void CallRig::after_commands() {
  outbox_.flush();
  worker_->end_turn();
  const auto events = std::exchange(outbox_.events(), {});
  for (const auto& event : events) {
    wire::ConnectionNo connection{};
    if (const auto* e = std::get_if<wire::SfuConnected>(&event)) connection = e->connection;
    if (const auto* e = std::get_if<wire::SfuVideoState>(&event)) connection = e->connection;
    const auto at = connections_.find(connection);
    if (at == connections_.end() || !meetings_.contains(at->second)) continue;
    Entry& entry = meetings_.at(at->second);
    signaling::RoomOutput out;
    entry.room->on_sfu_event(system_now(), event, out);
    apply(entry, out);
  }
}

void CallRig::apply(RigAttendee& a, client::Output& out) {
  for (const auto& event : out.events) {
    if (event.kind == client::EventKind::key_frame_wanted) a.key_wanted = true;
  }
  const auto datagrams = std::exchange(out.media.datagrams, {});
  for (const auto& d : datagrams) {
    const udp::UdpSocket::Item item[] = {{d.to, d.bytes}};
    a.socket.send(item);
  }
  const auto messages = std::exchange(out.messages, {});
  for (const std::string& message : messages) {
    const auto at = meetings_.find(a.meeting);
    if (at == meetings_.end()) continue;
    signaling::RoomOutput room_out;
    at->second.room->on_message(system_now(), a.session, as_bytes(message), room_out);
    apply(at->second, room_out);
  }
}

void CallRig::transmit(std::span<const sfu::Transmit> batch) {
  std::array<udp::UdpSocket::Item, sfu::Outbox::kBatch> items;
  const auto order = by_destination_.order(batch);
  for (std::size_t i = 0; i < order.size(); ++i) items[i] = {batch[order[i]].path.remote, batch[order[i]].datagram};
  const std::size_t lost = socket_.send(std::span(items).first(batch.size()));
  costs.packets_out += batch.size() - lost;
}

void CallRig::turn() {
  const double cpu = thread_cpu_seconds();
  const std::uint64_t before = allocations();
  // As io/udp/media_thread.cpp does it: a small batch in, what it makes out, the next.
  for (;;) {
    const double batch_cpu = keep_turn_times ? thread_cpu_seconds() : 0;
    const auto received = socket_.receive(*memory_, udp::UdpSocket::kTurnBatch);
    if (received.empty()) break;
    const double received_at = keep_turn_times ? wall_us() : 0;
    const Instant now = system_now().mono;
    costs.packets_in += received.size();
    for (auto& item : received) worker_->handle(now, {0, item.from}, item.datagram, outbox_);
    outbox_.flush();
    if (keep_turn_times) {
      costs.turn_us.push_back(wall_us() - received_at);
      costs.turn_cpu_us.push_back((thread_cpu_seconds() - batch_cpu) * 1e6);
    }
    if (received.size() < udp::UdpSocket::kTurnBatch) break;
  }
  worker_->handle_timeout(system_now().mono, outbox_);
  outbox_.flush();
  worker_->end_turn();
  costs.allocations += allocations() - before;
  costs.cpu_seconds += thread_cpu_seconds() - cpu;
  ++costs.turns;
  if (!outbox_.events().empty()) after_commands();
}

std::size_t CallRig::drain_sinks() {
  std::size_t count = 0;
  for (auto& a : attendees_) {
    for (;;) {
      const std::size_t n = a->socket.receive(*sink_memory_).size();
      count += n;
      if (n < udp::UdpSocket::kBatch) break;
    }
  }
  return count;
}

void CallRig::step_attendees() {
  for (auto& a : attendees_) {
    for (auto& item : a->socket.receive(*sink_memory_)) {
      client::Output out;
      a->attendee.on_datagram(system_now(), item.from, item.datagram, out);
      apply(*a, out);
    }
    if (a->attendee.next_deadline() > system_now().mono) continue;
    client::Output out;
    a->attendee.handle_timeout(system_now(), out);
    apply(*a, out);
  }
}

bool CallRig::connect() {
  const Instant limit = system_now().mono + Duration::s(10);
  for (;;) {
    turn();
    step_attendees();
    bool all = true;
    for (const auto& a : attendees_) all = all && a->attendee.connected();
    if (all) return true;
    if (system_now().mono > limit) return false;
  }
}

void CallRig::publish(RigAttendee& from, bool key) {
  frame_[0] = key ? 0x10 : 0x11;
  timestamp_ += 3000;
  out_.clear();
  const Now now = system_now();
  from.attendee.send_video(now, frame_, timestamp_, now.mono, std::nullopt, out_);
  for (const auto& d : out_.media.datagrams) {
    const udp::UdpSocket::Item item[] = {{d.to, d.bytes}};
    from.socket.send(item);
  }
}

void CallRig::open_tap(const std::string& meeting) {
  ring_ = std::make_shared<ByteRing>(8 << 20);
  wire::SfuOpenTap open;
  open.meeting = meetings_.at(meeting).no;
  open.tap = wire::TapNo{1};
  open.ring = ring_;
  open.recording_id = "bench";
  open.meeting_title = meeting;
  open.started = system_now().mono;
  worker_->command(system_now(), open, outbox_);
  after_commands();
}

void CallRig::drain_tap() {
  while (ring_ && ring_->pop(record_)) ++records_;
}

}  // namespace upcall::bench
