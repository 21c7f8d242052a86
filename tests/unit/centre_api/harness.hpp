// A contact centre on a store of its own, driven through its routes without a network. Time is set by the test for
// requests; the service's timers run on a clock that the test moves.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <condition_variable>
#include <filesystem>
#include <mutex>

#include "api/auth/auth_routes.hpp"
#include "api/centre/centre_api.hpp"
#include "api/connect_user/connect_user_routes.hpp"
#include "api/contacts/contact_routes.hpp"
#include "api/routing/routing_routes.hpp"
#include "crypto/random.hpp"
#include "io/objects/directory_object_store.hpp"
#include "json/json.hpp"
#include "server/admin/admin.hpp"
#include "service/contact_search/contact_indexer.hpp"
#include "service/retention/retention_service.hpp"

namespace upcall::test {

namespace bj = boost::json;

inline std::string text(const bj::value& v) { return v.is_string() ? std::string(v.get_string()) : bj::serialize(v); }

// What a client sees of a WebSocket.
class FakeSocket final : public wire::WebSocketConnection {
 public:
  bool send_binary(Bytes) override { return false; }
  bool send_text(std::string_view message) override {
    std::lock_guard guard(mutex_);
    frames_.push_back(*json::parse_object(message));
    changed_.notify_all();
    return true;
  }
  void close(std::uint16_t code, std::string_view) override {
    std::lock_guard guard(mutex_);
    closed_ = code;
    changed_.notify_all();
  }
  // The first frame, of those not yet taken, that `want` accepts; fails the test after ten seconds.
  bj::object take(const std::function<bool(const bj::object&)>& want, const char* what) {
    std::unique_lock lock(mutex_);
    bj::object out;
    const bool found = changed_.wait_for(lock, std::chrono::seconds(10), [&] {
      for (; next_ < frames_.size(); ++next_) {
        if (!want(frames_[next_])) continue;
        out = frames_[next_++];
        return true;
      }
      return false;
    });
    EXPECT_TRUE(found) << "no frame: " << what;
    return out;
  }
  std::uint16_t wait_closed() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(10), [&] { return closed_ != 0; });
    return closed_;
  }
  std::vector<bj::object> all() {
    std::lock_guard guard(mutex_);
    return frames_;
  }
  std::size_t count() {
    std::lock_guard guard(mutex_);
    return frames_.size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<bj::object> frames_;
  std::size_t next_ = 0;
  std::uint16_t closed_ = 0;
};

struct OpenSocket {
  std::shared_ptr<FakeSocket> connection;
  std::shared_ptr<wire::WebSocketHandler> handler;
  wire::HttpResponse refusal;
  std::string subprotocol;
  void say(std::string_view text) { handler->on_message(as_bytes(text), true); }
};

class Installation {
 public:
  explicit Installation(std::size_t store_queue = 4096) : store_queue_(store_queue) {
    std::string pattern = (std::filesystem::temp_directory_path() / "upcall-api-XXXXXX").string();
    dir_ = ::mkdtemp(pattern.data());
    start();
  }
  ~Installation() {
    stop();
    std::filesystem::remove_all(dir_);
  }

