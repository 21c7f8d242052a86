// What a browser's Origin decides: which other sites' pages may read answers (CORS, Fetch §3.2), and which may open sockets.
// A request without an Origin is no browser's; its token or signature decides, as everywhere.
//
// Lists are parameters (identity/origins.hpp) and are read at each request that carries an Origin: a change needs no restart.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "io/store/store.hpp"
#include "wire/http.hpp"

namespace upcall::server {

// The origins that may show our pages in a frame and open sockets, joined by commas; empty: none, or the store is out of reach.
std::string approved_origins(store::Store& store);

// CORS headers of an answer; turns a preflight into one. Never allows cookies: no answer has Access-Control-Allow-Credentials.
void answer_origin(store::Store& store, const wire::HttpRequest& request, wire::HttpResponse& response);

// For net::HttpServerOptions::websocket_guard. `own`: the origins by which this server is known. A browser's page may open a socket
// if it is our own, is approved, or is allowed for the interface that the socket belongs to; others get 403.
std::optional<wire::HttpResponse> refuse_socket(store::Store& store, const std::vector<std::string>& own, const wire::HttpRequest& request);

}  // namespace upcall::server
