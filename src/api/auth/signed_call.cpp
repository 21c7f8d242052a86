#include "api/auth/signed_call.hpp"

#include "crypto/sigv4.hpp"

namespace upcall::api {

namespace {

tl::unexpected<SignatureRefusal> refuse_signature(SignatureFault fault, std::string message) { return tl::unexpected(SignatureRefusal{fault, std::move(message)}); }

}  // namespace

Result<SignedCaller, SignatureRefusal> signed_caller(Authenticator& authenticator, const wire::HttpRequest& request, std::string_view service) {
  const auto header = request.header("authorization");
  if (!header) return refuse_signature(SignatureFault::missing, "Missing Authentication Token");
  auto authorization = crypto::SigV4Authorization::parse(*header);
  if (!authorization || authorization->service != service) {
    return refuse_signature(SignatureFault::malformed, "The Authorization header is no AWS4-HMAC-SHA256 signature for the service " + std::string(service) + ".");
  }
  if (request.header("x-amz-security-token")) return refuse_signature(SignatureFault::temporary, "Temporary credentials are not issued here.");
  auto holder = authenticator.key_holder(authorization->access_key_id);
  if (!holder) {
    if (holder.error().code != ErrorCode::unauthenticated) return tl::unexpected(SignatureRefusal{SignatureFault::store, "", holder.error()});
    return refuse_signature(SignatureFault::unknown_key, "The security token included in the request is invalid.");
  }
  const std::size_t mark = request.target.find('?');
  const std::string_view query = mark == std::string::npos ? "" : std::string_view(request.target).substr(mark + 1);
  const auto checked = crypto::sigv4_check({request.method, request.path, query, request.headers, request.body}, *authorization, holder->secret, request.now.wall);
  if (checked) return SignedCaller{holder->principal(), authorization->access_key_id};
  switch (checked.error()) {
    case crypto::SigV4Fault::bad_date:
    case crypto::SigV4Fault::not_covered: return refuse_signature(SignatureFault::incomplete, "The signature must cover host and a valid x-amz-date.");
    case crypto::SigV4Fault::skewed:
    case crypto::SigV4Fault::expired:
    case crypto::SigV4Fault::not_yet: return refuse_signature(SignatureFault::skewed, "Signature expired: the request's time is more than 15 minutes from ours.");
    case crypto::SigV4Fault::other_body:
    case crypto::SigV4Fault::mismatch: break;
  }
  return refuse_signature(SignatureFault::mismatch, "The request signature we calculated does not match the signature you provided.");
}

}  // namespace upcall::api
