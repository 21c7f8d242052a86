// Conditions of a flow's blocks, and how a customer's answer finds one.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "contact/flow.hpp"

namespace upcall::contact {

// Numeric operators need both sides to be decimal numbers: an empty text is no number, not zero.
bool matches(const FlowCondition& condition, std::string_view value);
// The first condition that matches.
const FlowCondition* first_match(const Block& block, std::string_view value);
// get_input: the name of the first condition whose name the message is, or one of whose keywords it contains as whole
// words. Capitals of A-Z and blanks around do not count.
std::optional<std::string> recognised(const Block& block, std::string_view message);

}  // namespace upcall::contact
