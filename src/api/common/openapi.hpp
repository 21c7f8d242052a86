// The OpenAPI 3.1 document, put together from a table beside each folder's routes. A test compares the table with the
// router, so a route cannot be forgotten.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace upcall::api {

enum class OperationAuth : std::uint8_t { none, staff, participant };

// One operation. Texts are string literals; schemas are JSON Schema texts, empty: none.
struct Operation {
  std::string_view method;   // "POST"
  std::string_view path;     // "/api/chat/start", places as "{id}"
  std::string_view id;       // "startChat"
  std::string_view summary;  // one line
  OperationAuth auth = OperationAuth::none;
  std::string_view request_schema;
  std::string_view response_schema;
  std::string_view statuses;  // besides 200, "400 401 409"
  std::string_view query;     // names of required query parameters, joined by blanks
};

// Built once at start, then read from any thread.
class OpenApi {
 public:
  void add(std::span<const Operation> operations) { operations_.insert(operations_.end(), operations.begin(), operations.end()); }
  const std::vector<Operation>& operations() const { return operations_; }
  // The whole document; `server_url` is the public one.
  std::string document(std::string_view server_url) const;

 private:
  std::vector<Operation> operations_;
};

}  // namespace upcall::api
