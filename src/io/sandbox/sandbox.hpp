// A process that decodes what strangers sent gives up what it does not need, before the first byte of theirs: no sockets,
// programs, processes, writing to files or code that it makes itself, and no files but those that are named (ADR 26).
//
// From then on a system call that is not on the list kills the process (SIGSYS): whoever owns it sees it die. What is on the
// list is what memory, threads, clocks, descriptors that are open already and reading need (system_calls.cpp).
// Files: Landlock (Linux 5.13). Where a file is not named, opening it answers EACCES; names and sizes can still be seen.
//
// Threads: called while there is one thread; those that it starts later are confined too. It cannot be undone.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"

namespace upcall::sandbox {

struct ReadableFiles {
  // A folder stands for all that is in it and may come later. A folder that is not there yet is waited for below the
  // nearest one that is; a file that is not there is left out.
  std::vector<std::string> folders;
  std::vector<std::string> files;
};

struct Confinement {
  bool system_calls = false;
  bool files = false;
  std::string lacking;   // why one of them is not there: for a log line; empty when both are
};

// A kernel or a container that refuses, or a program with a sanitizer (it needs much more), is no error: `lacking` says so,
// and the process is as free as before.
Confinement confine(const ReadableFiles& readable);

// Internal to io/sandbox. Errors: unavailable (the kernel has it not, or refuses).
Result<void> limit_files(const ReadableFiles& readable);
Result<void> limit_system_calls();

}  // namespace upcall::sandbox
