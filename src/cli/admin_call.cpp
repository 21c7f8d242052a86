#include "cli/admin_call.hpp"

#include "crypto/random.hpp"
#include "io/clock/system_clock.hpp"
#include "io/net/admin_socket.hpp"
#include "json/json.hpp"
#include "server/admin/admin.hpp"
#include "server/keys/master_keys.hpp"

namespace upcall::cli {

namespace bj = boost::json;

Result<bj::value> running_server_call(const std::string& data_dir, const std::string& command, const bj::object& arguments, Duration longest, const std::string& actor) {
  const std::string line = bj::serialize(bj::object{{"command", command}, {"arguments", arguments}, {"by", actor}});
  auto answer = net::admin_call(data_dir + "/admin.sock", line, longest);
  if (!answer) {
    if (answer.error().code == ErrorCode::not_found) return fail(ErrorCode::not_found, "no server runs on " + data_dir + "; start it: upcall serve --data-dir " + data_dir);
    return tl::unexpected(answer.error());
  }
  auto parsed = json::parse_object(*answer);
  if (!parsed) return fail(ErrorCode::internal, "the server's answer cannot be read");
  if (const bj::object* error = json::object_at(*parsed, "error")) {
    return fail(ErrorCode::invalid_argument, json::text_or(*error, "message", "the server refused"));
  }
  return parsed->contains("result") ? (*parsed)["result"] : bj::value(nullptr);
}

Result<bj::value> admin_call(const std::string& data_dir, const std::string& command, const bj::object& arguments, const std::string& actor) {
  auto answer = running_server_call(data_dir, command, arguments, Duration::s(30), actor);
  if (answer || answer.error().code != ErrorCode::not_found) return answer;
  if (command == "tls.reload" || command == "log.reopen" || command == "serve.options") return fail(ErrorCode::unavailable, "no server runs on this data directory");
  // No server runs: the store is ours, under its lock.
  crypto::SystemRandom random;
  auto store = store::Store::open({data_dir});
  if (!store) return tl::unexpected(store.error());
  auto sealer = server::open_sealer(**store, "", random);
  if (!sealer) return tl::unexpected(sealer.error());
  admin::Context context{**store, **sealer, random, system_now().wall, "", actor};
  if (auto first = admin::first_start(context); !first) return tl::unexpected(first.error());
  if (command == "recording.delete" || command == "recording.compose" || command == "contact.erase" || command == "retention.sweep" || command == "retention.reconcile") {
    return fail(ErrorCode::unavailable, "no server runs on this data directory: start it, it alone removes files");
  }
  if (command == "user.invite") return fail(ErrorCode::unavailable, "no server runs on this data directory: start it, it sends the mail");
  if (command == "meeting.show") return fail(ErrorCode::unavailable, "no server runs on this data directory: there are no live meetings");
  return admin::run(context, command, arguments);
}

}  // namespace upcall::cli
