#include "service/meetings/meeting_runtime.hpp"

#include <algorithm>

#include "service/meetings/meeting_core.hpp"

namespace upcall::service {

namespace {
constexpr std::string_view kSubprotocol = "_aws_wt_session";
constexpr std::size_t kPendingMessagesMax = 256;   // of one socket, not yet handled
constexpr std::size_t kPendingBytesMax = 256 * 1024;   // before the last of them
constexpr std::uint16_t kCloseForbidden = 4403, kCloseEnded = 4410, kCloseBusy = 4503;
}  // namespace

// One signalling socket: hands everything to the control thread.
class MeetingRuntime::Socket final : public wire::WebSocketHandler, public std::enable_shared_from_this<Socket> {
 public:
  Socket(std::shared_ptr<Core> core, std::string meeting_id, std::optional<signaling::AttendeeIdentity> attendee)
      : core_(std::move(core)), meeting_id_(std::move(meeting_id)), attendee_(std::move(attendee)) {}

  void on_open(std::shared_ptr<wire::WebSocketConnection> connection) override {
    core_->socket_count_.fetch_add(1, std::memory_order_relaxed);
    connection_ = connection;
    opened_ = system_now();
    if (!attendee_) {
      connection->close(kCloseForbidden, "attendee unavailable");
      return;
    }
    core_->post([self = shared_from_this(), connection] {
      Core::Entry* entry = self->core_->find(self->meeting_id_);
      if (entry == nullptr) {
        connection->close(kCloseEnded, "the meeting has ended");
        return;
      }
      signaling::RoomOutput out;
      self->session_ = entry->room->open(system_now(), *self->attendee_, out);
      entry->sockets[self->session_] = connection;
      self->core_->apply(*entry, out);
    });
  }

  void on_message(Bytes message, bool is_text) override {
    if (is_text || !attendee_) return;  // the protocol is binary
    const std::size_t waiting = pending_bytes_.fetch_add(message.size(), std::memory_order_relaxed);
    if (pending_.fetch_add(1, std::memory_order_relaxed) >= kPendingMessagesMax || waiting > kPendingBytesMax) {
      connection_->close(kCloseBusy, "too many messages");
      return;
    }
    core_->post([self = shared_from_this(), bytes = ByteVector(message.begin(), message.end()), received = system_now().mono] {
      self->pending_.fetch_sub(1, std::memory_order_relaxed);
      self->pending_bytes_.fetch_sub(bytes.size(), std::memory_order_relaxed);
      if (self->session_) self->core_->on_message(self->meeting_id_, self->session_, bytes, self->opened_, received);
    });
  }

  void on_close(std::uint16_t) override {
    core_->socket_count_.fetch_sub(1, std::memory_order_relaxed);
    core_->post([self = shared_from_this()] {
      if (!self->session_) return;
      Core::Entry* entry = self->core_->find(self->meeting_id_);
      if (entry == nullptr) return;
      entry->sockets.erase(self->session_);
      signaling::RoomOutput out;
      entry->room->on_close(system_now(), self->session_, out);
      self->core_->apply(*entry, out);
    });
  }