  void start() {
    store = std::move(*store::Store::open({dir_, 2, store_queue_}));
    sealer = std::move(*store::Sealer::open(dir_, random));
    auto ctx = context();
    auto first = admin::first_start(ctx);
    ASSERT_TRUE(first) << first.error().message;
    authenticator = std::move(*api::Authenticator::open(*store, *sealer, random, "https://upcall.example", now().wall));
    service = std::move(*api::CentreService::start(*store, random, [this] { return now(); }));
    centre_api = std::make_unique<api::CentreApi>(*service, *store, *authenticator, random, api::CentreApiOptions{"https://upcall.example", true});
    objects = std::move(*objects::DirectoryObjectStore::open_root(dir_ + "/objects", crypto::Secret<32>(), system_random));
    attachments = std::make_unique<service::AttachmentService>(*store, *objects, random, [this] { return now(); });
    centre_api->attachments = attachments.get();
    attachments->start([this](const store::AttachmentRow& row) { api::tell_scanned(*centre_api, row); });
    quality = std::make_unique<service::CallQuality>(*store, nullptr);
    centre_api->quality = quality.get();
    quality->set_teller([this](const std::string& contact, const std::string& said) { service->tell_agent_of(contact, said); });
    router = std::make_unique<wire::Router>();
    openapi = std::make_unique<api::OpenApi>();
    authorization = std::make_unique<api::AuthorizationServer>(*store, *sealer, random, *authenticator);
    mails = std::make_unique<service::PasswordMails>(service::PasswordMailOptions{"https://upcall.example", [this]() -> Result<mail::MailSettings> { return mail::MailSettings{.folder = mail_folder(), .from = "upcall@upcall.example"}; }, [this] { return now(); }}, *store, random);
    federation = std::make_unique<service::Federation>(
        service::FederationOptions{"https://upcall.example/oauth2/callback", [this]() -> Result<service::FederationSettings> { return provider_settings; }, [this](const service::FetchRequest& r) -> Result<std::string> {
          return provider ? provider(r) : fail(ErrorCode::unavailable, "no provider");
        }}, *store, *sealer, random);
    auth_routes = std::make_unique<api::AuthRoutes>(*authorization, *mails, *federation);
    api::add_auth_routes(*router, *auth_routes, *openapi);
    api::add_connect_user_routes(*router, *store, *authenticator, *openapi);
    api::add_chat_routes(*router, *centre_api, *openapi);
    api::add_participant_routes(*router, *centre_api);
    api::add_agent_routes(*router, *centre_api, *openapi);
    api::add_routing_routes(*router, *centre_api, *openapi);
    api::add_contact_routes(*router, *centre_api, *openapi);
    api::add_openapi_route(*router, *openapi, "https://upcall.example");
  }
  void stop() {
    router.reset();
    auth_routes.reset();
    federation.reset();
    mails.reset();
    authorization.reset();
    attachments.reset();
    quality.reset();
    centre_api.reset();
    service.reset();
    objects.reset();
    authenticator.reset();
    sealer.reset();
    store.reset();
  }

  std::string mail_folder() const { return dir_ + "/mail"; }
  Now now() {
    std::lock_guard guard(clock_mutex_);
    return now_;
  }
  // Moves the clock and wakes the service so that its timers see it.
  void pass(Duration span) {
    {
      std::lock_guard guard(clock_mutex_);
      now_.mono = now_.mono + span;
      now_.wall = now_.wall + span;
    }
    service->ask([](const contact::Centre&) {});
    service->ask([](const contact::Centre&) {});
  }

  admin::Context context() { return {*store, *sealer, random, now().wall, "https://upcall.example", "test"}; }
  bj::object admin_run(std::string_view command, const bj::object& arguments) {
    auto ctx = context();
    auto answer = admin::run(ctx, command, arguments);
    EXPECT_TRUE(answer) << command << ": " << (answer ? "" : answer.error().message);
    if (answer && service && admin::changes_centre(command)) {
      EXPECT_TRUE(service->reload());
    }
    return answer && answer->is_object() ? answer->get_object() : bj::object{};
  }
  std::string add_user(std::string name, bj::array profiles = {"Agent"}) {
    return admin_run("user.add", {{"username", name}, {"email", name}, {"password", "password-" + name}, {"name", name}, {"security-profile", std::move(profiles)}}).at("userId").as_string().c_str();
  }

  // What has ended is found from here on.
  void index_contacts() {
    service::ContactIndexer indexer(*store);
    EXPECT_TRUE(indexer.run_once());
  }
  const std::string& dir() const { return dir_; }
  Result<std::string> erase(const std::string& contact_id) {
    auto signer = service::RecordSigner::open(*store, *sealer, random);
    if (!signer) return tl::unexpected(signer.error());
    service::RetentionService retention({}, *store, *objects, **signer, random, [this] { return now(); });
    return retention.erase(contact_id, "test");
  }

