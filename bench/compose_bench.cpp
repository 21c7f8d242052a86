// What composing costs against the bare work: the same journal composed, then the very same frames decoded, scaled and
// encoded in a plain loop with the same settings. CPU time of the process, both in one run, alternating. And what it costs
// to go on with a film that another composer began.
// link: upcall_io_film upcall_test_calls boost_json
//
// compose_bench [SECONDS-OF-CALL [JSON-FILE]]
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include <boost/json.hpp>

#include "compose/film_index.hpp"
#include "io/film/film_job.hpp"
#include "io/media/scale.hpp"
#include "io/media/vp8_codec.hpp"
#include "journal/reader.hpp"
#include "io/journal/journal_files.hpp"
#include "synthetic_call.hpp"

namespace {

using namespace upcall;

double cpu_seconds() {
  rusage r{};
  getrusage(RUSAGE_SELF, &r);
  const auto s = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
  return s(r.ru_utime) + s(r.ru_stime);
}

// What the composer asked of its studio, in order.
struct Operation {
  std::uint32_t source = 0;      // 0: show
  ByteVector frame;
  std::int64_t tick = 0;
  std::vector<std::pair<std::uint32_t, compose::Box>> scaled;
};

class NotingStudio final : public compose::Studio {
 public:
  explicit NotingStudio(std::vector<Operation>& out) : out_(out) {}
  bool open_video(std::uint32_t, wire::TapCodec) override { return true; }
  bool decode_video(std::uint32_t source, Bytes frame, int) override {
    out_.push_back({source, ByteVector(frame.begin(), frame.end()), 0, {}});
    return true;
  }
  void close_video(std::uint32_t) override {}
  std::unique_ptr<compose::AudioDecoder> open_audio(wire::TapCodec) override { return nullptr; }
  Result<void> show(std::int64_t tick, const compose::Scene& scene, std::span<const std::uint32_t> changed,
                    bool relaid) override {
    Operation o;
    o.tick = tick;
    for (const auto& t : scene.tiles) {
      if (t.source != 0 && (relaid || std::find(changed.begin(), changed.end(), t.source) != changed.end())) {
        o.scaled.emplace_back(t.source, t.box);
      }
    }
    out_.push_back(std::move(o));
    return {};
  }
  Result<void> sound(std::span<const float>) override { return {}; }
  Result<void> finish(std::int64_t) override { return {}; }

