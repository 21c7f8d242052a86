// upcall doctor: each fault is made for real, and the sentence about it is seen; a healthy server has none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <thread>

#include "crypto/random.hpp"
#include "installation.hpp"
#include "io/clock/system_clock.hpp"
#include "io/net/http_server.hpp"
#include "io/net/tls_identity.hpp"
#include "io/store/database.hpp"
#include "io/store/parameter_repository.hpp"

namespace upcall::operations {
namespace {

using ::testing::HasSubstr;

namespace fs = std::filesystem;

// A port that somebody else has.
class Squatter {
 public:
  explicit Squatter(int type) : fd_(::socket(AF_INET, type | SOCK_CLOEXEC, 0)) {
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof name;
    if (::bind(fd_, reinterpret_cast<sockaddr*>(&name), sizeof name) != 0 || (type == SOCK_STREAM && ::listen(fd_, 1) != 0) ||
        ::getsockname(fd_, reinterpret_cast<sockaddr*>(&name), &size) != 0) {
      throw std::runtime_error("no port");
    }
    port_ = ntohs(name.sin_port);
  }
  ~Squatter() { ::close(fd_); }
  std::string port() const { return std::to_string(port_); }

 private:
  int fd_;
  std::uint16_t port_ = 0;
};

// A store with a clock of 2020.
class Late {
 public:
  Late() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof name;
    if (::bind(fd_, reinterpret_cast<sockaddr*>(&name), sizeof name) != 0 || ::listen(fd_, 16) != 0 || ::getsockname(fd_, reinterpret_cast<sockaddr*>(&name), &size) != 0) {
      throw std::runtime_error("no port");
    }
    url_ = "http://127.0.0.1:" + std::to_string(ntohs(name.sin_port));
    thread_ = std::thread([this] {
      for (int peer; (peer = ::accept(fd_, nullptr, nullptr)) >= 0; ::close(peer)) {
        char request[4096];
        const std::string answer = "HTTP/1.1 403 Forbidden\r\nDate: Wed, 01 Jan 2020 00:00:00 GMT\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        if (::recv(peer, request, sizeof request, 0) <= 0 || ::send(peer, answer.data(), answer.size(), MSG_NOSIGNAL) < 0) continue;
        ::shutdown(peer, SHUT_WR);
        while (::recv(peer, request, sizeof request, 0) > 0) continue;
      }
    });
  }
  ~Late() {
    ::shutdown(fd_, SHUT_RDWR);
    thread_.join();
    ::close(fd_);
  }
  const std::string& url() const { return url_; }

 private:
  int fd_;
  std::string url_;
  std::thread thread_;
};

class Doctor : public ::testing::Test {
 protected:
  // As in a sound installation: an address that browsers use, an agent.
  void start(std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{"--log-file", it_.dir() + "/server.log"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    it_.start(std::move(arguments), "203.0.113.7=127.0.0.1");
    it_.log_in_new("ann@example.com", "Agent");
  }
  Ran look(std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{"doctor", "--data-dir", it_.data_dir(), "--json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return it_.upcall(std::move(arguments));
  }
  // Of a server that does not run, started with these.
  Ran look_at_rest(std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"--media-address", "203.0.113.7=127.0.0.1", "--media-port", std::to_string(it_.media_port())});
    return look(std::move(more));
  }
  static std::string verdict(const Ran& ran, const std::string& check) {
    const bj::object answer = ran.json();
    for (const bj::value& f : answer.at("findings").as_array()) {
      if (json::text_at(f.as_object(), "check") == check && json::text_at(f.as_object(), "verdict") != "well") return json::text_or(f.as_object(), "verdict");
    }
    return "well";
  }
  // The fault of this check: what, why, advice. Fails unless there is one, with all three and exit status 1.
  static std::string fault(const Ran& ran, const std::string& check) {
    EXPECT_EQ(ran.exit, 1) << ran.text();
    const bj::object answer = ran.json();
    for (const bj::value& f : answer.at("findings").as_array()) {
      const bj::object& o = f.as_object();
      if (json::text_at(o, "check") != check || json::text_at(o, "verdict") != "fault") continue;
      EXPECT_FALSE(json::text_or(o, "why").empty() || json::text_or(o, "advice").empty()) << bj::serialize(o);
      return json::text_or(o, "what") + " | " + json::text_or(o, "advice");
    }
    ADD_FAILURE() << "no fault about " << check << ": " << ran.text();
    return {};
  }
  void configure(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"configure", "--data-dir", it_.data_dir()});
    const Ran ran = it_.upcall(std::move(arguments));
    ASSERT_EQ(ran.exit, 0) << ran.text();
  }
  std::string script(const std::string& name, const std::string& body) {
    const std::string file = it_.dir() + "/" + name;
    write_text(file, "#!/bin/sh\n" + body + "\n");
    fs::permissions(file, fs::perms::owner_all);
    return file;
  }
  Installation it_;
};

