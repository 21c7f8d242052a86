// Groups, people of every profile in every group, and meetings and recordings of every group, behind the real routes.
// What must come out is said here in its own words: names of groups and permissions, not the product's tables.
#pragma once

#include <filesystem>
#include <map>
#include <set>

#include "../centre_api/customer.hpp"
#include "api/chime/chime_api.hpp"
#include "api/meeting/meeting_api.hpp"
#include "api/connect/connect_api.hpp"
#include "api/pipeline/git_routes.hpp"
#include "api/pipeline/pipeline_routes.hpp"
#include "api/s3/s3_api.hpp"
#include "crypto/password.hpp"
#include "crypto/random.hpp"
#include "io/objects/directory_object_store.hpp"
#include "io/store/identity_repository.hpp"
#include "io/store/meeting_repository.hpp"
#include "io/store/recording_repository.hpp"
#include "recording/object_names.hpp"
#include "rtc/dtls/certificate.hpp"
#include "rtc/dtls/transport.hpp"

namespace upcall::test {

template <class T>
T must(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return std::move(*result);
}
inline void must(const Result<void>& result) {
  if (!result) throw std::runtime_error(result.error().message);
}

// own, its parent, its root, a child of it, a sibling, another tree; "" is nobody's.
inline const std::vector<std::string> kGroups = {"R", "R/P", "R/P/O", "R/P/O/C", "R/P/S", "X", ""};

struct Role {
  std::string name;
  std::vector<std::string> profiles;
  std::set<std::string> permissions;  // as the guide lists them
  bool plays = false;                 // holds the playback profile
  bool all_groups = false;
};
inline const std::vector<Role> kRoles = {
    {"agent", {"Agent"}, {"contact", "meeting", "record"}},
    {"analyst", {"QualityAnalyst"}, {"search"}},
    {"manager", {"CallCenterManager"}, {"contact", "meeting", "record", "stop", "search", "monitor", "users", "routing"}},
    {"viewer", {"VideoCallRecordingPlayback"}, {}, true},
    {"agent-viewer", {"Agent", "VideoCallRecordingPlayback"}, {"contact", "meeting", "record"}, true},
    {"manager-viewer", {"CallCenterManager", "VideoCallRecordingPlayback"}, {"contact", "meeting", "record", "stop", "search", "monitor", "users", "routing"}, true},
    {"admin", {"Admin"}, {"contact", "meeting", "record", "stop", "search", "monitor", "users", "routing", "flows", "instance"}, false, true},
    {"nobody", {"Nothing"}, {}},
};

struct Viewer {
  const Role* role;
  std::string group;
  std::string id;
  std::string token;
};

// The hierarchy rule in words: the same group or one above it. Nobody's recording is for who passes the hierarchy.
inline bool sees(const Viewer& viewer, const std::string& tag) {
  if (viewer.role->all_groups) return true;
  return !viewer.group.empty() && !tag.empty() && (tag + "/").starts_with(viewer.group + "/");
}

class World {
 public:
  World() {
    api::add_chime_routes(*in.router, api, *in.openapi);
    api::add_customer_meeting_routes(*in.router, api, *in.openapi);
    api::add_recording_routes(*in.router, api, *in.openapi);
    api::add_control_routes(*in.router, api);
    api::add_s3_routes(*in.router, s3);
    api::add_connect_routes(*in.router, connect);
    api::add_chime_sdk_routes(*in.router, chime);
    api::add_git_routes(*in.router, git);
    api::add_pipeline_routes(*in.router, pipeline, *in.openapi);
    in.admin_run("security-profile.add", {{"name", "Nothing"}});
    for (const std::string& group : kGroups) {
      if (!group.empty()) group_ids[group] = text(in.admin_run("hierarchy.add", {{"path", group}}).at("hierarchyGroupId"));
    }
    const std::string hash = must(crypto::hash_password("only to be stored"));
    const std::string routing = text(in.admin_run("instance.show", {}).at("defaultRoutingProfileId"));
    for (const Role& role : kRoles) {
      for (const std::string& group : kGroups) viewers.push_back(add_viewer(role, group, hash, routing));
    }
    owner = add_viewer(kRoles[0], "R/P/O", hash, routing, "owner");
    EXPECT_TRUE(in.service->reload());
    for (const std::string& group : kGroups) add_objects(group);
  }
  ~World() {
    runtime->stop();
    std::filesystem::remove_all(dir);
  }

  Viewer add_viewer(const Role& role, const std::string& group, const std::string& hash, const std::string& routing, const std::string& prefix = "v") {
    store::User user;
    user.id = make_uuid(random);
    user.username = prefix + std::to_string(viewers.size()) + "@example.com";
    user.email = user.username;
    user.name = "SECRET " + user.username;
    user.password_hash = hash;
    user.routing_profile_id = routing;
    user.created = in.now().wall;
    if (!group.empty()) user.hierarchy_group_id = group_ids.at(group);
    must(in.store->write([&](store::Database& db) -> Result<void> {
      for (const std::string& profile : role.profiles) {
        auto found = store::security_profiles::find_name(db, profile);
        if (!found) return tl::unexpected(found.error());
        user.security_profile_ids.push_back((*found)->id);
      }
      return store::users::insert(db, user);
    }));
    return {&role, group, user.id, must(in.authenticator->begin_session(user.id, in.now())).access_token};
  }