 private:
  std::vector<Operation>& out_;
};

std::vector<Operation> operations_of(const std::string& journal, Bytes key) {
  std::vector<Operation> out;
  NotingStudio studio(out);
  compose::Composer composer({}, studio);
  journal::JournalReader reader(key);
  for (const std::uint32_t segment : journal::list_segments(journal)) {
    std::ifstream in(journal + "/" + journal::segment_file_name(segment), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    reader.begin_segment();
    reader.append(as_bytes(bytes));
    while (reader.next() == journal::ReadStatus::record) (void)composer.feed(reader.record());
  }
  (void)composer.finish();
  return out;
}

// Decode, scale, encode: nothing else.
double bare(const std::vector<Operation>& operations, const film::H264Options& options, std::uint64_t& bytes) {
  std::map<std::uint32_t, std::unique_ptr<media::Vp8Decoder>> decoders;
  std::map<std::uint32_t, media::I420View> pictures;
  media::Picture canvas(options.width, options.height);
  media::fill(canvas.mut_view(), media::kBlack);
  auto encoder = film::H264Encoder::open(options);
  if (!encoder) std::abort();
  const double before = cpu_seconds();
  bytes = 0;
  for (const Operation& o : operations) {
    if (o.source != 0) {
      auto& decoder = decoders[o.source];
      if (!decoder) decoder = std::move(*media::Vp8Decoder::open(1));
      const auto shown = decoder->decode(o.frame);
      if (shown && *shown) pictures[o.source] = **shown;
      continue;
    }
    for (const auto& [source, box] : o.scaled) {
      const media::I420View& p = pictures[source];
      media::scale(p, media::part_of(canvas.mut_view(), media::fit(p.width, p.height, {box.x, box.y, box.width, box.height})));
    }
    auto frame = (*encoder)->encode(canvas.view(), o.tick);
    if (frame && *frame) bytes += (*frame)->data.size();
  }
  while (true) {
    auto frame = (*encoder)->flush();
    if (!frame || !*frame) break;
    bytes += (*frame)->data.size();
  }
  return cpu_seconds() - before;
}

// Keeps the film's places, not its bytes.
struct Places final : film::FilmSink {
  Result<void> header(const wire::FilmHeader& h) override { return index.begin(h); }
  Result<void> fragment(const wire::FilmFragment& f) override { return index.add(f); }
  compose::FilmIndex index;
};

struct Composed {
  double cpu = 0, flush_ms = 0;
  film::FilmSummary summary;
  std::uint64_t bytes = 0;
};

Composed compose_once(const std::string& journal, Bytes key, const film::H264Options& video) {
  film::FilmJobOptions o;
  o.journal_directory = journal;
  o.key.assign(key.begin(), key.end());
  o.film.video = video;
  Composed out;
  const double before = cpu_seconds();
  Places places;
  auto job = film::FilmJob::open(std::move(o), places);
  if (!job) std::abort();
  while (true) {
    const auto step_begun = std::chrono::steady_clock::now();
    auto step = (*job)->step();
    if (!step) std::abort();
    if (*step == film::FilmJob::Step::done) {
      // The last step: what a stop costs when the composer was up to date.
      out.flush_ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - step_begun).count();
      break;
    }
  }
  out.cpu = cpu_seconds() - before;
  out.summary = (*job)->summary();
  out.bytes = places.index.bytes();
  return out;
}

// Runs through a journal as a composer does that goes on with a film (ResumingStudio): nothing is decoded, heard or drawn.
class DeafStudio final : public compose::Studio {
 public:
  bool open_video(std::uint32_t, wire::TapCodec) override { return true; }
  bool decode_video(std::uint32_t, Bytes frame, int) override {
    kept_.assign(frame.begin(), frame.end());
    return true;
  }
  void close_video(std::uint32_t) override {}
  std::unique_ptr<compose::AudioDecoder> open_audio(wire::TapCodec) override { return std::make_unique<Lane>(); }
  Result<void> show(std::int64_t, const compose::Scene&, std::span<const std::uint32_t>, bool) override { return {}; }
  bool listens() const override { return false; }
  Result<void> sound(std::span<const float>) override { return {}; }
  Result<void> finish(std::int64_t) override { return {}; }

 private:
  struct Lane final : compose::AudioDecoder {
    std::size_t decode(Bytes packet, std::vector<float>& out) override {
      const std::size_t samples = media::OpusDecoder::samples_in(packet);
      out.resize(out.size() + samples * 2);
      return samples;
    }
    void recover(Bytes, std::size_t samples, std::vector<float>& out) override { out.resize(out.size() + samples * 2); }
    void conceal(std::size_t samples, std::vector<float>& out) override { out.resize(out.size() + samples * 2); }
  };
  ByteVector kept_;
};

double replay_cpu(const std::string& journal, Bytes key) {
  const double before = cpu_seconds();
  DeafStudio studio;
  compose::Composer composer({}, studio);
  journal::JournalReader reader(key);
  ByteVector piece(256 << 10);
  for (const std::uint32_t segment : journal::list_segments(journal)) {
    std::ifstream in(journal + "/" + journal::segment_file_name(segment), std::ios::binary);
    reader.begin_segment();
    while (in.read(reinterpret_cast<char*>(piece.data()), static_cast<std::streamsize>(piece.size())) || in.gcount() > 0) {
      reader.append(Bytes(piece).first(static_cast<std::size_t>(in.gcount())));
      while (reader.next() == journal::ReadStatus::record) (void)composer.feed(reader.record());
    }
  }
  (void)composer.finish();
  return cpu_seconds() - before;
}

// The whole run, making the call included, is to end within some 100 s.
constexpr std::chrono::seconds kPresetBudget{32};

}  // namespace