TEST_F(Doctor, AHealthyServerHasNoFaultRunningOrNot) {
  start();
  const Ran running = look();
  EXPECT_EQ(running.exit, 0) << running.text();
  EXPECT_TRUE(running.json().at("healthy").as_bool());
  EXPECT_TRUE(running.json().at("running").as_bool());
  const Ran plain = it_.upcall({"doctor", "--data-dir", it_.data_dir()});
  EXPECT_THAT(plain.out, HasSubstr("All is well."));
  EXPECT_EQ(it_.stop(), 0);
  const Ran at_rest = look_at_rest({"--listen", "127.0.0.1:" + std::to_string(it_.port())});
  EXPECT_EQ(at_rest.exit, 0) << at_rest.text();
  EXPECT_FALSE(at_rest.json().at("running").as_bool());
  // The same out of the file of the packages.
  const std::string config = it_.dir() + "/upcall.conf";
  write_text(config, "listen=\"127.0.0.1:" + std::to_string(it_.port()) + "\"\nmedia-address=\"203.0.113.7=127.0.0.1\"\nmedia-port=" + std::to_string(it_.media_port()) + "\n");
  EXPECT_EQ(look({"--config", config}).exit, 0);
  for (const auto& entry : fs::recursive_directory_iterator(it_.data_dir())) EXPECT_EQ(entry.path().filename().string().find("doctor"), std::string::npos) << entry.path();
}

TEST_F(Doctor, PortsThatOthersHave) {
  start();
  EXPECT_EQ(it_.stop(), 0);
  const Squatter tcp(SOCK_STREAM), udp(SOCK_DGRAM);
  EXPECT_THAT(fault(look_at_rest({"--listen", "127.0.0.1:" + tcp.port()}), "port"), HasSubstr("another program has port " + tcp.port()));
  EXPECT_THAT(fault(look_at_rest({"--listen", "203.0.113.7:8080"}), "port"), HasSubstr("correct --listen"));
  EXPECT_THAT(fault(look({"--media-address", "203.0.113.7=127.0.0.1", "--media-port", udp.port()}), "media port"), HasSubstr("choose another port with --media-port"));
  EXPECT_THAT(fault(look({"--media-address", "203.0.113.7"}), "media port"), HasSubstr("ADVERTISED=BIND"));
  // And serve itself says so, and leaves the data directory as it was.
  for (const auto& [flag, value, sentence] : {std::tuple<std::string, std::string, std::string>{"--listen", "127.0.0.1:" + tcp.port(), "choose another port with --listen"},
                                              {"--media-port", udp.port(), "choose another with --media-port"}}) {
    std::vector<std::string> arguments{"serve", "--data-dir", it_.data_dir(), "--media-address", "127.0.0.1", flag, value};
    if (flag != "--listen") arguments.insert(arguments.end(), {"--listen", "127.0.0.1:0"});
    if (flag != "--media-port") arguments.insert(arguments.end(), {"--media-port", std::to_string(it_.media_port())});
    const Ran refused = it_.upcall(arguments);
    EXPECT_EQ(refused.exit, 1);
    EXPECT_THAT(refused.err, HasSubstr(sentence));
  }
  it_.start({"--log-file", it_.dir() + "/server.log"});
  EXPECT_EQ(it_.send("GET", "/readyz").status, 200);
}

TEST_F(Doctor, ServerThatDoesNotAnswer) {
  start();
  it_.signal(SIGSTOP);
  // The socket of administration is there, and nobody behind it: as long as a person would wait.
  const Ran ran = look();
  it_.signal(SIGCONT);
  EXPECT_THAT(fault(ran, "server"), HasSubstr("does not answer"));
}

TEST_F(Doctor, AddressesThatBrowsersDoNotUse) {
  it_.start({"--log-file", it_.dir() + "/server.log"});
  EXPECT_THAT(fault(look(), "addresses for browsers"), HasSubstr("media is offered on 127.0.0.1 only"));
  EXPECT_THAT(fault(look(), "people"), HasSubstr("there is no agent"));
  EXPECT_EQ(it_.stop(), 0);
  const Ran private_only = look({"--media-address", "10.1.2.3=127.0.0.1", "--media-port", std::to_string(it_.media_port()), "--public-url", "https://8.8.8.8"});
  EXPECT_THAT(fault(private_only, "addresses for browsers"), HasSubstr("--media-address PUBLIC=PRIVATE"));
}