  using Headers = std::vector<std::pair<std::string, std::string>>;
  wire::HttpRequest request(std::string method, std::string target, std::string body = {}, Headers headers = {}) {
    wire::HttpRequest r;
    r.method = std::move(method);
    r.target = std::move(target);
    r.body = std::move(body);
    r.headers = std::move(headers);
    r.request_id = "req-1";
    r.peer_key = peer;
    r.now = now();
    EXPECT_TRUE(wire::parse_target(r));
    return r;
  }
  wire::HttpResponse send(std::string method, std::string target, std::string body = {}, Headers headers = {}) {
    auto r = request(std::move(method), std::move(target), std::move(body), std::move(headers));
    return router->dispatch(r);
  }
  static bj::object body(const wire::HttpResponse& response) {
    auto object = json::parse_object(response.body);
    EXPECT_TRUE(object) << response.body;
    return object ? *object : bj::object{};
  }
  Headers bearer(const std::string& token) { return {{"authorization", "Bearer " + token}}; }
  wire::HttpResponse token_request(std::string form) { return send("POST", "/oauth2/token", std::move(form), {{"content-type", "application/x-www-form-urlencoded"}}); }
  std::string log_in(const std::string& name) {
    auto response = token_request("grant_type=password&username=" + wire::percent_encode(name) + "&password=" + wire::percent_encode("password-" + name));
    EXPECT_EQ(response.status, 200) << response.body;
    return response.status == 200 ? body(response).at("access_token").as_string().c_str() : "";
  }
  OpenSocket open(std::string target, Headers headers = {}, std::vector<std::string> subprotocols = {}) {
    auto r = request("GET", std::move(target), {}, std::move(headers));
    auto answer = router->dispatch_websocket(r, subprotocols);
    OpenSocket out;
    if (!answer) return out;
    out.refusal = answer->refusal;
    out.subprotocol = answer->subprotocol;
    out.handler = answer->handler;
    if (!out.handler) return out;
    out.connection = std::make_shared<FakeSocket>();
    out.handler->on_open(out.connection);
    return out;
  }
  std::string default_flow() { return admin_run("instance.show", {}).at("defaultContactFlowId").as_string().c_str(); }
  std::string start_body(bj::object attributes = {}) {
    attributes.emplace("customerEmailAddress", "jane@customer.example");
    return bj::serialize(bj::object{{"ContactFlowId", default_flow()}, {"ParticipantDetails", {{"DisplayName", "Jane"}}}, {"Attributes", attributes}});
  }

  std::uint64_t peer = 1;
  SeededRandom random{42};
  std::unique_ptr<store::Store> store;
  std::unique_ptr<store::Sealer> sealer;
  std::unique_ptr<api::Authenticator> authenticator;
  std::unique_ptr<api::AuthorizationServer> authorization;
  std::unique_ptr<service::PasswordMails> mails;
  // Another provider, when a test has one.
  service::FederationSettings provider_settings;
  service::Fetcher provider;
  std::unique_ptr<service::Federation> federation;
  std::unique_ptr<api::AuthRoutes> auth_routes;
  std::unique_ptr<api::CentreService> service;
  std::unique_ptr<api::CentreApi> centre_api;
  crypto::SystemRandom system_random;
  std::unique_ptr<objects::DirectoryObjectStore> objects;
  std::unique_ptr<service::AttachmentService> attachments;
  std::unique_ptr<service::CallQuality> quality;
  std::unique_ptr<wire::Router> router;
  std::unique_ptr<api::OpenApi> openapi;

 private:
  const std::size_t store_queue_;
  std::string dir_;
  std::mutex clock_mutex_;
  Now now_{Instant::from_ms(1'000'000), WallTime::from_unix_ms(1'800'000'000'000)};
};

}  // namespace upcall::test
