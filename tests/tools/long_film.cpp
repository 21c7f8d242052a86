#include "long_film.hpp"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <vector>

#include "compose/film_index.hpp"
#include "crypto/random.hpp"
#include "io/clock/system_clock.hpp"
#include "io/film/film_job.hpp"
#include "io/objects/directory_object_store.hpp"
#include "io/store/sealer.hpp"
#include "synthetic_call.hpp"

namespace upcall::test {

namespace {

constexpr std::int64_t kAudioRate = 48000;
constexpr std::size_t kPart = 8 << 20;

std::uint32_t u32(const std::uint8_t* p) { return std::uint32_t{p[0]} << 24 | std::uint32_t{p[1]} << 16 | std::uint32_t{p[2]} << 8 | p[3]; }
std::uint64_t u64(const std::uint8_t* p) { return std::uint64_t{u32(p)} << 32 | u32(p + 4); }
void put32(std::uint8_t* p, std::uint32_t v) {
  for (int i = 0; i < 4; ++i) p[i] = static_cast<std::uint8_t>(v >> (24 - 8 * i));
}

// Sets times and number of a fragment on, in place: mfhd, and tfdt by its traf's track (ISO/IEC 14496-12 §8.8).
class Shifter {
 public:
  std::uint32_t number = 0;                 // of the fragment, from 1
  std::uint64_t video_shift = 0, audio_shift = 0;
  std::uint32_t video_track = 1;
  bool good = true;

  void boxes(std::uint8_t* at, std::uint8_t* end) {
    while (end - at >= 8) {
      const std::uint32_t size = u32(at);
      if (size < 8 || size > static_cast<std::size_t>(end - at)) return void(good = false);
      const std::string_view type(reinterpret_cast<const char*>(at) + 4, 4);
      if (type == "moof" || type == "traf") boxes(at + 8, at + size);
      if (type == "mfhd") put32(at + 12, number);
      if (type == "tfhd") {
        track_ = u32(at + 12);
        if ((u32(at + 8) & 1) != 0) good = false;   // an offset in the file, which would be another one
      }
      if (type == "tfdt") {
        if (at[8] != 1) return void(good = false);  // 32 bits do not hold hours
        const std::uint64_t time = u64(at + 12) + (track_ == video_track ? video_shift : audio_shift);
        put32(at + 12, static_cast<std::uint32_t>(time >> 32));
        put32(at + 16, static_cast<std::uint32_t>(time));
      }
      at += size;
    }
  }

