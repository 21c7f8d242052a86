#include "api/meeting/playback_access.hpp"
#include "api/s3/s3_parts.hpp"
#include "base/wall_text.hpp"
#include "crypto/sigv4.hpp"
#include "identity/access.hpp"

namespace upcall::api {

namespace {

S3Fault fault_of(crypto::SigV4Fault fault, WallTime now) {
  switch (fault) {
    case crypto::SigV4Fault::not_covered: return {403, "AccessDenied", "There were headers present in the request which were not signed"};
    case crypto::SigV4Fault::bad_date: return {403, "AccessDenied", "AWS authentication requires a valid Date or x-amz-date header"};
    case crypto::SigV4Fault::skewed:
      return {403, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.",
              {{"ServerTime", to_iso8601(now)}, {"MaxAllowedSkewMilliseconds", "900000"}}};
    case crypto::SigV4Fault::expired: return {403, "AccessDenied", "Request has expired", {{"ServerTime", to_iso8601(now)}}};
    case crypto::SigV4Fault::not_yet: return {403, "AccessDenied", "Request is not yet valid", {{"ServerTime", to_iso8601(now)}}};
    case crypto::SigV4Fault::other_body:
      return {400, "XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match what was computed."};
    case crypto::SigV4Fault::mismatch: break;
  }
  return {403, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided. Check your key and signing method."};
}

tl::unexpected<S3Fault> refuse_s3(S3Fault fault) { return tl::unexpected(std::move(fault)); }

// The holder of the key whose signature the request bears.
S3Result<KeyHolder> signer(S3Api& api, const wire::HttpRequest& request) {
  const std::size_t mark = request.target.find('?');
  const std::string_view query = mark == std::string::npos ? "" : std::string_view(request.target).substr(mark + 1);
  const auto header = request.header("authorization");
  const bool in_query = crypto::SigV4Presigned::is_in(query);
  if (header && in_query) return refuse_s3({400, "InvalidArgument", "Only one auth mechanism allowed"});
  if (!header && !in_query) return refuse_s3(access_denied());
  if (request.header("x-amz-security-token")) return refuse_s3({400, "InvalidToken", "The provided token is malformed or otherwise invalid."});

  crypto::SigV4Authorization authorization;
  std::optional<crypto::SigV4Presigned> presigned;
  if (in_query) {
    auto parsed = crypto::SigV4Presigned::parse(query);
    if (!parsed || parsed->authorization.service != "s3") {
      return refuse_s3({400, "AuthorizationQueryParametersError", "The X-Amz- parameters of the query are not those of a presigned request of s3 that is valid for at most a week."});
    }
    authorization = parsed->authorization;
    presigned = std::move(*parsed);
  } else {
    if (!header->starts_with("AWS4-HMAC-SHA256")) return refuse_s3({400, "InvalidRequest", "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256."});
    auto parsed = crypto::SigV4Authorization::parse(*header);
    if (!parsed || parsed->service != "s3") return refuse_s3({400, "AuthorizationHeaderMalformed", "The authorization header you provided is invalid."});
    const auto hash = request.header("x-amz-content-sha256");
    if (!hash) return refuse_s3({400, "InvalidRequest", "Missing required header for this request: x-amz-content-sha256"});
    if (hash->starts_with("STREAMING-")) return refuse_s3(not_implemented());  // uploads alone are sent so
    authorization = std::move(*parsed);
  }
  auto holder = api.authenticator.key_holder(authorization.access_key_id);
  if (!holder) {
    if (holder.error().code != ErrorCode::unauthenticated) return refuse_s3(internal_error(holder.error()));
    return refuse_s3({403, "InvalidAccessKeyId", "The access key ID you provided does not exist in our records."});
  }
  const crypto::SigV4Request signed_request{request.method, request.path, query, request.headers, request.body};
  const auto checked = presigned ? crypto::sigv4_check(signed_request, *presigned, holder->secret, request.now.wall)
                                 : crypto::sigv4_check(signed_request, authorization, holder->secret, request.now.wall, crypto::SigV4Path::as_sent);
  if (!checked) return refuse_s3(fault_of(checked.error(), request.now.wall));
  return std::move(*holder);
}

}  // namespace

bool S3Caller::sees(const store::Recording& recording) const {
  return covers(recording.object_key) && identity::may_play(viewer, tag_of(recording), profile_id, has_groups) == identity::Playback::allowed;
}

S3Result<S3Caller> s3_caller(S3Api& api, const wire::HttpRequest& request) {
  auto holder = signer(api, request);
  if (!holder) return tl::unexpected(holder.error());
  auto rules = api.store.read([](store::Database& db) { return playback_rules(db); });
  if (!rules) return refuse_s3(internal_error(rules.error()));
  S3Caller out;
  out.prefix = std::exchange(holder->key.s3_prefix, {});  // here it limits what is seen, not whether
  out.viewer = holder->principal();
  out.profile_id = rules->profile_id;
  out.has_groups = rules->has_groups;
  out.may_read = holder->key.permissions.has(identity::Permission::recording_playback) && identity::may_ask_for_playback(out.viewer, out.profile_id);
  return out;
}

}  // namespace upcall::api
