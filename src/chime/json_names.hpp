// Names of the JSON library's classes for headers, which do not include it.
#pragma once

namespace boost::json {
class array;
class object;
}  // namespace boost::json
