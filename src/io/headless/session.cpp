#include "io/headless/session.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "crypto/random.hpp"
#include "io/clock/system_clock.hpp"
#include "io/media/opus_codec.hpp"
#include "io/media/test_pattern.hpp"
#include "io/net/websocket_client.hpp"
#include "io/udp/udp_socket.hpp"
#include "io/video_codecs/video_codecs.hpp"

namespace upcall::headless {

namespace {
constexpr std::int64_t kSamplesPerPacket = 960;

std::uint8_t level_of(std::span<const float> pcm) {
  double sum = 0;
  for (const float s : pcm) sum += double(s) * s;
  const double rms = std::sqrt(sum / static_cast<double>(pcm.size()));
  if (rms < 1e-6) return 127;
  return static_cast<std::uint8_t>(std::clamp(-20.0 * std::log10(rms), 0.0, 127.0));
}
}  // namespace

class Session::Impl {
 public:
  Impl(SessionOptions options, dtls::DtlsContext context, udp::UdpSocket socket, std::optional<udp::UdpSocket> socket6, std::function<void(const client::Event&)> on_event)
      : options_(std::move(options)),
        context_(std::move(context)),
        udp_(std::move(socket)),
        udp6_(std::move(socket6)),
        on_event_(std::move(on_event)),
        attendee_(options_.attendee, context_, random_) {
    wake_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  }

  ~Impl() {
    post([this] { stop_ = true; });
    if (thread_.joinable()) thread_.join();
    publisher_.reset();
    connecting_.reset();
    socket_.reset();
    ::close(wake_);
  }

  Result<void> start() {
    auto encoder = media::OpusEncoder::open({});
    if (!encoder) return tl::unexpected(encoder.error());
    opus_ = std::move(*encoder);
    auto decoder = media::OpusDecoder::open(1);
    if (!decoder) return tl::unexpected(decoder.error());
    opus_in_ = std::move(*decoder);
    if (options_.attendee.camera) {
      auto publisher = Publisher::start(options_.picture, [this](PublishedFrame&& frame) {
        auto shared = std::make_shared<PublishedFrame>(std::move(frame));
        post([this, shared] {
          attendee_.send_video(system_now(), shared->codec, shared->data, shared->clock_ms * 90, shared->captured_at, std::nullopt, out_);
          carry_out();
        });
      });
      if (!publisher) return tl::unexpected(publisher.error());
      publisher_ = std::move(*publisher);
    }
    thread_ = std::thread([this] { run(); });
    ::pthread_setname_np(thread_.native_handle(), "attendee");
    return {};
  }

  void post(std::function<void()> task) {
    {
      const std::lock_guard lock(mutex_);
      tasks_.push_back(std::move(task));
    }
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(wake_, &one, sizeof one);
  }

  void command(std::function<void(client::Attendee&, Now, client::Output&)> fn) {
    post([this, fn = std::move(fn)] {
      fn(attendee_, system_now(), out_);
      carry_out();
    });
  }

  SessionFacts facts() const {
    const std::lock_guard lock(facts_mutex_);
    SessionFacts out = facts_;
    if (publisher_) {
      out.frames_sent = publisher_->frames();
      out.frames_skipped = publisher_->skipped();
    }
    return out;
  }

 private:
  void run() {
    started_ = system_now().mono;
    attendee_.start(system_now(), out_);
    carry_out();
    udp::UdpSocket::ReceiveMemory memory;
    while (!stop_) {
      const Instant now = system_now().mono;
      Instant next = attendee_.next_deadline();
      if (attendee_.connected()) next = std::min(next, audio_due());
      int timeout_ms = 200;
      if (!next.is_never()) timeout_ms = static_cast<int>(std::clamp<std::int64_t>((next - now).ms() + ((next - now).ns() > 0 ? 1 : 0), 0, 200));
      pollfd fds[3] = {{wake_, POLLIN, 0}, {udp_.fd(), POLLIN, 0}, {udp6_ ? udp6_->fd() : -1, POLLIN, 0}};
      ::poll(fds, 3, timeout_ms);
      std::uint64_t drained;
      [[maybe_unused]] const ssize_t got = ::read(wake_, &drained, sizeof drained);
      std::deque<std::function<void()>> tasks;
      {
        const std::lock_guard lock(mutex_);
        tasks.swap(tasks_);
      }
      for (auto& task : tasks) task();
      for (udp::UdpSocket* socket : {&udp_, udp6_ ? &*udp6_ : nullptr}) {
        if (socket == nullptr) continue;
        for (auto& item : socket->receive(memory)) {
          attendee_.on_datagram(system_now(), item.from, item.datagram, out_);
          if (out_.media.datagrams.size() > 32) carry_out();
        }
      }
      carry_out();
      attendee_.handle_timeout(system_now(), out_);
      carry_out();
      if (attendee_.connected()) speak();
    }
  }

  Instant audio_due() const {
    return options_.picture.clock_zero + Duration::us((next_sample_ + kSamplesPerPacket) * 1'000'000 / media::kOpusRate);
  }

