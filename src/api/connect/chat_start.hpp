// Private to this folder: a chat that is started once for each client token, whatever crashes in between.
#pragma once

#include "api/connect/connect_call.hpp"

namespace upcall::api {

// `token` empty: a new chat each time.
ConnectAnswer start_once(ConnectCall& call, const std::string& token, contact::StartChat command);

}  // namespace upcall::api
