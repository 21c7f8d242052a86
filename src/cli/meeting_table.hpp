// A meeting as people read it: who is in it, how each fares and why; of one that is over how each fared. Include it in .cpp
// files only (Boost.JSON).
#pragma once

#include <boost/json/value.hpp>

#include <string>

namespace upcall::cli {

// From the answer of meeting.show: tables with aligned columns.
std::string meeting_table(const boost::json::value& meeting);

}  // namespace upcall::cli
