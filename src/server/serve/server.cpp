#include "server/serve/server.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <mutex>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/auth/auth_routes.hpp"
#include "api/connect/connect_api.hpp"
#include "api/connect_user/connect_user_routes.hpp"
#include "api/contacts/contact_routes.hpp"
#include "api/meeting/inspection_json.hpp"
#include "api/meeting/meeting_api.hpp"
#include "api/meeting/playback_access.hpp"
#include "api/meeting/recording_start.hpp"
#include "api/pipeline/git_routes.hpp"
#include "api/routing/routing_routes.hpp"
#include "api/s3/s3_api.hpp"
#include "api/web/frontend_config.hpp"
#include "api/web/web_routes.hpp"
#include "crypto/random.hpp"
#include "identity/route_access.hpp"
#include "io/clock/system_clock.hpp"
#include "io/log/log.hpp"
#include "io/metrics/metrics.hpp"
#include "io/mixer/opus_mixer.hpp"
#include "io/net/admin_socket.hpp"
#include "io/net/http_server.hpp"
#include "io/net/tls_identity.hpp"
#include "io/store/outbox_repository.hpp"
#include "io/store/parameter_repository.hpp"
#include "json/json.hpp"
#include "server/admin/admin.hpp"
#include "server/admin/mail_parameters.hpp"
#include "server/admin/parameter_table.hpp"
#include "server/keys/master_keys.hpp"
#include "server/serve/media_addresses.hpp"
#include "server/serve/object_stores.hpp"
#include "server/serve/provider_fetch.hpp"
#include "server/serve/operation_routes.hpp"
#include "server/serve/origin_checks.hpp"
#include "server/serve/own_addresses.hpp"
#include "server/serve/retention_commands.hpp"
#include "server/serve/self_signed.hpp"
#include "service/contact_search/contact_indexer.hpp"
#include "service/events/hook_service.hpp"
#include "service/events/outbox_loop.hpp"
#include "service/flow_functions/flow_functions.hpp"
#include "service/identity/audit_heads.hpp"
#include "service/journal_copies/journal_copies.hpp"

namespace upcall::server {

namespace {

namespace bj = boost::json;

constexpr std::string_view kRecordingConsumer = "recordings";

// A port that is free now: addresses must be known before the listener exists.
std::uint16_t free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof name;
  std::uint16_t port = 0;
  if (::bind(fd, reinterpret_cast<sockaddr*>(&name), sizeof name) == 0 && ::getsockname(fd, reinterpret_cast<sockaddr*>(&name), &size) == 0) {
    port = ntohs(name.sin_port);
  }
  ::close(fd);
  return port;
}

struct Listen {
  std::string address;
  std::uint16_t port = 0;
};
Result<Listen> parse_listen(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return fail(ErrorCode::invalid_argument, "--listen takes ADDRESS:PORT, for example 127.0.0.1:8080");
  Listen out;
  out.address = text.substr(0, colon);
  if (out.address.starts_with('[') && out.address.ends_with(']')) out.address = out.address.substr(1, out.address.size() - 2);
  const int port = std::atoi(text.c_str() + colon + 1);
  if (port < 0 || port > 65535) return fail(ErrorCode::invalid_argument, "--listen: the port must be 0 to 65535");
  out.port = static_cast<std::uint16_t>(port);
  return out;
}

std::string beside_this_program(const char* name) {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? name : (self.parent_path() / name).string();
}

bool only_this_host(const std::string& address) { return address == "::1" || address.starts_with("127."); }

// The pages of a build tree (build/web beside build/<preset>/bin) or of an installation.
std::string default_web_directory() {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return "web";
  const auto of_build = self.parent_path() / "../../web";
  const auto installed = self.parent_path() / "../share/upcall/web";
  return (std::filesystem::is_directory(installed, error) ? installed : of_build).lexically_normal().string();
}

}  // namespace

