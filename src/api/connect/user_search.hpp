// SearchCriteria of SearchUsers: conditions on texts and on the hierarchy group, with And and Or, three deep.
#pragma once

#include <vector>

#include "api/connect/connect_call.hpp"
#include "io/store/identity_repository.hpp"

namespace upcall::api {

// In the order of `users`, which must outlive the answer. A condition that is not known here is a bad parameter.
ConnectResult<std::vector<const store::User*>> users_that_meet(const boost::json::object& criteria, const std::vector<store::User>& users,
                                                               const std::vector<store::HierarchyGroup>& groups);

}  // namespace upcall::api
