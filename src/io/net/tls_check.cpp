#include "io/net/tls_check.hpp"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <memory>
#include <optional>

#include "base/net_address.hpp"
#include "base/wall_text.hpp"

namespace upcall::net {

namespace {

struct FreeCertificate {
  void operator()(X509* c) const { X509_free(c); }
};
using CertPtr = std::unique_ptr<X509, FreeCertificate>;

CertPtr first_certificate(const std::string& pem) {
  BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  CertPtr out(bio != nullptr ? PEM_read_bio_X509(bio, nullptr, nullptr, nullptr) : nullptr);
  BIO_free(bio);
  return out;
}

std::optional<WallTime> wall_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return std::nullopt;
  return WallTime::from_unix_ms(std::int64_t{::timegm(&parts)} * 1000);
}

std::vector<std::string> names_of(X509* cert) {
  std::vector<std::string> out;
  auto* names = static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(cert, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
    if (name->type == GEN_DNS) {
      const auto* data = reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName));
      out.emplace_back(data, static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName)));
    } else if (name->type == GEN_IPADD) {
      NetAddress address;
      const int size = ASN1_STRING_length(name->d.iPAddress);
      if (size != 4 && size != 16) continue;
      address.is_ipv6 = size == 16;
      std::copy_n(ASN1_STRING_get0_data(name->d.iPAddress), size, address.ip.begin());
      out.push_back(ip_text(address));
    }
  }
  GENERAL_NAMES_free(names);
  return out;
}

std::string day(WallTime t) { return to_iso8601(t).substr(0, 10); }

}  // namespace

Result<CertificateFacts> certificate_facts(const std::string& certificate_pem) {
  const CertPtr cert = first_certificate(certificate_pem);
  const auto begins = cert ? wall_of(X509_get0_notBefore(cert.get())) : std::nullopt;
  const auto ends = cert ? wall_of(X509_get0_notAfter(cert.get())) : std::nullopt;
  if (!begins || !ends) return fail(ErrorCode::invalid_argument, "not a PEM certificate");
  return CertificateFacts{*begins, *ends, names_of(cert.get())};
}

bool certificate_stands_for(const std::string& certificate_pem, const std::string& host) {
  const CertPtr cert = first_certificate(certificate_pem);
  if (!cert) return false;
  return X509_check_host(cert.get(), host.data(), host.size(), 0, nullptr) == 1 || X509_check_ip_asc(cert.get(), host.c_str(), 0) == 1;
}

Result<CertificateFacts> check_certificate(const std::string& certificate_pem, const std::string& file, const std::string& host, WallTime now) {
  auto facts = certificate_facts(certificate_pem);
  if (!facts) return fail(ErrorCode::invalid_argument, "no PEM certificate in " + file);
  if (facts->not_after <= now) {
    return fail(ErrorCode::invalid_argument, "the certificate in " + file + " expired on " + day(facts->not_after) + ": renew it, then run upcall tls reload");
  }
  if (facts->not_before > now) {
    return fail(ErrorCode::invalid_argument, "the certificate in " + file + " is not valid before " + day(facts->not_before) + ": take another one, or set this host's clock");
  }
  if (!host.empty() && !certificate_stands_for(certificate_pem, host)) {
    std::string names;
    for (const std::string& name : facts->names) names += (names.empty() ? "" : ", ") + name;
    return fail(ErrorCode::invalid_argument, "the certificate in " + file + " does not stand for " + host + ", the host of --public-url, but for " +
                                                 (names.empty() ? "no name" : names) + ": get one for that name, or correct --public-url");
  }
  return facts;
}

}  // namespace upcall::net
