// What this process gives up before it decodes what strangers sent (io/sandbox, ADR 26). One thread, once.
#pragma once

#include "io/sandbox/sandbox.hpp"

namespace upcall::recorder {

// Readable stays what is named, and what libraries ask for in the middle. A host that has no such limits gets a line on
// standard error: films are made there too.
sandbox::Confinement confine(sandbox::ReadableFiles readable);

// For tests, at the place where a decoder would have been taken over: does once what UPCALL_RECORDER_ESCAPE names (socket,
// program, process, trace, write, code: killed for it; open: refused, and the film goes on). Exit status 77: it succeeded.
void try_to_escape();

}  // namespace upcall::recorder
