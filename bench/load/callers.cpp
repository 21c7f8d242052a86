#include "callers.hpp"

#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "io/clock/system_clock.hpp"
#include "janus_peer.hpp"
#include "json/json.hpp"
#include "rtc/dtls/certificate.hpp"
#include "rtc/dtls/transport.hpp"

namespace upcall::bench {

namespace {
constexpr Duration kSoundInterval = Duration::ms(20);
constexpr Duration kPictureInterval = Duration::us(1'000'000 / Clip::kFps);
constexpr std::uint32_t kPictureTicks = 90000 / Clip::kFps;
constexpr Duration kTick = Duration::ms(1);
constexpr std::uint8_t kSpeaking = 12, kSilent = 127;   // -dBov
constexpr std::size_t kStampedMin = 64;                 // of a picture's packet: its beginning must stay what it is
constexpr int kReceiversBetweenSends = 16;
constexpr std::size_t kSocketsMax = 2;   // of one person
constexpr int kSocketBytes = 1 << 20;

void wait_until(Instant when) {
  const std::int64_t ns = (when - Instant()).ns();
  const timespec at{ns / 1'000'000'000, ns % 1'000'000'000};
  ::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr);
}

// When a datagram came, as the attendee's clocks would have shown it then.
Now at_arrival(const Now& now, std::int64_t real_now, std::int64_t arrival) {
  return {now.mono - Duration::ns(std::max<std::int64_t>(0, real_now - arrival)), now.wall};
}

}  // namespace

struct Callers::Person final : client::PacketWatch {
  explicit Person(Callers& owner) : all(owner) {}
  void video_leaves(MutBytes payload) override {
    if (all.window_ == 0 || payload.size() < kStampedMin) return;
    Stamp{.sender = index, .index = video_sent++, .window = all.window_, .video = 1, .sent_ns = real_ns()}.write_tail(payload);
  }
  void video_arrived(std::uint32_t, Bytes payload, bool repaired) override {
    if (first_picture.is_never()) first_picture = system_now().mono;
    const auto stamp = Stamp::read_tail(payload);
    if (!stamp || stamp->video == 0) return;
    repairs += repaired ? 1 : 0;
    all.tally(*stamp, video, video_from);
  }

  Callers& all;
  std::unique_ptr<Peer> peer;
  std::vector<TimedSocket> sockets;
  std::shared_ptr<WebSockets::Socket> web_socket;
  CallerOptions options;
  std::string url;
  std::vector<std::string> subprotocols;
  std::uint32_t index = 0;
  std::size_t place = 0;                       // in its meeting
  bool begun = false, key_wanted = true;
  std::uint32_t sound_time = 0, picture_time = 0;
  std::size_t next_frame = 0;
  Instant sound_due, picture_due, deadline;
  Instant began = Instant::never(), ready = Instant::never(), first_picture = Instant::never();
  // Of the window.
  std::uint32_t audio_sent = 0, video_sent = 0;
  Flow audio, video;
  std::vector<Arrived> audio_from, video_from; // by the sender's place
  std::uint64_t repairs = 0, sound_packets = 0, not_sent = 0, reconnects = 0;
  std::uint64_t dropped_before = 0;
  std::uint64_t dropped() const {
    std::uint64_t out = 0;
    for (const TimedSocket& s : sockets) out += s.dropped();
    return out;
  }
};

Callers::Callers(const Clip& clip)
    : clip_(clip), memory_(std::make_unique<TimedSocket::Memory>()), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll_ < 0) throw std::runtime_error("no epoll");
  auto certificate = dtls::DtlsCertificate::make(system_now().wall);
  auto context = certificate ? dtls::DtlsContext::make(*certificate) : fail(ErrorCode::internal, "no certificate");
  if (!context) throw std::runtime_error("no DTLS");
  context_ = std::make_unique<dtls::DtlsContext>(std::move(*context));
}

