#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "rtc/dtls/transport.hpp"

namespace upcall::dtls {

namespace {
// The chain means nothing: certificates are self-signed and proven by the fingerprint, after the handshake has proven
// that the peer owns the key.
int accept_any_chain(int, X509_STORE_CTX*) { return 1; }
}  // namespace

Result<DtlsContext> DtlsContext::make(const DtlsCertificate& certificate) {
  DtlsContext out;
  out.fingerprint_ = certificate.fingerprint();
  out.ssl_ctx_ =
      std::shared_ptr<void>(SSL_CTX_new(DTLS_method()), [](void* p) { SSL_CTX_free(static_cast<SSL_CTX*>(p)); });
  auto* const ctx = static_cast<SSL_CTX*>(out.ssl_ctx_.get());
  const auto broken = [] { return fail(ErrorCode::unavailable, "OpenSSL refused the DTLS settings"); };
  if (ctx == nullptr) return broken();
  SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_QUERY_MTU | SSL_OP_NO_COMPRESSION |
                               SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(ctx, 1);  // a record is a part of a datagram: it must be read whole
  SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, accept_any_chain);
  SSL_CTX_set_verify_depth(ctx, 2);
  SSL_CTX_set_max_cert_list(ctx, static_cast<long>(DtlsTransport::kMaxHandshakeMessage));
  const bool ok =
      SSL_CTX_set_min_proto_version(ctx, DTLS1_2_VERSION) == 1 &&
      SSL_CTX_set_cipher_list(ctx,
                              "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
                              "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
                              "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384") == 1 &&
      SSL_CTX_set1_groups_list(ctx, "X25519:P-256") == 1 &&
      SSL_CTX_use_certificate(ctx, static_cast<X509*>(certificate.x509())) == 1 &&
      SSL_CTX_use_PrivateKey(ctx, static_cast<EVP_PKEY*>(certificate.private_key())) == 1 &&
      // 0 means success here. The server's order wins; GCM is the cheapest by far.
      SSL_CTX_set_tlsext_use_srtp(ctx, "SRTP_AEAD_AES_128_GCM:SRTP_AEAD_AES_256_GCM:SRTP_AES128_CM_SHA1_80") == 0;
  if (!ok) return broken();
  return out;
}

}  // namespace upcall::dtls
