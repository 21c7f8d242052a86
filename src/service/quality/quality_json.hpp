// Call quality as JSON: what is told live, and what is kept. Include it in .cpp files only (Boost.JSON).
//
// A kept series: {"stepMs", "columns": [...], "points": [[...] | null, ...], "events": [{"atMs", "kind"}]}; null: the person
// was not there. Columns are named, so that a later release may add some.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <vector>

#include "io/store/quality_repository.hpp"
#include "service/meetings/meeting_quality.hpp"

namespace upcall::service {

boost::json::object figures_json(const quality::Figures& figures);
boost::json::object person_json(const PersonQuality& person);
boost::json::object series_json(const quality::Series& series);
boost::json::object summary_json(const quality::Series::Summary& summary);
// Kept rows as they are answered. One that cannot be read is left out.
boost::json::array stays_json(const std::vector<store::KeptQuality>& rows);

}  // namespace upcall::service
