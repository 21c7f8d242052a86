#include "contact/flow_legacy.hpp"

namespace upcall::contact {
namespace {

using Op = FlowCondition::Op;
constexpr std::pair<std::string_view, FlowError> kBranches[] = {
    {"Error", FlowError::any}, {"AtCapacity", FlowError::at_capacity}, {"NoMatch", FlowError::no_match}};
constexpr std::pair<std::string_view, Op> kOperators[] = {
    {"Equals", Op::equals},        {"GreaterThan", Op::greater}, {"GreaterThanOrEqualTo", Op::greater_or_equal},
    {"LessThan", Op::less},        {"LessThanOrEqualTo", Op::less_or_equal},
    {"Contains", Op::contains},    {"StartsWith", Op::starts_with}, {"EndsWith", Op::ends_with}};
constexpr std::pair<std::string_view, std::string_view> kNamespaces[] = {
    {"User Defined", "$.Attributes."}, {"External", "$.External."}, {"Flow", "$.FlowAttributes."}, {"System", "$."}};
constexpr std::string_view kSystem[] = {"Channel", "ContactId", "InitialContactId", "PreviousContactId", "InstanceARN", "LanguageCode",
                                        "CustomerId", "Queue.Name", "Queue.ARN", "Agent.UserName"};

bool names(std::string_view name_space, std::string_view name) {
  if (name_space != "System") return is_attribute_name(name);
  for (const std::string_view known : kSystem) {
    if (known == name) return true;
  }
  return false;
}

}  // namespace

std::optional<FlowError> legacy_error(std::string_view branch) {
  for (const auto& [word, error] : kBranches) {
    if (word == branch) return error;
  }
  return std::nullopt;
}

std::string_view legacy_branch(FlowError error) {
  for (const auto& [word, value] : kBranches) {
    if (value == error) return word;
  }
  return {};
}

std::optional<Op> legacy_operator(std::string_view text) {
  for (const auto& [word, op] : kOperators) {
    if (word == text) return op;
  }
  return std::nullopt;
}

std::string_view legacy_operator_word(Op op) {
  for (const auto& [word, value] : kOperators) {
    if (value == op) return word;
  }
  return {};
}

bool is_legacy_namespace(std::string_view name_space) {
  for (const auto& [word, prefix] : kNamespaces) {
    if (word == name_space) return true;
  }
  return false;
}

std::optional<std::string> legacy_reference(std::string_view name_space, std::string_view name) {
  for (const auto& [word, prefix] : kNamespaces) {
    if (word == name_space && names(word, name)) return std::string(prefix) + std::string(name);
  }
  return std::nullopt;
}

std::optional<std::pair<std::string_view, std::string_view>> legacy_name(std::string_view reference) {
  for (const auto& [word, prefix] : kNamespaces) {
    if (reference.starts_with(prefix) && names(word, reference.substr(prefix.size()))) {
      return std::pair(word, reference.substr(prefix.size()));
    }
  }
  return std::nullopt;
}

}  // namespace upcall::contact
