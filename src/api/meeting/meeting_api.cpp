#include "api/meeting/meeting_api.hpp"

#include "io/store/parameter_repository.hpp"

namespace upcall::api {

bool MeetingApi::recording_deployed() {
  const auto value = centre.store.read([](store::Database& db) { return store::parameters::get_or(db, "deployRecordingStack", "true"); });
  return value && *value == "true";
}

std::string MeetingApi::signaling_url(const std::string& meeting_id) const {
  // http → ws, https → wss; the address never comes from a request's Host header.
  const std::string scheme = options.public_url.starts_with("https://") ? "wss" : "ws";
  return scheme + options.public_url.substr(options.public_url.find("://")) + "/control/" + meeting_id;
}

}  // namespace upcall::api
