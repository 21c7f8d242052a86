// The commands of upcall-recorder. Each answers the process's exit status: 0 done, 1 failed (the reason is on standard
// error), 3 the film ends early because the journal is damaged, 4 a film was checked and is not well.
#pragma once

#include <string>

#include "io/film/film_job.hpp"

namespace upcall::recorder {

struct ComposeCommand {
  std::string journal, output, key_file, title, preset = "veryfast", font, layout = "auto";
  int width = 1920, height = 1080, fps = 30, threads = 2;
  double crf = 23;
  bool constant_rate = false, json = false;
};
int run_compose(const ComposeCommand& command);

int run_self_test();

int run_worker(int control_fd);

struct CheckCommand {
  std::string film, facts;   // facts: a file with what compose --json told; empty: the film is judged by itself
  bool json = false;
};
int run_check(const CheckCommand& command);
int run_check_for_server(int control_fd);

int run_inspect(const std::string& file, bool json);

// CPU seconds of this process (all threads) and its largest resident size.
struct Usage {
  double cpu_seconds = 0;
  double peak_rss_mib = 0;
};
Usage usage();

}  // namespace upcall::recorder