// In the order of construction; destroyed the other way round.
struct Server::Parts {
  ~Parts() {
    admin.reset();
    if (stores) stores->stop();
    if (http) http->stop(Duration::ms(500));
    copies.reset();
    retention.reset();
    close_events();
    // The runtime calls back into the recordings, and they call into it: its threads end first, then both go.
    if (runtime) runtime->stop();
    recordings.reset();
    runtime.reset();
    http.reset();
    attachments.reset();
    contact_indexer.reset();
    functions.reset();  // the centre has the other hold on them: they end with it, while they can still answer it
    centre.reset();
    // Last: it signs what all of them have written.
    mails.reset();
    audit_heads.reset();
    log::info("server.stopped", {});
    log::stop();
  }

  crypto::SystemRandom random;
  metrics::Registry metrics;
  ServerOptions options;
  std::string url;
  std::unique_ptr<store::Store> store;
  std::unique_ptr<store::Sealer> sealer;
  std::optional<dtls::DtlsContext> dtls;
  media::OpusMixerFactory mixers;
  std::unique_ptr<ObjectStores> stores;
  std::unique_ptr<service::MeetingDirectory> directory;
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
  std::unique_ptr<service::GitUsers> git_users;
  std::unique_ptr<git::Backend> git_backend;
  std::unique_ptr<api::GitApi> git_api;
  std::unique_ptr<service::RetentionService> retention;
  std::atomic<std::int64_t> journal_copy_s{0};
  std::unique_ptr<service::JournalCopies> copies;
  std::unique_ptr<service::HookService> hooks;
  std::unique_ptr<service::OutboxLoop> outbox;
  api::OpenApi openapi;
  wire::Router router;
  std::unique_ptr<net::HttpServer> http;
  std::unique_ptr<net::AdminSocketServer> admin;

  Result<void> open();
  Result<void> open_services(const std::vector<udp::MediaAddress>& media);
  void add_metrics();
  Result<void> open_events();
  void close_events();
  void told_outbox();
  void take_journal_copy_parameter();
  std::string admin_call(std::string_view line);
  Result<bj::value> administer(std::string_view command, const bj::object& arguments, const std::string& actor);

  std::mutex events_mutex;   // of the two pointers: whoever writes events may still do so while they go
};

// After everything that consumes events exists.
Result<void> Server::Parts::open_events() {
  {
    const std::lock_guard lock(events_mutex);
    hooks = std::make_unique<service::HookService>(service::HookServiceOptions{.public_url = url, .film_address = [this](const std::string& id) { return api::film_address_for_hook(*meeting_api, id, system_now().wall); }}, *store, *sealer, random, system_now);
  }
  std::vector<service::OutboxConsumer> consumers;
  consumers.push_back({std::string(kRecordingConsumer), [this](const store::OutboxEvent& event) -> Result<void> {
                         if (event.type != "meeting.ended") return {};
                         const auto body = json::parse_object(event.body);
                         return recordings->on_meeting_ended(event.meeting_id, body ? json::text_or(*body, "meetingId") : "");
                       }});
  consumers.push_back({"playback-links", [this](const store::OutboxEvent& event) { return api::link_recording(*meeting_api, event); }});
  {
    const std::lock_guard lock(events_mutex);
    outbox = std::make_unique<service::OutboxLoop>(*store, system_now, std::move(consumers));
  }
  directory->set_outbox_listener([this] { told_outbox(); });
  if (auto loaded = hooks->reload(); !loaded) return loaded;
  service::RetentionOptions keeping;
  keeping.told_outbox = [this] { told_outbox(); };
  keeping.deleted = [this](const std::string& id) { recordings->drop_local_data(id); };
  retention = std::make_unique<service::RetentionService>(std::move(keeping), *store, stores->store(), *signer, random, system_now);
  retention->start();
  service::JournalCopyOptions copying;
  copying.spool_directory = options.data_dir + "/spool";
  copying.every = [this] { return stores->writes_to_bucket() ? Duration::s(journal_copy_s) : Duration(); };
  take_journal_copy_parameter();
  copies = std::make_unique<service::JournalCopies>(std::move(copying), *store, stores->store(), system_now);
  if (auto restored = copies->restore(); !restored) return tl::unexpected(restored.error());
  copies->start();
  // Only now: what they tell is heard.
  return recordings->resume();
}

