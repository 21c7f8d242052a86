#include "s3/failure.hpp"

#include <algorithm>
#include <array>

namespace upcall::s3 {

namespace {

struct Named {
  std::string_view code;
  Failure failure;
};

// Codes of the S3 reference and those that Ceph, Swift and MinIO use for the same.
constexpr std::array kCodes{
    Named{"InternalError", Failure::server},
    Named{"ServiceUnavailable", Failure::server},
    Named{"OperationAborted", Failure::server},
    Named{"SlowDown", Failure::slow_down},
    Named{"Throttling", Failure::slow_down},
    Named{"ThrottlingException", Failure::slow_down},
    Named{"TooManyRequests", Failure::slow_down},
    Named{"RequestLimitExceeded", Failure::slow_down},
    Named{"Busy", Failure::slow_down},
    Named{"RequestTimeout", Failure::time_out},
    Named{"IncompleteBody", Failure::connection},
    Named{"BadDigest", Failure::bad_answer},
    Named{"XAmzContentSHA256Mismatch", Failure::bad_answer},
    Named{"RequestTimeTooSkewed", Failure::clock_skew},
    Named{"RequestExpired", Failure::clock_skew},
    Named{"InvalidAccessKeyId", Failure::credentials},
    Named{"SignatureDoesNotMatch", Failure::credentials},
    Named{"AuthFailure", Failure::credentials},
    Named{"ExpiredToken", Failure::expired},
    Named{"ExpiredTokenException", Failure::expired},
    Named{"InvalidToken", Failure::expired},
    Named{"TokenRefreshRequired", Failure::expired},
    Named{"AccessDenied", Failure::denied},
    Named{"AllAccessDisabled", Failure::denied},
    Named{"AccountProblem", Failure::denied},
    Named{"UserSuspended", Failure::denied},
    Named{"NoSuchBucket", Failure::no_bucket},
    Named{"InvalidBucketName", Failure::no_bucket},
    Named{"PermanentRedirect", Failure::wrong_region},
    Named{"TemporaryRedirect", Failure::wrong_region},
    Named{"AuthorizationHeaderMalformed", Failure::wrong_region},
    Named{"IllegalLocationConstraintException", Failure::wrong_region},
    Named{"InvalidEncryptionAlgorithmError", Failure::encryption},
    Named{"ServerSideEncryptionConfigurationNotFoundError", Failure::encryption},
    Named{"QuotaExceeded", Failure::full},
    Named{"InsufficientCapacity", Failure::full},
    Named{"StorageFull", Failure::full},
    Named{"XMinioStorageFull", Failure::full},
    Named{"NoSuchKey", Failure::no_object},
    Named{"NoSuchUpload", Failure::no_upload},
    Named{"InvalidPart", Failure::no_upload},
    Named{"PreconditionFailed", Failure::changed},
};

}  // namespace

std::string_view to_string(Failure failure) {
  switch (failure) {
    case Failure::connection: return "connection";
    case Failure::time_out: return "time_out";
    case Failure::slow_down: return "slow_down";
    case Failure::server: return "server";
    case Failure::bad_answer: return "bad_answer";
    case Failure::clock_skew: return "clock_skew";
    case Failure::certificate: return "certificate";
    case Failure::credentials: return "credentials";
    case Failure::expired: return "expired";
    case Failure::denied: return "denied";
    case Failure::no_bucket: return "no_bucket";
    case Failure::wrong_region: return "wrong_region";
    case Failure::encryption: return "encryption";
    case Failure::full: return "full";
    case Failure::no_object: return "no_object";
    case Failure::no_upload: return "no_upload";
    case Failure::changed: return "changed";
    case Failure::refused: return "refused";
  }
  return "other";
}

Failure classify(Operation operation, int status, std::string_view code) {
  const bool of_an_upload = operation == Operation::upload_part || operation == Operation::complete_upload ||
                            operation == Operation::abort_upload || operation == Operation::list_parts;
  for (const Named& named : kCodes) {
    if (named.code != code) continue;
    // Ceph says so of an upload that it does not know.
    return named.failure == Failure::no_object && of_an_upload ? Failure::no_upload : named.failure;
  }
  if (code.starts_with("KMS.") || code.starts_with("Kms")) return Failure::encryption;
  switch (status) {
    case 408: return Failure::time_out;
    case 429: return Failure::slow_down;
    case 503: return code.empty() || code == "ServiceUnavailable" ? Failure::slow_down : Failure::server;
    case 507: return Failure::full;
    case 301: case 307: return Failure::wrong_region;
    case 401: case 403: return Failure::denied;
    case 412: return Failure::changed;
    default: break;
  }
  if (status == 404) {
    if (of_an_upload) return Failure::no_upload;
    const bool of_an_object = operation == Operation::head || operation == Operation::get || operation == Operation::remove;
    return of_an_object ? Failure::no_object : Failure::no_bucket;
  }
  // An error within a 200 that nobody knows is the store's trouble, not ours.
  if (status >= 500 || status < 300) return Failure::server;
  return Failure::refused;
}

bool is_transient(Failure failure) { return failure <= Failure::clock_skew; }

bool is_configuration(Failure failure) { return failure >= Failure::certificate && failure <= Failure::full; }

Error to_error(Failure failure) {
  constexpr ErrorCode later = ErrorCode::unavailable;
  switch (failure) {
    case Failure::connection: return {later, "the object store cannot be reached"};
    case Failure::time_out: return {later, "the object store does not answer in time"};
    case Failure::slow_down: return {later, "the object store asks for fewer requests"};
    case Failure::server: return {later, "the object store has an error of its own"};
    case Failure::bad_answer: return {ErrorCode::corrupt, "the object store's answer does not fit what was sent to it"};
    case Failure::clock_skew:
      return {later, "the object store refuses this server's clock: set the time of one of the two (NTP)"};
    case Failure::certificate:
      return {later, "the object store's certificate is not trusted or is another host's: set recordingS3CaFile or recordingS3Endpoint"};
    case Failure::credentials:
      return {later, "the object store does not know the access key or its secret: set recordingS3AccessKeyId and recordingS3SecretAccessKey"};
    case Failure::expired:
      return {later, "the object store's credentials have expired: set recordingS3AccessKeyId and recordingS3SecretAccessKey anew"};
    case Failure::denied:
      return {later, "the object store's access key may not do this: allow it to get, put, list and delete objects, and to list and abort uploads"};
    case Failure::no_bucket: return {later, "the object store has no such bucket: create it or set recordingS3Bucket"};
    case Failure::wrong_region: return {later, "the bucket is in another region: set recordingS3Region and recordingS3Endpoint"};
    case Failure::encryption:
      return {later, "the object store cannot encrypt as asked: set recordingS3Encryption, or look after the key in the store's key manager"};
    case Failure::full: return {ErrorCode::exhausted, "the object store is full"};
    case Failure::no_object: return {ErrorCode::not_found, "there is no such object"};
    case Failure::no_upload: return {ErrorCode::gone, "the object store does not know the upload or its parts any more: it has to begin anew"};
    case Failure::changed: return {ErrorCode::corrupt, "the object has changed while it was read"};
    case Failure::refused: return {ErrorCode::invalid_argument, "the object store refuses the request"};
  }
  return {ErrorCode::internal, "the object store failed"};
}

}  // namespace upcall::s3
