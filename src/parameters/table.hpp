// What can be configured: names, flags, defaults, what a value must be, and help. `upcall configure`, its guide and the
// interactive questions are made from this table; the 22 parameters of the original come first, in its order.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace upcall::parameters {

// What a value must be; check.hpp says it in words.
enum class Kind : std::uint8_t {
  text,           // clean, at most 2048 bytes
  line,           // on one line, at most 1024 bytes
  name,           // 1 to 64 bytes
  boolean, whole, even, real, word,
  origins,        // "*" or origins joined by commas
  named_origins,  // origins joined by commas
  id,             // a UUID, or an ARN that ends in one
  arn,
  page,           // http:// or https:// address
  addresses,      // such addresses joined by commas, https unless of this host
  issuer,         // an OpenID Connect issuer; its discovery address is cut down to it
  mail_server,    // smtp:// or smtps://
  turn_servers,   // turn: or turns: addresses joined by commas
  label,          // letters, digits, . _ -
  repository,     // name, path or address
  branch,         // as git takes it
};

struct ParameterRow {
  std::string_view name;           // recordingAttendeeName
  std::string_view flag;           // recording-attendee-name
  std::string_view fallback;       // when it was never set
  Kind kind;
  std::string_view help;
  double least = 0, most = 0;      // of numbers
  std::string_view choices = {};   // of words, joined by blanks; of an ARN: what its resource begins with
  bool secret = false;             // stored sealed, never shown
  // "deployRecordingStack" (must be true) or "recordingObjectStore=s3": without it the value is kept, but has no effect.
  std::string_view parent = {};
  bool required = false;           // where it has an effect, it must have a value
};

inline constexpr std::size_t kOriginals = 22;                      // rows that the original has, too
inline constexpr std::string_view kNotDefined = "not-defined";     // how these say that there is no value
inline constexpr std::string_view kHierarchy = "/VideoCallEscalation/";

std::span<const ParameterRow> rows();
// By name; nullptr: there is none.
const ParameterRow* find(std::string_view name);
// By name, flag, or the original's full path.
const ParameterRow* find_any(std::string_view word);
bool is_original(const ParameterRow& row);
// What was probably meant by a word that is none of them: the nearest flag or name. Empty: nothing is near.
std::string_view nearest(std::string_view word);

}  // namespace upcall::parameters
