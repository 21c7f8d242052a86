#include "server/serve/tls_reload.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdlib.h>

#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>

#include "io/clock/system_clock.hpp"

namespace upcall::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::int64_t kDay = 86'400;

// Files, a clock that the test moves, and what was shown to clients.
class TlsReloadTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "upcall-reload-XXXXXX").string();
    dir_ = ::mkdtemp(pattern.data());
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }
  TlsReloadOptions options(bool self_signed) {
    TlsReloadOptions out;
    if (!self_signed) {
      out.certificate_file = dir_ + "/cert.pem";
      out.key_file = dir_ + "/key.pem";
    }
    out.data_dir = dir_;
    out.own_names = {"localhost"};
    out.now = [this] { return WallTime::from_unix_ms(now_ms_.load()); };
    out.every = Duration::ms(5);
    return out;
  }
  void put(const net::TlsIdentity& identity) {
    std::ofstream(dir_ + "/key.pem") << identity.private_key_pem;
    std::ofstream(dir_ + "/cert.pem") << identity.certificate_pem;
  }
  net::TlsIdentity made(int days = 90) { return net::make_self_signed({"localhost"}, WallTime::from_unix_ms(now_ms_), days).value(); }
  TlsReload::Apply apply() {
    return [this](const net::TlsIdentity& identity) -> Result<void> {
      const std::lock_guard lock(mutex_);
      shown_ = identity.certificate_pem;
      changed_.notify_all();
      return {};
    };
  }
  bool comes_to_show(const std::function<bool(const std::string&)>& wanted) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return wanted(shown_); });
  }
  std::string dir_;
  std::atomic<std::int64_t> now_ms_{1'800'000'000'000};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string shown_;
};

TEST_F(TlsReloadTest, ChangedFilesAreTakenUpWithoutBeingAsked) {
  put(made());
  TlsReload reload(options(false));
  ASSERT_TRUE(reload.load());
  reload.start(apply());
  const auto second = made();
  put(second);
  EXPECT_TRUE(comes_to_show([&](const std::string& pem) { return pem == second.certificate_pem; }));
}

TEST_F(TlsReloadTest, APairThatIsStillBeingWrittenIsTakenOnceItIsWhole) {
  const auto first = made(), second = made();
  put(first);
  TlsReload reload(options(false));
  ASSERT_TRUE(reload.load());
  std::ofstream(dir_ + "/key.pem") << second.private_key_pem;
  EXPECT_FALSE(reload.reload()) << "the key of one, the certificate of another";
  EXPECT_TRUE(reload.refused());
  EXPECT_THAT(reload.problems(), ElementsAre(HasSubstr("does not belong")));
  reload.start(apply());
  std::ofstream(dir_ + "/cert.pem") << second.certificate_pem;
  EXPECT_TRUE(comes_to_show([&](const std::string& pem) { return pem == second.certificate_pem; }));
  EXPECT_TRUE(reload.reload());
  EXPECT_THAT(reload.problems(), IsEmpty());
}

TEST_F(TlsReloadTest, TheSelfSignedOneIsMadeAnewBeforeItEnds) {
  TlsReload reload(options(true));
  const auto first = reload.load();
  ASSERT_TRUE(first);
  reload.start(apply());
  now_ms_ += 391 * kDay * 1000;
  EXPECT_TRUE(comes_to_show([&](const std::string& pem) { return !pem.empty() && pem != first->certificate_pem; }));
  // What is known of it follows what is shown.
  for (const Instant end = system_now().mono + Duration::s(20); !reload.problems().empty() && system_now().mono < end;) std::this_thread::yield();
  EXPECT_THAT(reload.problems(), IsEmpty());
  const std::lock_guard lock(mutex_);
  EXPECT_TRUE(net::check_certificate(shown_, "f", "localhost", WallTime::from_unix_ms(now_ms_)));
}

TEST_F(TlsReloadTest, AnEndThatIsNearIsAProblem) {
  put(made(30));
  TlsReload reload(options(false));
  ASSERT_TRUE(reload.load());
  EXPECT_THAT(reload.problems(), IsEmpty());
  now_ms_ += 25 * kDay * 1000;
  EXPECT_THAT(reload.problems(), ElementsAre(HasSubstr("expires on 2027-02-1")));
  now_ms_ += 10 * kDay * 1000;
  EXPECT_THAT(reload.problems(), ElementsAre(HasSubstr("has expired")));
}

TEST_F(TlsReloadTest, TheHostOfThePublicUrlMustBeInIt) {
  put(net::make_self_signed({"*.example.com", "192.0.2.7"}, WallTime::from_unix_ms(now_ms_), 90).value());
  const auto with = [&](const std::string& url) {
    TlsReloadOptions o = options(false);
    o.public_url = url;
    TlsReload reload(std::move(o));
    const auto loaded = reload.load();
    return loaded ? std::string() : loaded.error().message;
  };
  EXPECT_EQ(with("https://calls.example.com"), "");
  EXPECT_EQ(with("https://192.0.2.7:8443"), "");
  EXPECT_THAT(with("https://calls.example.org"), HasSubstr("but for *.example.com, 192.0.2.7"));
  EXPECT_THAT(with("https://192.0.2.8"), HasSubstr("does not stand for 192.0.2.8"));
}

}  // namespace
}  // namespace upcall::server
