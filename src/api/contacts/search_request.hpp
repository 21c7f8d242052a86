// What GET /api/contact-search is asked: its query, checked.
#pragma once

#include <span>
#include <string>
#include <utility>

#include "contact/search.hpp"

namespace upcall::api {

struct ContactSearchRequest {
  contact::SearchFilter filter;
  int limit = 25;
  std::optional<std::int64_t> past;  // of the page before
};

// Errors: invalid_argument with the parameter named; a parameter that is not known is one too, so that a slip does not find
// everything.
Result<ContactSearchRequest> parse_contact_search(std::span<const std::pair<std::string, std::string>> query);

}  // namespace upcall::api
