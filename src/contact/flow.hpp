// A contact flow as the interpreter runs it: blocks by number, every transition resolved. Made by flow_import only, so
// a Flow in hand is complete and valid.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.hpp"

namespace upcall::contact {

enum class FlowType : std::uint8_t { contact_flow, customer_queue };
// "CONTACT_FLOW", "CUSTOMER_QUEUE": as lists and stores name them.
std::string_view to_string(FlowType type);

enum class BlockType : std::uint8_t {
  set_logging,
  play_prompt,
  set_attributes,
  check_attribute,
  update_priority,
  set_event_hook,
  set_queue,
  transfer_to_queue,
  wait,
  loop_prompts,
  disconnect,
};

using BlockNo = std::uint32_t;

// A literal (which may hold $.tokens), or the name of a contact attribute.
struct FlowValue {
  std::string text;
  bool is_attribute = false;
};

struct FlowCondition {
  enum class Op : std::uint8_t { equals, greater, greater_or_equal, less, less_or_equal, contains, starts_with, ends_with };
  Op op = Op::equals;
  std::string operand;
  BlockNo next = 0;
};

struct Block {
  std::string id;  // as in the file: for traces, problems and snapshots
  BlockType type = BlockType::disconnect;
  std::optional<BlockNo> success, error, at_capacity, timeout, no_match;
  std::vector<FlowCondition> conditions;  // check_attribute, in order

  FlowValue value;          // play_prompt: text; check_attribute: what is compared; set_queue: agent or queue
  bool queue_of_agent = false;  // set_queue: value names an agent, whose personal queue is meant
  std::vector<std::pair<std::string, FlowValue>> attributes;  // set_attributes
  int priority = 5;         // update_priority
  std::string hook_flow;    // set_event_hook: name of the customer queue flow
  Duration wait;            // wait
};

struct Flow {
  std::string name;
  FlowType type = FlowType::contact_flow;
  BlockNo start = 0;
  std::vector<Block> blocks;

  std::optional<BlockNo> find(std::string_view id) const;
};

}  // namespace upcall::contact