Callers::~Callers() {
  for (auto& p : people_) {
    if (p->web_socket) p->web_socket->drop();
  }
  ::close(epoll_);
}

Result<Callers::Person*> Callers::add_person(const CallerOptions& options, std::size_t sockets, const NetAddress& at) {
  const std::size_t index = people_.size();
  auto person = std::make_unique<Person>(*this);
  for (std::size_t i = 0; i < sockets; ++i) {
    auto socket = TimedSocket::bind(at, kSocketBytes);
    if (!socket) return tl::unexpected(socket.error());
    epoll_event wanted{};
    wanted.events = EPOLLIN;
    wanted.data.u64 = index * kSocketsMax + i;
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket->fd(), &wanted) != 0) return fail(ErrorCode::unavailable, "a socket cannot be watched");
    person->sockets.push_back(std::move(*socket));
  }
  person->options = options;
  person->index = static_cast<std::uint32_t>(index);
  if (options.meeting >= meetings_.size()) meetings_.resize(options.meeting + 1);
  person->place = meetings_[options.meeting].size();
  meetings_[options.meeting].push_back(index);
  people_.push_back(std::move(person));
  return people_.back().get();
}

Result<void> Callers::add(const boost::json::object& meeting, const boost::json::object& attendee, const CallerOptions& options) {
  const boost::json::object* placement = json::object_at(meeting, "MediaPlacement");
  if (placement == nullptr) return fail(ErrorCode::internal, "the join data lacks MediaPlacement");
  auto person = add_person(options, 1, NetAddress::v4(127, 0, 0, 1, 0));
  if (!person) return tl::unexpected(person.error());
  Person& p = **person;
  client::AttendeeOptions with;
  with.attendee_id = json::text_or(attendee, "AttendeeId");
  with.camera = options.camera;
  with.video_kbps = 600;
  with.watch = &p;
  p.url = json::text_or(*placement, "SignalingUrl");
  p.subprotocols = {"_aws_wt_session", json::text_or(attendee, "JoinToken")};
  p.peer = std::make_unique<AttendeePeer>(std::move(with), *context_, random_);
  return {};
}

Result<void> Callers::add_janus(const std::string& url, std::uint64_t room, const NetAddress& at, const CallerOptions& options) {
  auto person = add_person(options, 2, at);
  if (!person) return tl::unexpected(person.error());
  Person& p = **person;
  p.url = url;
  p.subprotocols = {"janus-protocol"};
  p.peer = std::make_unique<JanusPeer>(room, p.sockets[0].local(), p.sockets[1].local(), *context_, random_, &p);
  return {};
}

