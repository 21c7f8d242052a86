// What an HTTP request brings before a route sees it: target, percent decoding, query, and the body as JSON (depth 32).
// link: upcall_wire boost_json
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "wire/http.hpp"

// The first line is the target, the rest is the body.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace upcall;
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const std::size_t line = std::min(all.find('\n'), all.size());
  wire::HttpRequest request;
  request.target = std::string(all.substr(0, line));
  if (wire::parse_target(request)) {
    for (const std::string& segment : request.segments) {
      if (segment.find('\0') != std::string::npos) std::abort();
      // What was decoded must survive a round trip: otherwise two parts of the server could see two names.
      if (wire::percent_decode(wire::percent_encode(segment), false) != segment) std::abort();
    }
    if (request.path.find('?') != std::string::npos) std::abort();
  }
  const std::string_view body = all.substr(std::min(line + 1, all.size()));
  boost::json::parse_options options;
  options.max_depth = 32;
  boost::system::error_code ec;
  const boost::json::value value = boost::json::parse(body, ec, {}, options);
  if (!ec) {
    const std::string text = boost::json::serialize(value);
    // Floating-point numbers may lose a digit; beyond all bounds they become NaN or Infinity, which JSON cannot say.
    if (boost::json::parse(text, ec, {}, options) != value && text.find_first_of(".eENI") == std::string::npos) std::abort();
  }
  // Our own literals must read back as what they stand for (when that is UTF-8 at all).
  const boost::json::value quoted = boost::json::parse(wire::json_quote(body), ec);
  if (!ec && quoted.as_string() != boost::json::string_view(body.data(), body.size())) std::abort();
  return 0;
}
