// Private to this folder: the control thread of all meetings, between signalling sockets, rooms and the media worker.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/bounded_queue.hpp"
#include "io/clock/system_clock.hpp"
#include "service/meetings/join_log.hpp"
#include "service/meetings/meeting_quality.hpp"
#include "service/meetings/meeting_runtime.hpp"
#include "wire/sfu_route.hpp"

namespace upcall::service {

inline constexpr std::uint16_t kCloseDrain = 4500;

// The control thread and everything it owns. Kept alive by sockets that outlast the runtime.
class MeetingRuntime::Core : public std::enable_shared_from_this<MeetingRuntime::Core> {
 public:
  Core(MeetingRuntimeOptions options, const dtls::DtlsContext& context, RandomSource& random)
      : options_(std::move(options)), context_(context), random_(random), events_(8192), join_metrics_(options_.metrics) {
    wake_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  }
  ~Core() { ::close(wake_); }

  Result<void> start(sfu::AudioMixerFactory* mixers) {
    auto media = udp::MediaThread::start(options_.media, context_, mixers, random_, [this](std::vector<wire::SfuEvent>&& events) {
      if (!events_.push(std::move(events))) lost_events_.fetch_add(1, std::memory_order_relaxed);
      wake();
    });
    if (!media) return tl::unexpected(media.error());
    media_ = std::move(*media);
    media_over_tcp_ = media_->tcp_ready();
    thread_ = std::thread([this] { run(); });
    ::pthread_setname_np(thread_.native_handle(), "meetings");
    return {};
  }

  void stop() {
    post([this] { stop_ = true; });
    if (thread_.joinable()) thread_.join();
    media_.reset();
    const std::lock_guard lock(mutex_);
    tasks_.clear();
  }

  bool media_over_tcp() const { return media_over_tcp_; }

  void post(std::function<void()> task) {
    {
      const std::lock_guard lock(mutex_);
      tasks_.push_back(std::move(task));
    }
    wake();
  }

  // ---- control thread from here on ----

  struct Entry {
    std::string meeting_id;
    wire::MeetingNo no;
    std::unique_ptr<signaling::Room> room;
    std::map<signaling::SessionNo, std::shared_ptr<wire::WebSocketConnection>> sockets;
    JoinLog joins;
    std::optional<MeetingQuality> quality;
  };
  struct OpenTap {
    std::string recording_id;
    std::string meeting_id;
    std::function<void()> opened;
    std::function<void(const TapResult&)> closed;
  };

  Entry* find(const std::string& meeting_id) {
    const auto at = meetings_.find(meeting_id);
    return at == meetings_.end() ? nullptr : &at->second;
  }

  void open_meeting(const std::string& meeting_id, const MeetingRules& rules) {
    if (find(meeting_id) != nullptr) return;
    Entry& entry = meetings_[meeting_id];
    entry.meeting_id = meeting_id;
    entry.quality.emplace(meeting_id);
    entry.no = wire::MeetingNo{next_meeting_++};
    signaling::RoomOptions options;
    options.meeting = entry.no;
    options.attendees_max = rules.attendees_max;
    options.video_senders_max = rules.video_senders_max;
    options.video_codecs = rules.video_codecs;
    options.idle_end = rules.idle_end;
    if (rules.life_left) options.ends_at = system_now().mono + *rules.life_left;
    options.fingerprint = context_.fingerprint().text();
    for (const udp::MediaAddress& address : options_.media.addresses) {
      options.candidates.push_back({ip_text(address.advertised), address.advertised.port, "host", true});
    }
    if (media_over_tcp_) {
      for (const udp::MediaAddress& address : options_.media.addresses) {
        options.candidates.push_back({ip_text(address.advertised), address.advertised.port, "host", false});
      }
    }
    if (options_.relay) options.relay = options_.relay();
    signaling::RoomOutput out;
    entry.room = std::make_unique<signaling::Room>(system_now(), std::move(options), random_,
                                                   [this] { return wire::ConnectionNo{next_connection_++}; }, out);
    apply(entry, out);
    meeting_count_.store(meetings_.size(), std::memory_order_relaxed);
  }

  void end_meeting(const std::string& meeting_id) {
    Entry* entry = find(meeting_id);
    if (entry == nullptr) return;
    signaling::RoomOutput out;
    entry->room->end(system_now(), out);
    apply(*entry, out);
    if (options_.on_quality) options_.on_quality(entry->quality->finish(system_now()));
    meetings_.erase(meeting_id);
    meeting_count_.store(meetings_.size(), std::memory_order_relaxed);
  }

