// One film from one journal directory: reads the segments (also while they grow), composes, and hands out the file's
// parts. step() does a bounded amount of work, so that its owner can watch for orders between steps. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "compose/composer.hpp"
#include "compose/part_planner.hpp"
#include "crypto/hash.hpp"
#include "io/film/film_studio.hpp"
#include "journal/reader.hpp"

namespace upcall::film {

struct FilmJobOptions {
  std::string journal_directory;
  ByteVector key;
  compose::ComposerOptions composer;
  FilmOptions film;
  // The directory is still being written: wait for more instead of ending where it ends.
  bool live = false;
};

struct FilmSummary {
  std::uint32_t parts = 0;
  std::uint64_t bytes = 0;
  // SHA-256 over the SHA-256 of the parts in the order of their numbers (part 1 is sent last).
  crypto::Sha256Digest parts_sha256{};
  compose::ComposerFacts facts;
  bool complete = false;         // the journal ended with its stop record
  std::string warning;           // damage in the journal: the film ends there
};

class FilmJob {
 public:
  enum class Step : std::uint8_t {
    worked,    // call again
    waiting,   // live: nothing new in the journal
    done,
  };
  static Result<std::unique_ptr<FilmJob>> open(FilmJobOptions options, compose::PartPlanner::Emit emit);
  ~FilmJob();
  FilmJob(const FilmJob&) = delete;
  FilmJob& operator=(const FilmJob&) = delete;

  Result<Step> step();
  // Live: the journal is complete as it stands, end with what is there.
  void stop_waiting() { options_.live = false; }

  std::int64_t composed_us() const { return composer_->composed_us(); }
  std::int64_t lag_us() const { return composer_->horizon_us() - composer_->composed_us(); }
  // After Step::done.
  const FilmSummary& summary() const { return summary_; }

 private:
  explicit FilmJob(FilmJobOptions options);
  Result<bool> read_more();
  Result<Step> finish();
  bool open_next_segment();

  FilmJobOptions options_;
  compose::PartPlanner::Emit emit_;
  std::vector<std::pair<std::uint32_t, crypto::Sha256Digest>> part_hashes_;
  std::unique_ptr<compose::PartPlanner> planner_;
  std::unique_ptr<FilmStudio> studio_;
  std::unique_ptr<compose::Composer> composer_;
  journal::JournalReader reader_;
  std::int64_t segment_ = -1;
  int fd_ = -1;
  bool segment_ended_ = true;
  ByteVector piece_;
  FilmSummary summary_;
  bool done_ = false;
};

}  // namespace upcall::film
