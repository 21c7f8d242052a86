// What cannot happen. Always on: a broken invariant prints where and ends the smallest process there is.
#pragma once

namespace upcall {

[[noreturn]] void invariant_failed(const char* condition, const char* file, int line, const char* message);

}  // namespace upcall

#define UPCALL_INVARIANT(condition, message) \
  (static_cast<bool>(condition) ? void(0) : ::upcall::invariant_failed(#condition, __FILE__, __LINE__, message))
