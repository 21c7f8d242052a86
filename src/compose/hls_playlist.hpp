// The HLS media playlist (RFC 8216) of a film that grows: type EVENT, one byte range of one file a fragment. Pure.
#pragma once

#include <string>
#include <string_view>

#include "compose/film_index.hpp"

namespace upcall::compose {

// `uri`: of the film's file, as it stands in the playlist. `over`: nothing will be added any more.
std::string hls_playlist(const FilmIndex& film, std::string_view uri, bool over);

}  // namespace upcall::compose
