// One administration command: sent to the running server through its socket, or run here on a store opened under its
// lock. Include it in .cpp files only (Boost.JSON).
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <string>

#include "base/result.hpp"
#include "base/time.hpp"

namespace upcall::cli {

// Of a running server alone. not_found: no server runs there. `actor` goes to the audit and begins with "cli".
Result<boost::json::value> running_server_call(const std::string& data_dir, const std::string& command, const boost::json::object& arguments,
                                               Duration longest, const std::string& actor = "cli");

// `actor` goes to the audit and begins with "cli".
Result<boost::json::value> admin_call(const std::string& data_dir, const std::string& command, const boost::json::object& arguments, const std::string& actor = "cli");

}  // namespace upcall::cli
