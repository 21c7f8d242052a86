// Certificates are exchanged while the server runs: by the command, by a signal and by a renewal hook; open connections go
// on, and a pair that cannot be used is refused in a sentence, at the start and afterwards.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/socket.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>

#include "installation.hpp"
#include "io/clock/system_clock.hpp"
#include "io/net/tls_check.hpp"
#include "io/net/tls_identity.hpp"
#include "io/net/websocket_client.hpp"

namespace upcall::operations {
namespace {

using ::testing::HasSubstr;

constexpr std::int64_t kDay = 86'400;

net::TlsIdentity made(WallTime now, std::vector<std::string> names = {"127.0.0.1", "localhost"}, int days = 90) {
  return net::make_self_signed(names, now, days).value();
}
net::TlsIdentity made() { return made(system_now().wall); }

class Tls : public ::testing::Test {
 protected:
  std::string cert() const { return it_.dir() + "/cert.pem"; }
  std::string key() const { return it_.dir() + "/key.pem"; }
  void put(const net::TlsIdentity& identity) {
    write_text(cert(), identity.certificate_pem);
    write_text(key(), identity.private_key_pem);
  }
  void start() { it_.start({"--tls-cert", cert(), "--tls-key", key(), "--log-file", it_.dir() + "/server.log"}); }
  Ran reload() { return it_.upcall({"tls", "reload", "--data-dir", it_.data_dir(), "--json"}); }
  // A new handshake shows this very certificate: no other is trusted.
  bool shown(const net::TlsIdentity& identity) {
    net::HttpClient client(net::HttpClientOptions{.ca_pem = identity.certificate_pem});
    return client.get(it_.url() + "/healthz").has_value();
  }
  // A start on a directory of its own that must fail; the sentence.
  std::string refused_start(std::vector<std::string> more) {
    std::vector<std::string> arguments{"serve", "--data-dir", it_.dir() + "/other", "--listen", "127.0.0.1:0", "--media-address", "127.0.0.1", "--media-port",
                                       std::to_string(free_port(SOCK_DGRAM)), "--tls-cert", cert(), "--tls-key", key()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Ran ran = it_.upcall(arguments);
    EXPECT_EQ(ran.exit, 1) << ran.text();
    return ran.err;
  }
  Installation it_;
};

TEST_F(Tls, ANewCertificateIsShownToNewConnectionsAndOpenOnesGoOn) {
  const auto first = made(), second = made(system_now().wall, {"127.0.0.1", "localhost"}, 30), third = made();
  put(first);
  start();
  ASSERT_TRUE(shown(first));
  const std::string token = it_.log_in_new("ann@example.com", "Agent");
  net::WebSocketClientOptions options;
  options.url = "wss" + it_.url().substr(5) + "/api/agent/events";
  options.subprotocols = {"upcall.events", "bearer." + token};
  options.ca_pem = first.certificate_pem;
  auto socket = net::WebSocketClient::connect(std::move(options));
  ASSERT_TRUE(socket) << socket.error().message;
  ASSERT_TRUE((*socket)->receive(kSoon)) << "the snapshot";

  put(second);
  const Ran answer = reload();
  ASSERT_EQ(answer.exit, 0) << answer.text();
  EXPECT_EQ(json::text_or(answer.json(), "fingerprint"), net::certificate_fingerprint(second.certificate_pem).value());
  EXPECT_TRUE(answer.json().at("changed").as_bool());
  EXPECT_TRUE(shown(second));
  EXPECT_FALSE(shown(first));
  const double expires = it_.metric("upcall_tls_certificate_expires_timestamp_seconds");
  EXPECT_EQ(expires, static_cast<double>(net::certificate_facts(second.certificate_pem)->not_after.unix_ms() / 1000));
  EXPECT_FALSE(reload().json().at("changed").as_bool()) << "the same pair once more";

  put(third);
  it_.signal(SIGHUP);
  it_.until("the third certificate", kSoon, [&] { return shown(third); });
  EXPECT_EQ(it_.metric("upcall_tls_certificates_taken_total"), 2);

  // The socket of the first certificate still carries events.
  ASSERT_EQ(it_.send("PUT", "/api/agent/status", token, R"({"status":"available"})").status, 200);
  const auto event = (*socket)->receive(kSoon);
  ASSERT_TRUE(event) << event.error().message;
  EXPECT_THAT(event->bytes, HasSubstr("available"));
}

TEST_F(Tls, ARenewalHookTakesTheNewCertificate) {
  const auto first = made(), second = made();
  for (const char* hook : {"renew-certificate-certbot", "renew-certificate-lego"}) {
    put(first);
    if (!it_.running()) start();
    reload();
    put(second);
    const Ran ran = it_.run(std::string(UPCALL_DEPLOY_DIR) + "/hooks/" + hook, {}, {{"PATH", UPCALL_BIN_DIR ":/usr/bin:/bin"}, {"UPCALL_DATA_DIR", it_.data_dir()}});
    EXPECT_EQ(ran.exit, 0) << ran.text();
    EXPECT_TRUE(shown(second)) << hook;
  }
}

TEST_F(Tls, APairThatCannotBeUsedIsRefusedAndTheOldOneStays) {
  const auto first = made();
  const WallTime now = system_now().wall;
  put(first);
  start();
  const auto refuse = [&](const net::TlsIdentity& pair, const std::string& what) {
    put(pair);
    const Ran ran = reload();
    EXPECT_EQ(ran.exit, 1) << what;
    EXPECT_THAT(ran.err, HasSubstr(what));
    EXPECT_THAT(ran.err, HasSubstr("the certificate in use stays"));
    EXPECT_TRUE(shown(first)) << what;
    const auto ready = it_.send("GET", "/readyz");
    EXPECT_EQ(ready.status, 503);
    EXPECT_THAT(ready.body, HasSubstr("the new TLS certificate is not taken"));
    EXPECT_EQ(it_.metric("upcall_tls_certificate_refused"), 1);
  };
  refuse({first.certificate_pem, made().private_key_pem}, "does not belong to the certificate");
  refuse(made(now - Duration::s(100 * kDay)), "expired on ");
  refuse(made(now + Duration::s(kDay)), "is not valid before ");
  refuse({first.certificate_pem.substr(0, 200), first.private_key_pem}, "no PEM certificate");
  refuse({first.certificate_pem, first.private_key_pem.substr(0, 60)}, "no usable PEM private key");
  put(first);
  EXPECT_EQ(reload().exit, 0);
  EXPECT_EQ(it_.send("GET", "/readyz").status, 200);
  EXPECT_EQ(it_.metric("upcall_tls_certificate_refused"), 0);
}

TEST_F(Tls, ABadCertificateAtTheStartIsASentence) {
  const WallTime now = system_now().wall;
  const auto good = made();
  EXPECT_THAT(refused_start({}), HasSubstr("there is no TLS file"));
  put({"certificate", good.private_key_pem});
  EXPECT_THAT(refused_start({}), HasSubstr("no PEM certificate in " + cert()));
  put({good.certificate_pem, made().private_key_pem});
  EXPECT_THAT(refused_start({}), HasSubstr("give the two of one order"));
  put(made(now - Duration::s(100 * kDay)));
  EXPECT_THAT(refused_start({}), HasSubstr("renew it"));
  put(good);
  EXPECT_THAT(refused_start({"--public-url", "https://calls.example.com"}), HasSubstr("does not stand for calls.example.com"));
  EXPECT_FALSE(std::filesystem::exists(it_.dir() + "/other/objects")) << "nothing was begun";
  if (::geteuid() != 0) {
    ::chmod(key().c_str(), 0000);
    EXPECT_THAT(refused_start({}), HasSubstr("let the user that runs the server read it"));
  }
}

TEST_F(Tls, WithoutTlsThereIsNothingToReload) {
  it_.start();
  const Ran ran = reload();
  EXPECT_EQ(ran.exit, 1);
  EXPECT_THAT(ran.err, HasSubstr("start it with --tls-cert"));
  EXPECT_EQ(it_.stop(), 0);
  EXPECT_THAT(reload().err, HasSubstr("no server runs"));
}

}  // namespace
}  // namespace upcall::operations
