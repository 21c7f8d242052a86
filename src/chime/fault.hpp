// How the vendor's meetings interface refuses: the classes of its model, their statuses and code words.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace upcall::chime {

enum class FaultKind : std::uint8_t {
  bad_request, unauthorized, forbidden, not_found, resource_not_found, conflict, limit_exceeded, too_many_tags, unprocessable,
  throttled, failure, unavailable, unknown_operation
};

struct FaultFacts {
  int status;
  std::string_view type;  // the exception's name
  std::string_view code;  // of the body, and of one attendee's part of a batch
};
constexpr FaultFacts facts_of(FaultKind kind) {
  switch (kind) {
    case FaultKind::bad_request: return {400, "BadRequestException", "BadRequest"};
    case FaultKind::unauthorized: return {401, "UnauthorizedException", "Unauthorized"};
    case FaultKind::forbidden: return {403, "ForbiddenException", "Forbidden"};
    case FaultKind::not_found: return {404, "NotFoundException", "NotFound"};
    case FaultKind::resource_not_found: return {404, "ResourceNotFoundException", "NotFound"};
    case FaultKind::conflict: return {409, "ConflictException", "Conflict"};
    case FaultKind::limit_exceeded: return {400, "LimitExceededException", "ResourceLimitExceeded"};
    case FaultKind::too_many_tags: return {400, "TooManyTagsException", "TooManyTags"};
    case FaultKind::unprocessable: return {422, "UnprocessableEntityException", "Unprocessable"};
    case FaultKind::throttled: return {429, "ThrottlingException", "Throttled"};
    case FaultKind::failure: return {500, "ServiceFailureException", "ServiceFailure"};
    case FaultKind::unavailable: return {503, "ServiceUnavailableException", "ServiceUnavailable"};
    case FaultKind::unknown_operation: return {404, "UnknownOperationException", "NotFound"};
  }
  return {500, "ServiceFailureException", "ServiceFailure"};
}

struct Fault {
  FaultKind kind = FaultKind::failure;
  std::string message;   // one sentence for the caller
  std::string resource;  // ResourceName of tags' faults
};
template <class T>
using Checked = Result<T, Fault>;

inline tl::unexpected<Fault> refuse(FaultKind kind, std::string message) { return tl::unexpected(Fault{kind, std::move(message), {}}); }
inline tl::unexpected<Fault> bad_request(std::string message) { return refuse(FaultKind::bad_request, std::move(message)); }

}  // namespace upcall::chime