int main(int argc, char** argv) {
  const int seconds = argc > 1 ? std::atoi(argv[1]) : 12;
  const auto begun = std::chrono::steady_clock::now();
  int presets_begun = 0;
  std::string pattern = (std::filesystem::temp_directory_path() / "upcall-bench-XXXXXX").string();
  const std::string folder = ::mkdtemp(pattern.data());
  const ByteVector key(32, 5);
  const auto call = test::scenario("two", 0x5eed, static_cast<std::uint32_t>(seconds) * 1000);
  const auto records = test::make_call(*call);
  if (!records || !test::write_journal(*records, folder, key)) return 1;
  const auto operations = operations_of(folder, key);

  boost::json::array rows;
  for (const auto& [preset, crf] : {std::pair{"live", double{film::kLiveCrf}}, std::pair{"superfast", 26.0}, std::pair{"veryfast", 23.0}}) {
    film::H264Options video;
    video.preset = preset;
    video.crf = crf;
    video.threads = 1;
    double best_bare = 1e9, best_composed = 1e9, flush = 1e9;
    std::uint64_t bare_bytes = 0;
    film::FilmSummary summary;
    std::uint64_t film_bytes = 0;
    // Alternating, least of up to three: other work on the machine only ever adds. A busy machine gets fewer rounds, not
    // a longer run.
    const auto deadline = begun + kPresetBudget * ++presets_begun;
    int rounds = 0;
    for (auto longest = std::chrono::steady_clock::duration(); rounds < 3; ++rounds) {
      const auto round_begun = std::chrono::steady_clock::now();
      if (rounds > 0 && round_begun + longest > deadline) break;
      best_bare = std::min(best_bare, bare(operations, video, bare_bytes));
      const Composed c = compose_once(folder, key, video);
      best_composed = std::min(best_composed, c.cpu);
      flush = std::min(flush, c.flush_ms);
      summary = c.summary;
      film_bytes = c.bytes;
      longest = std::max(longest, std::chrono::steady_clock::now() - round_begun);
    }
    const auto frames = static_cast<double>(summary.facts.video_frames);
    std::printf("%-9s crf %.0f: composed (with sound) %.2f ms CPU a picture, bare %.2f, ratio %.3f; %.2f x real time on one "
                "core; last step %.0f ms; %.0f kbit/s; least of %d\n",
                preset, crf, best_composed * 1000 / frames, best_bare * 1000 / frames, best_composed / best_bare,
                seconds / best_composed, flush, static_cast<double>(film_bytes) * 8 / seconds / 1000, rounds);
    rows.push_back(boost::json::object{{"preset", preset},
                                       {"crf", crf},
                                       {"rounds", rounds},
                                       {"pictures", summary.facts.video_frames},
                                       {"composed_cpu_s", best_composed},
                                       {"bare_cpu_s", best_bare},
                                       {"ratio", best_composed / best_bare},
                                       {"real_time_factor_one_core", seconds / best_composed},
                                       {"last_step_ms", flush},
                                       {"film_bytes", film_bytes},
                                       {"bare_video_bytes", bare_bytes}});
  }
  // What a composer that goes on with a film has to run through before it makes anything.
  double replay = 1e9;
  for (int i = 0; i < 5; ++i) replay = std::min(replay, replay_cpu(folder, key));
  const double replay_per_hour = replay / seconds * 3600;
  std::printf("going on with a film: %.1f s CPU a recorded hour to get there\n", replay_per_hour);
  std::filesystem::remove_all(folder);
  if (argc > 2) {
    std::ofstream(argv[2]) << boost::json::serialize(boost::json::object{{"bench", "compose"}, {"call_seconds", seconds}, {"replay_cpu_s_per_hour", replay_per_hour}, {"rows", rows}}) << "\n";
  }
  return 0;
}
