// Private to import, check and export: the two formats' words, and what each type of block must have.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "contact/flow_import.hpp"
#include "json/json.hpp"

namespace upcall::contact {

// Where a transition leads that names no block: a problem has been told.
inline constexpr BlockNo kNowhere = 0xffff'ffff;
inline constexpr std::int64_t kWaitMaxSeconds = 604'800;
inline constexpr std::int64_t kPriorityMax = 9'223'372;
inline constexpr std::int64_t kAgeMaxSeconds = 604'800;
inline constexpr std::size_t kFlowTextMax = 4096;
inline constexpr std::size_t kIdentifierMax = 128;        // of a legacy block
inline constexpr std::size_t kActionIdentifierMax = 50;   // characters
inline constexpr int kConditionDepth = 5;
inline constexpr std::size_t kConditionParts = 50;
inline constexpr std::size_t kValuesMax = 256;            // attributes of one block
inline constexpr std::size_t kTagsMax = 6;                // of one block
// LexSessionAttributes of this name list an intent's keywords, joined by "|": how we ask without a bot.
inline constexpr std::string_view kKeywords = "keywords.";
inline constexpr std::int64_t kInputSeconds = 300;        // when the file names no time-out

struct BlockWords {
  BlockType type;
  std::string_view action;  // 2019-10-30
  std::string_view legacy;  // empty: that format has no such block, or its shape is not known
};
std::span<const BlockWords> block_words();
const BlockWords& words_of(BlockType type);

std::string_view error_word(FlowError error);              // "NoMatchingError"
std::optional<FlowError> error_of(std::string_view word);
std::string_view operator_word(FlowCondition::Op op);      // "NumberLessThan"
std::optional<FlowCondition::Op> operator_of(std::string_view word);
std::string_view flow_type_word(FlowType type);            // "contactFlow"
std::optional<FlowType> flow_type_of(std::string_view word);
std::string_view why_unsupported(std::string_view action);  // a sentence for types that are known but not run; else empty

bool is_attribute_name(std::string_view name);
// What a block's file calls the way out: "NextAction" in one format, "Success" in the other.
bool ends_flow(BlockType type);   // no way leads on within this flow
bool waits(BlockType type);       // time can pass in it

// Exports write numbers as texts and as numbers.
std::optional<std::int64_t> number_at(const boost::json::object& object, std::string_view name);

// Collects what is wrong.
struct FlowProblems {
  std::vector<FlowProblem> problems, warnings;
  std::set<std::string, std::less<>> unreadable;  // blocks of which nothing more can be said
  void problem(std::string_view block, std::string message) { problems.push_back({std::string(block), std::move(message)}); }
  void warn(std::string_view block, std::string message) { warnings.push_back({std::string(block), std::move(message)}); }
};

// A text from the file, within bounds; a problem and an empty text otherwise.
std::string flow_text(FlowProblems& out, std::string_view block, std::string_view text);

// Readers of the two formats fill `flow` as far as they can.
void read_actions(const boost::json::object& document, Flow& flow, FlowProblems& out);
void read_legacy(const boost::json::object& document, Flow& flow, FlowProblems& out);
// An action's Parameters, both ways.
void read_action_parameters(const boost::json::object& parameters, Block& block, FlowProblems& out);
boost::json::object write_action_parameters(const Block& block);
// Everything that does not depend on the format.
void check_flow(const Flow& flow, FlowProblems& out);

}  // namespace upcall::contact
