// The contact flows of deploy/flows, compiled in: what a first start imports.
#pragma once

#include <span>
#include <string_view>

namespace upcall::admin {

struct EmbeddedFlow {
  std::string_view file;     // without ".json"
  std::string_view content;
};

std::span<const EmbeddedFlow> embedded_flows();

}  // namespace upcall::admin
