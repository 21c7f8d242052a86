// GET /oauth2/federate and /oauth2/callback: log-in by another provider (service/identity/federation.hpp).
#pragma once

#include "api/auth/login_pages.hpp"
#include "service/identity/federation.hpp"

namespace upcall::api {

// The button of the log-in page.
FederationLink federation_link(service::Federation& federation, const std::string& authorize_query, const std::string& return_to);
wire::HttpResponse federate(AuthorizationServer& server, service::Federation& federation, const wire::HttpRequest& request);
wire::HttpResponse federation_callback(AuthorizationServer& server, service::Federation& federation, const wire::HttpRequest& request);

}  // namespace upcall::api
