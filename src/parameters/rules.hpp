// What a change of parameters comes to: the values in force, what would change, and what cannot be together. Pure; whoever
// stores them does so only when plan() answers. Errors: invalid_argument, a sentence that names the parameters.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "parameters/table.hpp"
#include "recording/capacity.hpp"
#include "s3/settings.hpp"

namespace upcall::parameters {

// By name. Of own values an absent or empty one was never set; secrets are in clear here and leave by no other way.
using Values = std::map<std::string, std::string, std::less<>>;

// The own value, else what the instance knows of itself, else the table's default. Secrets: "(set)" or nothing.
Values in_force(const Values& own, const Values& instance);
// As it is shown: the original's parameters say "not-defined" where they have no value.
std::string_view shown(const ParameterRow& row, std::string_view value);
// Are the parameter's parents, all the way up, what they must be?
bool has_effect(const ParameterRow& row, const Values& in_force);
// The parent's name of "recordingObjectStore=s3", and the value that it must have.
std::pair<std::string_view, std::string_view> parent_of(const ParameterRow& row);

struct Change {
  const ParameterRow* row;
  std::string from, to;   // in force before and after; of secrets "" or "(set)", never the value
};

struct Plan {
  Values write;                     // own values to store; an empty one is taken back
  std::vector<Change> changes;      // in the table's order; also what follows from what was given
  std::vector<std::string> notes;   // sentences: what has no effect yet, and why
  Values after;                     // in force then
};

// `given` is checked one by one and together with all that is there. A trouble that was there before and that nothing
// given has to do with stops nobody.
Result<Plan> plan(const Values& own, const Values& given, const Values& instance);

// "Use --max-capacity" for a word that is no parameter.
std::string unknown_parameter(std::string_view word);

// Is log-in by another provider on? `switched`: cognitoSAMLEnabled as stored, `issuer`: federationIssuer.
bool federation_on(std::string_view switched, std::string_view issuer);
// federationIssuer, or what cognitoSAMLIdentityProviderURL says instead.
std::string federation_issuer(std::string_view issuer, std::string_view provider_url);

// From values in force. Errors: what makes no sense together.
Result<recording::CapacityOptions> capacity_options(const Values& values);
// Of own values, with the secret in clear.
Result<s3::Settings> s3_settings(const Values& own);

}  // namespace upcall::parameters
