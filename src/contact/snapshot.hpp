// A contact as JSON: all that is needed to go on after a restart. Attributes and participants are part of it; chat items
// are not (they are rows of their own). Deadlines are kept as wall time, because the monotonic clock ends with its host.
#pragma once

#include <functional>

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "contact/contact.hpp"

namespace upcall::contact {

std::string to_snapshot(const Contact& contact, Now now, const Flow* flow);

// `flow`: finds a flow by id, to turn the position's block id back into a number. A flow that is gone or changed ends
// the position, not the contact.
ParseResult<Contact> from_snapshot(std::string_view text, Now now, const std::function<const Flow*(std::string_view)>& flow);

}  // namespace upcall::contact