 private:
  std::shared_ptr<Core> core_;
  std::string meeting_id_;
  std::optional<signaling::AttendeeIdentity> attendee_;
  std::shared_ptr<wire::WebSocketConnection> connection_;
  Now opened_;                     // set before the first message is posted
  signaling::SessionNo session_;  // control thread
  std::atomic<std::size_t> pending_{0}, pending_bytes_{0};
};

MeetingRuntime::MeetingRuntime(std::shared_ptr<Core> core) : core_(std::move(core)) {}
MeetingRuntime::~MeetingRuntime() { core_->stop(); }
void MeetingRuntime::stop() { core_->stop(); }

Result<std::unique_ptr<MeetingRuntime>> MeetingRuntime::start(MeetingRuntimeOptions options, const dtls::DtlsContext& context,
                                                              sfu::AudioMixerFactory* mixers, RandomSource& random) {
  auto core = std::make_shared<Core>(std::move(options), context, random);
  if (auto started = core->start(mixers); !started) return tl::unexpected(started.error());
  return std::unique_ptr<MeetingRuntime>(new MeetingRuntime(std::move(core)));
}

void MeetingRuntime::open_meeting(const std::string& meeting_id, const MeetingRules& rules) {
  core_->post([core = core_, meeting_id, rules] { core->open_meeting(meeting_id, rules); });
}

void MeetingRuntime::end_meeting(const std::string& meeting_id) {
  core_->post([core = core_, meeting_id] { core->end_meeting(meeting_id); });
}

void MeetingRuntime::remove_attendee(const std::string& meeting_id, const std::string& attendee_id) {
  core_->post([core = core_, meeting_id, attendee_id] {
    core->with_room(meeting_id, [&](signaling::Room& room, signaling::RoomOutput& out) {
      room.remove_attendee(system_now(), attendee_id, out);
    });
  });
}

void MeetingRuntime::set_capabilities(const std::string& meeting_id, const std::string& attendee_id, const wire::AttendeeCapabilities& capabilities) {
  core_->post([core = core_, meeting_id, attendee_id, capabilities] {
    core->with_room(meeting_id, [&](signaling::Room& room, signaling::RoomOutput& out) {
      room.set_capabilities(system_now(), attendee_id, capabilities, out);
    });
  });
}

std::future<void> MeetingRuntime::add_silent_attendee(const std::string& meeting_id, const signaling::AttendeeIdentity& attendee) {
  auto done = std::make_shared<std::promise<void>>();
  core_->post([core = core_, meeting_id, attendee, done] {
    core->with_room(meeting_id, [&](signaling::Room& room, signaling::RoomOutput& out) {
      room.add_silent_attendee(system_now(), attendee, out);
    });
    done->set_value();
  });
  return done->get_future();
}

void MeetingRuntime::remove_silent_attendee(const std::string& meeting_id, const std::string& attendee_id) {
  core_->post([core = core_, meeting_id, attendee_id] {
    core->with_room(meeting_id, [&](signaling::Room& room, signaling::RoomOutput& out) {
      room.remove_silent_attendee(system_now(), attendee_id, out);
    });
  });
}

void MeetingRuntime::open_tap(const std::string& meeting_id, TapRequest request, std::function<void()> opened,
                              std::function<void(const TapResult&)> closed) {
  core_->post([core = core_, meeting_id, request = std::move(request), opened = std::move(opened), closed = std::move(closed)]() mutable {
    core->open_tap(meeting_id, std::move(request), std::move(opened), std::move(closed));
  });
}

void MeetingRuntime::close_tap(const std::string& recording_id, wire::TapStopReason reason) {
  core_->post([core = core_, recording_id, reason] { core->close_tap(recording_id, reason); });
}

void MeetingRuntime::pause_tap(const std::string& recording_id, bool paused) {
  core_->post([core = core_, recording_id, paused] { core->pause_tap(recording_id, paused); });
}

void MeetingRuntime::refresh_tap(const std::string& recording_id) {
  core_->post([core = core_, recording_id] { core->refresh_tap(recording_id); });
}

wire::WebSocketAnswer MeetingRuntime::accept(const std::string& meeting_id, const std::vector<std::string>& subprotocols) {
  wire::WebSocketAnswer answer;
  std::optional<signaling::AttendeeIdentity> attendee;
  for (const std::string& offered : subprotocols) {
    if (offered == kSubprotocol) continue;
    std::string_view token = offered;
    const bool content = token.ends_with(signaling::kContentSuffix);
    if (content) token.remove_suffix(signaling::kContentSuffix.size());
    attendee = core_->options_.find_attendee(meeting_id, token);
    if (attendee && content) {
      attendee->attendee_id += signaling::kContentSuffix;
      attendee->content = true;
    }
    break;
  }
  if (!attendee) core_->refused_tokens_.fetch_add(1, std::memory_order_relaxed);
  const bool offered = std::find(subprotocols.begin(), subprotocols.end(), kSubprotocol) != subprotocols.end();
  answer.subprotocol = offered ? std::string(kSubprotocol) : subprotocols.empty() ? std::string() : subprotocols.front();
  answer.handler = std::make_shared<Socket>(core_, meeting_id, std::move(attendee));
  return answer;
}

std::future<std::optional<MeetingRuntime::Inspection>> MeetingRuntime::inspect(const std::string& meeting_id) {
  auto promise = std::make_shared<std::promise<std::optional<Inspection>>>();
  auto future = promise->get_future();
  core_->post([core = core_, meeting_id, promise] { core->inspect(meeting_id, std::move(*promise)); });
  return future;
}

bool MeetingRuntime::media_over_tcp() const { return core_->media_over_tcp(); }

MeetingRuntime::Counters MeetingRuntime::counters() const {
  Counters out;
  out.meetings = core_->meeting_count_.load(std::memory_order_relaxed);
  out.sockets = core_->socket_count_.load(std::memory_order_relaxed);
  out.refused_tokens = core_->refused_tokens_.load(std::memory_order_relaxed);
  out.lost_events = core_->lost_events_.load(std::memory_order_relaxed);
  out.command_backlog_max = core_->backlog_max_.load(std::memory_order_relaxed);
  if (core_->media_) {  // not after stop()
    out.media = core_->media_->counters();
    out.media_cpu = core_->media_->cpu_time();
  }
  return out;
}

void MeetingRuntime::drain() {
  core_->post([core = core_] { core->drain(); });
}

}  // namespace upcall::service
