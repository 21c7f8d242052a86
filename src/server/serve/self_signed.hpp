// The certificate of --tls self-signed: made once and kept in the data directory, so that a phone that trusts it today
// trusts it tomorrow.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "io/net/tls_identity.hpp"

namespace upcall::server {

// Files in `<data_dir>/tls`: certificate, key (mode 0600), and the names it stands for with its end. A new one is made
// when there is none, when it ends within a week, or when one of `names` is not in it; then it stands for the old names
// too, because hosts come back to networks they left.
Result<net::TlsIdentity> self_signed_identity(const std::string& data_dir, std::vector<std::string> names, WallTime now);

}  // namespace upcall::server
