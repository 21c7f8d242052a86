#include "kill_run.hpp"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "base/bytes.hpp"
#include "crypto/hash.hpp"

namespace upcall::story {

namespace {

// How long media may need to be back after the server is: reconnects with their pauses, and a key frame.
constexpr Duration kBack = Duration::s(20);

WorldOptions small() {
  WorldOptions out;
  out.width = 320;
  out.height = 180;
  out.fps = 15;
  out.kbps = 200;
  return out;
}

}  // namespace

KillRun::KillRun(KillOptions options) : options_(std::move(options)), random_(options_.seed), world_(small()) {
  world_.set_parameter("recordingScreenWidth", std::to_string(kFilmWidth));
  world_.set_parameter("recordingScreenHeight", std::to_string(kFilmHeight));
  for (int i = 0; i < options_.calls; ++i) {
    Lane lane;
    lane.call = world_.begin_meeting();
    lane.due_ms = world_.clock_ms() + below(1500);
    lanes_.push_back(std::move(lane));
  }
}

KillRun::Kind KillRun::draw() {
  const std::uint64_t dice = random_.below(100);
  if (dice < 30) return Kind::server;
  if (dice < 60) return Kind::composer;
  if (dice < 78) return Kind::server_after_stop;
  if (dice < 93) return Kind::composer_after_stop;
  return Kind::server_after_start;
}

KillReport KillRun::run() {
  while (report_.server + report_.composer < options_.kills) {
    const Kind kind = draw();
    go_on_until(world_.clock_ms() + 300 + below(1700));
    switch (kind) {
      case Kind::server: kill(true); break;
      case Kind::composer: kill(false); break;
      case Kind::server_after_stop:
      case Kind::composer_after_stop: {
        if (Lane* lane = lane_that(true)) {
          stop(*lane);
          go_on_until(world_.clock_ms() + below(400));
        }
        kill(kind == Kind::server_after_stop);
        break;
      }
      case Kind::server_after_start: {
        if (Lane* lane = lane_that(false)) {
          start(*lane);
          go_on_until(world_.clock_ms() + below(150));
        }
        kill(true);
        break;
      }
    }
  }
  // What is under way comes to its end.
  ending_ = true;
  for (Lane& lane : lanes_) {
    if (lane.take && !lane.stopped) {
      go_on_until(std::max(world_.clock_ms(), lane.take->started_ms + 1500));
      if (lane.take && !lane.stopped) stop(lane);
    }
  }
  for (Lane& lane : lanes_) {
    if (!lane.take) continue;
    world_.wait_stored(lane.call);
    judge(lane);
  }
  return report_;
}

void KillRun::go_on_until(std::int64_t clock_ms) {
  do {
    for (Lane& lane : lanes_) {
      if (world_.clock_ms() < clock_ms) step(lane);
    }
    pause_briefly();
  } while (world_.clock_ms() < clock_ms);
}

KillRun::Lane* KillRun::lane_that(bool capturing) {
  std::vector<Lane*> out;
  for (Lane& lane : lanes_) {
    // One that has just begun has nothing yet that could be lost.
    const bool captures = lane.take && !lane.stopped && world_.clock_ms() > lane.take->started_ms + 700;
    if (capturing ? captures : !lane.take) out.push_back(&lane);
  }
  return out.empty() ? nullptr : out[random_.below(out.size())];
}

void KillRun::step(Lane& lane) {
  if (!lane.take) {
    if (world_.clock_ms() >= lane.due_ms && !ending_) start(lane);
    return;
  }
  if (!lane.stopped) {
    if (world_.clock_ms() >= lane.due_ms) stop(lane);
    // Counting begins when the first key frame has certainly been asked for and come.
    else if (!lane.take->from[0] && lane.take->outages.empty() && world_.clock_ms() > lane.take->started_ms + 600) note_sent(lane, lane.take->from);
    return;
  }
  look(lane);
  if (lane.status == "stored") judge(lane);
}

void KillRun::look(Lane& lane) {
  const bj::object entry = world_.recording(lane.call);
  if (json::text_or(entry, "recordingId") != lane.take->id) world_.trouble("another recording than ours is the last one: " + bj::serialize(entry));
  lane.status = json::text_or(entry, "status");
  if (lane.status == "failed") world_.trouble("the recording failed: " + bj::serialize(entry));
}

void KillRun::start(Lane& lane) {
  if (const int status = world_.start_recording(lane.call); status != 200) world_.trouble("a start answered " + std::to_string(status));
  Take take;
  take.started_ms = world_.clock_ms();
  take.id = json::text_or(world_.recording(lane.call), "recordingId");
  lane.take = std::move(take);
  lane.stopped = false;
  lane.due_ms = world_.clock_ms() + 1500 + below(4000);
}

void KillRun::stop(Lane& lane) {
  if (lane.take->from[0]) note_sent(lane, lane.take->to);
  lane.take->stop_asked_ms = world_.clock_ms();
  if (const int status = world_.stop_recording(lane.call); status != 200) world_.trouble("a stop answered " + std::to_string(status));
  lane.stopped = true;
}

void KillRun::note_sent(Lane& lane, std::optional<SentAt> (&out)[2]) {
  demo::LineProcess* devices[] = {&*lane.call.agent_device, &*lane.call.customer_device};
  for (int i = 0; i < 2; ++i) {
    const double frames = number_at(world_.device_facts(*devices[i]), "frames_sent");
    out[i] = SentAt{world_.clock_ms(), frames};
  }
}

void KillRun::kill(bool server) {
  for (Lane& lane : lanes_) {
    if (!lane.take) continue;
    look(lane);
    ++report_.states[(server ? "server " : "composer ") + lane.status];
  }
  if (!server) {
    // One of them, or now and then all: those at work, those that wait for work, one that checks a film.
    std::vector<pid_t> all = world_.composers();
    if (all.empty()) return;
    std::sort(all.begin(), all.end());
    if (random_.below(5) != 0) all = {all[random_.below(all.size())]};
    for (const pid_t pid : all) ::kill(pid, SIGKILL);
    for (Lane& lane : lanes_) {
      if (lane.take) ++lane.take->composer_kills;
    }
    ++report_.composer;
    return;
  }
  Outage outage{world_.clock_ms(), 0, {}};
  world_.kill_server();
  world_.start_server();
  outage.ready_ms = world_.clock_ms();
  ++report_.server;
  for (Lane& lane : lanes_) {
    if (!lane.take) continue;
    outage.status = lane.status;
    lane.take->outages.push_back(outage);
    lane.take->from[0].reset();
    lane.take->from[1].reset();
  }
  // Most kills find calls that are back; some come while people still reconnect.
  if (random_.below(4) == 0) return;
  for (Lane& lane : lanes_) world_.expect_media(lane.call, kBack, 2);
  for (Lane& lane : lanes_) {
    if (lane.take && !lane.stopped) lane.due_ms = std::max(lane.due_ms, world_.clock_ms() + 500);
  }
}

// What the film's manifest says must be of this film, and name no other loss than the kills of the server.
void KillRun::check_manifest(const Take& take, const std::string& file) {
  const auto fault = [&](const std::string& what) { report_.faults.push_back(take.id + ": " + what); };
  const auto answer = world_.need(world_.supervisor().call("GET", "/api/recording/manifest/" + take.id), "the manifest");
  const bj::object* manifest = json::object_at(answer.body, "manifest");
  const bj::object* about = manifest != nullptr ? json::object_at(*manifest, "film") : nullptr;
  const bj::array* gaps = manifest != nullptr ? json::array_at(*manifest, "gaps") : nullptr;
  if (answer.status != 200 || about == nullptr || gaps == nullptr) return fault("there is no manifest");
  std::ifstream in(file, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  crypto::Sha256 hash;
  hash.update(as_bytes(bytes));
  if (to_hex(hash.finish()) != json::text_or(*about, "sha256")) fault("the manifest is another film's");
  const auto outages = static_cast<std::size_t>(std::count_if(take.outages.begin(), take.outages.end(), [](const Outage& o) { return in_capture(o); }));
  if (gaps->size() > outages) fault("gaps that no kill of the server made: " + bj::serialize(*gaps));
  for (const bj::value& gap : *gaps) {
    if (json::text_or(gap.as_object(), "reason") != "server_restart") fault("a gap by something else: " + bj::serialize(gap));
  }
}

void KillRun::judge(Lane& lane) {
  const Take& take = *lane.take;
  const bj::object entry = world_.recording(lane.call);
  const auto fault = [&](const std::string& what) { report_.faults.push_back(take.id + ": " + what); };
  const bj::object findings = world_.film(entry);
  if (number_at(findings, "damaged_frames") != 0) fault("pictures that do not decode");
  const std::string file = world_.data_dir() + "/" + take.id + ".mp4";
  test::Film film;
  if (!film.load(file, places_of_two())) fault("the film cannot be read");
  if (film.decode_errors != 0) fault("the film does not decode without errors");
  if (!film.index_first) fault("the film has no index");
  check_manifest(take, file);
  ++report_.films;
  if (!take.outages.empty() || take.composer_kills > 0) ++report_.disturbed;
  for (unsigned who = 0; who < 2; ++who) {
    const auto clocks = clocks_of(film, who);
    const CameraFindings found = judge_camera(take, who, clocks);
    report_.lost_ms.insert(report_.lost_ms.end(), found.lost_ms.begin(), found.lost_ms.end());
    report_.away_ms.insert(report_.away_ms.end(), found.away_ms.begin(), found.away_ms.end());
    report_.longest_step_ms.push_back(found.longest_step_ms);
    if (found.missing) report_.missing.push_back(*found.missing);
    // Who had not come back while it was recorded is no fault of the recording; without an outage all are in it.
    if (clocks.empty() && take.outages.empty() && take.stop_asked_ms > take.started_ms + 600) fault("nothing of camera " + std::to_string(who));
  }
  std::error_code error;
  if (!options_.keep_directory.empty()) {
    std::filesystem::create_directories(options_.keep_directory, error);
    std::filesystem::copy_file(file, options_.keep_directory + "/" + take.id + ".mp4", std::filesystem::copy_options::overwrite_existing, error);
    if (error) world_.trouble("a film cannot be kept: " + error.message());
  }
  std::filesystem::remove(file, error);
  lane.take.reset();
  lane.due_ms = world_.clock_ms() + below(800);
}

}  // namespace upcall::story
