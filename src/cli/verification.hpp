// A verification as JSON, for `upcall verify` and `upcall meter`. Include it in .cpp files only (Boost.JSON).
#pragma once

#include <boost/json/object.hpp>

#include "cli/demo/story.hpp"

namespace CLI {
class App;
}

namespace upcall::cli {

// {"ok", "url", "steps": [{"name", "ok", "ms", "error"}], and what was measured, in milliseconds}
boost::json::object verification_json(const demo::StoryResult& result);
// What was measured alone, each where the call came so far.
boost::json::object measures_json(const demo::StoryResult& result);
// --data-dir, --url, --seconds, --insecure and --no-recording. `options` lives as long as the command.
void add_verification_options(CLI::App& command, demo::StoryOptions& options);
// Where this program's companions are, and that a server which goes away is an error and no signal.
void prepare_verification(demo::StoryOptions& options);

}  // namespace upcall::cli