void Server::Parts::take_journal_copy_parameter() {
  if (const auto every = store->read([](store::Database& db) { return admin::journal_copy_parameter(db); })) journal_copy_s = every->ms() / 1000;
}

void Server::Parts::close_events() {
  std::unique_ptr<service::OutboxLoop> loop;
  std::unique_ptr<service::HookService> service;
  {
    const std::lock_guard lock(events_mutex);
    loop.swap(outbox);
    service.swap(hooks);
  }
}

void Server::Parts::told_outbox() {
  const std::lock_guard lock(events_mutex);
  if (outbox) outbox->notify();
  if (hooks) hooks->notify();
}

Result<void> Server::Parts::open_services(const std::vector<udp::MediaAddress>& media) {
  const Now now = system_now();
  auto certificate = dtls::DtlsCertificate::make(now.wall);
  if (!certificate) return tl::unexpected(certificate.error());
  auto context = dtls::DtlsContext::make(*certificate);
  if (!context) return tl::unexpected(context.error());
  dtls.emplace(std::move(*context));

  auto opened = ObjectStores::open(options.data_dir, *store, *sealer, random, metrics);
  if (!opened) return tl::unexpected(opened.error());
  stores = std::move(*opened);

  directory = std::make_unique<service::MeetingDirectory>(*store, *sealer, random, system_now);
  service::MeetingRuntimeOptions runtime_options;
  runtime_options.media.addresses = media;
  runtime_options.find_attendee = [this](const std::string& meeting, std::string_view token) { return directory->identity_by_token(meeting, token); };
  runtime_options.on_event = [this](const std::string& meeting, const signaling::RoomEvent& event) { directory->on_room_event(meeting, event); };
  runtime_options.metrics = &metrics;
  auto started = service::MeetingRuntime::start(std::move(runtime_options), *dtls, &mixers, random);
  if (!started) return tl::unexpected(started.error());
  runtime = std::move(*started);
  directory->set_runtime(*runtime);
  if (auto live = directory->open_live(); !live) return live;
  if (auto removed = directory->remove_switched_off(); !removed) return removed;

  auto signing = service::RecordSigner::open(*store, *sealer, random);
  if (!signing) return tl::unexpected(signing.error());
  signer = std::move(*signing);
  audit_heads = std::make_unique<service::AuditHeads>(*store, *signer, system_now);
  service::RecordingServiceOptions recording;
  recording.sign = [this](std::string_view record) { return signer->sign(record); };
  recording.recorder_program = options.recorder_program.empty() ? beside_this_program("upcall-recorder") : options.recorder_program;
  recording.spool_directory = options.data_dir + "/spool";
  recording.journal.spool_limit_bytes = options.spool_limit_mib << 20;
  auto name = store->read([](store::Database& db) { return store::parameters::get_or(db, "recordingAttendeeName", "RECORDING"); });
  if (name) recording.attendee_name = *name;
  auto capacity = store->read([](store::Database& db) { return admin::capacity_parameters(db); });
  if (!capacity) return tl::unexpected(capacity.error());
  recording.capacity = *capacity;
  auto disk = store->read([](store::Database& db) { return admin::disk_parameters(db); });
  if (!disk) return tl::unexpected(disk.error());
  recording.disk = *disk;
  // The data directory's lock keeps others away: whoever has this store is the owner of all that is in it, also after the
  // spool was lost.
  recording.lease.shared = false;
  recording.instance = "embedded";
  recording.told_outbox = [this] { told_outbox(); };
  recordings = std::make_unique<service::RecordingService>(std::move(recording), *store, *sealer, random, system_now, *directory, *runtime, stores->store());

  auto service = api::CentreService::start(*store, random, system_now);
  if (!service) return tl::unexpected(service.error());
  centre = std::move(*service);
  functions = std::make_shared<service::FlowFunctions>(service::FlowFunctionsOptions{}, *store, *sealer, system_now,
                                                       [asking = centre.get()](contact::FlowAnswer answer) { asking->answer(std::move(answer)); });
  centre->set_flow_caller([called = functions](contact::FlowCallRequest request) { called->call(std::move(request)); });
  centre->set_follower([this](store::Database& db, const contact::AgentChange& change, WallTime at) {
    return directory->follow_contact(db, change.contact_id, change.agent_id, change.agent_name, at);
  });
  auto auth = api::Authenticator::open(*store, *sealer, random, url, now.wall);
  if (!auth) return tl::unexpected(auth.error());
  authenticator = std::move(*auth);
  authorization = std::make_unique<api::AuthorizationServer>(*store, *sealer, random, *authenticator);
  service::PasswordMailOptions mailing{url, [this] { return store->read([this](store::Database& db) { return admin::mail_settings(db, *sealer, options.data_dir); }); }, system_now};
  mails = std::make_unique<service::PasswordMails>(std::move(mailing), *store, random);
  service::FederationOptions other_provider{url + "/oauth2/callback", [this] { return store->read([this](store::Database& db) { return admin::federation_settings(db, *sealer); }); }, fetch_from_provider};
  federation = std::make_unique<service::Federation>(std::move(other_provider), *store, *sealer, random);
  auth_routes = std::make_unique<api::AuthRoutes>(*authorization, *mails, *federation);
  return {};
}

