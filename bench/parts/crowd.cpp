#include "crowd.hpp"

#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>

#include "io/clock/system_clock.hpp"
#include "io/media/opus_codec.hpp"
#include "json/json.hpp"
#include "rtc/dtls/certificate.hpp"
#include "rtc/dtls/transport.hpp"

namespace upcall::bench {

namespace {
constexpr std::size_t kFrameBytes = 1100;
constexpr Duration kSoundInterval = Duration::ms(20);
constexpr int kTickMs = 2;
}  // namespace

struct Crowd::Person {
  Person(client::AttendeeOptions options, const dtls::DtlsContext& context, RandomSource& random, udp::UdpSocket bound)
      : attendee(std::move(options), context, random), socket(std::move(bound)) {}
  client::Attendee attendee;
  udp::UdpSocket socket;
  std::unique_ptr<net::WebSocketClient> web_socket;
  bool key_wanted = true;
  std::uint32_t video_time = 0, sound_time = 0;
  std::size_t next_frame = 0;
  Instant video_due, sound_due;
};

Crowd::Crowd() : memory_(std::make_unique<udp::UdpSocket::ReceiveMemory>()), frame_(kFrameBytes, 0x55), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll_ < 0) throw std::runtime_error("no epoll");
  auto certificate = dtls::DtlsCertificate::make(system_now().wall);
  auto context = certificate ? dtls::DtlsContext::make(*certificate) : fail(ErrorCode::internal, "no certificate");
  auto encoder = media::OpusEncoder::open({});
  if (!context || !encoder) throw std::runtime_error("the crowd cannot be set up");
  context_ = std::make_unique<dtls::DtlsContext>(std::move(*context));
  for (int packet = 0; packet < 50; ++packet) {
    float pcm[media::kOpusFrame];
    for (std::size_t i = 0; i < media::kOpusFrame; ++i) {
      const double t = static_cast<double>(packet * media::kOpusFrame + i) / media::kOpusRate;
      pcm[i] = static_cast<float>(0.3 * std::sin(2 * M_PI * 220 * t) + 0.1 * std::sin(2 * M_PI * 1730 * t));
    }
    ByteVector bytes(1275);
    bytes.resize((*encoder)->encode(pcm, bytes).value_or(0));
    opus_.push_back(std::move(bytes));
  }
}

Crowd::~Crowd() {
  for (auto& p : people_) p->web_socket.reset();  // their threads leave messages here until then
  ::close(epoll_);
}

Result<void> Crowd::join(const boost::json::object& meeting, const boost::json::object& attendee) {
  const boost::json::object* placement = json::object_at(meeting, "MediaPlacement");
  if (placement == nullptr) return fail(ErrorCode::internal, "the join data lacks MediaPlacement");
  auto socket = udp::UdpSocket::bind(NetAddress::v4(127, 0, 0, 1, 0), 1 << 20);
  if (!socket) return tl::unexpected(socket.error());
  client::AttendeeOptions options;
  options.attendee_id = json::text_or(attendee, "AttendeeId");
  options.camera = true;
  const std::size_t index = people_.size();
  epoll_event wanted{};
  wanted.events = EPOLLIN;
  wanted.data.u64 = index;
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, socket->fd(), &wanted) != 0) return fail(ErrorCode::internal, "a socket cannot be watched");
  auto person = std::make_unique<Person>(options, *context_, random_, std::move(*socket));
  net::WebSocketClientOptions ws;
  ws.url = json::text_or(*placement, "SignalingUrl");
  ws.subprotocols = {"_aws_wt_session", json::text_or(attendee, "JoinToken")};
  ws.on_message = [this, index](Bytes message, bool) {
    const std::lock_guard lock(mutex_);
    messages_.push_back({index, ByteVector(message.begin(), message.end())});
  };
  ws.on_close = [this, index](std::uint16_t code) {
    const std::lock_guard lock(mutex_);
    messages_.push_back({index, {}, code});
  };
  people_.push_back(std::move(person));
  Person& p = *people_.back();
  out_.clear();
  p.attendee.start(system_now(), out_);
  out_.open_socket = false;
  apply(p);
  auto opened = net::WebSocketClient::connect(std::move(ws));
  if (!opened) return tl::unexpected(opened.error());
  p.web_socket = std::move(*opened);
  p.attendee.on_socket_open(system_now(), out_);
  apply(p);
  return {};
}

void Crowd::apply(Person& p) {
  for (const auto& event : out_.events) p.key_wanted = p.key_wanted || event.kind == client::EventKind::key_frame_wanted;
  for (const std::string& message : out_.messages) {
    if (p.web_socket) p.web_socket->send_binary(as_bytes(message));
  }
  items_.clear();
  for (const auto& d : out_.media.datagrams) items_.push_back({d.to, d.bytes});
  if (!items_.empty()) sent_ += items_.size() - p.socket.send(items_);
  out_.clear();
}

