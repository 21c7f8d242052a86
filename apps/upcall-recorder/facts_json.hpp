// What a composer knows of its film, as the server and scripts read it. Times in milliseconds of the film.
#pragma once

#include <boost/json/object.hpp>

#include "io/film/film_job.hpp"

namespace upcall::recorder {

// {"duration_ms","video_frames","complete","warning"?, "freezes","lost_video_packets","concealed_audio_ms","gaps",
//  "gap_spans":[{"from_ms","until_ms","reason","dropped"}],"pauses":[{"from_ms","until_ms"}],"lead_in_ms",
//  "people":[{"id","name","spans":[{"from_ms","until_ms"}]}],"clock_markers":[{"at_ms","source","jump_ms"}]}
boost::json::object facts_json(const film::FilmSummary& summary);

}  // namespace upcall::recorder