Result<void> Server::Parts::open() {
  if (auto logging = log::start({log::parse_level(options.log_level).value_or(log::Level::info), options.log_file}); !logging) return logging;
  auto listen = parse_listen(options.listen);
  if (!listen) return tl::unexpected(listen.error());
  if (listen->port == 0) listen->port = free_port();
  auto media = media_addresses(options.media_addresses, options.media_port);
  if (!media) return tl::unexpected(media.error());

  auto opened = store::Store::open({options.data_dir});
  if (!opened) return tl::unexpected(opened.error());
  store = std::move(*opened);
  auto sealing = open_sealer(*store, options.master_key_command, random);
  if (!sealing) return tl::unexpected(sealing.error());
  sealer = std::move(*sealing);

  const bool tls = options.tls_self_signed || !options.tls_cert.empty();
  std::vector<std::string> origins = own_origins(tls, listen->address, listen->port);
  url = options.public_url.empty() ? origins.front() : options.public_url;
  while (url.ends_with('/')) url.pop_back();
  if (std::find(origins.begin(), origins.end(), url) == origins.end()) origins.insert(origins.begin(), url);

  admin::Context context{*store, *sealer, random, system_now().wall, url};
  if (auto first = admin::first_start(context); !first) return first;
  if (auto services = open_services(*media); !services) return services;

  centre_api = std::make_unique<api::CentreApi>(*centre, *store, *authenticator, random, api::CentreApiOptions{url, options.demo_routing});
  attachments = std::make_unique<service::AttachmentService>(*store, stores->store(), random, system_now);
  centre_api->attachments = attachments.get();
  attachments->start([this](const store::AttachmentRow& row) { api::tell_scanned(*centre_api, row); });
  contact_indexer = std::make_unique<service::ContactIndexer>(*store);
  contact_indexer->start();
  api::MeetingApiOptions meeting_options;
  meeting_options.public_url = url;
  meeting_options.record_key = signer->public_jwk();
  meeting_options.audio_host = ip_text(media->front().advertised) + ":" + std::to_string(media->front().advertised.port);
  meeting_api = std::make_unique<api::MeetingApi>(*centre_api, *directory, *runtime, *recordings, stores->store(), meeting_options);
  if (auto events = open_events(); !events) return events;
  api::add_auth_routes(router, *auth_routes, openapi);
  api::add_connect_user_routes(router, *store, *authenticator, openapi);
  api::add_chat_routes(router, *centre_api, openapi);
  api::add_participant_routes(router, *centre_api);
  api::add_agent_routes(router, *centre_api, openapi);
  api::add_contact_routes(router, *centre_api, openapi);
  api::add_chime_routes(router, *meeting_api, openapi);
  api::add_customer_meeting_routes(router, *meeting_api, openapi);
  api::add_routing_routes(router, *centre_api, openapi);
  api::add_recording_routes(router, *meeting_api, openapi);
  api::add_control_routes(router, *meeting_api);
  s3_api = std::make_unique<api::S3Api>(*store, *authenticator, stores->embedded());
  api::add_s3_routes(router, *s3_api);
  connect_api = std::make_unique<api::ConnectApi>(*centre_api, *sealer, [this](std::string_view command, const bj::object& arguments, const std::string& actor) { return administer(command, arguments, actor); });
  api::add_connect_routes(router, *connect_api);
  git_users = std::make_unique<service::GitUsers>(*store);
  git_backend = std::make_unique<git::Backend>(git::BackendOptions{options.data_dir + "/pipeline", std::filesystem::absolute(options.data_dir).string(), beside_this_program("upcall")});
  git_api = std::make_unique<api::GitApi>(api::GitApi{*store, *git_users, *git_backend, tls || only_this_host(listen->address)});
  api::add_git_routes(router, *git_api);
  api::add_openapi_route(router, openapi, url);
  api::add_frontend_config_route(router, *store, url);
  api::add_web_routes(router, {options.web_directory.empty() ? default_web_directory() : options.web_directory, origins, [this] { return approved_origins(*store); }});
  add_metrics();
  add_operation_routes(router, metrics, [this] {
    std::vector<std::string> problems = stores->problems();
    const auto counters = recordings->counters();
    if (counters.disk_full) problems.push_back("the spool's disk is full: recordings have gaps until there is room");
    if (counters.disk == recording::DiskVerdict::warn) problems.push_back("the spool's disk will be too full for new recordings within half an hour");
    if (counters.disk >= recording::DiskVerdict::refuse) problems.push_back("the spool's disk is nearly full: new recordings are refused");
    if (counters.uploads_in_trouble > 0) problems.push_back("the object store does not take films: they wait on the disk");
    if (mails->counters().in_trouble) problems.push_back("the mail server does not take mails: links for passwords do not arrive");
    return problems;
  });
  set_finisher(router, *store);
  for (const auto& [method, pattern] : router.routes()) {
    if (identity::route_rule(method, pattern) == nullptr) return fail(ErrorCode::internal, "nobody has said who may use " + method + " " + pattern + " (identity/route_access.cpp)");
  }

  net::HttpServerOptions http_options;
  http_options.address = listen->address;
  http_options.port = listen->port;
  http_options.tell_own_origin = options.public_url.empty();
  http_options.max_message_bytes = wire::kSignalMessageMax;
  http_options.websocket_guard = [this, origins](const wire::HttpRequest& request) { return refuse_socket(*store, origins, request); };
  http_options.clock = options.clock;
  // Most handlers wait for a commit, and those that wait together are committed together.
  http_options.handler_threads = 32;
  http_options.handler_queue = 1024;
  // The same at each start: an address that has to wait after failed log-ins waits on after a restart.
  const auto peers = sealer->derive("peers");
  http_options.peer_key.emplace();
  std::copy_n(peers.value.begin(), http_options.peer_key->size(), http_options.peer_key->begin());
  // A file in a chat may be larger than other bodies, but no larger than was announced for its address.
  http_options.body_limit = [this](std::string_view method, std::string_view path) -> std::optional<std::size_t> {
    constexpr std::string_view kFiles = "/aws/participant/attachments/";
    if (method != "PUT" || !path.starts_with(kFiles)) return std::nullopt;
    return std::max<std::size_t>(attachments->body_limit(path.substr(kFiles.size())), 1024);
  };
  http_options.gated_prefix = api::kGitPrefix;
  http_options.body_gate = [this](const wire::HttpRequest& request) { return std::optional(api::git_body_gate(*git_api, request)); };
  if (options.connections_per_peer) {
    http_options.max_connections_per_peer = *options.connections_per_peer;
    http_options.limit_loopback = true;
  }
  if (options.tls_self_signed) {
    auto identity = self_signed_identity(options.data_dir, reachable_names(listen->address), system_now().wall);
    if (!identity) return tl::unexpected(identity.error());
    http_options.tls = std::move(*identity);
  } else if (!options.tls_cert.empty()) {
    auto identity = net::load_tls_identity(options.tls_cert, options.tls_key);
    if (!identity) return tl::unexpected(identity.error());
    http_options.tls = std::move(*identity);
  }
  auto server = net::HttpServer::start(std::move(http_options), router, random);
  if (!server) return tl::unexpected(server.error());
  http = std::move(*server);

  auto socket = net::AdminSocketServer::start(options.data_dir + "/admin.sock", [this](std::string_view line) { return admin_call(line); });
  if (!socket) return tl::unexpected(socket.error());
  admin = std::move(*socket);
  log::info("server.started", {{"version", UPCALL_VERSION}, {"demoRouting", options.demo_routing}});
  return {};
}

