// Loads and tries everything that a film needs: codecs, font, muxer. A process that has done it starts its film at once,
// and a host where something is missing says so before a recording needs it.
#pragma once

#include "base/result.hpp"

namespace upcall::film {

// Takes some 50 ms and keeps nothing. Errors: those of FilmStudio.
Result<void> warm_up();

}  // namespace upcall::film
