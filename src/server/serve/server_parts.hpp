// Private to this folder: everything that a server consists of, in the order of construction.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "api/auth/auth_routes.hpp"
#include "api/chime/chime_api.hpp"
#include "api/connect/connect_api.hpp"
#include "api/meeting/meeting_api.hpp"
#include "api/pipeline/git_routes.hpp"
#include "api/pipeline/pipeline_routes.hpp"
#include "api/s3/s3_api.hpp"
#include "crypto/random.hpp"
#include "io/clock/system_clock.hpp"
#include "io/log/log.hpp"
#include "io/metrics/metrics.hpp"
#include "io/mixer/opus_mixer.hpp"
#include "io/net/admin_socket.hpp"
#include "io/net/http_server.hpp"
#include "server/serve/drain_host.hpp"
#include "server/serve/drain_peers.hpp"
#include "server/serve/meter_board.hpp"
#include "server/serve/object_stores.hpp"
#include "server/serve/operations.hpp"
#include "server/serve/server.hpp"
#include "service/contact_search/contact_indexer.hpp"
#include "service/events/hook_service.hpp"
#include "service/events/outbox_loop.hpp"
#include "service/flow_functions/flow_functions.hpp"
#include "service/identity/audit_heads.hpp"
#include "service/journal_copies/journal_copies.hpp"
#include "service/quality/call_quality.hpp"
#include "service/retention/record_signer.hpp"
#include "service/retention/retention_service.hpp"

namespace upcall::server {

namespace bj = boost::json;

// From --media-port on: a server that takes over needs one beside that of the server before it.
inline constexpr std::size_t kMediaPorts = 4;

// In the order of construction; destroyed the other way round.
struct Server::Parts {
  ~Parts() {
    admin.reset();
    host.reset();
    if (operations) operations->stop();
    if (stores) stores->stop();
    if (http) http->stop(Duration::ms(500));
    peers.reset();
    copies.reset();
    retention.reset();
    close_events();
    // The runtime calls back into the recordings, and they call into it: its threads end first, then both go.
    if (runtime) runtime->stop();
    recordings.reset();
    runtime.reset();
    http.reset();
    close_front();
    log::info("server.stopped", {});
    log::stop();
  }

  // Whatever serves people beside calls and recordings; nothing may come in any more.
  void close_front() {
    attachments.reset();
    contact_indexer.reset();
    if (call_quality) call_quality->set_teller({});
    functions.reset();  // the centre has the other hold on them: they end with it, while they can still answer it
    centre.reset();
    // Last: it signs what all of them have written.
    mails.reset();
    audit_heads.reset();
  }

  crypto::SystemRandom random;
  MeterBoard meter;
  metrics::Registry metrics;
  ServerOptions options;
  std::string url;
  std::string media_host;                  // address and port that a client is told
  std::unique_ptr<store::Store> store;
  std::unique_ptr<store::Sealer> sealer;
  std::optional<dtls::DtlsContext> dtls;
  media::OpusMixerFactory mixers;
  std::unique_ptr<ObjectStores> stores;
  std::unique_ptr<service::MeetingDirectory> directory;
  std::unique_ptr<service::CallQuality> call_quality;
  std::unique_ptr<service::MeetingRuntime> runtime;
  std::unique_ptr<service::RecordSigner> signer;
  std::unique_ptr<service::AuditHeads> audit_heads;
  std::unique_ptr<service::RecordingService> recordings;
  std::unique_ptr<api::CentreService> centre;
  std::shared_ptr<service::FlowFunctions> functions;  // the centre's, which ends it; here for its counters
  std::unique_ptr<api::Authenticator> authenticator;
  std::unique_ptr<api::AuthorizationServer> authorization;
  std::unique_ptr<service::PasswordMails> mails;
  std::unique_ptr<service::Federation> federation;
  std::unique_ptr<api::AuthRoutes> auth_routes;
  std::unique_ptr<api::CentreApi> centre_api;
  std::unique_ptr<service::AttachmentService> attachments;
  std::unique_ptr<service::ContactIndexer> contact_indexer;
  std::unique_ptr<api::MeetingApi> meeting_api;
  std::unique_ptr<api::S3Api> s3_api;
  std::unique_ptr<api::ConnectApi> connect_api;
  std::unique_ptr<service::ProgramMeetings> program_meetings;
  std::unique_ptr<api::ChimeApi> chime_api;
  std::unique_ptr<service::GitUsers> git_users;
  std::unique_ptr<git::Backend> git_backend;
  std::unique_ptr<api::GitApi> git_api;
  std::unique_ptr<api::PipelineApi> pipeline_api;
  std::unique_ptr<service::RetentionService> retention;
  std::atomic<std::int64_t> journal_copy_s{0};
  std::mutex relay_mutex;                  // guards relay
  signaling::RelaySettings relay;
  std::unique_ptr<service::JournalCopies> copies;
  std::unique_ptr<service::HookService> hooks;
  std::unique_ptr<service::OutboxLoop> outbox;
  api::OpenApi openapi;
  wire::Router router;
  std::unique_ptr<Operations> operations;
  std::unique_ptr<net::HttpServer> http;
  std::unique_ptr<net::AdminSocketServer> admin;
  std::string instance;                    // of this process, as owner of leases
  std::unique_ptr<DrainPeers> peers;       // servers before this one that still have calls
  std::unique_ptr<DrainHost> host;         // this one, when it has handed over
  std::atomic<bool> handed_over{false};
  int waiting_listener = -1;               // the public socket while nobody accepts on it
  pid_t next_pid = -1;

  Result<void> open();
  Result<void> open_services();
  void add_metrics();
  Result<bj::value> show_meeting(const std::string& id);   // live or over
  Result<void> open_events();
  void close_events();
  void told_outbox();
  void take_journal_copy_parameter();
  // Which TURN servers clients are given from now on: the command line's, else the parameters'.
  Result<void> take_relay();
  Result<std::vector<udp::MediaAddress>> open_runtime();
  Result<bj::value> hand_over(const std::string& program);   // handover.cpp
  Result<std::string> start_next(const std::string& program, bool again);
  Result<void> retire_front();
  std::string admin_call(std::string_view line);
  Result<bj::value> administer(std::string_view command, const bj::object& arguments, const std::string& actor);

  std::mutex events_mutex;   // of the two pointers: whoever writes events may still do so while they go
};

}  // namespace upcall::server