// A command that changes what the contact centre knows counts from its answer on.
Result<bj::value> Server::Parts::administer(std::string_view command, const bj::object& arguments, const std::string& actor) {
  admin::Context context{*store, *sealer, random, system_now().wall, url, actor};
  auto result = admin::run(context, command, arguments);
  if (!result || !admin::changes_centre(command)) return result;
  (void)centre->reload();
  if (auto removed = directory->remove_switched_off(); !removed) return tl::unexpected(removed.error());
  return result;
}

// {"command": "user.add", "arguments": {...}} → {"result": ...} or {"error": {"code", "message"}}
std::string Server::Parts::admin_call(std::string_view line) {
  const auto answer_error = [](const Error& error) {
    return bj::serialize(bj::object{{"error", {{"code", to_string(error.code)}, {"message", error.message}}}});
  };
  auto request = json::parse_object(line);
  if (!request) return answer_error({ErrorCode::invalid_argument, "the request is not a JSON object"});
  const std::string command = json::text_or(*request, "command");
  const bj::object* arguments = json::object_at(*request, "arguments");
  if (command == "meeting.show") {
    const std::string id = arguments != nullptr ? json::text_or(*arguments, "meeting") : "";
    auto meeting = directory->find(id);
    const std::string meeting_id = meeting && *meeting ? (*meeting)->meeting_id : id;
    auto future = runtime->inspect(meeting_id);
    if (future.wait_for(std::chrono::seconds(2)) != std::future_status::ready) return answer_error({ErrorCode::unavailable, "the media worker did not answer"});
    const auto seen = future.get();
    if (!seen) return answer_error({ErrorCode::not_found, "no such meeting is live"});
    return bj::serialize(bj::object{{"result", api::inspection_json(meeting_id, *seen)}});
  }
  if (auto answer = retention_command(*retention, *signer, command, arguments != nullptr ? *arguments : bj::object{})) {
    return *answer ? bj::serialize(bj::object{{"result", **answer}}) : answer_error(answer->error());
  }
  if (command == "user.invite") {
    auto sent = mails->invite(arguments != nullptr ? json::text_or(*arguments, "username") : "", "cli");
    return sent ? bj::serialize(bj::object{{"result", {{"sent", true}}}}) : answer_error(sent.error());
  }
  if (command == "recording.compose") {
    const auto answer = compose_again(*recordings, arguments != nullptr ? *arguments : bj::object{});
    return answer ? bj::serialize(bj::object{{"result", *answer}}) : answer_error(answer.error());
  }
  auto result = administer(command, arguments != nullptr ? *arguments : bj::object{}, "cli");
  if (!result) return answer_error(result.error());
  if (command == "configure") {
    if (auto loaded = stores->reload(); !loaded) return answer_error(loaded.error());
    if (auto capacity = store->read([](store::Database& db) { return admin::capacity_parameters(db); })) recordings->set_capacity(*capacity);
    if (auto disk = store->read([](store::Database& db) { return admin::disk_parameters(db); })) recordings->set_disk_rules(*disk);
    take_journal_copy_parameter();
  }
  if (command == "signing-key.rotate") {
    if (auto loaded = authenticator->load_keys(system_now().wall); !loaded) return answer_error(loaded.error());
  }
  if (command.starts_with("webhook.")) {
    if (auto loaded = hooks->reload(); !loaded) return answer_error(loaded.error());
  }
  return bj::serialize(bj::object{{"result", *result}});
}

