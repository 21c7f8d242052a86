// One film from one journal directory: reads the segments (also while they grow), composes, and hands out the film's
// header and fragments. step() does a bounded amount of work, so that its owner can watch for orders between steps. One
// thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "compose/composer.hpp"
#include "io/film/resuming_studio.hpp"
#include "io/journal/journal_horizon.hpp"
#include "io/journal/window_key_file.hpp"
#include "journal/reader.hpp"

namespace upcall::film {

struct FilmJobOptions {
  std::string journal_directory;
  ByteVector key;
  compose::ComposerOptions composer;
  FilmOptions film;
  // The directory is still being written: wait for more instead of ending where it ends.
  bool live = false;
  // While it is being written: so much of it may still be forgotten, and nothing that may be is opened. The film trails by
  // this and three seconds more (journal/window_keys.hpp).
  int forget_s = 0;
  // Goes on with a film that another job began from the same journal with the same options.
  std::optional<wire::FilmResume> resume;
};

struct FilmSummary {
  std::uint64_t fragments = 0;   // of the whole film, those of jobs before included
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
  // The sink must outlive the job. conflict: the film to go on with was made with other encoder settings.
  static Result<std::unique_ptr<FilmJob>> open(FilmJobOptions options, FilmSink& sink);
  ~FilmJob();
  FilmJob(const FilmJob&) = delete;
  FilmJob& operator=(const FilmJob&) = delete;

  Result<Step> step();
  // Live: the journal is complete as it stands, end with what is there.
  void stop_waiting() { options_.live = false; }

  std::int64_t composed_us() const { return composer_->composed_us(); }
  std::int64_t lag_us() const { return composer_->horizon_us() - composer_->composed_us(); }
  // Still on the way to the place where it goes on?
  bool replaying() const { return studio_->replaying(); }
  // After Step::done.
  const FilmSummary& summary() const { return summary_; }

 private:
  FilmJob(FilmJobOptions options, FilmSink& sink);
  class Tap;   // between the muxer and the sink: adds what decoders were found to do
  Result<bool> read_more();
  void let_through();
  Result<Step> finish();
  bool open_next_segment();

  FilmJobOptions options_;
  std::unique_ptr<Tap> tap_;
  std::unique_ptr<ResumingStudio> studio_;
  std::unique_ptr<compose::Composer> composer_;
  journal::WindowKeyReader places_;
  journal::JournalHorizon horizon_;
  journal::JournalReader reader_;
  bool held_ = false;            // the reader has a block that it must not open yet
  std::int64_t segment_ = -1;
  int fd_ = -1;
  bool segment_ended_ = true;
  ByteVector piece_;
  FilmSummary summary_;
  bool done_ = false;
};

}  // namespace upcall::film
