// What a function is told and what it answers: the vendor's shapes, so that functions written for its flows go on
// working behind a web address.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "contact/flow_runner.hpp"

namespace upcall::contact {

inline constexpr std::size_t kFlowAnswerMax = 32'768;  // bytes
inline constexpr std::size_t kFlowAnswerValues = 512;

// STRING_MAP: a flat object of texts, numbers and booleans. JSON: any object; "list.0.id" names what is within.
ParseResult<Attributes> read_flow_answer(std::string_view json, bool nested);

struct FlowEvent {
  std::string contact_id, instance_arn, queue_arn, queue_name, customer_name;
  const Attributes* attributes = nullptr;
  const Attributes* data = nullptr;   // Name, Description, LanguageCode, CustomerId, References.*
  const Attributes* tags = nullptr;
  const Attributes* parameters = nullptr;
};
// {"Name":"ContactFlowEvent","Details":{"ContactData":{…},"Parameters":{…}}}
std::string flow_event_json(const FlowEvent& event);

}  // namespace upcall::contact