  void speak() {
    const Instant now = system_now().mono;
    const std::int64_t clock = (now - options_.picture.clock_zero).us() * media::kOpusRate / 1'000'000;
    // After a pause go on at the present, on a packet boundary.
    if (clock - next_sample_ > media::kOpusRate / 5) next_sample_ = (clock / kSamplesPerPacket - 1) * kSamplesPerPacket;
    while (next_sample_ + kSamplesPerPacket <= clock) {
      float pcm[kSamplesPerPacket];
      if (options_.silent) std::fill(std::begin(pcm), std::end(pcm), 0.0f);
      else pattern_.sound(static_cast<std::uint64_t>(next_sample_), pcm);
      std::uint8_t packet[1275];
      const auto size = opus_->encode(pcm, packet);
      if (size) {
        attendee_.send_audio(system_now(), Bytes(packet).first(*size), static_cast<std::uint32_t>(next_sample_),
                             options_.picture.clock_zero + Duration::us(next_sample_ * 1'000'000 / media::kOpusRate),
                             level_of(pcm), out_);
      }
      next_sample_ += kSamplesPerPacket;
      carry_out();
    }
  }

  void carry_out() {
    // Connecting again is answered later by a task: the loop never waits for a handshake.
    if (out_.open_socket) connect();
    for (const std::string& message : out_.messages) {
      if (socket_) socket_->send_binary(as_bytes(message));
    }
    if (out_.close_socket && socket_) socket_->close(1000, "");
    std::vector<udp::UdpSocket::Item> items, items6;
    items.reserve(out_.media.datagrams.size());
    for (const auto& d : out_.media.datagrams) (d.to.is_ipv6 ? items6 : items).push_back({d.to, d.bytes});
    if (!items.empty()) udp_.send(items);
    if (!items6.empty() && udp6_) udp6_->send(items6);
    for (const auto& audio : out_.media.audio) hear(audio);
    for (const auto& video : out_.media.video) see(video);
    std::vector<client::Event> events = std::move(out_.events);
    out_.clear();
    for (const client::Event& event : events) handle(event);
    if (!events.empty() || ++since_update_ >= 50) update_facts();
  }

  void connect() {
    const std::uint64_t generation = ++generation_;
    if (connecting_) connecting_.reset();
    socket_.reset();
    connecting_ = std::make_unique<Joining>(std::thread([this, generation] {
      net::WebSocketClientOptions ws;
      ws.url = options_.signaling_url;
      ws.subprotocols = {"_aws_wt_session", options_.join_token};
      ws.insecure = options_.insecure_tls;
      ws.timeout = Duration::s(5);
      ws.on_message = [this, generation](Bytes message, bool) {
        auto copy = std::make_shared<ByteVector>(message.begin(), message.end());
        post([this, generation, copy] {
          if (generation != generation_) return;
          attendee_.on_socket_message(system_now(), *copy, out_);
          carry_out();
        });
      };
      ws.on_close = [this, generation](std::uint16_t code) {
        post([this, generation, code] {
          if (generation != generation_) return;
          attendee_.on_socket_closed(system_now(), code, out_);
          carry_out();
        });
      };
      auto opened = net::WebSocketClient::connect(std::move(ws));
      auto holder = std::make_shared<Result<std::unique_ptr<net::WebSocketClient>>>(std::move(opened));
      post([this, generation, holder] {
        if (generation != generation_) return;
        if (!*holder) {
          attendee_.on_socket_closed(system_now(), 1006, out_);
        } else {
          socket_ = std::move(**holder);
          attendee_.on_socket_open(system_now(), out_);
        }
        carry_out();
      });
    }));
  }

  void handle(const client::Event& event) {
    if (event.kind == client::EventKind::connected) {
      if (publisher_) publisher_->set_enabled(true);
      const std::lock_guard lock(facts_mutex_);
      if (facts_.join_ms == 0) facts_.join_ms = static_cast<std::uint32_t>(std::max<std::int64_t>(1, (system_now().mono - started_).ms()));
    } else if (event.kind == client::EventKind::disconnected || event.kind == client::EventKind::ended) {
      if (publisher_) publisher_->set_enabled(false);
      if (event.kind == client::EventKind::ended) {
        const std::lock_guard lock(facts_mutex_);
        facts_.ended = true;
        facts_.status = event.status;
      }
    } else if (event.kind == client::EventKind::codec_changed) {
      if (publisher_) publisher_->set_codec(attendee_.send_codec());
    } else if (event.kind == client::EventKind::key_frame_wanted) {
      if (publisher_) publisher_->request_key_frame();
    }
    update_facts();
    if (on_event_) on_event_(event);
  }

  void update_facts() {
    since_update_ = 0;
    const std::lock_guard lock(facts_mutex_);
    facts_.connected = attendee_.connected();
    facts_.reconnects = attendee_.reconnects();
    facts_.send_codec = attendee_.send_codec();
    if (attendee_.media() != nullptr) facts_.media = attendee_.media()->counters();
  }

