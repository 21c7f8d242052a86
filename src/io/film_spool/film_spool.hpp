// A film on its way to the object store: what its composer has made so far, on the disk, encrypted, for whoever watches it
// meanwhile, for the upload, and for another composer that goes on with it (ADR 10). One file beside the journal.
//
// One writer (the composer's run); readers on any thread. Sources stay readable when the spool is discarded or removed.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/rng.hpp"
#include "compose/film_index.hpp"
#include "io/film_spool/spool_format.hpp"
#include "wire/http.hpp"

namespace upcall::film_spool {

inline constexpr const char* kFileName = "film.upf";   // in the recording's directory

struct FilmSpoolOptions {
  std::string path;
  ByteVector recording_key;                        // 32 bytes; wiped with the spool
  std::string recording_id;
  // At most this much of the film's last part is lost to a power cut (composing makes it again).
  std::chrono::milliseconds sync_every{1000};
};

class FilmSpool {
 public:
  // What readers see of it at one moment.
  struct View {
    std::uint64_t generation = 0;                  // rises when the film is begun anew
    compose::FilmIndex index;
    bool complete = false;
    std::string facts;                             // JSON of the composer; only when complete
  };

  // Opens what is there and cuts off what is not authentic at its end; a file that is none of ours is begun anew. Reads the
  // whole file. Errors: exhausted (disk full), unavailable. `random`: used in open() and discard() only.
  static Result<std::shared_ptr<FilmSpool>> open(FilmSpoolOptions options, RandomSource& random);
  // By the heads of its records, without the key: a hint, no proof.
  static bool looks_complete(const std::string& path);
  ~FilmSpool();
  FilmSpool(const FilmSpool&) = delete;
  FilmSpool& operator=(const FilmSpool&) = delete;

  // Writer. After exhausted or unavailable nothing of the call is kept: it may come again. invalid_argument, conflict: not
  // what may follow here.
  Result<void> put_header(const wire::FilmHeader& header);
  Result<void> put_fragment(const wire::FilmFragment& fragment);
  // Durable when it returns.
  Result<void> finish(std::string_view facts);
  // Begins the film anew.
  Result<void> discard();

  // Readers.
  View view() const;
  struct Progress {
    std::uint64_t generation = 0, bytes = 0, fragments = 0;   // bytes: of the film as far as it is there
    std::int64_t duration_ms = 0;
    bool complete = false;
  };
  Progress progress() const;
  std::uint64_t bytes_on_disk() const;
  // The film as it stands: the index's place holds the index only when it is complete. Nothing before the header is there.
  // Errors of read(): corrupt, unavailable.
  std::shared_ptr<wire::BodySource> source() const;
  // Waits until the film has this many bytes, is complete, is begun anew (`generation`), or wake(); at most `most`.
  void wait(std::uint64_t bytes, std::uint64_t generation, std::chrono::milliseconds most) const;
  void wake();
  // Found when it was opened: how much was cut off, and why.
  std::uint64_t cut_off() const { return cut_off_; }

 private:
  struct Film;
  class Source;
  FilmSpool(FilmSpoolOptions options, RandomSource& random);
  // With what is authentic of the file, or as a new one.
  Result<std::shared_ptr<Film>> load(bool anew);
  Result<void> write(RecordKind kind, Bytes first, Bytes second);
  Result<void> sync();
  std::shared_ptr<Film> film() const;

  FilmSpoolOptions options_;
  RandomSource& random_;
  std::uint64_t cut_off_ = 0;
  std::optional<SpoolSealer> sealer_;              // writer's thread; none: begin as another writer first
  std::chrono::steady_clock::time_point synced_at_;
  bool dirty_ = false;

  mutable std::mutex mutex_;                       // guards film_ and wakes_; a film has a lock of its own, taken after it
  mutable std::condition_variable changed_;
  std::shared_ptr<Film> film_;
  std::uint64_t wakes_ = 0;
};

}  // namespace upcall::film_spool
