// upcall-recorder: composes journals into films. A child of the server ("worker"), or by hand.
#include <CLI/CLI.hpp>

#include <cstdio>

#include "commands.hpp"

int main(int argc, char** argv) {
  using namespace upcall::recorder;
  CLI::App app{"Composes recorded calls (journals) into MP4 films."};
  app.require_subcommand(1);
  app.set_version_flag("--version", UPCALL_VERSION);
  app.footer("Examples:\n"
             "  upcall-recorder compose spool/6f1c --key-file 6f1c.key -o call.mp4\n"
             "  upcall-recorder inspect call.mp4 --json");

  ComposeCommand compose;
  auto* compose_app = app.add_subcommand("compose", "Compose a journal directory into a film");
  compose_app->add_option("journal", compose.journal, "The journal's directory")->required();
  compose_app->add_option("-o,--output", compose.output, "The film to write")->required();
  compose_app->add_option("--key-file", compose.key_file,
                          "File with the recording's key, 64 hex digits (default: 'key' in the journal's directory)");
  compose_app->add_option("--width", compose.width, "Width in pixels")->capture_default_str();
  compose_app->add_option("--height", compose.height, "Height in pixels")->capture_default_str();
  compose_app->add_option("--fps", compose.fps, "Grid of the pictures, per second")->capture_default_str();
  compose_app->add_option("--layout", compose.layout, "auto, side-by-side, grid, speaker (who speaks is large) or content (the share alone)")
      ->check(CLI::IsMember({"auto", "side-by-side", "grid", "speaker", "content"}))
      ->capture_default_str();
  compose_app->add_flag("--constant-rate", compose.constant_rate, "Encode every picture of the grid, also of what stands still");
  compose_app->add_option("--title", compose.title, "A title line at the top");
  compose_app->add_option("--preset", compose.preset, "x264 preset: ultrafast … slow, or live: what films of running calls are made with")->capture_default_str();
  compose_app->add_option("--crf", compose.crf, "x264 quality, smaller is better")->capture_default_str();
  compose_app->add_option("--threads", compose.threads, "Encoder threads")->capture_default_str();
  compose_app->add_option("--font", compose.font, "Font file for names (default: DejaVu Sans)");
  compose_app->add_flag("--json", compose.json, "Print the result as JSON");
  compose_app->footer("Examples:\n  upcall-recorder compose spool/6f1c --key-file 6f1c.key -o call.mp4 --title 'Call 4711'\n"
                      "  upcall-recorder compose spool/6f1c --key-file 6f1c.key -o call.mp4 --layout speaker --width 1280 --height 720 --fps 15");

  int control_fd = -1;
  auto* worker_app = app.add_subcommand("worker", "Compose for a server over an inherited descriptor");
  worker_app->add_option("--control-fd", control_fd, "Connected stream socket")->required();
  worker_app->footer("Started by 'upcall serve'; takes the journal and its key over the descriptor.\n"
                     "Example:\n  upcall-recorder worker --control-fd 3");

  std::string film;
  bool inspect_json = false;
  auto* inspect_app = app.add_subcommand("inspect", "Decode a film and say what it shows");
  inspect_app->add_option("film", film, "The MP4 file")->required();
  inspect_app->add_flag("--json", inspect_json, "Print as JSON");
  inspect_app->footer("Example:\n  upcall-recorder inspect call.mp4 --json");

  CheckCommand check;
  int check_fd = -1;
  auto* check_app = app.add_subcommand("check", "Is a film what the call was? Sparse decoding, findings");
  check_app->add_option("film", check.film, "The MP4 file");
  check_app->add_option("--facts", check.facts, "What 'compose --json' told when it made the film");
  check_app->add_flag("--json", check.json, "Print as JSON");
  check_app->add_option("--control-fd", check_fd, "For 'upcall serve': the film comes over this stream socket");
  check_app->footer("Exit status 4: an alarm.\n"
                    "Example:\n  upcall-recorder compose spool/6f1c -o call.mp4 --json > facts.json\n"
                    "  upcall-recorder check call.mp4 --facts facts.json --json");

  auto* self_test_app = app.add_subcommand("self-test", "Does this host have what films need? Tries codecs, font and muxer");
  self_test_app->footer("Example:\n  upcall-recorder self-test");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  if (*compose_app) return run_compose(compose);
  if (*self_test_app) return run_self_test();
  if (*worker_app) return run_worker(control_fd);
  if (*check_app) {
    if (check_fd >= 0) return run_check_for_server(check_fd);
    if (!check.film.empty()) return run_check(check);
    std::fprintf(stderr, "upcall-recorder: check which film?\n");
    return 2;
  }
  return run_inspect(film, inspect_json);
}