  void hear(const client::ReceivedAudio& audio) {
    float pcm[media::kOpusFrameMax];
    const auto samples = opus_in_->decode(audio.payload, pcm);
    const bool loud = samples && level_of(std::span(pcm).first(*samples)) < 40;
    const std::lock_guard lock(facts_mutex_);
    ++facts_.audio_packets;
    if (loud && !beeping_) ++facts_.beeps_heard;
    beeping_ = loud;
  }

  void see(const client::ReceivedVideo& video) {
    if (!options_.decode) return;
    Decoding& decoding = decoders_[video.stream_id];
    if (!decoding.decoder || decoding.codec != video.codec) {
      auto opened = media::open_video_decoder(video.codec);
      if (!opened) return;
      decoding = {video.codec, std::move(*opened)};
    }
    const auto picture = decoding.decoder->decode(video.frame.data);
    if (!picture || !*picture) return;
    const std::string who = attendee_.attendee_of_stream(video.stream_id);
    const auto reading = media::read_test_pattern(**picture, {0, 0, (*picture)->width, (*picture)->height});
    const Instant now = system_now().mono;
    const std::lock_guard lock(facts_mutex_);
    RemoteFacts& remote = facts_.remotes[who];
    ++remote.frames;
    remote.codec = video.codec;
    remote.width = (*picture)->width;
    remote.height = (*picture)->height;
    if (remote.first_frame_ms == 0) remote.first_frame_ms = static_cast<std::uint32_t>(std::max<std::int64_t>(1, (now - started_).ms()));
    if (!reading || reading->run != options_.picture.run) return;
    if (remote.readable > 0 && reading->clock_ms <= remote.last_clock_ms) ++remote.out_of_order;
    ++remote.readable;
    remote.last_clock_ms = reading->clock_ms;
    remote.delay_ms_sum += (now - options_.picture.clock_zero).seconds() * 1000.0 - reading->clock_ms;
  }

  struct Joining {
    explicit Joining(std::thread t) : thread(std::move(t)) {}
    ~Joining() {
      if (thread.joinable()) thread.join();
    }
    std::thread thread;
  };

  SessionOptions options_;
  crypto::SystemRandom random_;
  dtls::DtlsContext context_;
  udp::UdpSocket udp_;
  std::optional<udp::UdpSocket> udp6_;   // none where the host has no IPv6
  std::function<void(const client::Event&)> on_event_;
  client::Attendee attendee_;
  client::Output out_;
  media::TestPattern pattern_{{options_.picture.run, options_.picture.participant, options_.picture.label, options_.picture.screen}};
  std::unique_ptr<media::OpusEncoder> opus_;
  std::unique_ptr<media::OpusDecoder> opus_in_;
  struct Decoding {
    rtc::VideoCodec codec = rtc::VideoCodec::vp8;
    std::unique_ptr<media::VideoDecoder> decoder;
  };
  std::map<std::uint32_t, Decoding> decoders_;   // by stream
  std::unique_ptr<net::WebSocketClient> socket_;
  std::unique_ptr<Joining> connecting_;
  std::uint64_t generation_ = 0;
  std::unique_ptr<Publisher> publisher_;
  Instant started_;
  std::int64_t next_sample_ = 0;
  int since_update_ = 0;
  bool beeping_ = false;
  bool stop_ = false;
  int wake_ = -1;
  std::mutex mutex_;  // guards tasks_
  std::deque<std::function<void()>> tasks_;
  mutable std::mutex facts_mutex_;
  SessionFacts facts_;
  std::thread thread_;
};

Session::Session(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Session::~Session() = default;

Result<std::unique_ptr<Session>> Session::start(SessionOptions options, std::function<void(const client::Event&)> on_event) {
  auto certificate = dtls::DtlsCertificate::make(system_now().wall);
  if (!certificate) return tl::unexpected(certificate.error());
  auto context = dtls::DtlsContext::make(*certificate);
  if (!context) return tl::unexpected(context.error());
  auto socket = udp::UdpSocket::bind(NetAddress{}, 4 << 20);
  if (!socket) return tl::unexpected(socket.error());
  NetAddress any6;
  any6.is_ipv6 = true;
  std::optional<udp::UdpSocket> socket6;
  if (auto bound = udp::UdpSocket::bind(any6, 4 << 20)) socket6 = std::move(*bound);
  auto impl = std::make_unique<Impl>(std::move(options), std::move(*context), std::move(*socket), std::move(socket6), std::move(on_event));
  if (auto started = impl->start(); !started) return tl::unexpected(started.error());
  return std::unique_ptr<Session>(new Session(std::move(impl)));
}

void Session::set_muted(bool muted) {
  impl_->command([muted](client::Attendee& a, Now now, client::Output& out) { a.set_muted(now, muted, out); });
}
void Session::set_camera(bool on) {
  impl_->command([on](client::Attendee& a, Now now, client::Output& out) { a.set_camera(now, on, out); });
}
void Session::leave() {
  impl_->command([](client::Attendee& a, Now now, client::Output& out) { a.leave(now, out); });
}
SessionFacts Session::facts() const { return impl_->facts(); }

}  // namespace upcall::headless
