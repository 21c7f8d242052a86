// Requests of the vendor's SDKs: AWS Signature Version 4 checked in full, by an access key of the store. The interfaces say
// the faults in words of their own.
//
// Threads: any; blocks on the store.
#pragma once

#include <string>
#include <string_view>

#include "api/auth/authenticator.hpp"

namespace upcall::api {

struct SignedCaller {
  identity::Principal principal;
  std::string key_id;  // the access key's
};

enum class SignatureFault : std::uint8_t {
  missing,      // no Authorization header
  malformed,    // none of this kind, or for another service
  temporary,    // a security token: none are issued here
  unknown_key,
  incomplete,   // host and a valid x-amz-date must be covered
  skewed,       // 15 minutes from our clock
  mismatch,
  store,        // `error` says why the key could not be read
};
struct SignatureRefusal {
  SignatureFault fault;
  std::string message;  // one sentence for the caller
  Error error = {};
};

// `service`: the name in the signature's scope.
Result<SignedCaller, SignatureRefusal> signed_caller(Authenticator& authenticator, const wire::HttpRequest& request, std::string_view service);

}  // namespace upcall::api
