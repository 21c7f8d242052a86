#include "server/serve/drain_host.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "io/clock/system_clock.hpp"
#include "io/log/log.hpp"
#include "io/store/meeting_repository.hpp"
#include "io/store/recording_repository.hpp"
#include "json/json.hpp"
#include "server/serve/drain_peers.hpp"
#include "wire/sfu.hpp"

namespace upcall::server {

namespace bj = boost::json;

Result<std::unique_ptr<DrainHost>> DrainHost::start(DrainHostOptions options, store::Store& store, service::MeetingRuntime& runtime,
                                                    service::RecordingService& recordings, RandomSource& random) {
  auto live = store.read([](store::Database& db) { return store::meetings::live(db); });
  if (!live) return tl::unexpected(live.error());
  std::unique_ptr<DrainHost> host(new DrainHost(std::move(options), store, runtime, recordings));
  for (const store::Meeting& meeting : *live) {
    // Another process, before this one, may have it.
    auto seen = runtime.inspect(meeting.meeting_id);
    if (seen.wait_for(std::chrono::seconds(2)) != std::future_status::ready || seen.get()) host->meetings_[meeting.meeting_id] = {meeting.external_meeting_id, {}, {}};
  }
  host->router_.add_websocket("/control/{meetingId}", [h = host.get()](const wire::HttpRequest& request, const std::vector<std::string>& subprotocols) {
    return h->runtime_.accept(std::string(request.route_value("meetingId")), subprotocols);
  });
  net::HttpServerOptions listening;
  listening.handler_threads = 2;
  auto control = net::HttpServer::start(std::move(listening), host->router_, random);
  if (!control) return tl::unexpected(control.error());
  host->control_ = std::move(*control);
  std::error_code made;
  const std::string directory = drain_directory(host->options_.data_dir);
  std::filesystem::create_directories(directory, made);
  ::chmod(directory.c_str(), 0700);
  auto socket = net::AdminSocketServer::start(directory + "/" + host->options_.instance, [h = host.get()](std::string_view line) { return h->answer(line); });
  if (!socket) return tl::unexpected(socket.error());
  host->socket_ = std::move(*socket);
  host->thread_ = std::thread([h = host.get()] { h->run(); });
  ::pthread_setname_np(host->thread_.native_handle(), "drain");
  return host;
}

DrainHost::DrainHost(DrainHostOptions options, store::Store& store, service::MeetingRuntime& runtime, service::RecordingService& recordings)
    : options_(std::move(options)), store_(store), runtime_(runtime), recordings_(recordings), begun_(system_now().mono) {}

DrainHost::~DrainHost() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  socket_.reset();
  if (control_) control_->stop(Duration::ms(200));
}

std::set<std::string> DrainHost::hosted() const {
  const std::lock_guard lock(mutex_);
  std::set<std::string> out;
  for (const auto& [id, meeting] : meetings_) out.insert(id);
  return out;
}

// {"command": "status"} → {"instance", "pid", "port", "meetings": [...], "recordings"}
// {"command": "recording", "what", "arguments": "..."} → {"result": "..."} or {"error": {"code", "message"}}
// {"command": "stop"} → {}: it ends; whoever is in a call reconnects.
std::string DrainHost::answer(std::string_view line) {
  auto request = json::parse_object(line);
  const std::string command = request ? json::text_or(*request, "command") : "";
  if (command == "status") {
    bj::array meetings;
    for (const std::string& id : hosted()) meetings.emplace_back(id);
    return bj::serialize(bj::object{{"instance", options_.instance}, {"pid", static_cast<std::int64_t>(::getpid())}, {"port", control_->port()},
                                    {"meetings", std::move(meetings)}, {"recordings", recordings_.counters().recording}});
  }
  if (command == "recording") {
    const auto result = recordings_.answer_elsewhere(json::text_or(*request, "what"), json::text_or(*request, "arguments"));
    if (result) return bj::serialize(bj::object{{"result", *result}});
    return bj::serialize(bj::object{{"error", {{"code", to_string(result.error().code)}, {"message", result.error().message}}}});
  }
  if (command == "stop") {
    const std::lock_guard lock(mutex_);
    meetings_.clear();
    told_to_stop_ = true;
    wake_.notify_all();
    return "{}";
  }
  return bj::serialize(bj::object{{"error", {{"code", "invalid_argument"}, {"message", "there is no such command"}}}});
}