TEST_F(Doctor, NoTlsAndCertificatesThatAreNotWell) {
  start();
  EXPECT_EQ(it_.stop(), 0);
  const std::string cert = it_.dir() + "/cert.pem", key = it_.dir() + "/key.pem", listen = "0.0.0.0:" + std::to_string(it_.port());
  EXPECT_THAT(fault(look_at_rest({"--listen", listen}), "certificate"), HasSubstr("without TLS"));
  const auto with = [&](const net::TlsIdentity& pair, const std::string& url = "") {
    write_text(cert, pair.certificate_pem);
    write_text(key, pair.private_key_pem);
    std::vector<std::string> arguments{"--listen", listen, "--tls-cert", cert, "--tls-key", key};
    if (!url.empty()) arguments.insert(arguments.end(), {"--public-url", url});
    return look_at_rest(std::move(arguments));
  };
  const WallTime now = system_now().wall;
  const auto made = [&](WallTime from, int days) { return net::make_self_signed({"calls.example.com"}, from, days).value(); };
  EXPECT_EQ(verdict(with(made(now, 90)), "certificate"), "well");
  EXPECT_THAT(fault(with(made(now, 10)), "certificate"), HasSubstr("expires on"));
  EXPECT_THAT(fault(with(made(now - Duration::s(100 * 86'400), 90)), "certificate"), HasSubstr("expired on"));
  EXPECT_THAT(fault(with({made(now, 90).certificate_pem, made(now, 90).private_key_pem}), "certificate"), HasSubstr("does not belong"));
  EXPECT_THAT(fault(with({"no", "no"}), "certificate"), HasSubstr("no PEM certificate"));
  EXPECT_THAT(fault(with(made(now, 90), "https://other.example.com"), "certificate"), HasSubstr("does not stand for other.example.com"));
}

TEST_F(Doctor, PublicAddressThatLeadsElsewhere) {
  start();
  EXPECT_EQ(look({"--url", it_.url() + "/"}).exit, 0);
  EXPECT_THAT(fault(look({"--url", "http://127.0.0.1:" + std::to_string(free_port(SOCK_STREAM))}), "public address"), HasSubstr("does not answer"));
  Installation other;
  other.start({"--log-file", other.dir() + "/server.log"});
  EXPECT_THAT(fault(look({"--url", other.url()}), "public address"), HasSubstr("is another server"));
  EXPECT_EQ(other.stop(), 0);
  other.start({"--log-file", other.dir() + "/server.log", "--tls", "self-signed"});
  EXPECT_THAT(fault(look({"--url", other.url()}), "public address"), HasSubstr("not trusted here"));
}

TEST_F(Doctor, TooLittleDisk) {
  start({"--spool-limit-mib", "99999999"});
  EXPECT_THAT(fault(look(), "disk"), HasSubstr("lower --spool-limit-mib"));
}

TEST_F(Doctor, RecorderThatIsMissingOrBroken) {
  start();
  EXPECT_EQ(it_.stop(), 0);
  EXPECT_THAT(fault(look_at_rest({"--recorder", it_.dir() + "/nowhere"}), "recorder"), HasSubstr("apt install upcall-recorder"));
  // As the loader ends a program one of whose libraries is gone.
  const std::string broken = script("recorder", "echo \"$0: error while loading shared libraries: libx264.so.164\" >&2; exit 127");
  EXPECT_THAT(fault(look_at_rest({"--recorder", broken}), "recorder"), HasSubstr("libx264.so.164"));
}

TEST_F(Doctor, RightsOfTheDirectoryAndItsKey) {
  start();
  ASSERT_EQ(::chmod((it_.data_dir() + "/master.key").c_str(), 0644), 0);
  EXPECT_THAT(fault(look(), "master key"), HasSubstr("chmod 600"));
  ASSERT_EQ(::chmod((it_.data_dir() + "/master.key").c_str(), 0600), 0);
  ASSERT_EQ(::chmod(it_.data_dir().c_str(), 0755), 0);
  EXPECT_THAT(fault(look(), "data directory"), HasSubstr("chmod 700"));
  ASSERT_EQ(::chmod(it_.data_dir().c_str(), 0700), 0);
  EXPECT_EQ(it_.stop(), 0);
  const std::string key = read_text(it_.data_dir() + "/master.key");
  write_text(it_.data_dir() + "/master.key", std::string(32, 'x'));
  EXPECT_THAT(fault(look_at_rest(), "master key"), HasSubstr("is sealed under"));
  fs::remove(it_.data_dir() + "/master.key");
  EXPECT_THAT(fault(look_at_rest(), "master key"), HasSubstr("there is no master key file"));
  const Ran nowhere = it_.upcall({"doctor", "--data-dir", it_.dir() + "/nowhere", "--json"});
  EXPECT_THAT(fault(nowhere, "data directory"), HasSubstr("there is no directory"));
  if (::geteuid() == 0) {
    ASSERT_EQ(::chown(it_.data_dir().c_str(), 65534, 65534), 0);
    EXPECT_THAT(fault(look_at_rest(), "data directory"), HasSubstr("sudo -u upcall"));
    ASSERT_EQ(::chown(it_.data_dir().c_str(), 0, 0), 0);
  } else {
    ASSERT_EQ(::chmod(it_.data_dir().c_str(), 0500), 0);
    EXPECT_THAT(fault(look_at_rest(), "data directory"), HasSubstr("cannot be written"));
    ASSERT_EQ(::chmod(it_.data_dir().c_str(), 0700), 0);
  }
}

TEST_F(Doctor, TooFewDescriptors) {
  start();
  EXPECT_EQ(it_.stop(), 0);
  const std::string poor = script("poor", "ulimit -n 256; exec " + Installation::bin("upcall") + " \"$@\"");
  const Ran ran = it_.run(poor, {"doctor", "--data-dir", it_.data_dir(), "--json", "--media-address", "203.0.113.7=127.0.0.1"});
  EXPECT_THAT(fault(ran, "descriptors"), HasSubstr("at most 256 files"));
}

TEST_F(Doctor, NoFlowToStartWith) {
  start();
  EXPECT_EQ(it_.stop(), 0);
  {
    // By hand: commands refuse it.
    auto db = store::Database::open(it_.data_dir() + "/upcall.db", store::Database::Mode::read_write);
    ASSERT_TRUE(db);
    ASSERT_TRUE(store::parameters::set(**db, "connectDefaultContactFlowId", "00000000-0000-4000-8000-000000000000"));
  }
  EXPECT_THAT(fault(look_at_rest(), "contact flow"), HasSubstr("upcall flow import"));
}

TEST_F(Doctor, ParametersThatCannotBeTogether) {
  start();
  EXPECT_EQ(verdict(look(), "parameters"), "well");
  configure({"--cognito-saml-enabled", "--cognito-saml-identity-provider-url=https://idp.example/saml/metadata"});
  EXPECT_EQ(verdict(look(), "parameters"), "note") << "nobody can log in there yet";
  EXPECT_EQ(it_.stop(), 0);
  const auto set = [this](const char* name, const char* value) {
    auto db = store::Database::open(it_.data_dir() + "/upcall.db", store::Database::Mode::read_write);
    ASSERT_TRUE(db);
    ASSERT_TRUE(store::parameters::set(**db, name, value));
  };
  set("minCapacity", "900");
  EXPECT_THAT(fault(look_at_rest(), "parameters"), HasSubstr("minCapacity must not be above maxCapacity"));
  set("minCapacity", "1");
  set("federationClientSecret", "00ff");
  EXPECT_THAT(fault(look_at_rest(), "parameters"), HasSubstr("--federation-client-secret=-"));
}

TEST_F(Doctor, MailThatIsNotTaken) {
  start();
  configure({"--mail-method=smtp", "--smtp-url=smtp://127.0.0.1:" + std::to_string(free_port(SOCK_STREAM)), "--mail-from=upcall@example.com"});
  EXPECT_THAT(fault(look(), "mail"), HasSubstr("the mail server cannot be used"));
}

// A store that refuses what it is asked, and whose clock is another.
TEST_F(Doctor, ObjectStoreThatIsAwayOrRefuses) {
  start();
  const auto use = [&](const std::string& endpoint) {
    write_text(it_.dir() + "/secret", "secret\n");
    configure({"--recording-object-store=s3", "--recording-s3-endpoint=" + endpoint, "--recording-s3-bucket=calls", "--recording-s3-access-key-id=ID", "--recording-s3-secret-access-key=secretsecret"});
  };
  use("http://127.0.0.1:" + std::to_string(free_port(SOCK_STREAM)));
  EXPECT_THAT(fault(look(), "object store"), HasSubstr("the bucket calls"));
  wire::Router router;
  const auto refuse = [](const wire::HttpRequest&) {
    wire::HttpResponse out;
    out.status = 403;
    out.set("content-type", "application/xml");
    out.body = "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>";
    return out;
  };
  for (const char* method : {"GET", "PUT", "POST", "DELETE", "HEAD"}) {
    router.add(method, "/", refuse);
    router.add(method, "/calls", refuse);
    router.add(method, "/calls/{rest...}", refuse);
  }
  crypto::SystemRandom random;
  auto store = net::HttpServer::start({}, router, random);
  ASSERT_TRUE(store) << store.error().message;
  use((*store)->url());
  const Ran refused = look();
  EXPECT_THAT(fault(refused, "object store"), HasSubstr("access key may not do this"));
  const Late late;
  use(late.url());
  EXPECT_THAT(fault(look(), "clock"), HasSubstr("ahead of the object store"));
  // Films wait, and the server goes on.
  EXPECT_EQ(it_.send("GET", "/healthz").status, 200);
}

}  // namespace
}  // namespace upcall::operations
