// Private to snapshots: where a contact stands in its flow, as JSON.
#pragma once

#include <functional>

#include "contact/flow_runner.hpp"
#include "json/json.hpp"

namespace upcall::contact {

boost::json::object attributes_json(const Attributes& values);
Attributes attributes_from(const boost::json::object& object, std::string_view name);

// Without deadline and block, which the caller writes.
void write_position(const FlowPosition& position, boost::json::object& out);
void read_position(const boost::json::object& object, FlowPosition& position);

}  // namespace upcall::contact