void DrainHost::run() {
  for (;;) {
    for (const std::string& id : hosted()) look_at(id);
    const bool busy = options_.busy && options_.busy();
    std::unique_lock lock(mutex_);
    const bool too_long = system_now().mono - begun_ > options_.longest;
    if (!told_over_ && (told_to_stop_ || too_long || (meetings_.empty() && !busy && recordings_.counters().recording == 0))) {
      told_over_ = true;
      log::info("drain.over", {{"calls_left", meetings_.size()}});
      lock.unlock();
      options_.over();
      lock.lock();
    }
    wake_.wait_for(lock, std::chrono::nanoseconds(options_.look.ns()), [this] { return stop_; });
    if (stop_) return;
  }
}

void DrainHost::look_at(const std::string& meeting_id) {
  struct Seen {
    std::optional<store::Meeting> meeting;
    std::vector<store::Attendee> attendees;
    bool recorded = false;
  };
  auto seen = store_.read([&](store::Database& db) -> Result<Seen> {
    Seen out;
    auto meeting = store::meetings::find(db, meeting_id);
    if (!meeting) return tl::unexpected(meeting.error());
    out.meeting = std::move(*meeting);
    auto attendees = store::meetings::attendees(db, meeting_id);
    if (!attendees) return tl::unexpected(attendees.error());
    out.attendees = std::move(*attendees);
    if (!out.meeting) return out;
    auto recording = store::recordings::in_progress(db, out.meeting->external_meeting_id);
    if (!recording) return tl::unexpected(recording.error());
    out.recorded = recording->has_value();
    return out;
  });
  if (!seen) return;   // again at the next look
  if (!seen->meeting || seen->meeting->ended) {
    runtime_.end_meeting(meeting_id);
    std::string external_id;
    {
      const std::lock_guard lock(mutex_);
      const auto at = meetings_.find(meeting_id);
      if (at == meetings_.end()) return;
      external_id = at->second.external_id;
    }
    if (!recordings_.on_meeting_ended(external_id, meeting_id)) return;
    const std::lock_guard lock(mutex_);
    meetings_.erase(meeting_id);
    return;
  }
  std::vector<std::string> newly;
  {
    const std::lock_guard lock(mutex_);
    const auto at = meetings_.find(meeting_id);
    if (at == meetings_.end()) return;
    for (const store::Attendee& a : seen->attendees) {
      if (a.removed && at->second.removed.insert(a.attendee_id).second) newly.push_back(a.attendee_id);
    }
  }
  for (const std::string& attendee : newly) runtime_.remove_attendee(meeting_id, attendee);
  auto inside = runtime_.inspect(meeting_id);
  if (inside.wait_for(std::chrono::seconds(2)) != std::future_status::ready) return;
  const auto state = inside.get();
  const bool empty = !seen->recorded && (!state || state->people_connected == 0);
  bool give_away = false;
  {
    const std::lock_guard lock(mutex_);
    const auto at = meetings_.find(meeting_id);
    if (at == meetings_.end()) return;
    const Instant now = system_now().mono;
    if (!empty) {
      at->second.empty_since.reset();
    } else if (!at->second.empty_since) {
      at->second.empty_since = now;
    } else if (now - *at->second.empty_since >= options_.empty) {
      give_away = true;
      meetings_.erase(at);
    }
  }
  // Nobody is in it; whoever comes next finds it at the successor.
  if (give_away) runtime_.end_meeting(meeting_id);
}

}  // namespace upcall::server
