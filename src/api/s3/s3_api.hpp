// /aws/s3: recordings for S3 clients, read-only. ListBuckets, GetBucketLocation, HeadBucket, ListObjectsV2, HeadObject
// and GetObject, signed with an access key of the store in headers or query. Everything else answers MethodNotAllowed
// or NotImplemented, errors have the vendor's XML shape.
//
// Shown are stored recordings whose file lies in the embedded store, whose deletion has not begun, which the key's user
// may play (a service: all), under the key's prefix. Outside the prefix everything is AccessDenied, whether it exists or
// not; inside, what is not shown is NoSuchKey. Regions are not looked at: clients sign for the one they were set up with.
//
// Threads: handlers run on the API pool and block on store and disk.
#pragma once

#include <string_view>

#include "api/auth/authenticator.hpp"
#include "api/common/view_log.hpp"
#include "io/objects/object_store.hpp"
#include "io/store/store.hpp"
#include "wire/http.hpp"

namespace upcall::api {

inline constexpr std::string_view kRecordingsBucket = "recordings";

class S3Api {
 public:
  // References must outlive it. `embedded`: the embedded store alone.
  S3Api(store::Store& with_store, Authenticator& with_authenticator, objects::ObjectStore& with_embedded)
      : store(with_store), authenticator(with_authenticator), embedded(with_embedded) {}

  store::Store& store;
  Authenticator& authenticator;
  objects::ObjectStore& embedded;
  ViewLog views;
};

// `api` must outlive the router.
void add_s3_routes(wire::Router& router, S3Api& api);

}  // namespace upcall::api
