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

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "api/centre/centre_api.hpp"
#include "io/store/sealer.hpp"

namespace upcall::api {

// A command of server/admin, by name and arguments as the CLI has them; `actor` for the audit.
using Administer = std::function<Result<boost::json::value>(std::string_view command, const boost::json::object& arguments, const std::string& actor)>;

class ConnectApi {
 public:
  // References must outlive it.
  ConnectApi(CentreApi& with_centre, store::Sealer& with_sealer, Administer with_administer)
      : centre(with_centre), sealer(with_sealer), administer(std::move(with_administer)) {}

  CentreApi& centre;
  store::Sealer& sealer;
  const Administer administer;
  RateLimiter calls{2, 5};            // by key and operation
  RateLimiter searches{0.5, 1};       // of contacts: by key
  RateLimiter contact_calls{10, 15};  // describe, stop, attributes: by key and operation
  RateLimiter metrics_calls{5, 8};    // what agents do now: likewise
  RateLimiter routing_calls{20, 30};  // a contact's routing data: likewise
  std::mutex starting;                // held while a chat with a client token begins
};

// `api` must outlive the router.
void add_connect_routes(wire::Router& router, ConnectApi& api);

}  // namespace upcall::api
