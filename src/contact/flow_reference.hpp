// References in a flow's texts: $.Attributes.name, $.Attributes['two words'], $.External.list[0].id, $.Queue.Name… In a
// text a reference ends at the first character that cannot belong to it; what is not there renders as nothing.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace upcall::contact {

inline constexpr std::size_t kExpandedMax = 16'384;  // bytes of a text with its values put in

struct FlowReference {
  std::string root;               // "Attributes", "External", "Queue", "ContactId"…
  std::vector<std::string> path;  // what follows it
  std::size_t length = 0;         // bytes in the text, "$." included; 0: there is none
  std::string key() const;        // the path joined by dots: "list.0.id"
};

// The reference at the beginning of `text`.
FlowReference parse_reference(std::string_view text);

using FlowLookup = std::function<std::string(const FlowReference&)>;
// At most kExpandedMax bytes, never cut inside a character.
std::string expand(std::string_view text, const FlowLookup& lookup);

}  // namespace upcall::contact
