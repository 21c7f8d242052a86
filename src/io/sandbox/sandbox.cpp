#include "io/sandbox/sandbox.hpp"

#include <sys/prctl.h>

namespace upcall::sandbox {

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitizer = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
constexpr bool kSanitizer = true;
#else
constexpr bool kSanitizer = false;
#endif
#else
constexpr bool kSanitizer = false;
#endif

}  // namespace

Confinement confine(const ReadableFiles& readable) {
  Confinement out;
  if (kSanitizer) {
    out.lacking = "a sanitizer reads /proc and clones at its end";
    return out;
  }
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);   // both ask for it
  // Files first: the filter of system calls has no Landlock.
  if (auto done = limit_files(readable)) {
    out.files = true;
  } else {
    out.lacking = done.error().message;
  }
  if (auto done = limit_system_calls()) {
    out.system_calls = true;
  } else {
    out.lacking += (out.lacking.empty() ? "" : "; ") + done.error().message;
  }
  return out;
}

}  // namespace upcall::sandbox
