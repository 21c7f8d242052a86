// /api/pipeline: runs of the pipeline for the administrators' page, read from the runner's files. Retry and stop are in the
// audit log.
#pragma once

#include <string>

#include "api/auth/authenticator.hpp"
#include "api/common/openapi.hpp"
#include "io/store/store.hpp"
#include "wire/http.hpp"

namespace upcall::api {

struct PipelineApi {
  store::Store& store;
  Authenticator& authenticator;
  std::string directory;  // DATA/pipeline
  std::string public_url;
};

// `api` must outlive the router.
void add_pipeline_routes(wire::Router& router, PipelineApi& api, OpenApi& openapi);

}  // namespace upcall::api