  template <class Fn>
  void with_room(const std::string& meeting_id, Fn&& fn) {
    Entry* entry = find(meeting_id);
    if (entry == nullptr) return;
    signaling::RoomOutput out;
    fn(*entry->room, out);
    apply(*entry, out);
  }

  void apply(Entry& entry, signaling::RoomOutput& out) {
    for (wire::SfuCommand& command : out.commands) {
      if (const auto* add = std::get_if<wire::SfuAddConnection>(&command)) connections_[add->connection] = entry.meeting_id;
      if (const auto* gone = std::get_if<wire::SfuRemoveConnection>(&command)) connections_.erase(gone->connection);
      send_command(std::move(command));
    }
    for (const auto& send : out.sends) {
      const auto at = entry.sockets.find(send.session);
      if (at != entry.sockets.end()) at->second->send_binary(as_bytes(send.message));
    }
    for (const auto& close : out.closes) {
      const auto at = entry.sockets.find(close.session);
      if (at != entry.sockets.end()) at->second->close(close.code, close.reason);
    }
    for (const auto& event : out.events) {
      entry.quality->on_event(system_now(), event, *entry.room);
      if (options_.on_event) options_.on_event(entry.meeting_id, event);
    }
    for (const auto& measured : out.measured) entry.quality->on_measured(system_now().mono, measured);
  }

  // `opened`, `received`: when the socket opened, when the message came in.
  void on_message(const std::string& meeting_id, signaling::SessionNo session, Bytes message, Now opened, Instant received) {
    Entry* entry = find(meeting_id);
    if (entry == nullptr) return;
    signaling::RoomOutput out;
    entry->room->on_message(system_now(), session, message, out);
    apply(*entry, out);
    for (const auto& answered : out.answered) {
      entry->joins.on_answered(answered, opened, received, system_now().mono, entry->room->connections(), join_metrics_);
    }
  }

  void send_command(wire::SfuCommand&& command) {
    if (backlog_.empty() && media_->post(std::move(command))) return;
    backlog_.push_back(std::move(command));  // NOLINT(bugprone-use-after-move): a command that was not taken is whole
    const std::uint64_t size = backlog_.size();
    if (size > backlog_max_.load(std::memory_order_relaxed)) backlog_max_.store(size, std::memory_order_relaxed);
  }

  void open_tap(const std::string& meeting_id, TapRequest request, std::function<void()> opened,
                std::function<void(const TapResult&)> closed) {
    Entry* entry = find(meeting_id);
    if (entry == nullptr) {
      closed({});
      return;
    }
    const wire::TapNo no{next_tap_++};
    taps_[no] = OpenTap{request.recording_id, meeting_id, std::move(opened), std::move(closed)};
    wire::SfuOpenTap command;
    command.meeting = entry->no;
    command.tap = no;
    command.ring = std::move(request.ring);
    command.recording_id = request.recording_id;
    command.meeting_title = request.title;
    command.started = request.started;
    command.resumed = request.resumed;
    command.first_source = request.first_source;
    command.paused = request.paused;
    send_command(std::move(command));
  }

  void close_tap(const std::string& recording_id, wire::TapStopReason reason) {
    for (auto& [no, tap] : taps_) {
      if (tap.recording_id == recording_id) send_command(wire::SfuCloseTap{no, reason});
    }
  }

  void refresh_tap(const std::string& recording_id) {
    for (auto& [no, tap] : taps_) {
      if (tap.recording_id == recording_id) send_command(wire::SfuRefreshTap{no});
    }
  }

  void pause_tap(const std::string& recording_id, bool paused) {
    for (auto& [no, tap] : taps_) {
      if (tap.recording_id == recording_id) send_command(wire::SfuPauseTap{no, paused});
    }
  }

  void on_media_event(const wire::SfuEvent& event) {
    if (const auto* opened = std::get_if<wire::SfuTapOpened>(&event)) {
      const auto at = taps_.find(opened->tap);
      if (at != taps_.end() && at->second.opened) at->second.opened();
    } else if (const auto* closed = std::get_if<wire::SfuTapClosed>(&event)) {
      const auto at = taps_.find(closed->tap);
      if (at == taps_.end()) return;
      const auto tell = std::move(at->second.closed);
      taps_.erase(at);
      if (tell) tell({closed->records, closed->dropped});
    } else if (const auto* report = std::get_if<wire::SfuMeetingReport>(&event)) {
      const auto at = inspections_.find(report->request);
      if (at == inspections_.end()) return;
      Inspection out;
      out.media = *report;
      if (const Entry* entry = find(at->second.meeting_id)) {
        out.people_connected = entry->room->people_connected();
        out.sessions = entry->sockets.size();
        out.malformed_messages = entry->room->malformed_messages();
        out.floods = entry->room->floods();
        out.joins = entry->joins.joins();
        out.quality = entry->quality->people(system_now().mono);
      }
      at->second.promise.set_value(std::move(out));
      inspections_.erase(at);
    } else if (const wire::SfuEventTarget target = wire::target_of(event); target.meeting) {
      for (auto& [id, entry] : meetings_) {
        if (entry.no == target.meeting) to_room(entry, event);
      }
    } else {
      const auto at = connections_.find(target.connection);
      if (at == connections_.end()) return;
      if (Entry* entry = find(at->second)) {
        entry->joins.on_media(event, join_metrics_);
        to_room(*entry, event);
      }
    }
  }
  void to_room(Entry& entry, const wire::SfuEvent& event) {
    signaling::RoomOutput out;
    entry.room->on_sfu_event(system_now(), event, out);
    apply(entry, out);
  }

