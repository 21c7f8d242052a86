#include "io/net/tls_identity.hpp"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>

#include "base/bytes.hpp"

namespace upcall::net {

namespace {

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* p) const { Free(p); }
};
using BioPtr = std::unique_ptr<BIO, Deleter<BIO_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using CertPtr = std::unique_ptr<X509, Deleter<X509_free>>;

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return std::string(data, static_cast<std::size_t>(size));
}

CertPtr read_certificate(const std::string& pem) {
  const BioPtr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return CertPtr(bio ? PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr) : nullptr);
}

bool add_extension(X509* cert, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, cert, cert, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  if (extension == nullptr) return false;
  const bool ok = X509_add_ext(cert, extension, -1) == 1;
  X509_EXTENSION_free(extension);
  return ok;
}

Result<std::string> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::error_code ignored;
  if (!in && std::filesystem::exists(path, ignored)) return fail(ErrorCode::forbidden, "the TLS file " + path + " may not be read: let the user that runs the server read it");
  if (!in) return fail(ErrorCode::not_found, "there is no TLS file " + path + ": correct --tls-cert and --tls-key");
  return std::string(std::istreambuf_iterator<char>(in), {});
}

bool is_ip(const std::string& name) {
  std::array<unsigned char, 16> out;
  return ::inet_pton(AF_INET, name.c_str(), out.data()) == 1 || ::inet_pton(AF_INET6, name.c_str(), out.data()) == 1;
}

}  // namespace

Result<TlsIdentity> make_self_signed(const std::vector<std::string>& names, WallTime now, int days) {
  const auto broken = [] { return fail(ErrorCode::internal, "the self-signed certificate could not be made"); };
  if (names.empty()) return fail(ErrorCode::invalid_argument, "a certificate needs at least one name");
  std::string alternative;
  for (const std::string& name : names) {
    // The extension's own syntax has ',' and ':' as separators; names never hold them, addresses only ':'.
    for (const char c : name) {
      const bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                        c == '.' || c == ':' || c == '*';
      if (!fine) return fail(ErrorCode::invalid_argument, "not a host name or an address: " + name);
    }
    if (!alternative.empty()) alternative += ",";
    alternative += (is_ip(name) ? "IP:" : "DNS:") + name;
  }
  const KeyPtr key(EVP_EC_gen("P-256"));
  const CertPtr cert(X509_new());
  if (!key || !cert) return broken();
  std::array<unsigned char, 16> serial;
  if (RAND_bytes(serial.data(), serial.size()) != 1) return broken();
  serial[0] = static_cast<unsigned char>((serial[0] & 0x7f) | 0x40);  // positive and of constant length
  BIGNUM* number = BN_bin2bn(serial.data(), serial.size(), nullptr);
  const bool serial_set = number != nullptr && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert.get())) != nullptr;
  BN_free(number);
  const std::time_t start = static_cast<std::time_t>(now.unix_ms() / 1000) - 3600;
  X509_NAME* subject = X509_get_subject_name(cert.get());
  const std::string common = names.front().substr(0, 64);
  const bool ok =
      serial_set && X509_set_version(cert.get(), X509_VERSION_3) == 1 &&
      ASN1_TIME_set(X509_getm_notBefore(cert.get()), start) != nullptr &&
      ASN1_TIME_set(X509_getm_notAfter(cert.get()), start + std::time_t(days) * 86400) != nullptr &&
      X509_set_pubkey(cert.get(), key.get()) == 1 &&
      X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(common.data()),
                                 static_cast<int>(common.size()), -1, 0) == 1 &&
      X509_set_issuer_name(cert.get(), subject) == 1 &&
      add_extension(cert.get(), NID_subject_alt_name, alternative) &&
      add_extension(cert.get(), NID_basic_constraints, "critical,CA:FALSE") &&
      add_extension(cert.get(), NID_key_usage, "critical,digitalSignature") &&
      add_extension(cert.get(), NID_ext_key_usage, "serverAuth") && X509_sign(cert.get(), key.get(), EVP_sha256()) != 0;
  if (!ok) return broken();
  const BioPtr cert_out(BIO_new(BIO_s_mem())), key_out(BIO_new(BIO_s_secmem()));
  if (!cert_out || !key_out || PEM_write_bio_X509(cert_out.get(), cert.get()) != 1 ||
      PEM_write_bio_PKCS8PrivateKey(key_out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return broken();
  }
  return TlsIdentity{text_of(cert_out.get()), text_of(key_out.get())};
}

Result<TlsIdentity> load_tls_identity(const std::string& certificate_file, const std::string& key_file) {
  auto certificate = read_file(certificate_file);
  if (!certificate) return tl::unexpected(certificate.error());
  auto key = read_file(key_file);
  if (!key) return tl::unexpected(key.error());
  const CertPtr cert = read_certificate(*certificate);
  if (!cert) return fail(ErrorCode::invalid_argument, "no PEM certificate in " + certificate_file + ": it must begin with BEGIN CERTIFICATE");
  const BioPtr bio(BIO_new_mem_buf(key->data(), static_cast<int>(key->size())));
  // An encrypted key would make OpenSSL ask on the terminal: the callback answers with nothing instead.
  const KeyPtr private_key(PEM_read_bio_PrivateKey(bio.get(), nullptr, [](char*, int, int, void*) { return 0; }, nullptr));
  if (!private_key) return fail(ErrorCode::invalid_argument, "no usable PEM private key in " + key_file + ": it must be PEM and without a passphrase");
  if (X509_check_private_key(cert.get(), private_key.get()) != 1) {
    return fail(ErrorCode::invalid_argument, "the private key in " + key_file + " does not belong to the certificate in " + certificate_file + ": give the two of one order");
  }
  return TlsIdentity{std::move(*certificate), std::move(*key)};
}

Result<std::string> certificate_fingerprint(const std::string& certificate_pem) {
  const CertPtr cert = read_certificate(certificate_pem);
  std::array<std::uint8_t, 32> digest;
  unsigned int size = digest.size();
  if (!cert || X509_digest(cert.get(), EVP_sha256(), digest.data(), &size) != 1) {
    return fail(ErrorCode::invalid_argument, "not a PEM certificate");
  }
  const std::string hex = to_hex(Bytes(digest.data(), size));
  std::string out;
  for (std::size_t i = 0; i < hex.size(); i += 2) out += (i ? ":" : "") + hex.substr(i, 2);
  return out;
}

}  // namespace upcall::net
