// Which credential and which permission each route asks for: one row a route, and the only place that says so. A test
// compares the rows with the router, so a route without one cannot come in; Authenticator::authorize() reads them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "identity/permission.hpp"

namespace upcall::identity {

enum class Credential : std::uint8_t {
  none,         // anybody; what is secret comes in the request itself (a password, a code, a signed address)
  participant,  // the chat's token: the customer of one contact
  staff,        // a bearer token or the signature of an access key
  person,       // the same, and it must be somebody's: no service principal
  join_token,   // the attendee's own, in the socket's subprotocol
  object_key,   // an access key in the form of S3, with the answers of S3
  git_user,     // the pipeline repository's own user, by HTTP Basic
  access_key,   // an access key, with the answers of the vendor's interfaces
};

// What the object in the request must be to the caller, after credential and permission. The decisions are in access.hpp.
enum class ObjectRule : std::uint8_t {
  none,
  own_contact,       // 404 for another's, as for none: who else serves whom is nobody's business
  supervised_contact,  // 404 outside of the viewer's part of the hierarchy, as for none
  own_meeting,       // 403 for another's, 404 for none
  own_meeting_only,  // 404 for another's, as for none
  own_or_supervised, // the same, but stopping another's is for who may, within the hierarchy
  playback,          // profile and hierarchy: 403; 404 for none, told only to holders of the profile
  customers_own,     // 403 for another's and for none alike
};

struct RouteRule {
  std::string_view method;   // "WEBSOCKET" of a socket
  std::string_view pattern;  // as the router has it
  Credential credential = Credential::none;
  std::optional<Permission> permission;  // staff and person only
  ObjectRule object = ObjectRule::none;
};

std::span<const RouteRule> route_rules();
// HEAD is GET. Null: there is no such row, and nobody may.
const RouteRule* route_rule(std::string_view method, std::string_view pattern);

}  // namespace upcall::identity
