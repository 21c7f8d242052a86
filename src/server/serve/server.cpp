#include "server/serve/server.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/connect_user/connect_user_routes.hpp"
#include "api/contacts/contact_routes.hpp"
#include "api/meeting/playback_access.hpp"
#include "api/meeting/recording_start.hpp"
#include "api/routing/routing_routes.hpp"
#include "api/web/frontend_config.hpp"
#include "api/web/web_routes.hpp"
#include "identity/route_access.hpp"
#include "io/store/parameter_repository.hpp"
#include "json/json.hpp"
#include "server/admin/admin.hpp"
#include "server/admin/mail_parameters.hpp"
#include "server/admin/relay_parameters.hpp"
#include "server/admin/stored_parameters.hpp"
#include "server/keys/master_keys.hpp"
#include "server/serve/media_addresses.hpp"
#include "server/serve/operation_routes.hpp"
#include "server/serve/origin_checks.hpp"
#include "server/serve/own_addresses.hpp"
#include "server/serve/provider_fetch.hpp"
#include "server/serve/server_parts.hpp"
#include "server/serve/takeover.hpp"

namespace upcall::server {

namespace {

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

std::uint16_t port_of(int listener) {
  sockaddr_storage name{};
  socklen_t size = sizeof name;
  if (::getsockname(listener, reinterpret_cast<sockaddr*>(&name), &size) != 0) return 0;
  return ntohs(name.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(name).sin6_port : reinterpret_cast<const sockaddr_in&>(name).sin_port);
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

// A release of which a part is missing is found before it serves anybody.
Result<void> look_at_release(const std::string& recorder, const std::string& web) {
  if (::access(recorder.c_str(), X_OK) != 0) return fail(ErrorCode::unavailable, "this release has no recorder: " + recorder + " cannot be run");
  // In a build tree pages are a build of their own, and a server without them is started like any other.
  std::error_code unknown;
  if (std::filesystem::exists(beside_this_program("../CMakeCache.txt"), unknown)) return {};
  for (const char* page : {"agent-app", "demo-website"}) {
    if (::access((web + "/" + page).c_str(), R_OK) != 0) return fail(ErrorCode::unavailable, "this release has no pages: " + web + "/" + page + " is missing");
  }
  return {};
}

}  // namespace

// After everything that consumes events exists.
Result<void> Server::Parts::open_events() {
  {
    const std::lock_guard lock(events_mutex);
    hooks = std::make_unique<service::HookService>(service::HookServiceOptions{.public_url = url, .film_address = [this](const std::string& id) { return api::film_address_for_hook(*meeting_api, id, system_now().wall); }}, *store, *sealer, random, system_now);
  }
  std::vector<service::OutboxConsumer> consumers;
  const bool reacts = options.events_if.empty() || ::access(options.events_if.c_str(), F_OK) == 0;
  if (!reacts) log::warn("events.not_deployed", {{"missing", options.events_if}});
  if (reacts) consumers.push_back({std::string(kRecordingConsumer), [this](const store::OutboxEvent& event) -> Result<void> {
                         if (event.type != "meeting.ended") return {};
                         const auto body = json::parse_object(event.body);
                         return recordings->on_meeting_ended(event.meeting_id, body ? json::text_or(*body, "meetingId") : "");
                       }});
  // Whoever ends a meeting, its rules too: the chat invites to it no longer.
  consumers.push_back({"invitations", [this](const store::OutboxEvent& event) -> Result<void> {
                         if (event.type != "meeting.ended") return {};
                         auto now_live = directory->find(event.meeting_id);
                         if (!now_live) return tl::unexpected(now_live.error());
                         if (!*now_live || (*now_live)->ended) (void)centre->call(contact::WithdrawInvitation{event.meeting_id});
                         return {};
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

Result<void> Server::Parts::take_relay() {
  Result<signaling::RelaySettings> wanted;
  if (options.turn_uris.empty() && options.turn_secret_file.empty()) {
    wanted = store->read([this](store::Database& db) { return admin::relay_settings(db, *sealer); });
  } else {
    std::ifstream in(options.turn_secret_file);
    wanted->uris = options.turn_uris;
    if (!std::getline(in, wanted->secret) || wanted->secret.empty()) return fail(ErrorCode::invalid_argument, "--turn-secret-file names no file whose first line is the secret shared with the TURN servers");
    if (auto fine = signaling::check_relay(*wanted); !fine) return fine;
  }
  if (!wanted) return tl::unexpected(wanted.error());
  const std::lock_guard lock(relay_mutex);
  relay = std::move(*wanted);
  return {};
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

// The media port, or one of the next where a server before this one still has calls on it.
Result<std::vector<udp::MediaAddress>> Server::Parts::open_runtime() {
  for (int next = 0;; ++next) {
    const bool last = next + 1 == static_cast<int>(kMediaPorts) || peers->instances().empty();
    auto media = media_addresses(options.media_addresses, static_cast<std::uint16_t>(options.media_port + next));
    if (!media) return media;
    service::MeetingRuntimeOptions settings;
    settings.media.addresses = *media;
    settings.find_attendee = [this](const std::string& meeting, std::string_view token) { return directory->identity_by_token(meeting, token); };
    settings.on_event = [this](const std::string& meeting, const signaling::RoomEvent& event) { directory->on_room_event(meeting, event); };
    settings.relay = [this] {
      const std::lock_guard lock(relay_mutex);
      return relay;
    };
    settings.on_quality = [this](service::QualityUpdate update) { call_quality->take(std::move(update)); };
    settings.metrics = &metrics;
    auto started = service::MeetingRuntime::start(std::move(settings), *dtls, &mixers, random);
    if (started) {
      runtime = std::move(*started);
      if (!runtime->media_over_tcp()) log::warn("media.no_tcp", {{"why", "something else has a TCP port of media: clients whose network lets no UDP out cannot join"}});
      return media;
    }
    if (last) return tl::unexpected(started.error());
  }
}

Result<void> Server::Parts::open_services() {
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
  if (auto taken = take_relay(); !taken) {
    if (!options.turn_uris.empty() || !options.turn_secret_file.empty()) return tl::unexpected(taken.error());
    log::warn("turn.not_given", {{"why", taken.error().message}});
  }
  call_quality = std::make_unique<service::CallQuality>(*store, &metrics);
  auto media = open_runtime();
  if (!media) return tl::unexpected(media.error());
  media_host = ip_text(media->front().advertised) + ":" + std::to_string(media->front().advertised.port);
  directory->set_runtime(*runtime);
  directory->set_elsewhere([this](const std::string& meeting) { return peers->has(meeting); });
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
  auto capacity = store->read([](store::Database& db) { return admin::capacity_parameters(db); });
  if (!capacity) return tl::unexpected(capacity.error());
  recording.capacity = *capacity;
  auto disk = store->read([](store::Database& db) { return admin::disk_parameters(db); });
  if (!disk) return tl::unexpected(disk.error());
  recording.disk = *disk;
  // The data directory's lock keeps others away: whoever has this store is the owner of all that is in it, also after the
  // spool was lost.
  recording.lease.shared = false;
  // But for what a server before it still records.
  recording.instance = instance;
  const auto living = peers->instances();
  if (auto freed = store->write([&](store::Database& db) { return store::recordings::release_leases_but(db, living); }); !freed) return freed;
  recording.elsewhere = [this](const std::string& meeting, std::string_view what, const std::string& arguments) { return peers->recording(meeting, what, arguments); };
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
  const auto media = media_addresses(options.media_addresses, options.media_port);
  if (!media) return tl::unexpected(media.error());
  // What a later step would fail on is looked at here already: a server that hands over still serves.
  if (!options.tls_cert.empty()) {
    if (auto usable = net::load_tls_identity(options.tls_cert, options.tls_key); !usable) return tl::unexpected(usable.error());
  }
  const std::string recorder = options.recorder_program.empty() ? beside_this_program("upcall-recorder") : options.recorder_program;
  const std::string web = options.web_directory.empty() ? default_web_directory() : options.web_directory;
  // Where the parts lie apart, whoever placed them has looked at them.
  if (options.takeover && options.recorder_program.empty() && options.web_directory.empty()) {
    if (auto whole = look_at_release(recorder, web); !whole) return whole;
  }
  net::HttpServerOptions http_options;
  store::StoreOptions store_options{options.data_dir};
  if (options.takeover) {
    options.takeover->prepared();
    auto given = options.takeover->wait_go();
    if (!given) return tl::unexpected(given.error());
    http_options.listener = given->listener;
    store_options.lock = given->lock;
    listen->port = port_of(given->listener);
  }
  auto opened = store::Store::open(store_options);
  if (!opened) return tl::unexpected(opened.error());
  store = std::move(*opened);
  auto sealing = open_sealer(*store, options.master_key_command, random);
  if (!sealing) return tl::unexpected(sealing.error());
  sealer = std::move(*sealing);

  // Before services begin: a certificate that cannot be used changes nothing.
  const bool tls = options.tls_self_signed || !options.tls_cert.empty();
  std::vector<std::string> origins = own_origins(tls, listen->address, listen->port);
  url = options.public_url.empty() ? origins.front() : options.public_url;
  while (url.ends_with('/')) url.pop_back();
  if (std::find(origins.begin(), origins.end(), url) == origins.end()) origins.insert(origins.begin(), url);

  operations = std::make_unique<Operations>(options, OperationFacts{listen->address, listen->port, url, *media, recorder, web}, metrics);
  auto identity = operations->first_identity();
  if (!identity) return tl::unexpected(identity.error());

  admin::Context context{*store, *sealer, random, system_now().wall, url};
  if (auto first = admin::first_start(context); !first) return first;
  // For commands that come while nobody serves.
  if (auto kept = store->write([this](store::Database& db) { return store::parameters::set(db, admin::kPublicUrl, url); }); !kept) return kept;
  peers = std::make_unique<DrainPeers>(options.data_dir);
  instance = make_token(random, 6);
  if (auto services = open_services(); !services) return services;

  centre_api = std::make_unique<api::CentreApi>(*centre, *store, *authenticator, random, api::CentreApiOptions{url, options.demo_routing});
  attachments = std::make_unique<service::AttachmentService>(*store, stores->store(), random, system_now);
  centre_api->attachments = attachments.get();
  centre_api->quality = call_quality.get();
  call_quality->set_teller([this](const std::string& contact, const std::string& json) { centre->tell_agent_of(contact, json); });
  attachments->start([this](const store::AttachmentRow& row) { api::tell_scanned(*centre_api, row); });
  contact_indexer = std::make_unique<service::ContactIndexer>(*store);
  contact_indexer->start();
  api::MeetingApiOptions meeting_options;
  meeting_options.public_url = url;
  meeting_options.record_key = signer->public_jwk();
  meeting_options.audio_host = media_host;
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
  program_meetings = std::make_unique<service::ProgramMeetings>(*store, random, system_now, *directory);
  chime_api = std::make_unique<api::ChimeApi>(*meeting_api, *program_meetings);
  api::add_chime_sdk_routes(router, *chime_api);
  git_users = std::make_unique<service::GitUsers>(*store);
  git_backend = std::make_unique<git::Backend>(git::BackendOptions{options.data_dir + "/pipeline", std::filesystem::absolute(options.data_dir).string(), beside_this_program("upcall")});
  git_api = std::make_unique<api::GitApi>(api::GitApi{*store, *git_users, *git_backend, tls || only_this_host(listen->address)});
  api::add_git_routes(router, *git_api);
  pipeline_api = std::make_unique<api::PipelineApi>(api::PipelineApi{*store, *authenticator, options.data_dir + "/pipeline", url});
  api::add_pipeline_routes(router, *pipeline_api, openapi);
  api::add_openapi_route(router, openapi, url);
  api::add_frontend_config_route(router, *store, url);
  api::add_web_routes(router, {web, origins, [this] { return approved_origins(*store); }});
  add_metrics();
  add_operation_routes(router, metrics, [this] {
    std::vector<std::string> problems = stores->problems();
    const auto counters = recordings->counters();
    if (counters.disk_full) problems.push_back("the spool's disk is full: recordings have gaps until there is room");
    if (counters.disk == recording::DiskVerdict::warn) problems.push_back("the spool's disk will be too full for new recordings within half an hour");
    if (counters.disk >= recording::DiskVerdict::refuse) problems.push_back("the spool's disk is nearly full: new recordings are refused");
    if (counters.uploads_in_trouble > 0) problems.push_back("the object store does not take films: they wait on the disk");
    for (std::string& problem : operations->problems()) problems.push_back(std::move(problem));
    if (mails->counters().in_trouble) problems.push_back("the mail server does not take mails: links for passwords do not arrive");
    return problems;
  });
  set_finisher(router, *store);
  for (const auto& [method, pattern] : router.routes()) {
    if (identity::route_rule(method, pattern) == nullptr) return fail(ErrorCode::internal, "nobody has said who may use " + method + " " + pattern + " (identity/route_access.cpp)");
  }

  http_options.address = listen->address;
  http_options.port = listen->port;
  http_options.relay = [this](const wire::HttpRequest& request) -> std::optional<std::uint16_t> {
    constexpr std::string_view kCalls = "/control/";
    return request.path.starts_with(kCalls) ? peers->control_port(request.path.substr(kCalls.size())) : std::nullopt;
  };
  http_options.tell_own_origin = options.public_url.empty();
  http_options.max_message_bytes = wire::kSignalMessageMax;
  http_options.websocket_guard = [this, origins](const wire::HttpRequest& request) { return refuse_socket(*store, origins, request); };
  http_options.clock = options.clock;
  // Most handlers wait for a commit, and those that wait together are committed together.
  http_options.handler_threads = 32;
  http_options.handler_queue = 1024;
  // The same at each start: an address that has to wait after failed log-ins waits on after a restart.
  const auto peer_secret = sealer->derive("peers");
  http_options.peer_key.emplace();
  std::copy_n(peer_secret.value.begin(), http_options.peer_key->size(), http_options.peer_key->begin());
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
  http_options.tls = std::move(*identity);
  auto server = net::HttpServer::start(std::move(http_options), router, random);
  if (!server) return tl::unexpected(server.error());
  http = std::move(*server);
  operations->start(*http);

  auto socket = net::AdminSocketServer::start(options.data_dir + "/admin.sock", [this](std::string_view line) { return admin_call(line); });
  if (!socket) return tl::unexpected(socket.error());
  admin = std::move(*socket);
  peers->watch([this] { (void)directory->open_live(); });
  log::info("server.started", {{"version", UPCALL_VERSION}, {"demoRouting", options.demo_routing}});
  return {};
}

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::start(const ServerOptions& options) {
  auto parts = std::make_unique<Parts>();
  parts->options = options;
  if (auto opened = parts->open(); !opened) return tl::unexpected(opened.error());
  return std::unique_ptr<Server>(new Server(std::move(parts)));
}

void Server::reload() { parts_->operations->reload(); }

const std::string& Server::url() const { return parts_->url; }

bool Server::handed_over() const { return parts_->handed_over; }

void Server::drain(Duration deadline) {
  // Those before it go with it; what has handed over leaves its successor alone.
  if (!parts_->handed_over) parts_->peers->stop_all();
  parts_->runtime->drain();
  parts_->git_backend->drain();
  parts_->http->stop(deadline);
}

}  // namespace upcall::server
