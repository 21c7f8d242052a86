// GET /frontend-config.js: `window.vceConfig` with the original's 19 keys in their order, all of them texts, and behind
// them what our pages offer: recordingPauseAllowed (boolean), recordingPauseLongestSeconds and recordingForgetSeconds
// (numbers; 0: nothing may be forgotten); of files in chats chatAttachmentMaxBytes (0: none are taken) and
// chatAttachmentTypes (joined by commas).
#pragma once

#include <string>

#include "io/store/store.hpp"
#include "wire/http.hpp"

namespace upcall::api {

// The script's text, from the parameters as they are now; `public_url` without a slash at its end.
Result<std::string> frontend_config(store::Database& db, const std::string& public_url);

// Read at each request: a changed parameter needs no restart. `store` must outlive the router.
void add_frontend_config_route(wire::Router& router, store::Store& store, std::string public_url);

}  // namespace upcall::api
