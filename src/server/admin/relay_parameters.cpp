#include "server/admin/relay_parameters.hpp"

#include "server/admin/mail_parameters.hpp"
#include "server/admin/stored_parameters.hpp"

namespace upcall::admin {

Result<signaling::RelaySettings> relay_settings(store::Database& db, store::Sealer& sealer) {
  auto servers = parameter_in_force(db, "turnServers");
  if (!servers) return tl::unexpected(servers.error());
  signaling::RelaySettings out;
  for (std::string_view rest = *servers; !rest.empty();) {
    const std::size_t end = std::min(rest.find(','), rest.size());
    if (end > 0) out.uris.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (out.uris.empty()) return out;
  auto secret = secret_parameter(db, sealer, "turnSecret");
  if (!secret) return tl::unexpected(secret.error());
  out.secret = std::move(*secret);
  if (auto fine = signaling::check_relay(out); !fine) return tl::unexpected(fine.error());
  return out;
}

}  // namespace upcall::admin
