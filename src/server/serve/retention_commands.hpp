// Administration that removes files: only the running server does it. Include it in .cpp files only (Boost.JSON).
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <optional>
#include <string_view>

#include "service/recording/recording_service.hpp"
#include "service/retention/retention_service.hpp"

namespace upcall::server {

//   recording.delete {recording, reason} | contact.erase {contact} | retention.sweep | retention.reconcile
// Nothing for any other command.
std::optional<Result<boost::json::value>> retention_command(service::RetentionService& retention, const service::RecordSigner& signer,
                                                            std::string_view command, const boost::json::object& arguments);

// recording.compose: another film of a stored recording. {"recording", "layout"?, "width"?, "height"?, "frame-rate"?} → {"recordingId"}.
Result<boost::json::value> compose_again(service::RecordingService& recordings, const boost::json::object& arguments);

}  // namespace upcall::server
