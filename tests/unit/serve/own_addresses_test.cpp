// What addresses the server gives itself, and the certificate that stands for them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <ctime>
#include <filesystem>
#include <fstream>

#include "crypto/random.hpp"
#include "io/net/http_client.hpp"
#include "io/net/http_server.hpp"
#include "server/serve/own_addresses.hpp"
#include "server/serve/self_signed.hpp"

namespace upcall::server {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;

TEST(OwnAddresses, OfOneAddressAreItAndItsName) {
  EXPECT_THAT(reachable_names("127.0.0.1"), ElementsAre("127.0.0.1", "localhost"));
  EXPECT_THAT(reachable_names("192.0.2.7"), ElementsAre("192.0.2.7"));
  EXPECT_THAT(own_origins(true, "2001:db8::7", 8443), ElementsAre("https://[2001:db8::7]:8443"));
  EXPECT_THAT(own_origins(false, "127.0.0.1", 8080), ElementsAre("http://127.0.0.1:8080", "http://localhost:8080"));
}

TEST(OwnAddresses, AWildcardMeansEveryAddressOfTheHost) {
  EXPECT_TRUE(is_wildcard("0.0.0.0"));
  EXPECT_TRUE(is_wildcard("::"));
  EXPECT_FALSE(is_wildcard("127.0.0.1"));
  const auto names = reachable_names("0.0.0.0");
  EXPECT_THAT(names, Contains("127.0.0.1"));
  EXPECT_EQ(names.back(), "localhost");
  for (const std::string& name : names) EXPECT_NE(name, "0.0.0.0") << "nobody can be reached there";
}

class SelfSigned : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "upcall-tls-XXXXXX").string();
    dir_ = ::mkdtemp(pattern.data());
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }
  net::TlsIdentity make(std::vector<std::string> names, WallTime now) {
    auto made = self_signed_identity(dir_, std::move(names), now);
    EXPECT_TRUE(made) << made.error().message;
    return made ? *made : net::TlsIdentity{};
  }
  std::string dir_;
  const WallTime now_ = WallTime::from_unix_ms(1'800'000'000'000);
};

TEST_F(SelfSigned, StaysTheSameWhileItServes) {
  const auto first = make({"127.0.0.1", "localhost"}, now_);
  EXPECT_EQ(make({"127.0.0.1", "localhost"}, now_ + Duration::s(300 * 86'400)).certificate_pem, first.certificate_pem);
  EXPECT_EQ(make({"localhost"}, now_).private_key_pem, first.private_key_pem) << "fewer names are no reason";
  EXPECT_NE(make({"127.0.0.1", "localhost"}, now_ + Duration::s(395 * 86'400)).certificate_pem, first.certificate_pem) << "before it ends";
  for (const auto& file : std::filesystem::directory_iterator(dir_ + "/tls")) {
    EXPECT_EQ(file.status().permissions() & std::filesystem::perms::all, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write) << file.path();
  }
}

TEST_F(SelfSigned, ANewAddressIsAddedAndOldOnesStay) {
  const auto first = make({"127.0.0.1"}, now_);
  const auto second = make({"192.0.2.7"}, now_);
  EXPECT_NE(second.certificate_pem, first.certificate_pem);
  EXPECT_EQ(make({"127.0.0.1"}, now_).certificate_pem, second.certificate_pem) << "back in the old network";
}

TEST_F(SelfSigned, HalfWrittenFilesAreMadeAnew) {
  const auto first = make({"localhost"}, now_);
  std::ofstream(dir_ + "/tls/self-signed.key") << "no key";
  const auto second = make({"localhost"}, now_);
  EXPECT_NE(second.certificate_pem, first.certificate_pem);
  std::ofstream(dir_ + "/tls/self-signed.names") << "gibberish";
  EXPECT_NE(make({"localhost"}, now_).certificate_pem, second.certificate_pem);
}

TEST_F(SelfSigned, ClientsThatTrustItReachEveryName) {
  crypto::SystemRandom random;
  wire::Router router;
  router.add("GET", "/healthz", [](const wire::HttpRequest&) { return wire::HttpResponse{}; });
  net::HttpServerOptions options;
  options.tls = make({"127.0.0.1", "localhost"}, WallTime::from_unix_ms(std::time(nullptr) * 1000));
  net::HttpClientOptions trusting;
  trusting.ca_pem = options.tls->certificate_pem;
  auto server = net::HttpServer::start(std::move(options), router, random);
  ASSERT_TRUE(server) << server.error().message;
  net::HttpClient client(trusting);
  const std::string port = ":" + std::to_string((*server)->port()) + "/healthz";
  for (const char* name : {"127.0.0.1", "localhost"}) {
    auto answer = client.get("https://" + std::string(name) + port);
    ASSERT_TRUE(answer) << name << ": " << answer.error().message;
    EXPECT_EQ(answer->status, 200);
  }
}

}  // namespace
}  // namespace upcall::server
