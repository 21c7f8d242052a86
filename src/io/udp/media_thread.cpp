#include "io/udp/media_thread.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "io/clock/system_clock.hpp"
#include "io/udp/by_destination.hpp"
#include "io/udp/udp_socket.hpp"
#include "rtc/demux/classify.hpp"
#include "sfu/handshake_queue.hpp"

namespace upcall::udp {

namespace {
constexpr Duration kSlowTurn = Duration::ms(5);
// Deadlines nearer than this are waited for together: a wake-up costs more than 1 ms of lateness does.
constexpr Duration kTick = Duration::ms(1);
constexpr int kBatchesPerTurn = 64;
// Some hundred people who join at once give as many commands; what is there of media does not wait for all of them.
constexpr Duration kCommandsPerTurn = Duration::us(500);
constexpr int kNice = -10;
constexpr Duration kSweep = Duration::s(1);
}  // namespace

class MediaThread::Loop final : public sfu::TransmitSink {
 public:
  Loop(MediaThreadOptions options, std::vector<UdpSocket> sockets, const dtls::DtlsContext& context,
       sfu::AudioMixerFactory* mixers, RandomSource& random, EventSink on_events)
      : sockets_(std::move(sockets)),
        worker_(system_now(), context, mixers, random),
        outbox_(*this),
        commands_(options.command_queue),
        on_events_(std::move(on_events)) {
    wake_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u32 = kWake;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event);
    for (std::size_t i = 0; i < sockets_.size(); ++i) {
      event.data.u32 = static_cast<std::uint32_t>(i);
      ::epoll_ctl(epoll_, EPOLL_CTL_ADD, sockets_[i].fd(), &event);
    }
  }
  ~Loop() override {
    stop_.store(true, std::memory_order_release);
    wake();
    if (thread_.joinable()) thread_.join();
    ::close(epoll_);
    ::close(wake_);
  }
  // Before start().
  Result<void> listen(const NetAddress& address) { return tcp_.listen(address); }
  void start() {
    load_since_ = system_now().mono;
    thread_ = std::thread([this] { run(); });
    ::pthread_setname_np(thread_.native_handle(), "media");
  }

  bool post(wire::SfuCommand&& command) {
    if (!commands_.push(std::move(command))) {
      wake();
      return false;
    }
    wake();
    return true;
  }

  MediaThreadCounters counters() const {
    MediaThreadCounters out;
    out.turns = turns_.load(std::memory_order_relaxed);
    out.slow_turns = slow_turns_.load(std::memory_order_relaxed);
    out.packets_in = packets_in_.load(std::memory_order_relaxed);
    out.packets_out = packets_out_.load(std::memory_order_relaxed);
    out.bytes_out = bytes_out_.load(std::memory_order_relaxed);
    out.send_errors = send_errors_.load(std::memory_order_relaxed);
    out.unknown_address = unknown_address_.load(std::memory_order_relaxed);
    out.unknown_user = unknown_user_.load(std::memory_order_relaxed);
    out.meetings = meetings_.load(std::memory_order_relaxed);
    out.connections = connections_.load(std::memory_order_relaxed);
    out.turn_us_max = turn_us_max_.load(std::memory_order_relaxed);
    out.video_held = video_held_.load(std::memory_order_relaxed);
    out.busy_percent = busy_percent_.load(std::memory_order_relaxed);
    out.cameras_most = cameras_most_.load(std::memory_order_relaxed);
    out.tcp.accepted = tcp_accepted_.load(std::memory_order_relaxed);
    out.tcp.refused = tcp_refused_.load(std::memory_order_relaxed);
    out.tcp.malformed = tcp_malformed_.load(std::memory_order_relaxed);
    out.tcp.idle = tcp_idle_.load(std::memory_order_relaxed);
    out.tcp.dropped = tcp_dropped_.load(std::memory_order_relaxed);
    out.tcp.open = tcp_open_.load(std::memory_order_relaxed);
    return out;
  }

  Duration cpu_time() {
    clockid_t clock;
    timespec used{};
    if (::pthread_getcpuclockid(thread_.native_handle(), &clock) != 0 || ::clock_gettime(clock, &used) != 0) return {};
    return Duration::s(used.tv_sec) + Duration::ns(used.tv_nsec);
  }

  void transmit(std::span<const sfu::Transmit> batch) override {
    // Runs of datagrams for one local socket; with one address that is the whole batch.
    const auto order = by_destination_.order(batch);
    bool over_tcp = false;
    for (std::size_t at = 0; at < order.size();) {
      const sfu::Transmit& first = batch[order[at]];
      const std::uint32_t socket = first.path.local_index;
      if (is_tcp(first.path)) {
        const bool sent = tcp_.send(first.path, first.datagram);
        add(packets_out_, sent ? 1 : 0);
        add(bytes_out_, first.datagram.size());
        add(send_errors_, sent ? 0 : 1);
        over_tcp = true;
        ++at;
        continue;
      }
      std::size_t n = 0;
      std::uint64_t bytes = 0;
      for (; at < order.size() && batch[order[at]].path.local_index == socket; ++at) {
        const sfu::Transmit& next = batch[order[at]];
        bytes += next.datagram.size();
        items_[n++] = {next.path.remote, next.datagram};
      }
      if (socket >= sockets_.size()) continue;
      const std::size_t lost = sockets_[socket].send(std::span(items_).first(n));
      add(packets_out_, n - lost);
      add(bytes_out_, bytes);
      add(send_errors_, lost);
    }
    if (over_tcp) tcp_.flush();
  }

