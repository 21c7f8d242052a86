// Finished contacts for those who may search them: GET /api/contact-search, its choices, and the contact's page. What the
// hierarchy rule hides looks like what is not there. Reading a transcript or a file is in the audit log before the answer.
#pragma once

#include "api/centre/centre_api.hpp"

namespace upcall::api {

// `api` must outlive the router.
void add_contact_routes(wire::Router& router, CentreApi& api, OpenApi& openapi);

}  // namespace upcall::api