void Callers::start(int group) {
  for (auto& p : people_) {
    if (p->begun || p->options.group != group) continue;
    p->begun = true;
    const Now now = system_now();
    p->began = now.mono;
    // Nobody's sound or camera is in step with another's.
    p->sound_due = now.mono + Duration::us(static_cast<std::int64_t>(random_.below(20'000)));
    p->picture_due = now.mono + Duration::us(static_cast<std::int64_t>(random_.below(66'000)));
    p->peer->start(now, out_);
    apply(*p);
  }
}

void Callers::open_socket(Person& p) {
  if (p.web_socket) p.web_socket->drop();
  WebSockets::Events events;
  events.opened = [this, &p] {
    p.peer->on_socket_open(system_now(), out_);
    apply(p);
  };
  events.message = [this, &p](Bytes message) {
    p.peer->on_socket_message(system_now(), message, out_);
    apply(p);
  };
  events.closed = [this, &p](std::uint16_t code) {
    p.web_socket.reset();
    p.peer->on_socket_closed(system_now(), code, out_);
    apply(p);
  };
  p.web_socket = web_sockets_.open(p.url, p.subprotocols, std::move(events));
}

void Callers::send(Person& p, std::size_t socket, const client::MediaOutput& media) {
  items_.clear();
  for (const auto& d : media.datagrams) items_.push_back({d.to, d.bytes});
  if (!items_.empty()) p.not_sent += p.sockets[socket].send(items_);
}

void Callers::apply(Person& p) {
  const bool open = out_.first.open_socket, close = out_.first.close_socket;
  for (const auto& event : out_.first.events) {
    if (event.kind == client::EventKind::key_frame_wanted) p.key_wanted = true;
    if (event.kind == client::EventKind::connected && p.ready.is_never()) p.ready = system_now().mono;
    if (event.kind == client::EventKind::disconnected) {
      ++p.reconnects;
      p.ready = p.first_picture = Instant::never();
    }
  }
  for (std::string& message : out_.first.messages) {
    if (!p.web_socket) continue;
    if (p.peer->speaks_text()) p.web_socket->send_text(std::move(message));
    else p.web_socket->send(std::move(message));
  }
  send(p, 0, out_.first.media);
  if (!out_.second.datagrams.empty()) send(p, 1, out_.second);
  out_.clear();
  p.deadline = p.peer->next_deadline();
  if (close && p.web_socket) {
    p.web_socket->drop();
    p.web_socket.reset();
  }
  if (open) open_socket(p);
}

void Callers::sound_arrived(Person& p, Bytes payload) {
  ++p.sound_packets;
  const auto stamp = Stamp::read_tail(payload);
  if (stamp && stamp->video == 0) tally(*stamp, p.audio, p.audio_from);
}

void Callers::tally(const Stamp& stamp, Flow& flow, std::vector<Arrived>& from) {
  if (stamp.window == 0 || stamp.window != last_window_ || stamp.sender >= people_.size()) return;
  const Person& sender = *people_[stamp.sender];
  if (from.size() <= sender.place) from.resize(sender.place + 1);
  if (!from[sender.place].insert(stamp.index)) {
    ++flow.duplicates;
    return;
  }
  ++flow.arrived;
  flow.delay.add(arrival_ns_ - stamp.sent_ns);
}

void Callers::receive(Person& p, std::size_t socket) {
  for (;;) {
    const auto received = p.sockets[socket].receive(*memory_);
    const Now now = system_now();
    const std::int64_t real_now = real_ns();
    for (auto& item : received) {
      arrival_ns_ = item.arrival_ns;
      p.peer->on_datagram(at_arrival(now, real_now, item.arrival_ns), socket, item.from, item.datagram, out_);
      // What is sent in answer may wait for the others, what was heard belongs to this arrival.
      for (auto* media : {&out_.first.media, &out_.second}) {
        for (const auto& sound : media->audio) sound_arrived(p, sound.payload);
        media->audio.clear();
        media->video.clear();
      }
    }
    apply(p);
    if (received.size() < TimedSocket::kBatch) return;
  }
}

void Callers::send_sound(Person& p) {
  const Now now = system_now();
  ByteVector packet = clip_.opus[(p.sound_time / 960) % clip_.opus.size()];
  p.sound_time += 960;
  if (window_ != 0) {
    Stamp{.sender = p.index, .index = p.audio_sent++, .window = window_, .video = 0, .sent_ns = real_ns()}.write_tail(packet);
  }
  p.peer->send_audio(now, packet, p.sound_time, p.options.speaks ? kSpeaking : kSilent, out_);
  apply(p);
}

void Callers::send_picture(Person& p) {
  if (p.key_wanted || p.next_frame == clip_.video.size()) p.next_frame = 0;
  p.key_wanted = false;
  p.picture_time += kPictureTicks;
  const Now now = system_now();
  p.peer->send_video(now, clip_.video[p.next_frame++], p.picture_time, out_);
  apply(p);
}

void Callers::send_due(Person& p, Instant now) {
  if (!p.peer->connected()) return;
  // Who is late because the machine is busy catches up at most a tenth of a second.
  const auto due = [&](Instant& at, Duration interval) {
    if (at > now) return false;
    late_.add((now - at).ns());
    at = std::max(at + interval, now - Duration::ms(100));
    return true;
  };
  while (due(p.sound_due, kSoundInterval)) send_sound(p);
  while (p.options.camera && due(p.picture_due, kPictureInterval)) send_picture(p);
}

void Callers::tick() {
  std::array<epoll_event, 1024> ready;
  const int count = ::epoll_wait(epoll_, ready.data(), static_cast<int>(ready.size()), 0);
  for (int i = 0; i < count; ++i) {
    const std::uint64_t place = ready[static_cast<std::size_t>(i)].data.u64;
    receive(*people_[place / kSocketsMax], place % kSocketsMax);
    // Who hears many takes long: nobody's sound or picture waits for all of that, to leave in a burst with the others'.
    if (i % kReceiversBetweenSends == kReceiversBetweenSends - 1) send_all_due();
  }
  web_sockets_.poll();
  const Instant now = system_now().mono;
  for (auto& p : people_) {
    if (!p->begun || p->deadline > now) continue;
    p->peer->handle_timeout(system_now(), out_);
    apply(*p);
  }
  send_all_due();
}

void Callers::send_all_due() {
  Instant now = system_now().mono;
  for (auto& p : people_) {
    if (!p->begun || (p->sound_due > now && p->picture_due > now)) continue;
    now = system_now().mono;
    send_due(*p, now);
  }
}

bool Callers::run(Duration within, const std::function<bool()>& done) {
  Instant next = system_now().mono;
  const Instant end = next + within;
  while (!done()) {
    const Instant now = system_now().mono;
    if (now >= end) return false;
    next = std::max(next + kTick, now - kTick);
    if (next > now) wait_until(next);
    tick();
  }
  return true;
}

bool Callers::connected(int group) const { return connected_count(group) == size(group); }

std::size_t Callers::size(int group) const {
  return static_cast<std::size_t>(std::count_if(people_.begin(), people_.end(), [&](const auto& p) { return p->options.group == group; }));
}

std::size_t Callers::connected_count(int group) const {
  return static_cast<std::size_t>(
      std::count_if(people_.begin(), people_.end(), [&](const auto& p) { return p->options.group == group && p->peer->connected(); }));
}

void Callers::begin_window() {
  for (auto& p : people_) {
    p->audio_sent = p->video_sent = 0;
    p->audio = p->video = {};
    p->audio_from.clear();
    p->video_from.clear();
    p->repairs = p->sound_packets = p->not_sent = p->reconnects = 0;
    p->dropped_before = p->dropped();
  }
  late_ = {};
  window_ = last_window_ = static_cast<std::uint16_t>(last_window_ + 1);
}

WindowResult Callers::end_window(int group) {
  if (window_ != 0) {
    window_ = 0;
    run(Duration::s(1), [] { return false; });
  }
  WindowResult out;
  for (const auto& members : meetings_) {
    for (const std::size_t index : members) {
      const Person& p = *people_[index];
      if (p.options.group != group) continue;
      std::size_t speakers = 0, listeners = 0;
      for (const std::size_t other : members) {
        if (other == index) continue;
        listeners += 1;
        speakers += people_[other]->options.speaks ? 1 : 0;
        if (people_[other]->options.camera) out.video.due += people_[other]->video_sent;
      }
      // Of several who speak at once a mix is made, which carries nobody's stamp; silence is not forwarded beside speech.
      const bool forwarded = speakers == 1 || (listeners == 1 && members.size() == 2);
      for (const std::size_t other : members) {
        if (other != index && forwarded && (people_[other]->options.speaks || listeners == 1)) out.audio.due += people_[other]->audio_sent;
      }
      out.audio.sent += p.audio_sent;
      out.video.sent += p.video_sent;
      out.audio.arrived += p.audio.arrived;
      out.video.arrived += p.video.arrived;
      out.audio.duplicates += p.audio.duplicates;
      out.video.duplicates += p.video.duplicates;
      out.audio.delay.add(p.audio.delay);
      out.video.delay.add(p.video.delay);
      out.dropped_at_receivers += p.dropped() - p.dropped_before;
      out.not_sent += p.not_sent;
      out.sound_packets += p.sound_packets;
      out.reconnects += p.reconnects;
      out.repaired += static_cast<double>(p.repairs);
    }
  }
  out.loop_late_ms_p99 = late_.at(0.99);
  return out;
}

std::vector<double> Callers::join_ms(int group) const {
  std::vector<double> out;
  for (const auto& p : people_) {
    if (p->options.group == group && !p->ready.is_never()) out.push_back(static_cast<double>((p->ready - p->began).us()) / 1000);
  }
  return out;
}

std::vector<double> Callers::first_picture_ms(int group) const {
  std::vector<double> out;
  for (const auto& p : people_) {
    if (p->options.group == group && !p->first_picture.is_never()) out.push_back(static_cast<double>((p->first_picture - p->began).us()) / 1000);
  }
  return out;
}

void Callers::restart_join_clock(int group) {
  for (auto& p : people_) {
    if (p->options.group != group) continue;
    p->began = system_now().mono;
    p->ready = p->first_picture = Instant::never();
  }
}

Result<DelayHistogram> direct_loop(const Clip& clip, std::size_t people, Duration span) {
  constexpr std::size_t kHeaders = 12 + 12 + 16;   // RTP, its extensions, the tag of GCM
  constexpr std::size_t kPacketMax = 1100;
  struct End {
    TimedSocket socket;
    NetAddress other;
    Instant sound_due, picture_due;
    std::size_t sounds = 0, pictures = 0;
  };
  crypto::SystemRandom random;
  auto memory = std::make_unique<TimedSocket::Memory>();
  std::vector<End> ends;
  Instant next = system_now().mono;
  const Instant until = next + span;
  for (std::size_t i = 0; i < people; ++i) {
    auto socket = TimedSocket::bind(NetAddress::v4(127, 0, 0, 1, 0), kSocketBytes);
    if (!socket) return tl::unexpected(socket.error());
    ends.push_back({std::move(*socket), {}, next + Duration::us(static_cast<std::int64_t>(random.below(20'000))),
                    next + Duration::us(static_cast<std::int64_t>(random.below(66'000)))});
  }
  for (std::size_t i = 0; i < people; ++i) ends[i].other = ends[i ^ 1u].socket.local();
  DelayHistogram out;
  std::vector<ByteVector> packets;
  std::vector<udp::UdpSocket::Item> items;
  while (next < until) {
    next = next + kTick;
    wait_until(next);
    for (End& end : ends) {
      for (const auto& r : end.socket.receive(*memory)) {
        if (const auto stamp = Stamp::read_tail(r.datagram)) out.add(r.arrival_ns - stamp->sent_ns);
      }
      packets.clear();
      if (end.sound_due <= next) {
        end.sound_due = end.sound_due + kSoundInterval;
        packets.emplace_back(kHeaders + clip.opus[end.sounds++ % clip.opus.size()].size());
      }
      if (end.picture_due <= next) {
        end.picture_due = end.picture_due + kPictureInterval;
        for (std::size_t left = clip.video[end.pictures++ % clip.video.size()].size(); left > 0; left -= std::min(left, kPacketMax)) {
          packets.emplace_back(kHeaders + std::min(left, kPacketMax));
        }
      }
      items.clear();
      for (ByteVector& packet : packets) {
        Stamp{.sent_ns = real_ns()}.write_tail(packet);
        items.push_back({end.other, packet});
      }
      if (!items.empty()) end.socket.send(items);
    }
  }
  return out;
}

}  // namespace upcall::bench
