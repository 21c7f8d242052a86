// Reads a contact flow in the vendor's legacy export format ("modules", version "1") or in the flow language of
// 2019-10-30 ("Actions"), and checks it completely. All that is wrong is told at once, each with the block's id; nothing
// is imported in part. flow_export.hpp is the way back.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "contact/flow.hpp"

namespace upcall::contact {

inline constexpr std::size_t kFlowMaxText = 256'000;  // bytes of a flow file
inline constexpr std::size_t kFlowMaxBlocks = 250;

struct FlowProblem {
  std::string block_id;  // empty: the file as a whole
  std::string message;
};

struct FlowImport {
  std::optional<Flow> flow;  // set exactly when `problems` is empty
  std::vector<FlowProblem> problems;
  std::vector<FlowProblem> warnings;  // what has no effect in a chat, or stops a flow there
};

FlowImport import_flow(std::string_view text);

// The block types that can be imported, by their 2019-10-30 names: for help texts and the import's answer.
std::vector<std::string_view> supported_block_types();
// The 2019-10-30 name of a type: for traces.
std::string_view action_name(BlockType type);

}  // namespace upcall::contact
