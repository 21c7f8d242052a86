// Private to this folder: one signed call, what it carries and what it answers. Include it in .cpp files only.
#pragma once

#include <boost/json/object.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "api/chime/chime_api.hpp"
#include "chime/requests.hpp"
#include "identity/principal.hpp"

namespace upcall::api {

struct ChimeCall {
  ChimeApi& api;
  const wire::HttpRequest& request;
  identity::Principal caller;
  boost::json::object body;

  // The caller's own live meeting of the path.
  chime::Checked<store::Meeting> meeting() const;
  // The attendee's id in the path.
  chime::Checked<std::string> attendee_id() const;
  // The caller's own live meeting that an ARN names.
  chime::Checked<store::Meeting> tagged(std::string_view arn) const;
};

// Nothing: an answer without a body.
using ChimeAnswer = chime::Checked<std::optional<boost::json::object>>;
using ChimeOperation = ChimeAnswer (*)(ChimeCall& call);

struct ChimeRoute {
  const char* name;       // the operation's
  const char* method;
  const char* pattern;    // below /aws/chime
  const char* operation;  // of the query; empty: none
  int status;             // of success
  ChimeOperation run;
};

std::span<const ChimeRoute> meeting_operations();
std::span<const ChimeRoute> attendee_operations();

boost::json::object meeting_json(const ChimeCall& call, const store::Meeting& meeting);
boost::json::object attendee_json(const service::Place& place);
// Attendees and Errors of a batch.
void add_attendees(boost::json::object& answer, const service::MadeMeeting& made);

}  // namespace upcall::api
