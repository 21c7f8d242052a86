#include "janus_server.hpp"

#include <arpa/inet.h>
#include <csignal>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "io/clock/system_clock.hpp"

namespace upcall::bench {

namespace {

constexpr Duration kReady = Duration::s(20);
// Where Debian has them.
constexpr const char* kPlugins = "/usr/lib/x86_64-linux-gnu/janus/plugins";
constexpr const char* kTransports = "/usr/lib/x86_64-linux-gnu/janus/transports";

bool answers(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool open = ::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
  ::close(fd);
  return open;
}

}  // namespace

JanusServer::~JanusServer() {
  if (child_) {
    child_->signal(SIGTERM);
    if (!child_->wait(Duration::s(5))) child_->kill_group();
  }
  child_.reset();
  std::error_code ignored;
  if (!directory_.empty()) std::filesystem::remove_all(directory_, ignored);
}

Result<void> JanusServer::write_configuration(std::size_t rooms) {
  std::string pattern = (std::filesystem::temp_directory_path() / "upcall-janus-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) return fail(ErrorCode::unavailable, "no temporary directory");
  directory_ = pattern;
  port_ = static_cast<std::uint16_t>(20000 + random_.below(10000));
  std::ofstream core(directory_ + "/janus.jcfg");
  core << "general: { configs_folder = \"" << directory_ << "\" plugins_folder = \"" << kPlugins << "\" transports_folder = \"" << kTransports
       << "\" debug_level = 2 session_timeout = 60 }\n"
       << "nat: { ice_lite = true full_trickle = false }\n"
       << "media: { ipv6 = false rtp_port_range = \"31000-50000\" }\n"
       // The video room and WebSockets, nothing else.
       << "plugins: { disable = \"libjanus_audiobridge.so,libjanus_duktape.so,libjanus_echotest.so,libjanus_lua.so,libjanus_nosip.so,"
          "libjanus_recordplay.so,libjanus_sip.so,libjanus_streaming.so,libjanus_textroom.so,libjanus_videocall.so,libjanus_voicemail.so\" }\n"
       << "transports: { disable = \"libjanus_http.so,libjanus_mqtt.so,libjanus_nanomsg.so,libjanus_pfunix.so,libjanus_rabbitmq.so\" }\n";
  std::ofstream sockets(directory_ + "/janus.transport.websockets.jcfg");
  sockets << "general: { json = \"compact\" ws = true ws_ip = \"127.0.0.1\" ws_port = " << port_ << " wss = false }\n";
  std::ofstream room(directory_ + "/janus.plugin.videoroom.jcfg");
  room << "general: { }\n";
  for (std::size_t i = 1; i <= rooms; ++i) {
    room << "room-" << i << ": { description = \"" << i << "\" publishers = 2 bitrate = 0 audiocodec = \"opus\" videocodec = \"vp8\" opus_fec = false record = false }\n";
  }
  return core.good() && sockets.good() && room.good() ? Result<void>() : fail(ErrorCode::unavailable, "cannot write the configuration of Janus");
}

Result<void> JanusServer::start(const std::string& program, std::size_t rooms, const std::vector<int>& processors) {
  if (auto written = write_configuration(rooms); !written) return written;
  process::ChildOptions options;
  options.program = program;
  options.arguments = {"--configs-folder=" + directory_, "--disable-colors"};
  if (!processors.empty()) {
    std::string list;
    for (const int p : processors) list += (list.empty() ? "" : ",") + std::to_string(p);
    options.arguments.insert(options.arguments.begin(), {"--cpu-list", list, program});
    options.program = "/usr/bin/taskset";
  }
  options.descriptors = {{-1, 1}, {-1, 2}};
  auto child = host_.spawn(options, {});
  if (!child) return tl::unexpected(child.error());
  child_ = std::move(*child);
  const Instant until = system_now().mono + kReady;
  while (!answers(port_)) {
    if (system_now().mono > until || child_->wait(Duration())) return fail(ErrorCode::unavailable, "Janus did not start");
    ::poll(nullptr, 0, 20);
  }
  return {};
}

}  // namespace upcall::bench
