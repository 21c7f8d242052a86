#include "service_world.hpp"

#include <stdlib.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include <boost/json.hpp>

#include "io/clock/system_clock.hpp"
#include "rtc/dtls/certificate.hpp"
#include "rtc/dtls/transport.hpp"

namespace upcall::test {

namespace {

template <class T>
T must(Result<T> result, const char* what) {
  if (!result) throw std::runtime_error(std::string(what) + ": " + result.error().message);
  return std::move(*result);
}

}  // namespace

bool eventually(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

ServiceWorld::ServiceWorld(std::size_t composers_max) : composers_max_(composers_max) {
  std::string pattern = (std::filesystem::temp_directory_path() / "upcall-service-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary directory");
  dir_ = pattern;
  const auto certificate = must(dtls::DtlsCertificate::make(system_now().wall), "certificate");
  dtls_ = std::make_unique<dtls::DtlsContext>(must(dtls::DtlsContext::make(certificate), "context"));
  start();
}

ServiceWorld::~ServiceWorld() {
  stop();
  std::error_code ignored;
  std::filesystem::remove_all(dir_, ignored);
}

Now ServiceWorld::now() const {
  Now out = system_now();
  const Duration moved = Duration::ms(offset_ms_.load());
  out.mono = out.mono + moved;
  out.wall = out.wall + moved;
  return out;
}

// As server/serve/server.cpp wires them.
void ServiceWorld::start() {
  const auto clock = [this] { return now(); };
  store = must(store::Store::open({dir_}), "store");
  sealer = must(store::Sealer::open(dir_, random_), "sealer");
  objects = must(objects::DirectoryObjectStore::open_root(dir_ + "/objects", sealer->derive("objects"), random_), "objects");
  directory = std::make_unique<service::MeetingDirectory>(*store, *sealer, random_, clock);
  service::MeetingRuntimeOptions options;
  const NetAddress loopback = NetAddress::v4(127, 0, 0, 1, 0);
  options.media.addresses = {{loopback, loopback}};
  options.find_attendee = [this](const std::string& meeting, std::string_view token) { return directory->identity_by_token(meeting, token); };
  options.on_event = [this](const std::string& meeting, const signaling::RoomEvent& event) { directory->on_room_event(meeting, event); };
  runtime = must(service::MeetingRuntime::start(std::move(options), *dtls_, nullptr, random_), "runtime");
  directory->set_runtime(*runtime);
  directory->set_outbox_listener([this] { ++told; });
  must(directory->open_live().map([] { return 0; }), "open_live");
  service::RecordingServiceOptions recording;
  recording.recorder_program = std::filesystem::read_symlink("/proc/self/exe").string();
  recording.spool_directory = spool();
  recording.capacity = {.min_capacity = 1, .max_capacity = static_cast<int>(composers_max_), .slots_per_worker = 1, .target_percent = 100};
  recording.measure_host = false;
  recordings = std::make_unique<service::RecordingService>(std::move(recording), *store, *sealer, random_, clock, *directory, *runtime, *objects);
  must(recordings->resume().map([] { return 0; }), "resume");
}

void ServiceWorld::stop() {
  if (runtime) runtime->stop();
  recordings.reset();
  runtime.reset();
  directory.reset();
  objects.reset();
  sealer.reset();
  store.reset();
}

service::JoinInfo ServiceWorld::meeting(const std::string& external_id, const std::string& owner) {
  service::NewMeeting wanted;
  wanted.external_meeting_id = external_id;
  wanted.title = external_id;
  wanted.owner_principal = owner;
  wanted.owner_name = "Alice";
  wanted.owner = {"Alice", "alice@example.com", ""};
  wanted.others = {{"Carl", "", external_id + "-carl"}};
  return must(directory->create(wanted), "meeting");
}

Result<store::Recording> ServiceWorld::record(const std::string& external_id) {
  service::RecordingStart start;
  start.external_meeting_id = external_id;
  start.owner.id = "agent-1";
  return recordings->start(start);
}

store::Recording ServiceWorld::the_recording(const std::string& external_id) {
  auto list = must(recordings->of_meeting(external_id), "of_meeting");
  EXPECT_EQ(list.size(), 1u);
  return list.empty() ? store::Recording{} : list.back();
}

bool ServiceWorld::reaches(const std::string& external_id, store::RecordingState state) {
  return eventually([&] {
    auto list = recordings->of_meeting(external_id);
    return list && !list->empty() && list->back().state == state;
  });
}

std::vector<std::string> ServiceWorld::events(const std::string& external_id, const std::string& prefix) {
  std::vector<std::string> out;
  for (const auto& e : must(store->read([](store::Database& db) { return store::outbox::pending(db, "test", 1000); }), "outbox")) {
    if (e.meeting_id == external_id && e.type.starts_with(prefix)) out.push_back(e.type);
  }
  return out;
}

namespace {
std::string meeting_in(const std::string& body) {
  return std::string(boost::json::parse(body).as_object()["meetingId"].as_string());
}
}  // namespace

void ServiceWorld::deliver_ends() {
  const auto events = must(store->read([](store::Database& db) { return store::outbox::pending(db, "recordings", 1000); }), "outbox");
  for (const auto& e : events) {
    if (e.type == "meeting.ended") (void)recordings->on_meeting_ended(e.meeting_id, meeting_in(e.body));
  }
  if (events.empty()) return;
  const std::int64_t last = events.back().position;
  must(store->write([&](store::Database& db) { return store::outbox::advance(db, "recordings", last); }).map([] { return 0; }), "advance");
}

int ServiceWorld::silent_attendees(const std::string& external_id) {
  const auto meeting = must(directory->find(external_id), "find");
  if (!meeting) return 0;
  int out = 0;
  for (const auto& a : must(store->read([&](store::Database& db) { return store::meetings::attendees(db, meeting->meeting_id); }), "attendees")) {
    out += a.role == store::AttendeeRole::recording && !a.removed;
  }
  return out;
}

void ServiceWorld::hold_control_thread(std::shared_ptr<Gate> gate) {
  auto there = std::make_shared<Gate>();
  // A tap of no meeting is closed on the control thread at once: a place to stand.
  runtime->open_tap("no-such-meeting", {}, {}, [there, gate](const service::TapResult&) {
    there->open();
    gate->wait();
  });
  ASSERT_TRUE(there->wait());
}

void ServiceWorld::sql(const std::string& statement) {
  must(store->write([&](store::Database& db) { return db.script(statement); }).map([] { return 0; }), statement.c_str());
}

std::string ServiceWorld::film(const store::Recording& recording) {
  const auto source = must(objects->open(recording.object_key), "the film");
  std::string out(source->size(), 0);
  must(source->read(0, MutBytes(reinterpret_cast<std::uint8_t*>(out.data()), out.size())), "reading the film");
  return out;
}

// A file where the index of objects should be.
void ServiceWorld::break_objects() {
  std::filesystem::rename(dir_ + "/objects/index", dir_ + "/objects/index-away");
  std::ofstream(dir_ + "/objects/index") << "not a directory\n";
}

void ServiceWorld::mend_objects() {
  std::filesystem::remove(dir_ + "/objects/index");
  std::filesystem::rename(dir_ + "/objects/index-away", dir_ + "/objects/index");
}

int ServiceWorld::composer_runs(const std::string& external_id) const {
  std::ifstream in(spool() + "/runs");
  int out = 0;
  for (std::string line; std::getline(in, line);) out += line == external_id;
  return out;
}

void ServiceWorld::release_composers() { std::ofstream(spool() + "/released") << "now\n"; }

}  // namespace upcall::test
