// Private to this folder: one signed call, what it carries, and how it is refused. Include it in .cpp files only.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <string>
#include <string_view>
#include <vector>

#include "api/connect/connect_api.hpp"
#include "identity/principal.hpp"

namespace upcall::api {

struct ConnectFault {
  int status = 500;
  std::string_view type;  // the vendor's word, a literal
  std::string message;
  boost::json::array problems = {};  // InvalidContactFlowException
};
template <class T>
using ConnectResult = Result<T, ConnectFault>;
using ConnectAnswer = ConnectResult<boost::json::object>;

tl::unexpected<ConnectFault> refuse_call(int status, std::string_view type, std::string message);
tl::unexpected<ConnectFault> invalid_parameter(std::string message);
tl::unexpected<ConnectFault> no_such(std::string_view what);
tl::unexpected<ConnectFault> access_refused();
// A fault of a store or of an administrator's command.
tl::unexpected<ConnectFault> fault_of(const Error& error);

struct ConnectCall {
  ConnectApi& api;
  const wire::HttpRequest& request;
  identity::Principal caller;
  std::string key_id;       // the access key's
  std::string instance_id;  // of this installation
  boost::json::object body;

  std::string arn(std::string_view what) const;  // "agent/<id>"
  std::string path(std::string_view name) const { return std::string(request.route_value(name)); }
  // An id that may be given as an ARN: its last part.
  std::string id(std::string_view name) const;
  Result<void, ConnectFault> needs(identity::Permission permission) const;
  // Members of the body. `text`: "" when it is absent and not required.
  ConnectResult<std::string> text(std::string_view name, std::size_t min_bytes, std::size_t max_bytes, bool required = true) const;
  ConnectResult<std::vector<std::string>> texts(std::string_view name, std::size_t max_count, bool required = false) const;
  // Nothing when it is absent.
  ConnectResult<std::optional<std::int64_t>> number(std::string_view name, std::int64_t least, std::int64_t most) const;
};

// nextToken and maxResults of a query, over a list that is there as a whole.
struct ConnectPage {
  std::size_t begin = 0, end = 0;
  std::string next_token;  // empty: the last page
};
ConnectResult<ConnectPage> page_of(const wire::HttpRequest& request, std::size_t count, std::size_t default_size, std::size_t most);
// The same with the two as text and number, as bodies have them.
ConnectResult<ConnectPage> page_of(std::string_view next_token, std::size_t size, std::size_t count);

// Seconds since 1970 with milliseconds.
double epoch_seconds(WallTime at);

using ConnectOperation = ConnectAnswer (*)(ConnectCall& call);
enum class ConnectRate : std::uint8_t { usual, contacts, routing, search, metrics };
struct ConnectRoute {
  const char* name;     // the operation's
  const char* method;
  const char* pattern;  // below /aws/connect
  ConnectRate rate;
  ConnectOperation run;
};
// A list of summaries, as much of it as the query asks for: {<name>: […], "NextToken"}.
ConnectAnswer listed(const ConnectCall& call, std::string_view name, std::vector<boost::json::object> all, std::size_t most = 1000);
// A command of the administrator, with its rules and its audit row, for whoever has the permission.
ConnectResult<boost::json::value> administer(ConnectCall& call, identity::Permission permission, std::string_view command, const boost::json::object& arguments);

std::span<const ConnectRoute> contact_operations();
std::span<const ConnectRoute> contact_search_operations();
std::span<const ConnectRoute> directory_operations();
std::span<const ConnectRoute> routing_operations();
std::span<const ConnectRoute> flow_operations();
std::span<const ConnectRoute> status_operations();
std::span<const ConnectRoute> hours_operations();

}  // namespace upcall::api