  static std::string tag(const std::string& group) {
    std::string out = group.empty() ? "none" : group;
    for (char& c : out) c = c == '/' ? '-' : c;
    return out;
  }
  std::string path_of(const std::string& group) {
    std::string out, name;
    for (std::size_t i = 0; i <= group.size(); ++i) {
      if (i < group.size() && group[i] != '/') continue;
      name = group.substr(0, i);
      out += (out.empty() ? "" : "/") + group_ids.at(name);
    }
    return out;
  }
  void add_recording(const std::string& id, const store::Meeting& meeting, const std::string& group, store::RecordingState state) {
    store::Recording row;
    row.recording_id = id;
    row.external_meeting_id = meeting.external_meeting_id;
    row.meeting_id = meeting.meeting_id;
    row.owner_principal = owner.id;
    row.object_key = "RECORDINGS/" + id + ".mp4";
    row.requested = in.now().wall;
    row.state = state;
    if (!group.empty()) {
      row.hierarchy_group_id = group_ids.at(group);
      row.hierarchy_path = path_of(group);
    }
    must(in.store->write([&](store::Database& db) { return store::recordings::insert(db, row); }));
    for (const std::string& key : {row.object_key, recording::manifest_key(row.object_key)}) {
      auto upload = must(objects->begin_upload(key, "video/mp4"));
      must(upload->put_part(1, as_bytes(std::string_view("SECRET film"))));
      must(upload->complete(in.now().wall));
    }
  }
  store::Meeting add_meeting(const std::string& external) {
    store::Meeting meeting;
    meeting.meeting_id = make_uuid(random);
    meeting.external_meeting_id = external;
    meeting.title = "SECRET title";
    meeting.owner_principal = owner.id;
    meeting.owner_name = "SECRET owner";
    meeting.created = in.now().wall;
    must(in.store->write([&](store::Database& db) { return store::meetings::insert(db, meeting); }));
    return meeting;
  }
  void add_objects(const std::string& group) {
    const auto meeting = add_meeting("m-" + tag(group));
    add_recording("r-" + tag(group), meeting, group, store::RecordingState::stored);
    if (all_meeting.meeting_id.empty()) all_meeting = add_meeting("m-all");
    add_recording("ra-" + tag(group), all_meeting, group, store::RecordingState::stored);
    add_recording("p-" + tag(group), add_meeting("mp-" + tag(group)), group, store::RecordingState::recording);
  }

  wire::HttpResponse send(const std::string& method, const std::string& target, const std::string& token, const std::string& body = {}) {
    ++cases;
    return in.send(method, target, body, token.empty() ? Installation::Headers{} : in.bearer(token));
  }

  std::size_t cases = 0;
  Installation in;
  std::string dir = [] {
    std::string pattern = (std::filesystem::temp_directory_path() / "upcall-matrix-XXXXXX").string();
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
    options.find_attendee = [this](const std::string& meeting, std::string_view token) { return directory.identity_by_token(meeting, token); };
    auto started = must(service::MeetingRuntime::start(std::move(options), dtls, nullptr, random));
    directory.set_runtime(*started);
    return started;
  }();
  std::unique_ptr<objects::DirectoryObjectStore> objects = must(objects::DirectoryObjectStore::open_root(dir + "/objects", in.sealer->derive("objects"), random));
  service::RecordingService recordings{{"", dir + "/spool"}, *in.store, *in.sealer, random, clock, directory, *runtime, *objects};
  api::MeetingApi api{*in.centre_api, directory, *runtime, recordings, *objects, {"https://upcall.example"}};
  api::S3Api s3{*in.store, *in.authenticator, *objects};
  service::ProgramMeetings programs{*in.store, random, clock, directory};
  api::ChimeApi chime{api, programs};
  api::ConnectApi connect{*in.centre_api, *in.sealer, [this](std::string_view command, const bj::object& arguments, const std::string&) -> Result<bj::value> { return in.admin_run(command, arguments); }};

  service::GitUsers git_users{*in.store};
  git::Backend git_backend{{dir + "/pipeline", dir, "upcall"}};
  api::GitApi git{*in.store, git_users, git_backend, true};
  api::PipelineApi pipeline{*in.store, *in.authenticator, dir + "/pipeline", "https://upcall.example"};

  std::map<std::string, std::string> group_ids;
  std::vector<Viewer> viewers;
  Viewer owner;
  store::Meeting all_meeting;
};

}  // namespace upcall::test
