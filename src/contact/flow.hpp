// A contact flow as the interpreter runs it: blocks by number, every transition resolved. Made by flow_import only, so a
// Flow in hand is complete and valid. Both JSON formats are read into it and written from it.
//
// Texts may hold references ("Hi, $.Attributes.name!"): flow_text.hpp puts the values in.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace upcall::contact {

enum class FlowType : std::uint8_t { contact_flow, customer_queue, agent_transfer, queue_transfer, module };
// "CONTACT_FLOW", "CUSTOMER_QUEUE"…: as lists and stores name them.
std::string_view to_string(FlowType type);

enum class BlockType : std::uint8_t {
  set_logging,
  message,
  messages_in_turn,
  set_attributes,
  set_flow_attributes,
  set_contact_data,
  compare,
  check_hours,
  check_metric,
  get_metrics,
  distribute,
  loop,
  wait,
  set_event_hook,
  set_queue,
  set_routing,
  transfer_to_queue,
  dequeue_transfer,
  transfer_to_flow,
  invoke_function,
  invoke_module,
  end_module,
  get_input,
  tag,
  untag,
  disconnect,
  end_flow,
};

using BlockNo = std::uint32_t;

enum class FlowError : std::uint8_t { any, no_match, at_capacity, input_time_limit, participant_not_found };

struct FlowCondition {
  enum class Op : std::uint8_t {
    equals, greater, greater_or_equal, less, less_or_equal, contains, starts_with, ends_with,
    all_of, one_of, none_of,  // of `parts`
  };
  Op op = Op::equals;
  std::string operand;
  std::vector<FlowCondition> parts;
  BlockNo next = 0;  // of the outermost
  bool operator==(const FlowCondition&) const = default;
};

// A queue, agent, flow, module, function or hours: an id, ARN, name or reference. Exports name foreign resources too.
struct FlowResource {
  std::string id;
  std::string name;
  bool operator==(const FlowResource&) const = default;
  bool empty() const { return id.empty() && name.empty(); }
};

// get_input: what the customer's message is compared with.
struct FlowIntent {
  std::string name;
  std::vector<std::string> keywords;
  bool operator==(const FlowIntent&) const = default;
};

struct FlowPoint {
  double x = 0, y = 0;  // of the drawing
  bool operator==(const FlowPoint&) const = default;
};

struct Block {
  std::string id;  // as in the file: for traces, problems and snapshots
  BlockType type = BlockType::disconnect;
  std::optional<BlockNo> next;
  std::map<FlowError, BlockNo> errors;
  std::vector<FlowCondition> conditions;  // in order
  std::optional<FlowPoint> at;

  std::string text;       // message, get_input: what is said; compare: what is compared
  FlowResource resource;  // what the block acts upon
  bool of_agent = false;  // resource is an agent: his personal queue is meant
  std::string kind;       // set_event_hook: the event; check_metric: the metric; invoke_function: STRING_MAP or JSON
  std::int64_t number = 0;  // seconds (wait, time-outs, adjustment), priority, rounds of a loop
  bool adjusts_age = false;   // set_routing: number is seconds that are added to the contact's age
  bool asynchronous = false;  // invoke_function: nobody waits for the answer
  std::vector<std::pair<std::string, std::string>> values;  // attributes, contact data, parameters, tags
  std::vector<std::string> keys;     // untag: names; wait: events; messages_in_turn: texts
  std::vector<FlowIntent> intents;   // get_input: keywords beside the names in the conditions

  bool operator==(const Block&) const = default;
  std::optional<BlockNo> error(FlowError which) const;
};

struct Flow {
  std::string name;
  std::string description;
  FlowType type = FlowType::contact_flow;
  BlockNo start = 0;
  std::optional<FlowPoint> entry;
  std::vector<Block> blocks;

  bool operator==(const Flow&) const = default;
  std::optional<BlockNo> find(std::string_view id) const;
};

}  // namespace upcall::contact