 private:
  std::uint32_t track_ = 0;
};

struct Fragment {
  wire::FilmFragment about;
  ByteVector boxes;
};
struct Kept final : film::FilmSink {
  Result<void> header(const wire::FilmHeader& h) override {
    about = h;
    boxes.assign(h.boxes.begin(), h.boxes.end());
    video.assign(h.video_headers.begin(), h.video_headers.end());
    audio.assign(h.audio_config.begin(), h.audio_config.end());
    about.boxes = boxes;
    about.video_headers = video;
    about.audio_config = audio;
    return {};
  }
  Result<void> fragment(const wire::FilmFragment& f) override {
    fragments.push_back({f, ByteVector(f.boxes.begin(), f.boxes.end())});
    return {};
  }
  wire::FilmHeader about;
  ByteVector boxes, video, audio;
  std::vector<Fragment> fragments;
};

Result<void> compose(const LongFilmOptions& options, const std::string& journal, Kept& out) {
  const ByteVector key(32, 9);
  // A second more: the last fragment of a film is cut where the call ends.
  const auto call = scenario(options.scenario, 0x10f, static_cast<std::uint32_t>(options.cycle_s + 5) * 1000);
  if (!call) return tl::unexpected(call.error());
  const auto records = make_call(*call);
  if (!records) return tl::unexpected(records.error());
  if (auto written = write_journal(*records, journal, key); !written) return written;
  film::FilmJobOptions o;
  o.journal_directory = journal;
  o.key = key;
  o.composer.width = options.width;
  o.composer.height = options.height;
  auto job = film::FilmJob::open(std::move(o), out);
  if (!job) return tl::unexpected(job.error());
  for (;;) {
    auto step = (*job)->step();
    if (!step) return tl::unexpected(step.error());
    if (*step == film::FilmJob::Step::done) return {};
  }
}

}  // namespace

Result<LongFilm> make_long_film(const LongFilmOptions& options, const std::string& file, const std::string& scratch) {
  Kept kept;
  if (auto composed = compose(options, scratch + "/long-film-journal", kept); !composed) return tl::unexpected(composed.error());
  const int fps = kept.about.fps;
  // Fragment 0 stands alone, the cycle are those after it that together are as long as they should be.
  std::size_t cycle = 0;
  while (cycle + 1 < kept.fragments.size() && kept.fragments[cycle + 1].about.start_tick < kept.fragments[1].about.start_tick + options.cycle_s * fps) ++cycle;
  if (cycle < 2 || cycle + 1 >= kept.fragments.size()) return fail(ErrorCode::internal, "the composed film is too short to be repeated");
  const wire::FilmFragment &before = kept.fragments[0].about, &last = kept.fragments[cycle].about;
  const std::int64_t ticks = last.end_tick - before.end_tick, samples = last.next_sample - before.next_sample;
  if (ticks != options.cycle_s * fps || samples != options.cycle_s * kAudioRate) return fail(ErrorCode::internal, "sound and picture of the repeated part are not of the same length");

  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  const auto write = [&out](Bytes b) { out.write(reinterpret_cast<const char*>(b.data()), static_cast<std::streamsize>(b.size())); };
  compose::FilmIndex index;
  if (auto begun = index.begin(kept.about); !begun) return tl::unexpected(begun.error());
  write(kept.boxes);
  write(compose::reserved_box());
  LongFilm made;
  for (std::uint64_t n = 0; n == 0 || index.end_tick() < std::int64_t{options.seconds} * fps; ++n) {
    const std::uint64_t round = n == 0 ? 0 : (n - 1) / cycle;
    const Fragment& source = kept.fragments[n == 0 ? 0 : 1 + (n - 1) % cycle];
    ByteVector boxes = source.boxes;
    Shifter shift;
    shift.number = static_cast<std::uint32_t>(n + 1);
    shift.video_shift = round * static_cast<std::uint64_t>(options.cycle_s) * kept.about.timescale;
    shift.audio_shift = round * static_cast<std::uint64_t>(samples);
    shift.boxes(boxes.data(), boxes.data() + boxes.size());
    if (!shift.good) return fail(ErrorCode::internal, "a fragment's boxes are not as expected");
    wire::FilmFragment f = source.about;
    const auto set_on = static_cast<std::int64_t>(round) * ticks;
    f.number = n;
    f.start_tick += set_on;
    f.end_tick += set_on;
    f.next_decode_tick += set_on;
    f.next_sample += static_cast<std::int64_t>(round) * samples;
    f.boxes = boxes;
    if (auto added = index.add(f); !added) return tl::unexpected(added.error());
    made.largest_fragment = std::max<std::uint64_t>(made.largest_fragment, boxes.size());
    write(boxes);
  }
  out.seekp(static_cast<std::streamoff>(index.header_bytes()));
  write(index.index());
  out.flush();
  if (!out) return fail(ErrorCode::unavailable, "the film cannot be written");
  made.seconds = static_cast<double>(index.duration_ms()) / 1000;
  made.bytes = index.bytes();
  return made;
}

Result<void> replace_stored_film(const std::string& data_dir, const std::string& file) {
  crypto::SystemRandom random;
  auto sealer = store::Sealer::open(data_dir, random);
  if (!sealer) return tl::unexpected(sealer.error());
  auto store = objects::DirectoryObjectStore::open_root(data_dir + "/objects", (*sealer)->derive("objects"), random);
  if (!store) return tl::unexpected(store.error());
  auto all = (*store)->list("RECORDINGS/");
  if (!all) return tl::unexpected(all.error());
  std::erase_if(*all, [](const objects::ObjectInfo& o) { return !o.key.ends_with(".mp4"); });
  if (all->size() != 1) return fail(ErrorCode::not_found, "there is not exactly one film to be replaced");
  auto upload = (*store)->begin_upload(all->front().key, all->front().content_type);
  if (!upload) return tl::unexpected(upload.error());
  std::ifstream in(file, std::ios::binary);
  ByteVector piece(kPart);
  for (std::uint32_t part = 1;; ++part) {
    in.read(reinterpret_cast<char*>(piece.data()), static_cast<std::streamsize>(piece.size()));
    const auto got = static_cast<std::size_t>(in.gcount());
    if (got == 0) break;
    if (auto put = (*upload)->put_part(part, Bytes(piece).first(got)); !put) return put;
  }
  if (auto done = (*upload)->complete(system_now().wall); !done) return tl::unexpected(done.error());
  return {};
}

}  // namespace upcall::test
