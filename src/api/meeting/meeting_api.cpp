#include "api/meeting/meeting_api.hpp"

#include "api/common/responses.hpp"
#include "io/store/parameter_repository.hpp"

namespace upcall::api {

bool MeetingApi::recording_deployed() {
  const auto value = centre.store.read([](store::Database& db) { return store::parameters::get_or(db, "deployRecordingStack", "true"); });
  return value && *value == "true";
}

std::string MeetingApi::signaling_url(const wire::HttpRequest& request, const std::string& meeting_id) const {
  return socket_base_url(request, options.public_url) + "/control/" + meeting_id;
}

}  // namespace upcall::api
