// Private to import and export: words of the legacy format.
#pragma once

#include "contact/flow_format.hpp"

namespace upcall::contact {

std::optional<FlowError> legacy_error(std::string_view branch);  // "Error", "AtCapacity", "NoMatch"
std::string_view legacy_branch(FlowError error);                 // empty: the format has none
std::optional<FlowCondition::Op> legacy_operator(std::string_view word);
std::string_view legacy_operator_word(FlowCondition::Op op);     // empty: the format has none

bool is_legacy_namespace(std::string_view name_space);
// "User Defined", "name" -> "$.Attributes.name". Nothing when it is no name.
std::optional<std::string> legacy_reference(std::string_view name_space, std::string_view name);
// The way back, when the whole text is one reference that the format can name.
std::optional<std::pair<std::string_view, std::string_view>> legacy_name(std::string_view reference);

}  // namespace upcall::contact
