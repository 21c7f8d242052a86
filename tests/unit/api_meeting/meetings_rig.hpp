// The routes of meetings over a contact centre, without a network: what the tests of this folder share.
#pragma once

#include <filesystem>

#include "../centre_api/customer.hpp"
#include "api/meeting/meeting_api.hpp"
#include "crypto/random.hpp"
#include "io/objects/directory_object_store.hpp"
#include "rtc/dtls/certificate.hpp"
#include "rtc/dtls/transport.hpp"

namespace upcall::test {

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(*result);
}

// The routes of meetings over a contact centre's store: an agent's meeting with its customer, a guest and a recording.
class Meetings {
 public:
  Meetings() {
    in.add_user("alice@example.com");
    agent = in.log_in("alice@example.com");
    const auto answer = send("POST", "/api/chime/meeting", agent,
                             {{"externalMeetingId", "m-1"},
                              {"meetingAttendees", {{{"attendeeName", "Alice"}, {"externalUserId", "alice-1"}, {"isOwner", true}},
                                                    {{"attendeeName", "Carl"}, {"externalUserId", "carl-1"}}}}});
    EXPECT_EQ(answer.status, 200) << answer.body;
    meeting = *must(directory.find("m-1"));
    must(directory.add_attendee(meeting, {"Recorder", "", "rec-1"}, store::AttendeeRole::recording));
  }
  ~Meetings() {
    in.service->set_follower({});
    runtime->stop();
    std::filesystem::remove_all(dir);
  }
  wire::HttpResponse send(const std::string& method, const std::string& target, const std::string& token, const bj::object& body = {}) {
    return in.send(method, target, body.empty() ? "" : bj::serialize(body), token.empty() ? Installation::Headers{} : in.bearer(token));
  }
  wire::HttpResponse ask(const std::string& route, const std::string& token, const std::string& user, const std::string& of = "m-1") {
    return send("GET", route + "?externalMeetingId=" + of + "&attendeeExternalUserId=" + user, token);
  }
  bj::value data(const wire::HttpResponse& response) {
    EXPECT_EQ(response.status, 200) << response.body;
    return Installation::body(response).at("data");
  }
  // The contact that this meeting comes of.
  void belongs_to(const Customer& customer) {
    const std::string sql = "UPDATE meetings SET contact_id = '" + customer.contact_id + "'";
    must(in.store->write([&](store::Database& db) { return db.script(sql); }).map([] { return 0; }));
  }

  Installation in;
  std::string dir = [] {
    std::string pattern = (std::filesystem::temp_directory_path() / "upcall-meetings-XXXXXX").string();
    return std::string(::mkdtemp(pattern.data()));
  }();
  crypto::SystemRandom random;
  std::function<Now()> clock = [this] { return in.now(); };
  dtls::DtlsContext dtls = must(dtls::DtlsContext::make(must(dtls::DtlsCertificate::make(in.now().wall))));
  service::MeetingDirectory directory{*in.store, *in.sealer, random, clock};
  std::unique_ptr<service::MeetingRuntime> runtime = [this] {
    service::MeetingRuntimeOptions options;
    const NetAddress loopback = NetAddress::v4(127, 0, 0, 1, 0);
    options.media.addresses = {{loopback, loopback}};
    auto started = must(service::MeetingRuntime::start(std::move(options), dtls, nullptr, random));
    directory.set_runtime(*started);
    in.service->set_follower([this](store::Database& db, const contact::AgentChange& change, WallTime at) {
      return directory.follow_contact(db, change.contact_id, change.agent_id, change.agent_name, at);
    });
    return started;
  }();
  std::unique_ptr<objects::DirectoryObjectStore> objects = must(objects::DirectoryObjectStore::open_root(dir + "/objects", in.sealer->derive("objects"), random));
  service::RecordingService recordings{{"", dir + "/spool"}, *in.store, *in.sealer, random, clock, directory, *runtime, *objects};
  api::MeetingApi api{*in.centre_api, directory, *runtime, recordings, *objects, {"https://upcall.example"}};
  const bool routes = [this] {
    api::add_chime_routes(*in.router, api, *in.openapi);
    api::add_customer_meeting_routes(*in.router, api, *in.openapi);
    api::add_recording_routes(*in.router, api, *in.openapi);
    return true;
  }();
  std::string agent;
  store::Meeting meeting;
};

}  // namespace upcall::test
