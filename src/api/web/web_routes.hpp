// The pages at the contract's addresses (design §6): agent-app, the customer's page, its widget and their assets.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "wire/http.hpp"

namespace upcall::api {

struct WebOptions {
  std::string directory;             // holds agent-app/ and demo-website/
  std::vector<std::string> origins;  // "https://192.0.2.7:8443": all under which this server is known
  std::function<std::string()> approved;  // origins that may show a page in a frame, joined by commas; asked for each page. Empty: none
};

// Pages carry their own Content-Security-Policy and permissions; until they are built they answer 503 and say what to do.
void add_web_routes(wire::Router& router, WebOptions options);

// The policy of a page. Sockets of every origin are named: not every browser counts them under 'self'.
std::string page_policy(const std::vector<std::string>& origins, std::string_view approved);

}  // namespace upcall::api
