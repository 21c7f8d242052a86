// Requests to another OpenID Connect provider: short, small, never redirected, with checked certificates.
#pragma once

#include "service/identity/federation.hpp"

namespace upcall::server {

Result<std::string> fetch_from_provider(const service::FetchRequest& request);

}  // namespace upcall::server
