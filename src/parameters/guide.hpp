// The tables of docs/guides/configure.md, from the parameters themselves: a test compares them.
#pragma once

#include <string>

namespace upcall::parameters {

// Markdown. `originals`: the 22 of the original, otherwise this server's own.
std::string guide_table(bool originals);

}  // namespace upcall::parameters
