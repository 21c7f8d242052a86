// Private to this folder: users by their ids, for the files that read and change them. Include it in .cpp files only.
#pragma once

#include "api/connect/connect_call.hpp"
#include "io/store/identity_repository.hpp"

namespace upcall::api {

// A disabled user is not there for the vendor's clients, which know no such thing.
ConnectResult<store::User> find_user(const ConnectCall& call, const std::string& id);
// Changes the user of the path by the administrator's command; `arguments` without its name.
ConnectAnswer set_user(ConnectCall& call, boost::json::object arguments);

std::span<const ConnectRoute> user_change_operations();
std::span<const ConnectRoute> current_data_operations();

}  // namespace upcall::api
