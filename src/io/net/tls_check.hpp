// Whether a certificate may be shown to clients now, and until when. Sentences say what to do.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"
#include "io/net/tls_identity.hpp"

namespace upcall::net {

struct CertificateFacts {
  WallTime not_before, not_after;
  std::vector<std::string> names;  // DNS names and addresses of its alternative names, as they stand there
};

// Of the first certificate. Errors: invalid_argument (not PEM).
Result<CertificateFacts> certificate_facts(const std::string& certificate_pem);

// RFC 6125 and RFC 9525: does the certificate stand for this host name or address?
bool certificate_stands_for(const std::string& certificate_pem, const std::string& host);

// The first certificate is valid at `now` and stands for `host` (empty: not asked). `file` names it in the sentence.
// Errors: invalid_argument.
Result<CertificateFacts> check_certificate(const std::string& certificate_pem, const std::string& file, const std::string& host, WallTime now);

}  // namespace upcall::net
