#include "io/film_spool/film_spool.hpp"

#include <algorithm>

#include "crypto/secret.hpp"
#include "io/film_spool/spool_file.hpp"

namespace upcall::film_spool {

namespace {
constexpr std::size_t kPiece = 1 << 20;

// A sealed record and where the film's bytes begin in its plain text.
struct Entry {
  std::uint64_t place = 0;
  RecordHead head;
  Tag before{};
  std::size_t body = 0;
};
}  // namespace

// One file, from its beginning to its being begun anew. `mutex` guards everything that grows.
struct FilmSpool::Film {
  ~Film() { crypto::wipe(key); }

  SpoolFile file;
  ByteVector key;
  std::string recording_id;
  mutable std::mutex mutex;
  View view;
  std::vector<Salt> writers;            // by epoch, from 1
  Entry header;
  std::vector<Entry> fragments;
  SpoolPosition position;

  // Takes a record over, authentic or just written, and with it the place behind it. An error: it may not follow here.
  Result<void> take(const RecordHead& head, Bytes plain, const Tag& before, std::uint64_t place, const Salt& salt,
                    const SpoolPosition& behind);
};

Result<void> FilmSpool::Film::take(const RecordHead& head, Bytes plain, const Tag& before, std::uint64_t place,
                                   const Salt& salt, const SpoolPosition& behind) {
  const std::lock_guard lock(mutex);
  Entry entry{place, head, before, 0};
  switch (head.kind) {
    case RecordKind::writer: writers.push_back(salt); break;
    case RecordKind::header: {
      const auto parsed = wire::parse_film_header(plain);
      if (!parsed) return fail(ErrorCode::invalid_argument, "the film's header cannot be read");
      if (auto done = view.index.begin(*parsed); !done) return done;
      entry.body = plain.size() - parsed->boxes.size();
      header = entry;
      break;
    }
    case RecordKind::fragment: {
      const auto parsed = wire::parse_film_fragment(plain);
      if (!parsed) return fail(ErrorCode::invalid_argument, "a fragment of the film cannot be read");
      if (auto done = view.index.add(*parsed); !done) return done;
      entry.body = plain.size() - parsed->boxes.size();
      fragments.push_back(entry);
      break;
    }
    case RecordKind::end:
      view.complete = true;
      view.facts = as_text(plain);
      break;
  }
  position = behind;
  return {};
}

// Reads the film's bytes out of the records; keeps the last one open, because players read in small steps.
class FilmSpool::Source final : public wire::BodySource {
 public:
  explicit Source(std::shared_ptr<const Film> film) : film_(std::move(film)) {
    const std::lock_guard lock(film_->mutex);
    complete_ = film_->view.complete;
    header_bytes_ = film_->view.index.header_bytes();
    size_ = film_->view.index.bytes();
  }
  std::uint64_t size() const override { return size_; }

  Result<std::size_t> read(std::uint64_t offset, MutBytes out) override {
    std::size_t done = 0;
    while (done < out.size() && offset < size_) {
      auto from = bytes_at(offset);
      if (!from) return tl::unexpected(from.error());
      const std::size_t n = std::min(from->size(), out.size() - done);
      std::copy_n(from->begin(), n, out.begin() + static_cast<std::ptrdiff_t>(done));
      done += n;
      offset += n;
    }
    return done;
  }

 private:
  // From `offset` to the end of the record (or place) that holds it.
  Result<Bytes> bytes_at(std::uint64_t offset) {
    if (offset >= header_bytes_ && offset < header_bytes_ + compose::kIndexReserve) {
      if (front_.empty()) {
        const std::lock_guard lock(film_->mutex);
        front_ = complete_ ? film_->view.index.index() : compose::reserved_box();
      }
      return Bytes(front_).subspan(offset - header_bytes_);
    }
    Entry entry;
    Salt salt;
    std::uint64_t begins = 0;
    {
      const std::lock_guard lock(film_->mutex);
      entry = film_->header;
      if (offset >= header_bytes_) {
        const auto& list = film_->view.index.fragments();
        const auto at = std::upper_bound(list.begin(), list.end(), offset,
                                         [](std::uint64_t o, const auto& f) { return o < f.offset; });
        const auto number = static_cast<std::size_t>(at - list.begin()) - 1;
        entry = film_->fragments[number];
        begins = list[number].offset;
      }
      salt = film_->writers[entry.head.epoch - 1];
    }
    if (entry.place != loaded_) {
      loaded_ = 0;
      if (epoch_ != entry.head.epoch) {
        cipher_.emplace(film_->key, film_->recording_id, entry.head.epoch, salt);
        epoch_ = entry.head.epoch;
      }
      sealed_.resize(entry.head.whole() - kRecordHeadSize);
      plain_.resize(entry.head.size);
      const auto got = film_->file.read_at(entry.place + kRecordHeadSize, sealed_);
      if (!got) return tl::unexpected(got.error());
      if (*got != sealed_.size() || !cipher_->open(entry.head, entry.before, sealed_, plain_)) {
        return fail(ErrorCode::corrupt, "the film spool is not what was written");
      }
      loaded_ = entry.place;
    }
    return Bytes(plain_).subspan(entry.body + (offset - begins));
  }

