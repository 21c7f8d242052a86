// "self-test": tries what a film needs, as a warm process of the server does before it takes an order.
#include <cstdio>

#include "commands.hpp"
#include "io/film/warm_up.hpp"

namespace upcall::recorder {

int run_self_test() {
  if (const auto done = film::warm_up(); !done) {
    std::fprintf(stderr, "upcall-recorder: %s\n", done.error().message.c_str());
    return 1;
  }
  std::puts("H.264 and AAC of films, VP8, H.264, VP9 and Opus of calls, the font and the muxer work");
  return 0;
}

}  // namespace upcall::recorder