 private:
  static constexpr std::uint32_t kWake = ~std::uint32_t(0);

  // One writer: a plain add without a locked instruction.
  static void add(std::atomic<std::uint64_t>& counter, std::uint64_t n) {
    counter.store(counter.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }

  void wake() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(wake_, &one, sizeof one);
  }

  void run() {
    // Where the process may (RLIMIT_NICE): what others compute for people who join does not make packets late.
    ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kNice);
    std::array<epoll_event, 16> ready;
    while (!stop_.load(std::memory_order_acquire)) {
      const Instant before = system_now().mono;
      const Instant deadline = handshakes_.empty() && !commands_left_ ? std::min(worker_.next_deadline(), sweep_due_) : before;
      timespec timeout{};
      const timespec* wait = nullptr;
      if (!deadline.is_never()) {
        const std::int64_t ns = std::max<std::int64_t>((deadline - before).ns(), deadline <= before ? 0 : kTick.ns());
        timeout = {ns / 1'000'000'000, ns % 1'000'000'000};
        wait = &timeout;
      }
      const int count = ::epoll_pwait2(epoll_, ready.data(), static_cast<int>(ready.size()), wait, nullptr);
      if (count < 0 && errno != EINTR) break;
      turn(std::span(ready).first(count > 0 ? static_cast<std::size_t>(count) : 0));
    }
  }

  void turn(std::span<const epoll_event> ready) {
    const Now now = system_now();
    for (const epoll_event& event : ready) {
      if (event.data.u32 == kWake) {
        std::uint64_t drained;
        [[maybe_unused]] const ssize_t got = ::read(wake_, &drained, sizeof drained);
      }
    }
    carry_out_commands(now);
    for (const epoll_event& event : ready) {
      if (event.data.u32 == kWake) continue;
      const std::uint32_t index = event.data.u32;
      if (TcpMedia::owns(index)) {
        const Instant arrival = system_now().mono;
        tcp_.event(arrival, index, event.events, [&](const ice::Path& path, MutBytes datagram) {
          add(packets_in_, 1);
          worker_.handle(arrival, path, datagram, outbox_);
        });
        outbox_.flush();
        continue;
      }
      // Bounded: timers and commands get their turn under any flood.
      for (int batch = 0; batch < kBatchesPerTurn; ++batch) {
        const auto received = sockets_[index].receive(memory_, UdpSocket::kTurnBatch);
        if (received.empty()) break;
        const Instant arrival = system_now().mono;
        add(packets_in_, received.size());
        for (auto& item : received) {
          const ice::Path path{index, item.from};
          if (rtc::classify(item.datagram) == rtc::PacketKind::dtls && worker_.carries(path)) handshakes_.push(path, item.datagram);
          else worker_.handle(arrival, path, item.datagram, outbox_);
        }
        outbox_.flush();  // nobody waits for the batches behind
        if (received.size() < UdpSocket::kTurnBatch) break;
      }
    }
    if (!handshakes_.empty()) {
      auto next = handshakes_.pop();
      worker_.handle(system_now().mono, next.path, next.datagram, outbox_);
    }
    worker_.handle_timeout(system_now().mono, outbox_);
    outbox_.flush();
    worker_.end_turn();
    sweep_tcp(now.mono);
    watch_load(now.mono);
    if (!outbox_.events().empty()) {
      on_events_(std::move(outbox_.events()));
      outbox_.events() = {};
    }
    const Duration took = system_now().mono - now.mono;
    add(turns_, 1);
    if (took > kSlowTurn) add(slow_turns_, 1);
    if (static_cast<std::uint64_t>(took.us()) > turn_us_max_.load(std::memory_order_relaxed)) {
      turn_us_max_.store(static_cast<std::uint64_t>(took.us()), std::memory_order_relaxed);
    }
    video_held_.store(worker_.video_held(), std::memory_order_relaxed);
    unknown_address_.store(worker_.counters().unknown_address, std::memory_order_relaxed);
    unknown_user_.store(worker_.counters().unknown_user, std::memory_order_relaxed);
    meetings_.store(worker_.meeting_count(), std::memory_order_relaxed);
    connections_.store(worker_.connection_count(), std::memory_order_relaxed);
  }

  void carry_out_commands(const Now& now) {
    const Instant until = now.mono + kCommandsPerTurn;
    commands_left_ = false;
    while (auto command = commands_.pop()) {
      worker_.command(now, *command, outbox_);
      if (system_now().mono < until) continue;
      commands_left_ = true;   // perhaps: the next turn looks
      return;
    }
  }

  // By CPU time: a thread that gets no processor because of others would not be helped by doing less.
  void watch_load(Instant now) {
    const Duration passed = now - load_since_;
    if (passed < sfu::LoadShedder::kPeriod) return;
    timespec used{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    const Duration cpu = Duration::s(used.tv_sec) + Duration::ns(used.tv_nsec);
    const auto busy = static_cast<unsigned>((cpu - load_cpu_).ns() * 100 / passed.ns());
    worker_.on_load(now, busy);
    load_since_ = now;
    load_cpu_ = cpu;
    busy_percent_.store(busy, std::memory_order_relaxed);
    cameras_most_.store(worker_.cameras_most(), std::memory_order_relaxed);
  }

  void sweep_tcp(Instant now) {
    if (sweep_due_ <= now) {
      tcp_.sweep(now, [this](const ice::Path& path) { return worker_.carries(path); });
      sweep_due_ = Instant::never();
    }
    if (sweep_due_.is_never() && tcp_.needs_sweep()) sweep_due_ = now + kSweep;
    tcp_accepted_.store(tcp_.counters().accepted, std::memory_order_relaxed);
    tcp_refused_.store(tcp_.counters().refused, std::memory_order_relaxed);
    tcp_malformed_.store(tcp_.counters().malformed, std::memory_order_relaxed);
    tcp_idle_.store(tcp_.counters().idle, std::memory_order_relaxed);
    tcp_dropped_.store(tcp_.counters().dropped, std::memory_order_relaxed);
    tcp_open_.store(tcp_.counters().open, std::memory_order_relaxed);
  }

  const int epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  std::vector<UdpSocket> sockets_;
  TcpMedia tcp_{epoll_};
  Instant sweep_due_ = Instant::never();
  Instant load_since_;
  Duration load_cpu_;
  sfu::Worker worker_;
  sfu::Outbox outbox_;
  sfu::HandshakeQueue handshakes_;
  bool commands_left_ = false;
  SpscQueue<wire::SfuCommand> commands_;
  EventSink on_events_;
  UdpSocket::ReceiveMemory memory_;
  ByDestination by_destination_;
  std::array<UdpSocket::Item, ByDestination::kMax> items_;
  int wake_ = -1;
  std::atomic<bool> stop_{false};
  std::atomic<std::uint64_t> turns_{0}, slow_turns_{0}, packets_in_{0}, packets_out_{0}, bytes_out_{0}, send_errors_{0},
      unknown_address_{0}, unknown_user_{0}, meetings_{0}, connections_{0}, turn_us_max_{0}, video_held_{0}, busy_percent_{0}, cameras_most_{sfu::LoadShedder::kAll};
  std::atomic<std::uint64_t> tcp_accepted_{0}, tcp_refused_{0}, tcp_malformed_{0}, tcp_idle_{0}, tcp_dropped_{0}, tcp_open_{0};
  std::thread thread_;
};

