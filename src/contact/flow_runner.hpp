// Runs a flow for one contact until it waits, hands over, or ends. No memory of its own: where a contact stands is a
// FlowPosition, what blocks do goes through FlowHost. Whatever the flow says, a run is bounded: in blocks, in blocks a
// minute, in modules within modules and in flows after flows.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/time.hpp"
#include "contact/flow.hpp"

namespace upcall::contact {

using Attributes = std::map<std::string, std::string, std::less<>>;

// Blocks run without a wait before the flow is called stuck: an endless circle must not stop the server.
inline constexpr int kFlowMaxSteps = 500;
inline constexpr int kFlowMaxStepsAMinute = 1'500;
inline constexpr std::size_t kFlowMaxModules = 5;   // within each other
inline constexpr int kFlowMaxTransfers = 20;        // to other flows in one run
inline constexpr int kFlowMaxSaid = 50;             // messages of one run
inline constexpr std::size_t kFlowVariablesMax = 32'768;  // bytes of flow attributes, and of a function's answer

// A webhook call, as a block asks for it.
struct FlowCall {
  std::string function;  // id, ARN or name
  std::string name;      // as the export calls it
  Attributes parameters;
  Duration limit;
  bool asynchronous = false;
};

struct FlowStep {
  std::string flow, block;
  BlockType type = BlockType::disconnect;
  std::string result;  // the way taken: "next", an error's or a result's name, "waits"
  std::string note;    // why
};

// What the blocks act upon. Calls come in the order of the blocks. "false" takes the block's error branch.
class FlowHost {
 public:
  enum class Transfer : std::uint8_t { queued, at_capacity, error };
  virtual ~FlowHost() = default;
  virtual const Flow* flow(std::string_view flow_id) const = 0;
  // A flow's id. Empty: there is none of this kind.
  virtual std::string find_flow(const FlowResource& resource, bool module) const = 0;

  virtual void say(std::string_view text) = 0;
  // All or nothing.
  virtual bool set_attributes(const std::vector<std::pair<std::string, std::string>>& values) = 0;
  virtual bool set_data(const std::vector<std::pair<std::string, std::string>>& values) = 0;
  virtual bool tag(const std::vector<std::pair<std::string, std::string>>& values) = 0;
  virtual void untag(const std::vector<std::string>& names) = 0;
  virtual void set_priority(std::int64_t priority) = 0;
  virtual void adjust_age(Duration by) = 0;  // positive: as if it had come earlier
  virtual bool set_hook(std::string_view event, const FlowResource& flow) = 0;
  virtual bool set_queue(const FlowResource& queue, bool of_agent) = 0;
  virtual Transfer transfer() = 0;
  virtual Transfer dequeue(const FlowResource& queue, bool of_agent) = 0;
  virtual std::optional<bool> open(const FlowResource& hours) const = 0;  // nothing: there is nothing to ask
  virtual std::optional<std::int64_t> metric(std::string_view metric, const FlowResource& queue, bool of_agent) const = 0;
  virtual std::optional<Attributes> metrics(const FlowResource& queue, bool of_agent) const = 0;
  virtual int percent() = 0;  // 1 to 100, at random
  // The call's id, by which its answer is known. Empty: it cannot be made.
  virtual std::string call(const FlowCall& call) = 0;
  virtual void traced(FlowStep step) = 0;

  virtual const Attributes& attributes() const = 0;
  // "ContactId", "Channel", "Queue.Name", "Tags.x"…; unknown ones are empty.
  virtual std::string system_value(std::string_view path) const = 0;
};

// Where the flow goes on after a module.
struct FlowCaller {
  std::string flow_id, block_id;
  Attributes flow_attributes, external;
};

struct FlowPosition {
  BlockNo block = 0;
  bool waiting = false;   // at a block that waits, until `deadline`
  Instant deadline = Instant::never();
  std::string call_id;    // the webhook's answer is waited for

  std::vector<FlowCaller> callers;  // modules: the outermost first
  std::map<std::string, int, std::less<>> rounds;  // loops under way: block id -> rounds made
  Attributes flow_attributes, external, metrics, lex;
  std::string input;      // what the customer answered last
  Instant minute;         // steps are counted since then
  int steps = 0;
};

// What happened since the flow began to wait.
struct FlowInput {
  enum class Kind : std::uint8_t { none, message, answer, no_answer };
  Kind kind = Kind::none;
  std::string text;     // the message, or the answer's JSON
  std::string call_id;  // answer, no_answer
};

enum class FlowOutcome : std::uint8_t {
  waiting,       // resume at the position's deadline, or with an input
  transferred,   // the contact is in a queue
  requeued,      // from one queue into another
  ended,         // the flow is over, the contact is not
  disconnected,  // a Disconnect block
  stuck,         // a branch that is not connected was taken, or the bounds were met
};

// Starts at, or resumes from, `position` in the flow `flow_id`; both change. A waiting position whose deadline has not
// come and that `input` does not concern answers `waiting` at once.
FlowOutcome run_flow(std::string& flow_id, FlowPosition& position, FlowHost& host, Instant now, const FlowInput& input = {});

}  // namespace upcall::contact
