// What composing costs by the codec that cameras send: the same call of two people at 720p, once in each codec, composed
// with the live setting. CPU time of the process; the baseline is VP8 in the same run. Rounds alternate, least of three:
// other work on the machine only ever adds.
// link: upcall_io_film upcall_test_calls boost_json
//
// codec_bench [SECONDS-OF-CALL [JSON-FILE]]
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include <boost/json.hpp>

#include "io/film/film_job.hpp"
#include "synthetic_call.hpp"

namespace {

using namespace upcall;

double cpu_seconds() {
  rusage r{};
  getrusage(RUSAGE_SELF, &r);
  const auto s = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
  return s(r.ru_utime) + s(r.ru_stime);
}

struct Nowhere final : film::FilmSink {
  Result<void> header(const wire::FilmHeader&) override { return {}; }
  Result<void> fragment(const wire::FilmFragment&) override { return {}; }
};

struct Outcome {
  double cpu = 1e9;
  std::uint64_t pictures = 0;
};

Outcome compose_once(const std::string& journal, Bytes key) {
  film::FilmJobOptions o;
  o.journal_directory = journal;
  o.key.assign(key.begin(), key.end());
  o.film.video.preset = film::kLivePreset;
  o.film.video.crf = film::kLiveCrf;
  o.film.video.threads = 1;
  const double before = cpu_seconds();
  Nowhere sink;
  auto job = film::FilmJob::open(std::move(o), sink);
  if (!job) std::abort();
  while (true) {
    auto step = (*job)->step();
    if (!step) std::abort();
    if (*step == film::FilmJob::Step::done) break;
  }
  return {cpu_seconds() - before, (*job)->summary().facts.video_frames};
}

}  // namespace

int main(int argc, char** argv) {
  const int seconds = argc > 1 ? std::atoi(argv[1]) : 12;
  std::string pattern = (std::filesystem::temp_directory_path() / "upcall-bench-XXXXXX").string();
  const std::string folder = ::mkdtemp(pattern.data());
  const ByteVector key(32, 5);
  std::map<rtc::VideoCodec, Outcome> best;
  std::map<rtc::VideoCodec, std::uint64_t> sent;
  for (const rtc::VideoCodec codec : rtc::kVideoCodecs) {
    auto call = test::scenario("two", 0x5eed, static_cast<std::uint32_t>(seconds) * 1000);
    for (auto& person : call->people) person.codec = codec;
    call->on_frame = [&](std::uint8_t, Bytes frame, bool) { sent[codec] += frame.size(); };
    const auto records = test::make_call(*call);
    const std::string journal = folder + "/" + std::string(to_string(codec));
    std::filesystem::create_directory(journal);
    if (!records || !test::write_journal(*records, journal, key)) return 1;
  }
  for (int round = 0; round < 3; ++round) {
    for (const rtc::VideoCodec codec : rtc::kVideoCodecs) {
      const Outcome o = compose_once(folder + "/" + std::string(to_string(codec)), key);
      if (o.cpu < best[codec].cpu) best[codec] = o;
    }
  }
  std::filesystem::remove_all(folder);
  boost::json::array rows;
  const auto per_picture = [&](rtc::VideoCodec codec) { return best[codec].cpu * 1000 / static_cast<double>(best[codec].pictures); };
  for (const rtc::VideoCodec codec : rtc::kVideoCodecs) {
    const double ratio = per_picture(codec) / per_picture(rtc::VideoCodec::vp8);
    const double kbps = static_cast<double>(sent[codec]) * 8 / seconds / 1000;
    std::printf("%-4s composed %.2f ms CPU a picture of the film, %.2f of VP8's; %.3f cores in real time; both cameras %.0f kbit/s\n",
                std::string(to_string(codec)).c_str(), per_picture(codec), ratio, best[codec].cpu / seconds, kbps);
    rows.push_back(boost::json::object{{"codec", to_string(codec)}, {"pictures", best[codec].pictures}, {"composed_cpu_s", best[codec].cpu}, {"ratio_to_vp8", ratio}, {"sent_kbps", kbps}});
  }
  if (argc > 2) {
    std::ofstream(argv[2]) << boost::json::serialize(boost::json::object{{"bench", "codec"}, {"call_seconds", seconds}, {"rows", rows}}) << "\n";
  }
  return 0;
}
