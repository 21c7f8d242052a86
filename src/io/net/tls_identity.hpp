// A server's certificate chain and private key as PEM texts. The key is a secret: never logged.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"

namespace upcall::net {

struct TlsIdentity {
  std::string certificate_pem;  // leaf first, then its chain
  std::string private_key_pem;
};

// An ECDSA P-256 certificate for `names` (DNS names and IP addresses), valid from an hour before `now` for `days`.
Result<TlsIdentity> make_self_signed(const std::vector<std::string>& names, WallTime now, int days = 397);

// Reads both files and checks that the key belongs to the certificate.
Result<TlsIdentity> load_tls_identity(const std::string& certificate_file, const std::string& key_file);

// Lower-case SHA-256 fingerprint of the first certificate, hex pairs joined by ':' (to compare by eye or pin).
Result<std::string> certificate_fingerprint(const std::string& certificate_pem);

}  // namespace upcall::net