  void inspect(const std::string& meeting_id, std::promise<std::optional<Inspection>> promise) {
    Entry* entry = find(meeting_id);
    if (entry == nullptr) {
      promise.set_value(std::nullopt);
      return;
    }
    const std::uint64_t request = next_inspection_++;
    inspections_[request] = {meeting_id, std::move(promise)};
    send_command(wire::SfuInspect{entry->no, request});
  }

  void drain() {
    for (auto& [id, entry] : meetings_) {
      for (auto& [no, socket] : entry.sockets) socket->close(kCloseDrain, "the server is being restarted");
    }
  }

  void run() {
    while (!stop_) {
      std::deque<std::function<void()>> tasks;
      {
        const std::lock_guard lock(mutex_);
        tasks.swap(tasks_);
      }
      for (auto& task : tasks) task();
      while (auto events = events_.pop()) {
        for (const wire::SfuEvent& event : *events) on_media_event(event);
      }
      while (!backlog_.empty() && media_->post(std::move(backlog_.front()))) backlog_.pop_front();
      const Now now = system_now();
      Instant next = Instant::never();
      for (auto& [id, entry] : meetings_) {
        if (entry.room->next_deadline() <= now.mono) {
          signaling::RoomOutput out;
          entry.room->handle_timeout(now, out);
          apply(entry, out);
        }
        if (options_.on_quality && entry.quality->next_tick() <= now.mono) {
          if (auto update = entry.quality->tick(now)) options_.on_quality(std::move(*update));
        }
        next = std::min({next, entry.room->next_deadline(), entry.quality->next_tick()});
      }
      int timeout_ms = 1000;
      if (!next.is_never()) {
        timeout_ms = static_cast<int>(std::clamp<std::int64_t>((next - now.mono).ms() + 1, 0, 1000));
      }
      if (!backlog_.empty()) timeout_ms = 1;
      if (stop_) break;
      pollfd fd{wake_, POLLIN, 0};
      if (::poll(&fd, 1, timeout_ms) > 0) {
        std::uint64_t drained;
        [[maybe_unused]] const ssize_t got = ::read(wake_, &drained, sizeof drained);
      }
    }
    if (options_.on_quality) {
      for (auto& [id, entry] : meetings_) options_.on_quality(entry.quality->finish(system_now()));
    }
    // Nobody waits for an answer that will not come.
    for (auto& [request, inspection] : inspections_) inspection.promise.set_value(std::nullopt);
    inspections_.clear();
  }

  void wake() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(wake_, &one, sizeof one);
  }

  MeetingRuntimeOptions options_;
  const dtls::DtlsContext& context_;
  RandomSource& random_;
  std::unique_ptr<udp::MediaThread> media_;
  bool media_over_tcp_ = false;
  SpscQueue<std::vector<wire::SfuEvent>> events_;
  JoinMetrics join_metrics_;
  std::atomic<std::uint64_t> lost_events_{0}, meeting_count_{0}, socket_count_{0}, refused_tokens_{0}, backlog_max_{0};
  int wake_ = -1;
  std::mutex mutex_;                       // guards tasks_
  std::deque<std::function<void()>> tasks_;
  std::thread thread_;
  bool stop_ = false;

  std::map<std::string, Entry> meetings_;  // by meeting id
  std::map<wire::ConnectionNo, std::string> connections_;
  std::map<wire::TapNo, OpenTap> taps_;
  struct Pending {
    std::string meeting_id;
    std::promise<std::optional<Inspection>> promise;
  };
  std::map<std::uint64_t, Pending> inspections_;
  std::deque<wire::SfuCommand> backlog_;
  std::uint32_t next_meeting_ = 1, next_connection_ = 1, next_tap_ = 1;
  std::uint64_t next_inspection_ = 1;
};

}  // namespace upcall::service
