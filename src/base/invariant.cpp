#include "base/invariant.hpp"

#include <cstdio>
#include <cstdlib>

namespace upcall {

void invariant_failed(const char* condition, const char* file, int line, const char* message) {
  std::fprintf(stderr, "{\"level\":\"fatal\",\"event\":\"invariant_failed\",\"condition\":\"%s\",\"at\":\"%s:%d\",\"message\":\"%s\"}\n",
               condition, file, line, message);
  std::fflush(stderr);
  std::abort();
}

}  // namespace upcall