  std::shared_ptr<const Film> film_;
  bool complete_ = false;
  std::uint64_t header_bytes_ = 0, size_ = 0;
  ByteVector front_, sealed_, plain_;
  std::optional<WriterCipher> cipher_;
  std::uint32_t epoch_ = 0;
  std::uint64_t loaded_ = 0;            // place of the record in plain_; 0: none
};

FilmSpool::FilmSpool(FilmSpoolOptions options, RandomSource& random) : options_(std::move(options)), random_(random) {}
FilmSpool::~FilmSpool() {
  if (dirty_) (void)sync();
  crypto::wipe(options_.recording_key);
}

Result<std::shared_ptr<FilmSpool>> FilmSpool::open(FilmSpoolOptions options, RandomSource& random) {
  if (options.recording_key.size() != kKeySize) return fail(ErrorCode::invalid_argument, "a recording key has 32 bytes");
  std::shared_ptr<FilmSpool> out(new FilmSpool(std::move(options), random));
  auto film = out->load(false);
  if (!film) return tl::unexpected(film.error());
  out->film_ = std::move(*film);
  out->synced_at_ = std::chrono::steady_clock::now();
  return out;
}

Result<std::shared_ptr<FilmSpool::Film>> FilmSpool::load(bool anew) {
  auto film = std::make_shared<Film>();
  film->key = options_.recording_key;
  film->recording_id = options_.recording_id;
  auto file = SpoolFile::open(options_.path, anew);
  if (!file) return tl::unexpected(file.error());
  film->file = std::move(*file);
  SpoolScanner scanner(options_.recording_key, options_.recording_id);
  ByteVector piece(kPiece);
  std::uint64_t size = 0;
  bool readable = true;
  while (readable) {
    const auto got = film->file.read_at(size, piece);
    if (!got) return tl::unexpected(got.error());
    if (*got == 0) break;
    size += *got;
    scanner.append(Bytes(piece).first(*got));
    ScanStatus status;
    while (readable && (status = scanner.next()) == ScanStatus::record) {
      // Authentic, but not what may stand there: written by a fault of ours. What was before it is good.
      readable = film->take(scanner.head(), scanner.plain(), scanner.before(), scanner.place(), scanner.salt(),
                            scanner.position()).has_value();
    }
    if (status == ScanStatus::corrupt) readable = false;
  }
  if (size > film->position.offset) {
    cut_off_ = size - film->position.offset;
    if (auto cut = film->file.truncate(film->position.offset); !cut) return tl::unexpected(cut.error());
  }
  return film;
}

bool FilmSpool::looks_complete(const std::string& path) {
  const auto file = SpoolFile::open_to_read(path);
  if (!file) return false;
  bool ended = false;
  for (std::uint64_t at = kFileHeadSize;;) {
    std::uint8_t raw[kRecordHeadSize];
    const auto got = file->read_at(at, raw);
    const auto head = parse_record_head(Bytes(raw, got ? *got : 0));
    if (!head) return ended;
    at += head->whole();
    ended = ended || head->kind == RecordKind::end;
  }
}

std::shared_ptr<FilmSpool::Film> FilmSpool::film() const {
  const std::lock_guard lock(mutex_);
  return film_;
}

Result<void> FilmSpool::sync() {
  auto done = film()->file.sync();
  // After a failed fdatasync the kernel calls the pages clean: only trying again with later data is left.
  synced_at_ = std::chrono::steady_clock::now();
  dirty_ = false;
  return done;
}

Result<void> FilmSpool::write(RecordKind kind, Bytes first, Bytes second) {
  const std::shared_ptr<Film> film = this->film();
  const std::uint64_t good = film->position.offset;
  const auto put = [&](std::uint64_t place, const ByteVector& record) -> Result<void> {
    auto written = film->file.write_at(place, record);
    dirty_ = true;
    if (written && kind == RecordKind::end) written = sync();
    if (written) return {};
    // Its nonce may lie on the disk: what comes next is another writer's.
    (void)film->file.truncate(film->position.offset);
    sealer_.reset();
    return written;
  };
  if (!sealer_) {
    Salt salt;
    random_.fill(salt);
    SpoolSealer sealer(options_.recording_key, options_.recording_id, film->position, salt);
    if (auto done = put(good, sealer.begin()); !done) return done;
    const SpoolPosition& p = sealer.position();
    if (auto done = film->take({0, RecordKind::writer, p.epoch, p.number}, {}, sealer.chain_before(), good, salt, p); !done) return done;
    sealer_ = std::move(sealer);
  }
  const ByteVector record = sealer_->seal(kind, first, second);
  const std::uint64_t place = film->position.offset;
  if (auto done = put(place, record); !done) return done;
  ByteVector plain(first.begin(), first.end());
  plain.insert(plain.end(), second.begin(), second.end());
  const SpoolPosition& p = sealer_->position();
  if (auto done = film->take({static_cast<std::uint32_t>(plain.size()), kind, p.epoch, p.number}, plain,
                             sealer_->chain_before(), place, {}, p); !done) {
    return done;
  }
  if (std::chrono::steady_clock::now() - synced_at_ >= options_.sync_every) (void)sync();
  {
    // Who has just looked and found nothing is waiting by the time this lock is ours.
    const std::lock_guard lock(mutex_);
  }
  changed_.notify_all();
  return {};
}

Result<void> FilmSpool::put_header(const wire::FilmHeader& header) {
  {
    compose::FilmIndex probe = view().index;
    if (auto ok = probe.begin(header); !ok) return ok;
  }
  return write(RecordKind::header, wire::encode_head(header), header.boxes);
}

Result<void> FilmSpool::put_fragment(const wire::FilmFragment& fragment) {
  {
    const std::shared_ptr<Film> film = this->film();
    const std::lock_guard lock(film->mutex);
    if (film->view.complete) return fail(ErrorCode::conflict, "the film is complete");
    if (auto ok = film->view.index.may_add(fragment); !ok) return ok;
  }
  return write(RecordKind::fragment, wire::encode_head(fragment), fragment.boxes);
}

Result<void> FilmSpool::finish(std::string_view facts) {
  const Progress now = progress();
  if (now.complete) return fail(ErrorCode::conflict, "the film is complete");
  if (now.fragments == 0) return fail(ErrorCode::conflict, "a film without pictures");
  return write(RecordKind::end, as_bytes(facts), {});
}

Result<void> FilmSpool::discard() {
  auto fresh = load(true);
  if (!fresh) return tl::unexpected(fresh.error());
  sealer_.reset();
  dirty_ = false;
  {
    const std::lock_guard lock(mutex_);
    (*fresh)->view.generation = film_->view.generation + 1;
    film_ = std::move(*fresh);
  }
  changed_.notify_all();
  return {};
}

FilmSpool::View FilmSpool::view() const {
  const std::shared_ptr<Film> film = this->film();
  const std::lock_guard lock(film->mutex);
  return film->view;
}

FilmSpool::Progress FilmSpool::progress() const {
  const std::shared_ptr<Film> film = this->film();
  const std::lock_guard lock(film->mutex);
  const compose::FilmIndex& index = film->view.index;
  return {film->view.generation, index.bytes(), index.fragments().size(), index.duration_ms(), film->view.complete};
}

std::uint64_t FilmSpool::bytes_on_disk() const {
  const std::shared_ptr<Film> film = this->film();
  const std::lock_guard lock(film->mutex);
  return film->position.offset;
}

std::shared_ptr<wire::BodySource> FilmSpool::source() const { return std::make_shared<Source>(film()); }

void FilmSpool::wait(std::uint64_t bytes, std::uint64_t generation, std::chrono::milliseconds most) const {
  std::unique_lock lock(mutex_);
  const std::uint64_t wakes = wakes_;
  changed_.wait_for(lock, most, [&] {
    const std::lock_guard film_lock(film_->mutex);
    return wakes != wakes_ || film_->view.generation != generation || film_->view.complete ||
           film_->view.index.bytes() >= bytes;
  });
}

void FilmSpool::wake() {
  {
    const std::lock_guard lock(mutex_);
    ++wakes_;
  }
  changed_.notify_all();
}

}  // namespace upcall::film_spool
