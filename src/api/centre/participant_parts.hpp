// Private to the participant interface's routes: its errors, its credential, the types of its fields. Include in .cpp only.
#pragma once

#include <span>

#include "api/centre/centre_api.hpp"
#include "api/common/responses.hpp"

namespace upcall::api {

using ParticipantHandler = wire::HttpResponse (*)(CentreApi&, const wire::HttpRequest&);

wire::HttpResponse get_transcript(CentreApi& api, const wire::HttpRequest& request);

// StartAttachmentUpload, CompleteAttachmentUpload, GetAttachment, and the addresses that they give out.
void add_attachment_routes(wire::Router& router, CentreApi& api);

namespace participant {

inline constexpr std::size_t kClientTokenMax = 500;

wire::HttpResponse denied(const wire::HttpRequest& request);
wire::HttpResponse invalid(const wire::HttpRequest& request, std::string_view text);
wire::HttpResponse aws_error(const wire::HttpRequest& request, const Error& error);
wire::HttpResponse aws_ok(const wire::HttpRequest& request, const boost::json::value& body);

enum class Kind { text, integer, boolean, list, object };
struct Field {
  std::string_view name;
  Kind kind;
};
// null counts as absent, as in rest-json. Any other type than the model's is an error, never a default.
Result<void> check_types(const boost::json::object& object, std::span<const Field> fields);
Result<boost::json::object> read_body(const wire::HttpRequest& request, std::span<const Field> fields);

// The owner of the connection token.
Result<store::ParticipantRow> connected(CentreApi& api, const wire::HttpRequest& request);

}  // namespace participant
}  // namespace upcall::api
