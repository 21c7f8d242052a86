// What the routes of the vendor's meetings interface stand on, without a client: a store, rooms, keys, and calls that are signed.
#pragma once

#include <stdlib.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include "api/chime/chime_api.hpp"
#include "base/wall_text.hpp"
#include "crypto/random.hpp"
#include "crypto/sigv4.hpp"
#include "io/objects/directory_object_store.hpp"
#include "io/store/parameter_repository.hpp"
#include "json/json.hpp"
#include "rtc/dtls/certificate.hpp"
#include "rtc/dtls/transport.hpp"
#include "server/admin/admin.hpp"

namespace upcall::fuzz {

namespace bj = boost::json;

inline constexpr std::size_t kLiveMax = 3;
inline constexpr const char* kAbsent = "00000000-0000-4000-8000-000000000000";
inline constexpr std::int64_t kBegin = 1'800'000'000'000;

[[noreturn]] inline void wrong(const std::string& what) {
  std::fprintf(stderr, "chime_flow: %s\n", what.c_str());
  std::abort();
}
inline void check(bool right, const std::string& what) {
  if (!right) wrong(what);
}
template <class T>
T must(Result<T> result) {
  if (!result) wrong(result.error().message);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

// A program's key, or one without the permission.
struct Caller {
  std::string key_id, secret;
};

// Everything behind the routes; made once, emptied for each input.
class House {
 public:
  House() {
    must(store_->write([](store::Database& db) { return store::parameters::set(db, "meetingsMax", std::to_string(kLiveMax)); }));
    directory_.set_runtime(*runtime_);
    api::add_chime_sdk_routes(router_, chime_);
    router_.set_finisher([](const wire::HttpRequest&, wire::HttpResponse&) {});
  }
  ~House() { runtime_->stop(); }

  void empty() {
    const auto live = must(store_->read([](store::Database& db) { return store::meetings::live(db); }));
    for (const store::Meeting& meeting : live) runtime_->end_meeting(meeting.meeting_id);
    must(store_->write([](store::Database& db) { return db.script("delete from meeting_requests; delete from outbox; delete from outbox_sequences; delete from meetings"); }));
    wall_ms_ = kBegin;
  }
  void pass(Duration span) {
    wall_ms_ += span.ms();
    mono_ms_ += span.ms();
  }
  WallTime wall() const { return WallTime::from_unix_ms(wall_ms_); }

  wire::HttpResponse call(const Caller& caller, const std::string& method, const std::string& target, const std::string& body) {
    pass(Duration::ms(200));  // the rate is ten a second
    wire::HttpRequest r;
    r.method = method;
    r.target = "/aws/chime" + target;
    r.body = body;
    r.request_id = "req-1";
    r.now = now();
    if (!wire::parse_target(r)) return {};
    const CivilTime t = to_civil_utc(r.now.wall);
    char date[32];
    std::snprintf(date, sizeof date, "%04d%02d%02dT%02d%02d%02dZ", t.year, t.month, t.day, t.hour, t.minute, t.second);
    r.headers = {{"host", "upcall.example"}, {"x-amz-date", date}};
    const std::size_t mark = r.target.find('?');
    crypto::SigV4Authorization a{caller.key_id, std::string(date, 8), "local", "chime", {"host", "x-amz-date"}, ""};
    a.signature = crypto::sigv4_signature({method, r.path, mark == std::string::npos ? "" : std::string_view(r.target).substr(mark + 1), r.headers, r.body}, a, caller.secret);
    r.headers.emplace_back("authorization", "AWS4-HMAC-SHA256 Credential=" + a.access_key_id + "/" + a.date + "/local/chime/aws4_request, SignedHeaders=host;x-amz-date, Signature=" + a.signature);
    return router_.dispatch(r);
  }
  std::int64_t live() {
    return must(store_->read([](store::Database& db) { return store::meetings::live_count(db); }));
  }
  // Every meeting's events are numbered without a gap.
  void check_events() {
    const auto gap = must(store_->read([](store::Database& db) {
      return db.one("select meeting_id from outbox group by meeting_id having count(*)<>max(seq) limit 1", [](store::Row& r) { return r.text(0); });
    }));
    check(!gap, "the events of " + gap.value_or("") + " have a gap");
  }
  Caller key(const std::string& name, bj::object more = {}) {
    admin::Context context{*store_, *sealer_, random_, wall(), "https://upcall.example", "fuzz"};
    more["name"] = name;
    const auto made = must(admin::run(context, "access-key.create", more)).as_object();
    return {json::text_or(made, "accessKeyId"), json::text_or(made, "secretAccessKey")};
  }

 private:
  Now now() const { return {Instant::from_ms(mono_ms_), wall()}; }

  std::atomic<std::int64_t> wall_ms_{kBegin}, mono_ms_{1'000'000};
  // In memory where the host has that: a commit waits for the disk.
  std::string dir_ = [] {
    const bool in_memory = std::filesystem::exists("/dev/shm");
    std::string pattern = (in_memory ? std::filesystem::path("/dev/shm") : std::filesystem::temp_directory_path()) / "upcall-flow-XXXXXX";
    return std::string(::mkdtemp(pattern.data()));
  }();
  // Behind everything that lies in there.
  const std::shared_ptr<void> folder_{nullptr, [this](void*) { std::filesystem::remove_all(dir_); }};
  crypto::SystemRandom random_;
  std::function<Now()> clock_ = [this] { return now(); };
  std::unique_ptr<store::Store> store_ = must(store::Store::open({dir_, 2, 4096}));
  std::unique_ptr<store::Sealer> sealer_ = must(store::Sealer::open(dir_, random_));
  const bool first_ = [this] {
    admin::Context context{*store_, *sealer_, random_, wall(), "https://upcall.example", "fuzz"};
    must(admin::first_start(context));
    return true;
  }();
  std::unique_ptr<api::Authenticator> authenticator_ = must(api::Authenticator::open(*store_, *sealer_, random_, "https://upcall.example", wall()));
  std::unique_ptr<api::CentreService> centre_ = must(api::CentreService::start(*store_, random_, clock_));
  api::CentreApi centre_api_{*centre_, *store_, *authenticator_, random_, api::CentreApiOptions{"https://upcall.example", true}};
  dtls::DtlsContext dtls_ = must(dtls::DtlsContext::make(must(dtls::DtlsCertificate::make(wall()))));
  service::MeetingDirectory directory_{*store_, *sealer_, random_, clock_};
  std::unique_ptr<service::MeetingRuntime> runtime_ = [this] {
    service::MeetingRuntimeOptions options;
    const NetAddress loopback = NetAddress::v4(127, 0, 0, 1, 0);
    options.media.addresses = {{loopback, loopback}};
    return must(service::MeetingRuntime::start(std::move(options), dtls_, nullptr, random_));
  }();
  std::unique_ptr<objects::DirectoryObjectStore> objects_ = must(objects::DirectoryObjectStore::open_root(dir_ + "/objects", sealer_->derive("objects"), random_));
  service::RecordingService recordings_{{"", dir_ + "/spool"}, *store_, *sealer_, random_, clock_, directory_, *runtime_, *objects_};
  api::MeetingApi meetings_{centre_api_, directory_, *runtime_, recordings_, *objects_, {"https://upcall.example"}};
  service::ProgramMeetings programs_{*store_, random_, clock_, directory_};
  api::ChimeApi chime_{meetings_, programs_};
  wire::Router router_;
};

}  // namespace upcall::fuzz
