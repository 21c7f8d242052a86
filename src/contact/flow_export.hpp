// Writes a flow in one of the two formats that flow_import.hpp reads. What the format cannot say is told with the block's
// id, and nothing is written then.
#pragma once

#include "contact/flow_import.hpp"

namespace upcall::contact {

enum class FlowFormat : std::uint8_t { actions, legacy };  // 2019-10-30; "modules", version "1"

struct FlowExport {
  std::optional<std::string> text;  // set exactly when `problems` is empty
  std::vector<FlowProblem> problems;
};

FlowExport export_flow(const Flow& flow, FlowFormat format);

}  // namespace upcall::contact
