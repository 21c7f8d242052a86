// How long a recording is kept. Pure. Without a rule that fits: for ever.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "base/result.hpp"
#include "base/time.hpp"

namespace upcall::recording {

// Empty conditions fit everything.
struct RetentionRule {
  std::string id;
  std::string prefix;    // of the object key
  std::string queue;     // name of the contact's queue
  std::string outcome;   // the contact's attribute "outcome"
  int days = 0;          // after the end of the recording
};

struct RetentionSubject {
  std::string object_key, queue, outcome;
  WallTime ended;
};

// The rule that counts: the one with the most conditions, a longer prefix before a shorter, then the one that keeps for
// longer. Nothing when none fits.
const RetentionRule* rule_for(std::span<const RetentionRule> rules, const RetentionSubject& subject);

bool expired(std::span<const RetentionRule> rules, const RetentionSubject& subject, WallTime now);

// invalid_argument with a sentence.
Result<void> checked(const RetentionRule& rule);

}  // namespace upcall::recording