void Server::Parts::add_metrics() {
  const auto gauge = [this](const char* name, const char* help, std::function<double()> read) { metrics.gauge_from(name, help, {}, std::move(read)); };
  const auto counter = [this](const char* name, const char* help, std::function<double()> read) { metrics.counter_from(name, help, {}, std::move(read)); };
  const auto d = [](auto v) { return static_cast<double>(v); };
  counter("upcall_flow_functions_answered_total", "Functions of contact flows that answered", [this, d] { return d(functions->counters().answered); });
  counter("upcall_flow_functions_failed_total", "Functions of contact flows that did not, or not as they must", [this, d] { return d(functions->counters().failed); });
  counter("upcall_flow_functions_refused_total", "Calls of functions beyond those that may wait", [this, d] { return d(functions->counters().refused); });
  counter("upcall_contacts_indexed_total", "Finished contacts put into the search's index, again when they changed", [this, d] { return d(contact_indexer->counters().indexed); });
  counter("upcall_contacts_not_indexed_total", "Finished contacts that could not be indexed and are not found", [this, d] { return d(contact_indexer->counters().given_up); });
  gauge("upcall_meetings", "Live meetings", [this, d] { return d(runtime->counters().meetings); });
  gauge("upcall_signaling_sockets", "Open signalling sockets", [this, d] { return d(runtime->counters().sockets); });
  counter("upcall_signaling_refused_tokens_total", "Sockets with a join token that is not valid", [this, d] { return d(runtime->counters().refused_tokens); });
  counter("upcall_media_packets_received_total", "Datagrams received", [this, d] { return d(runtime->counters().media.packets_in); });
  counter("upcall_media_packets_sent_total", "Datagrams sent", [this, d] { return d(runtime->counters().media.packets_out); });
  counter("upcall_media_unknown_address_total", "Datagrams from addresses that no check validated", [this, d] { return d(runtime->counters().media.unknown_address); });
  counter("upcall_media_slow_turns_total", "Turns of the media worker over 5 ms", [this, d] { return d(runtime->counters().media.slow_turns); });
  counter("upcall_media_cpu_seconds_total", "CPU time of the media worker", [this] { return runtime->counters().media_cpu.seconds(); });
  counter("upcall_media_events_lost_total", "Events that the control thread was too slow for", [this, d] { return d(runtime->counters().lost_events); });
  gauge("upcall_recordings_in_progress", "Recordings that capture now", [this, d] { return d(recordings->counters().recording); });
  gauge("upcall_recordings_composing", "Composers at work", [this, d] { return d(recordings->counters().composing); });
  gauge("upcall_composer_workers", "Composer workers that there are", [this, d] { return d(recordings->pool().workers); });
  gauge("upcall_composer_workers_desired", "Composer workers that the load asks for", [this, d] { return d(recordings->pool().desired); });
  gauge("upcall_composer_slots", "Places for compositions", [this, d] { return d(recordings->pool().slots); });
  gauge("upcall_composer_slots_in_use", "Places in use", [this, d] { return d(recordings->pool().running); });
  gauge("upcall_composer_slots_warm", "Places whose process waits for an order", [this, d] { return d(recordings->pool().warm); });
  gauge("upcall_composer_cores", "Cores that keeping pace takes, by the films composed so far", [this] { return recordings->pool().cost.cores; });
  counter("upcall_composer_idle_deaths_total", "Processes that ended before they had an order", [this, d] { return d(recordings->pool().died); });
  gauge("upcall_spool_disk_free_share", "Free share of the spool's disk", [this] { return recordings->counters().disk_free_share; });
  gauge("upcall_recordings_waiting", "Recordings that wait for a composer", [this, d] { return d(recordings->counters().waiting_for_composer); });
  gauge("upcall_recordings_upload_trouble", "Films that the object store does not take at the moment", [this, d] { return d(recordings->counters().uploads_in_trouble); });
  counter("upcall_recordings_stored_total", "Recordings stored and verified", [this, d] { return d(recordings->counters().stored); });
  counter("upcall_recordings_leases_lost_total", "Recordings that this server gave up and somebody took up anew", [this, d] { return d(recordings->counters().leases_lost); });
  counter("upcall_recordings_failed_total", "Failures of starting or composing", [this, d] { return d(recordings->counters().failed); });
  for (std::size_t i = 0; i < recording::kHealthKinds; ++i) {
    const std::string kind(recording::to_string(static_cast<recording::HealthKind>(i)));
    metrics.counter_from("upcall_recording_health_alarms_total", "Stored films that are not what the call was, by what is wrong", {{"kind", kind}},
                         [this, i, d] { return d(recordings->health().alarms[i]); });
  }
  counter("upcall_recording_checks_total", "Stored films that were checked", [this, d] { return d(recordings->health().checked); });
  counter("upcall_recording_checks_failed_total", "Checks of films that came to no end", [this, d] { return d(recordings->health().failed); });
  counter("upcall_recordings_deleted_total", "Recordings that were deleted, by rule or by hand", [this, d] { return d(retention->counters().deleted); });
  counter("upcall_journal_segments_copied_total", "Segments of journals that were copied into the bucket", [this, d] { return d(copies->counters().segments); });
  counter("upcall_journal_copies_failed_total", "Rounds of copying journals that did not come to an end", [this, d] { return d(copies->counters().failed); });
  counter("upcall_journals_restored_total", "Journals that came back from the bucket", [this, d] { return d(copies->counters().restored); });
  gauge("upcall_recordings_held", "Recordings under legal hold", [this, d] { return d(retention->counters().held); });
  gauge("upcall_recordings_missing", "Calls of the last days that should have a recording and have none", [this, d] { return d(retention->counters().missing); });
  gauge("upcall_recordings_without_file", "Stored recordings whose file is gone, as last compared", [this, d] { return d(retention->counters().rows_without_file); });
  gauge("upcall_files_without_recording", "Files that no recording names, as last compared", [this, d] { return d(retention->counters().files_without_row); });
  counter("upcall_hook_deliveries_total", "Events that webhooks and command hooks took", [this, d] { return hooks ? d(hooks->counters().delivered) : 0; });
  counter("upcall_hook_failures_total", "Attempts that failed; they are made again for 24 hours", [this, d] { return hooks ? d(hooks->counters().failed) : 0; });
  counter("upcall_hook_given_up_total", "Events that a hook never took", [this, d] { return hooks ? d(hooks->counters().given_up) : 0; });
  gauge("upcall_spool_bytes", "Bytes of open journals and of films that are not stored yet", [this, d] { return d(recordings->counters().spool_bytes); });
  counter("upcall_store_commits_total", "Group commits", [this, d] { return d(store->counters().commits); });
  counter("upcall_store_writes_total", "Writes in them", [this, d] { return d(store->counters().writes); });
  counter("upcall_http_requests_total", "Requests", [this, d] { return http ? d(http->counters().requests) : 0; });
  gauge("upcall_http_connections", "Open connections", [this, d] { return http ? d(http->counters().open) : 0; });
  counter("upcall_http_connections_refused_total", "Connections beyond the server's limit", [this, d] { return http ? d(http->counters().refused) : 0; });
  counter("upcall_http_connections_of_peer_refused_total", "Connections beyond the limit of one address", [this, d] { return http ? d(http->counters().refused_of_peer) : 0; });
  counter("upcall_password_mails_sent_total", "Mails with links for passwords", [this, d] { return d(mails->counters().sent); });
  counter("upcall_password_mails_failed_total", "Mails that the mail server did not take", [this, d] { return d(mails->counters().failed); });
  counter("upcall_log_lines_dropped_total", "Log lines that found no room", [d] { return d(log::dropped()); });
}

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::start(const ServerOptions& options) {
  auto parts = std::make_unique<Parts>();
  parts->options = options;
  if (auto opened = parts->open(); !opened) return tl::unexpected(opened.error());
  return std::unique_ptr<Server>(new Server(std::move(parts)));
}

const std::string& Server::url() const { return parts_->url; }

void Server::drain(Duration deadline) {
  parts_->runtime->drain();
  parts_->git_backend->drain();
  parts_->http->stop(deadline);
}

}  // namespace upcall::server
