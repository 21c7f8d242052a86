// Clients that our own code would never be: without certificate, without SRTP, with other profiles, without proof
// of their key. Plain OpenSSL plays them.
#include <gtest/gtest.h>

#include <functional>

#include <openssl/evp.h>
#include <openssl/ssl.h>

#include "rtc/dtls/datagram_bio.hpp"
#include "rtc/dtls/transport.hpp"

namespace upcall::dtls {
namespace {

DtlsCertificate certificate() { return DtlsCertificate::make(WallTime::from_unix_ms(1'700'000'000'000)).value(); }

struct StrangeClient {
  const DtlsCertificate* certificate = nullptr;
  const char* srtp = nullptr;
  const char* ciphers = nullptr;
  int version = DTLS1_2_VERSION;
};

class StrangeClients : public testing::Test {
 protected:
  // Runs the handshake as far as it goes, without any timer; the client's own SSL is freed with the return.
  DtlsTransport run(const StrangeClient& who, const Fingerprint& expected) {
    DtlsTransport server(context, Role::server, expected);
    SSL_CTX* const ctx = SSL_CTX_new(DTLS_client_method());
    SSL_CTX_set_options(ctx, SSL_OP_NO_QUERY_MTU);
    SSL_CTX_set_security_level(ctx, 0);
    SSL_CTX_set_min_proto_version(ctx, who.version);
    SSL_CTX_set_max_proto_version(ctx, who.version);
    if (who.certificate != nullptr) {
      EXPECT_EQ(SSL_CTX_use_certificate(ctx, static_cast<X509*>(who.certificate->x509())), 1);
      EXPECT_EQ(SSL_CTX_use_PrivateKey(ctx, static_cast<EVP_PKEY*>(who.certificate->private_key())), 1);
    }
    if (who.srtp != nullptr) {
      EXPECT_EQ(SSL_CTX_set_tlsext_use_srtp(ctx, who.srtp), 0);
    }
    if (who.ciphers != nullptr) {
      EXPECT_EQ(SSL_CTX_set_cipher_list(ctx, who.ciphers), 1);
    }
    SSL* const ssl = SSL_new(ctx);
    DatagramEnds ends;
    BIO* const bio = make_datagram_bio(&ends);
    SSL_set_bio(ssl, bio, bio);
    SSL_set_mtu(ssl, static_cast<long>(kMtu));
    SSL_set_connect_state(ssl);
    DtlsOutbox to_server, to_client;
    ends.output = &to_server;
    SSL_do_handshake(ssl);
    bool asked = false;
    while (to_server.size() > 0) {
      for (std::size_t i = 0; i < to_server.size(); ++i) {
        ByteVector datagram(to_server[i].begin(), to_server[i].end());
        if (mutate) mutate(datagram);
        server.handle(Instant::from_ms(1), datagram, to_client);
      }
      to_server.clear();
      for (std::size_t i = 0; i < to_client.size(); ++i) {
        ends.input = to_client[i];
        SSL_do_handshake(ssl);
      }
      to_client.clear();
      if (renegotiates && !asked && SSL_is_init_finished(ssl) == 1) {
        asked = true;
        keys_before = server.take_srtp_keys().has_value();
        EXPECT_EQ(SSL_renegotiate(ssl), 1);
        SSL_do_handshake(ssl);
        EXPECT_GT(to_server.size(), 0u) << "it did ask";
      }
    }
    client_agreed = SSL_is_init_finished(ssl) == 1;
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    return server;
  }

