#include "server/serve/drain_peers.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "io/log/log.hpp"
#include "io/net/admin_socket.hpp"
#include "json/json.hpp"

namespace upcall::server {

namespace bj = boost::json;

namespace {
constexpr Duration kPatience = Duration::s(2), kRecordingPatience = Duration::s(15);
constexpr std::chrono::milliseconds kLook(500);
}  // namespace

std::string drain_directory(const std::string& data_dir) { return data_dir + "/drain"; }

Result<DrainPeers::Peer> DrainPeers::ask(const std::string& path) {
  auto answer = net::admin_call(path, R"({"command":"status"})", kPatience);
  if (!answer) return tl::unexpected(answer.error());
  auto body = json::parse_object(*answer);
  if (!body) return fail(ErrorCode::internal, "not an answer");
  Peer out;
  out.path = path;
  out.instance = json::text_or(*body, "instance");
  out.port = static_cast<std::uint16_t>(json::integer_at(*body, "port").value_or(0));
  if (const bj::array* meetings = json::array_at(*body, "meetings")) {
    for (const bj::value& id : *meetings) {
      if (id.is_string()) out.meetings.emplace(id.as_string());
    }
  }
  return out;
}

DrainPeers::DrainPeers(std::string data_dir) : directory_(drain_directory(data_dir)) { (void)look(); }

DrainPeers::~DrainPeers() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool DrainPeers::look() {
  std::vector<Peer> now;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory_, error)) {
    const std::string path = entry.path().string();
    auto peer = ask(path);
    if (peer) {
      now.push_back(std::move(*peer));
    } else if (peer.error().code == ErrorCode::not_found) {
      ::unlink(path.c_str());   // nobody listens there any more
    } else {
      // Only slow: what it had it still has.
      const std::lock_guard lock(mutex_);
      const auto before = std::find_if(peers_.begin(), peers_.end(), [&](const Peer& known) { return known.path == path; });
      if (before != peers_.end()) now.push_back(*before);
    }
  }
  const std::lock_guard lock(mutex_);
  std::set<std::string> theirs;
  for (const Peer& peer : now) theirs.insert(peer.meetings.begin(), peer.meetings.end());
  bool freed = false;
  for (const Peer& before : peers_) {
    for (const std::string& id : before.meetings) freed = freed || !theirs.contains(id);
  }
  if (now.size() != peers_.size()) log::info("drain.peers", {{"count", now.size()}, {"meetings", theirs.size()}});
  peers_ = std::move(now);
  return freed;
}

void DrainPeers::watch(std::function<void()> freed) {
  freed_ = std::move(freed);
  {
    const std::lock_guard lock(mutex_);
    if (peers_.empty()) return;   // nobody comes later: who begins to drain hands over to another process than this
  }
  thread_ = std::thread([this] {
    for (;;) {
      {
        std::unique_lock lock(mutex_);
        wake_.wait_for(lock, kLook, [this] { return stop_; });
        if (stop_) return;
      }
      if (look()) freed_();
      const std::lock_guard lock(mutex_);
      if (peers_.empty()) return;
    }
  });
  ::pthread_setname_np(thread_.native_handle(), "drain-peers");
}

bool DrainPeers::has(const std::string& meeting_id) const { return control_port(meeting_id).has_value(); }

std::optional<std::uint16_t> DrainPeers::control_port(const std::string& meeting_id) const {
  const std::lock_guard lock(mutex_);
  for (const Peer& peer : peers_) {
    if (peer.meetings.contains(meeting_id)) return peer.port;
  }
  return std::nullopt;
}

std::optional<Result<std::string>> DrainPeers::recording(const std::string& meeting_id, std::string_view what, const std::string& arguments) const {
  std::string path;
  {
    const std::lock_guard lock(mutex_);
    for (const Peer& peer : peers_) {
      if (peer.meetings.contains(meeting_id)) path = peer.path;
    }
  }
  if (path.empty()) return std::nullopt;
  using Answer = Result<std::string>;
  auto answer = net::admin_call(path, bj::serialize(bj::object{{"command", "recording"}, {"what", what}, {"arguments", arguments}}), kRecordingPatience);
  if (!answer) return Answer(fail(ErrorCode::unavailable, "The server that has this call does not answer; try again."));
  auto body = json::parse_object(*answer);
  if (!body) return Answer(fail(ErrorCode::internal, "its answer cannot be read"));
  if (const bj::object* error = json::object_at(*body, "error")) {
    return Answer(tl::unexpected(Error{error_code_from(json::text_or(*error, "code")), json::text_or(*error, "message")}));
  }
  return Answer(json::text_or(*body, "result"));
}

std::vector<std::string> DrainPeers::instances() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> out;
  for (const Peer& peer : peers_) out.push_back(peer.instance);
  return out;
}

void DrainPeers::stop_all() {
  std::vector<std::string> paths;
  {
    const std::lock_guard lock(mutex_);
    for (const Peer& peer : peers_) paths.push_back(peer.path);
  }
  for (const std::string& path : paths) (void)net::admin_call(path, R"({"command":"stop"})", kPatience);
}

DrainPeers::Counters DrainPeers::counters() const {
  const std::lock_guard lock(mutex_);
  Counters out{peers_.size(), 0};
  for (const Peer& peer : peers_) out.meetings += peer.meetings.size();
  return out;
}

}  // namespace upcall::server
