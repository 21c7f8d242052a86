#include "recording/retention.hpp"

#include <algorithm>
#include <tuple>

namespace upcall::recording {

namespace {

bool fits(const RetentionRule& r, const RetentionSubject& s) {
  return s.object_key.starts_with(r.prefix) && (r.queue.empty() || r.queue == s.queue) && (r.outcome.empty() || r.outcome == s.outcome);
}

auto weight(const RetentionRule& r) {
  const int conditions = (r.prefix.empty() ? 0 : 1) + (r.queue.empty() ? 0 : 1) + (r.outcome.empty() ? 0 : 1);
  return std::tuple(conditions, r.prefix.size(), r.days);
}

}  // namespace

const RetentionRule* rule_for(std::span<const RetentionRule> rules, const RetentionSubject& subject) {
  const RetentionRule* best = nullptr;
  for (const RetentionRule& rule : rules) {
    if (fits(rule, subject) && (best == nullptr || weight(rule) > weight(*best))) best = &rule;
  }
  return best;
}

bool expired(std::span<const RetentionRule> rules, const RetentionSubject& subject, WallTime now) {
  const RetentionRule* rule = rule_for(rules, subject);
  return rule != nullptr && now >= subject.ended + Duration::s(std::int64_t{24} * 3600 * rule->days);
}

Result<void> checked(const RetentionRule& r) {
  const auto clean = [](const std::string& text) {
    return text.size() <= 256 && std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  };
  if (!clean(r.prefix) || !clean(r.queue) || !clean(r.outcome)) {
    return fail(ErrorCode::invalid_argument, "prefix, queue and outcome must be clean text of at most 256 bytes");
  }
  if (r.days < 0 || r.days > 36500) return fail(ErrorCode::invalid_argument, "days must be from 0 to 36500");
  return {};
}

}  // namespace upcall::recording
