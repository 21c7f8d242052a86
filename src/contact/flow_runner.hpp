// Runs a flow for one contact until it waits, hands over, or ends. No memory of its own: where a contact stands is a
// FlowPosition, what blocks do goes through FlowHost.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "contact/flow.hpp"

namespace upcall::contact {

using Attributes = std::map<std::string, std::string, std::less<>>;

// What the blocks act upon. Calls come in the order of the blocks.
class FlowHost {
 public:
  enum class Transfer : std::uint8_t { queued, at_capacity, error };
  virtual ~FlowHost() = default;
  virtual void say(std::string_view text) = 0;
  virtual void set_attribute(const std::string& name, std::string value) = 0;
  virtual void set_priority(int priority) = 0;
  virtual bool set_queue_flow(std::string_view flow_name) = 0;              // false: no such flow
  virtual bool set_queue(std::string_view name_or_id) = 0;                  // false: no such queue
  virtual bool set_agent_queue(std::string_view agent) = 0;                 // login name, id or ARN; false: no such agent
  virtual Transfer transfer() = 0;
  virtual const Attributes& attributes() const = 0;
  // "ContactId", "Channel", "Queue.Name"…; unknown ones are empty.
  virtual std::string system_value(std::string_view path) const = 0;
};

struct FlowPosition {
  BlockNo block = 0;
  bool waiting = false;   // at a Wait block, until `deadline`
  Instant deadline = Instant::never();
};

enum class FlowOutcome : std::uint8_t {
  waiting,       // a Wait block: resume at the position's deadline
  transferred,   // the contact is in a queue
  disconnected,  // a Disconnect block
  stuck,         // a branch that is not connected was taken, or too many blocks without a wait
};

// Blocks run without a wait before the flow is called stuck: an endless circle must not stop the server.
inline constexpr int kFlowMaxSteps = 500;

// Starts at, or resumes from, `position`. A waiting position whose deadline has not come answers `waiting` at once.
FlowOutcome run_flow(const Flow& flow, FlowPosition& position, FlowHost& host, Instant now);

// "Hi, $.Attributes.name!" with attributes and system values put in; what is not there renders as nothing. At most
// kExpandedMax bytes.
inline constexpr std::size_t kExpandedMax = 16'384;
std::string expand(std::string_view text, const FlowHost& host);

// One condition. Numeric operators need both sides to be decimal numbers: an empty text is no number, not zero.
bool matches(const FlowCondition& condition, std::string_view value);

}  // namespace upcall::contact