MediaThread::MediaThread(std::unique_ptr<Loop> loop, bool tcp_ready) : loop_(std::move(loop)), tcp_ready_(tcp_ready) {}
MediaThread::~MediaThread() = default;

Result<std::unique_ptr<MediaThread>> MediaThread::start(MediaThreadOptions options, const dtls::DtlsContext& context,
                                                        sfu::AudioMixerFactory* mixers, RandomSource& random,
                                                        EventSink on_events) {
  std::vector<UdpSocket> sockets;
  std::vector<NetAddress> bound;   // one socket may be advertised under several addresses
  for (const MediaAddress& address : options.addresses) {
    if (std::find(bound.begin(), bound.end(), address.bind) != bound.end()) continue;
    bound.push_back(address.bind);
    auto socket = UdpSocket::bind(address.bind, options.socket_buffer_bytes);
    if (!socket) return tl::unexpected(socket.error());
    sockets.push_back(std::move(*socket));
  }
  if (sockets.empty()) return fail(ErrorCode::invalid_argument, "no address to receive media on (give --media-address)");
  auto loop = std::make_unique<Loop>(options, std::move(sockets), context, mixers, random, std::move(on_events));
  bool tcp_ready = options.tcp;
  for (std::size_t i = 0; i < bound.size() && tcp_ready; ++i) tcp_ready = loop->listen(bound[i]).has_value();
  loop->start();
  return std::unique_ptr<MediaThread>(new MediaThread(std::move(loop), tcp_ready));
}

bool MediaThread::post(wire::SfuCommand&& command) { return loop_->post(std::move(command)); }
MediaThreadCounters MediaThread::counters() const { return loop_->counters(); }
Duration MediaThread::cpu_time() const { return loop_->cpu_time(); }

}  // namespace upcall::udp
