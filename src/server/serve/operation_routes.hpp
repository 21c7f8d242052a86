// /healthz, /readyz and /metrics, and what every answer gets: security headers and CORS.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "io/metrics/metrics.hpp"
#include "io/store/store.hpp"
#include "wire/http.hpp"

namespace upcall::server {

// `problems`: sentences about degraded modes, empty when all is well.
void add_operation_routes(wire::Router& router, const metrics::Registry& metrics, std::function<std::vector<std::string>()> problems);
// What other sites' pages may read: origin_checks.hpp.
void set_finisher(wire::Router& router, store::Store& store);

}  // namespace upcall::server
