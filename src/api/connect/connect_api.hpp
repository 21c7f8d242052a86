// /aws/connect: the part of the vendor's contact-centre interface (rest-json, API version 2017-08-08) that this solution
// and its administrators' tools use, for the vendor's SDKs as they are. Signed with an access key of the store (SigV4,
// service "connect"); what the key's user may do counts, as on the routes of /api.
//
// InstanceId is the instance's UUID or its ARN, in paths percent-encoded. Times are epoch seconds as JSON numbers.
// Operations that exist in the vendor's model and not here answer 404 UnsupportedOperationException with their name's
// path, so that nobody takes them for a missing contact. Rates are those that the vendor documents, by access key.
//
// Threads: handlers run on the API pool and block on the store.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "api/centre/centre_api.hpp"

namespace upcall::api {

// A command of server/admin, by name and arguments as the CLI has them; `actor` for the audit.
using Administer = std::function<Result<boost::json::value>(std::string_view command, const boost::json::object& arguments, const std::string& actor)>;

class ConnectApi {
 public:
  // References must outlive it.
  ConnectApi(CentreApi& with_centre, Administer with_administer) : centre(with_centre), administer(std::move(with_administer)) {}

  // Answers of StartChatContact by (key, ClientToken): a retry gets the first one. The last 10 000, in memory: a retry
  // that spans a restart starts a second chat, which nobody joins and which ends by itself.
  std::optional<std::string> started(const std::string& key);
  void remember_start(std::string key, std::string answer);

  CentreApi& centre;
  const Administer administer;
  RateLimiter calls{2, 5};            // by key and operation
  RateLimiter searches{0.5, 1};       // of contacts: by key
  RateLimiter contact_calls{10, 15};  // describe, stop, attributes: by key and operation

 private:
  std::mutex mutex_;
  std::map<std::string, std::string, std::less<>> starts_;
  std::deque<std::string> order_;
};

// `api` must outlive the router.
void add_connect_routes(wire::Router& router, ConnectApi& api);

}  // namespace upcall::api