  DtlsContext context = DtlsContext::make(certificate()).value();
  DtlsCertificate client = certificate();
  std::function<void(ByteVector&)> mutate;
  bool client_agreed = false, renegotiates = false, keys_before = false;
};

constexpr char kGcm[] = "SRTP_AEAD_AES_128_GCM";

TEST_F(StrangeClients, AnOrdinaryOneConnects) {
  DtlsTransport server = run({.certificate = &client, .srtp = kGcm}, client.fingerprint());
  EXPECT_EQ(server.state(), State::connected);
  EXPECT_TRUE(client_agreed);
  EXPECT_TRUE(server.take_srtp_keys());
}

TEST_F(StrangeClients, WithoutCertificateIsNobody) {
  DtlsTransport server = run({.srtp = kGcm}, client.fingerprint());
  EXPECT_NE(server.state(), State::connected);
  EXPECT_FALSE(client_agreed);
  EXPECT_FALSE(server.take_srtp_keys());
}

// CVE-2022-29222: the certificate alone is public; only the signature over the handshake proves its owner.
TEST_F(StrangeClients, CertificateWithoutProofIsNobody) {
  int taken_out = 0;
  mutate = [&](ByteVector& datagram) {
    // Takes the record of the CertificateVerify message (type 15) out.
    for (std::size_t at = 0; at + 25 < datagram.size();) {
      const std::size_t length = static_cast<std::size_t>(datagram[at + 11] << 8 | datagram[at + 12]);
      if (datagram[at] == 22 && datagram[at + 4] == 0 && datagram[at + 13] == 15) {
        datagram.erase(datagram.begin() + static_cast<std::ptrdiff_t>(at),
                       datagram.begin() + static_cast<std::ptrdiff_t>(at + 13 + length));
        ++taken_out;
        continue;
      }
      at += 13 + length;
    }
  };
  DtlsTransport server = run({.certificate = &client, .srtp = kGcm}, client.fingerprint());
  EXPECT_EQ(taken_out, 1);
  EXPECT_NE(server.state(), State::connected);
  EXPECT_FALSE(server.take_srtp_keys());
}

// What seems encrypted and is too short to be, from anybody: OpenSSL ends a session over it. Before the client's Finished, with
// each kind of cipher.
TEST_F(StrangeClients, AnOrdinaryOneConnectsWithShortRecordsBeforeItsFinished) {
  for (const char* ciphers : {"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305"}) {
    SCOPED_TRACE(ciphers);
    int put_in = 0;
    mutate = [&](ByteVector& datagram) {
      for (std::size_t at = 0; at + 13 < datagram.size(); at += 13 + static_cast<std::size_t>(datagram[at + 11] << 8 | datagram[at + 12])) {
        if (datagram[at + 4] != 1) continue;
        ByteVector junk;
        for (std::uint8_t length = 1; length <= 30; ++length) {
          junk.insert(junk.end(), {static_cast<std::uint8_t>(20 + length % 3), 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, length, 0, length});
          junk.insert(junk.end(), length, 7);
          ++put_in;
        }
        datagram.insert(datagram.begin() + static_cast<std::ptrdiff_t>(at), junk.begin(), junk.end());
        return;
      }
    };
    DtlsTransport server = run({.certificate = &client, .srtp = kGcm, .ciphers = ciphers}, client.fingerprint());
    EXPECT_EQ(put_in, 30);
    EXPECT_EQ(server.state(), State::connected);
    EXPECT_EQ(server.counters().restarts, 0u);
    EXPECT_TRUE(client_agreed);
  }
}

TEST_F(StrangeClients, SomebodyElsesCertificateFails) {
  const DtlsCertificate other = certificate();
  DtlsTransport server = run({.certificate = &other, .srtp = kGcm}, client.fingerprint());
  EXPECT_EQ(server.failure(), Failure::fingerprint_mismatch);
  EXPECT_FALSE(server.take_srtp_keys());
}

TEST_F(StrangeClients, WithoutSrtpFails) {
  DtlsTransport server = run({.certificate = &client}, client.fingerprint());
  EXPECT_EQ(server.failure(), Failure::no_srtp);
  EXPECT_FALSE(server.take_srtp_keys());
}

TEST_F(StrangeClients, NobodyNegotiatesASecondTime) {
  renegotiates = true;
  DtlsTransport server = run({.certificate = &client, .srtp = kGcm}, client.fingerprint());
  EXPECT_TRUE(keys_before);
  EXPECT_EQ(server.state(), State::connected);
  EXPECT_FALSE(client_agreed) << "the second handshake came to nothing";
  EXPECT_FALSE(server.take_srtp_keys()) << "no new keys";
}

TEST_F(StrangeClients, OurOrderOfProfilesWins) {
  struct Case { const char* offered; srtp::Profile chosen; };
  for (const Case& c : {Case{"SRTP_AES128_CM_SHA1_80", srtp::Profile::aes128_cm_sha1_80},
                        Case{"SRTP_AEAD_AES_256_GCM:SRTP_AES128_CM_SHA1_80", srtp::Profile::aead_aes_256_gcm},
                        Case{"SRTP_AES128_CM_SHA1_80:SRTP_AEAD_AES_256_GCM:SRTP_AEAD_AES_128_GCM",
                             srtp::Profile::aead_aes_128_gcm}}) {
    DtlsTransport server = run({.certificate = &client, .srtp = c.offered}, client.fingerprint());
    const auto keys = server.take_srtp_keys();
    ASSERT_TRUE(keys) << c.offered;
    EXPECT_EQ(keys->send.profile, c.chosen);
    EXPECT_NE(to_hex(keys->send.salt_bytes()), to_hex(keys->receive.salt_bytes()));
    EXPECT_NE(to_hex(keys->send.key_bytes()), to_hex(keys->receive.key_bytes()));
  }
}

TEST_F(StrangeClients, OldVersionsAndWeakCiphersAreRefused) {
  EXPECT_NE(run({.certificate = &client, .srtp = kGcm, .version = DTLS1_VERSION}, client.fingerprint()).state(),
            State::connected);
  EXPECT_NE(run({.certificate = &client, .srtp = kGcm, .ciphers = "ECDHE-ECDSA-AES128-SHA"}, client.fingerprint())
                .state(),
            State::connected);
}

}  // namespace
}  // namespace upcall::dtls
