// Mails as they are written, put into a folder, and given to an SMTP server (a small one here, on the loopback).
#include "io/mail/mailer.hpp"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "base/bytes.hpp"

namespace upcall::mail {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const WallTime kNow = WallTime::from_unix_ms(1'800'000'000'000);

TEST(Mail, IsComposedAsMailProgramsReadIt) {
  const auto text = compose({"ann@example.com", "Grüße", "Zeile eins\nund zwei: ä\n"}, "upcall@example.org", "id-1", kNow);
  ASSERT_TRUE(text);
  EXPECT_THAT(*text, HasSubstr("Date: Fri, 15 Jan 2027 08:00:00 +0000\r\n"));
  EXPECT_THAT(*text, HasSubstr("From: <upcall@example.org>\r\nTo: <ann@example.com>\r\n"));
  EXPECT_THAT(*text, HasSubstr("Subject: =?UTF-8?B?" + to_base64(as_bytes(std::string_view("Grüße"))) + "?=\r\n"));
  EXPECT_THAT(*text, HasSubstr("Message-ID: <id-1@example.org>\r\n"));
  const std::string body = text->substr(text->find("\r\n\r\n") + 4);
  EXPECT_EQ(body, to_base64(as_bytes(std::string_view("Zeile eins\r\nund zwei: ä\r\n"))) + "\r\n");
  for (std::size_t at = 0, end; (end = text->find("\r\n", at)) != std::string::npos; at = end + 2) EXPECT_LE(end - at, 998u);
}

// What a stranger has typed as an address must not become another header, or another recipient.
TEST(Mail, NothingBreaksTheHeader) {
  for (const char* to : {"", "ann", "@x", "x@", "a@b@c", "a b@c", "a@b\r\nBcc: x@y", "a@b,c@d", "<a@b>", "a@b>", "\"a\"@b"}) EXPECT_FALSE(compose({to, "s", "t"}, "u@v", "i", kNow)) << to;
  for (const char* subject : {"", "a\nBcc: x@y", "a\rb"}) EXPECT_FALSE(compose({"a@b", subject, "t"}, "u@v", "i", kNow)) << subject;
  EXPECT_FALSE(compose({"a@b", "s", "t"}, "u@v\nx", "i", kNow));
  EXPECT_FALSE(compose({std::string(300, 'a') + "@b", "s", "t"}, "u@v", "i", kNow));
}

TEST(Mail, IsAFileThatOnlyTheOwnerReads) {
  std::string pattern = (std::filesystem::temp_directory_path() / "upcall-mail-XXXXXX").string();
  const std::string dir = ::mkdtemp(pattern.data());
  const MailSettings settings{.folder = dir + "/mail", .from = "u@v.example"};
  ASSERT_TRUE(send(settings, {"a@b.example", "s", "t"}, "one", kNow));
  ASSERT_TRUE(send(settings, {"a@b.example", "s", "t"}, "two", kNow));
  EXPECT_FALSE(send(settings, {"a@b.example", "s", "t"}, "two", kNow)) << "no mail replaces another";
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(settings.folder)) {
    struct stat info {};
    ASSERT_EQ(::stat(entry.path().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777u, 0600u);
    ++count;
  }
  EXPECT_EQ(count, 2);
  std::filesystem::remove_all(dir);
}

// Speaks SMTP to one client; `refuse`: says no to the recipient.
class SmallServer {
 public:
  explicit SmallServer(bool refuse) : refuse_(refuse), listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof name;
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&name), sizeof name), 0);
    EXPECT_EQ(::listen(listener_, 1), 0);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&name), &size);
    port = ntohs(name.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~SmallServer() { finish(); }
  void finish() {
    if (!thread_.joinable()) return;
    thread_.join();
    ::close(listener_);
  }
  std::uint16_t port = 0;
  std::vector<std::string> commands;
  std::string message;

 private:
  void serve() {
    const int client = ::accept(listener_, nullptr, nullptr);
    std::string buffer;
    bool data = false;
    say(client, "220 small\r\n");
    char piece[4096];
    for (ssize_t n; (n = ::read(client, piece, sizeof piece)) > 0;) {
      buffer.append(piece, static_cast<std::size_t>(n));
      for (std::size_t end; (end = buffer.find("\r\n")) != std::string::npos;) {
        const std::string line = buffer.substr(0, end);
        buffer.erase(0, end + 2);
        if (data) {
          if (line == ".") {
            data = false;
            say(client, "250 taken\r\n");
          } else {
            message += line + "\n";
          }
          continue;
        }
        commands.push_back(line);
        if (line.starts_with("EHLO")) say(client, "250-small\r\n250 AUTH PLAIN\r\n");
        else if (line.starts_with("AUTH")) say(client, line.size() > 11 ? "235 fine\r\n" : "334 \r\n");
        else if (line.starts_with("RCPT") && refuse_) say(client, "550 nobody here\r\n");
        else if (line == "DATA") say(client, "354 go\r\n"), data = true;
        else if (line == "QUIT") say(client, "221 bye\r\n");
        else say(client, line.find('@') == std::string::npos && !line.starts_with("MAIL") && !line.starts_with("RCPT") ? "235 fine\r\n" : "250 fine\r\n");
      }
    }
    ::close(client);
  }
  static void say(int client, std::string_view text) { EXPECT_EQ(::write(client, text.data(), text.size()), static_cast<ssize_t>(text.size())); }

  const bool refuse_;
  const int listener_;
  std::thread thread_;
};