void Crowd::take_messages() {
  std::vector<Message> messages;
  {
    const std::lock_guard lock(mutex_);
    messages.swap(messages_);
  }
  for (const Message& m : messages) {
    Person& p = *people_[m.person];
    if (m.closed != 0) p.attendee.on_socket_closed(system_now(), m.closed, out_);
    else p.attendee.on_socket_message(system_now(), m.bytes, out_);
    apply(p);
  }
}

void Crowd::send_video(Person& p) {
  if (!replayed_.empty() && (p.key_wanted || p.next_frame == replayed_.size())) p.next_frame = 0;
  frame_[0] = p.key_wanted ? 0x10 : 0x11;  // RFC 6386 §9.1: the inverse key frame bit
  p.key_wanted = false;
  p.video_time += video_ticks_;
  const Now now = system_now();
  p.attendee.send_video(now, replayed_.empty() ? frame_ : replayed_[p.next_frame++], p.video_time, now.mono, std::nullopt, out_);
  ++frames_sent_;
  apply(p);
}

void Crowd::send_audio(Person& p) {
  const Now now = system_now();
  const ByteVector& packet = opus_[(p.sound_time / media::kOpusFrame) % opus_.size()];
  p.sound_time += media::kOpusFrame;
  p.attendee.send_audio(now, packet, p.sound_time, now.mono, 12, out_);
  apply(p);
}

void Crowd::step(Person& p) {
  for (;;) {
    const auto received = p.socket.receive(*memory_);
    received_ += received.size();
    for (auto& item : received) {
      p.attendee.on_datagram(system_now(), item.from, item.datagram, out_);
      if (out_.media.datagrams.size() > 32) apply(p);
    }
    apply(p);
    if (received.size() < udp::UdpSocket::kBatch) break;
  }
  const Instant now = system_now().mono;
  if (p.attendee.next_deadline() <= now) {
    p.attendee.handle_timeout(system_now(), out_);
    apply(p);
  }
  if (!p.attendee.connected()) return;
  // Who is late because the machine is busy catches up at most a tenth of a second.
  const auto due = [now](Instant& at, Duration interval) {
    if (at > now) return false;
    at = std::max(at + interval, now - Duration::ms(100));
    return true;
  };
  while (video_interval_ > Duration() && due(p.video_due, video_interval_)) send_video(p);
  while (sound_ && due(p.sound_due, kSoundInterval)) send_audio(p);
}

bool Crowd::run(Duration within, const std::function<bool()>& done) {
  const Instant deadline = system_now().mono + within;
  std::array<epoll_event, 1024> ready;
  while (!done()) {
    if (system_now().mono >= deadline) return false;
    take_messages();
    // In ticks: what arrived meanwhile is taken in one go, so that the crowd costs the machine little.
    ::poll(nullptr, 0, kTickMs);
    const int count = ::epoll_wait(epoll_, ready.data(), static_cast<int>(ready.size()), 0);
    for (int i = 0; i < count; ++i) step(*people_[ready[static_cast<std::size_t>(i)].data.u64]);
    const Instant now = system_now().mono;
    for (auto& p : people_) {
      if (p->attendee.next_deadline() <= now || (video_interval_ > Duration() && p->video_due <= now) || (sound_ && p->sound_due <= now)) step(*p);
    }
  }
  return true;
}

bool Crowd::all_connected() const {
  return std::all_of(people_.begin(), people_.end(), [](const auto& p) { return p->attendee.connected(); });
}

void Crowd::publish(double video_packets_per_second, bool sound) {
  video_interval_ = video_packets_per_second > 0 ? Duration::ns(static_cast<std::int64_t>(1e9 / video_packets_per_second)) : Duration();
  sound_ = sound;
  const Instant now = system_now().mono;
  for (auto& p : people_) p->video_due = p->sound_due = now;
}

void Crowd::replay(std::vector<ByteVector> frames, int frames_per_second) {
  replayed_ = std::move(frames);
  video_ticks_ = static_cast<std::uint32_t>(90000 / frames_per_second);
  publish(frames_per_second, true);
  // Cameras are not in step.
  for (std::size_t i = 0; i < people_.size(); ++i) people_[i]->video_due = people_[i]->video_due + Duration::us(static_cast<std::int64_t>(i * 7919 % 1000) * 33);
}

void Crowd::publish_round() {
  for (auto& p : people_) {
    if (!p->attendee.connected()) continue;
    send_video(*p);
    send_audio(*p);
  }
}

}  // namespace upcall::bench