MailSettings to(const SmallServer& server) {
  return {.smtp = true, .url = "smtp://127.0.0.1:" + std::to_string(server.port), .username = "user", .password = "secret", .from = "u@v.example"};
}

TEST(Mail, GoesToTheServerWithItsLogIn) {
  SmallServer server(false);
  ASSERT_TRUE(send(to(server), {"a@b.example", "subject", "text"}, "one", kNow));
  server.finish();
  EXPECT_EQ(server.message, [] {
    std::string text = *compose({"a@b.example", "subject", "text"}, "u@v.example", "one", kNow);
    std::erase(text, '\r');
    return text;
  }());
  std::string all;
  for (const std::string& command : server.commands) all += command + "\n";
  EXPECT_THAT(all, HasSubstr("MAIL FROM:<u@v.example>"));
  EXPECT_THAT(all, HasSubstr("RCPT TO:<a@b.example>\nDATA\n"));
  EXPECT_THAT(all, HasSubstr(to_base64(as_bytes(std::string_view("\0user\0secret", 12)))));
}

TEST(Mail, ReachingLogsInAndSendsNothing) {
  std::optional<MailSettings> away;
  {
    SmallServer server(false);
    away = to(server);
    EXPECT_TRUE(reach(*away));
    server.finish();
    EXPECT_TRUE(server.message.empty());
    std::string all;
    for (const std::string& command : server.commands) all += command + "\n";
    EXPECT_THAT(all, HasSubstr(to_base64(as_bytes(std::string_view("\0user\0secret", 12)))));
    EXPECT_EQ(all.find("MAIL FROM"), std::string::npos);
  }
  const auto refused = reach(*away);
  ASSERT_FALSE(refused) << "it is gone";
  EXPECT_THAT(refused.error().message, HasSubstr("cannot be used"));
}

TEST(Mail, ARefusalAndAServerThatIsAwayAreErrors) {
  SmallServer server(true);
  const auto refused = send(to(server), {"a@b.example", "subject", "text"}, "one", kNow);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
  EXPECT_EQ(refused.error().message.find("secret"), std::string::npos);
  EXPECT_EQ(refused.error().message.find("b.example"), std::string::npos) << "no address in a text that may be logged";
  server.finish();
  EXPECT_TRUE(server.message.empty());
  EXPECT_FALSE(send(to(server), {"a@b.example", "subject", "text"}, "two", kNow)) << "it is gone";
}

}  // namespace
}  // namespace upcall::mail
