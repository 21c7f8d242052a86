// Answers that no route makes, or that a socket's route makes instead of an upgrade: as well dressed as all others.
#include <gtest/gtest.h>

#include <map>

#include "../net/raw_socket.hpp"
#include "edge_server.hpp"

namespace upcall::edges {
namespace {

using test::RawSocket;

std::map<std::string, std::string> headers_of(const std::string& response) {
  std::map<std::string, std::string> out;
  std::size_t at = response.find("\r\n");
  while (at != std::string::npos) {
    const std::size_t begin = at + 2, end = response.find("\r\n", begin);
    if (end == begin || end == std::string::npos) break;
    const std::string line = response.substr(begin, end - begin);
    const std::size_t colon = line.find(": ");
    if (colon != std::string::npos) out[line.substr(0, colon)] = line.substr(colon + 2);
    at = end;
  }
  return out;
}

TEST(Refusals, AnUpgradeThatIsRefusedCarriesTheSecurityHeaders) {
  EdgeServer server;
  const auto ask = [&](const std::string& request) {
    RawSocket socket(server.port());
    EXPECT_TRUE(socket.send(request));
    return socket.response();
  };
  const auto upgrade = [&](const std::string& path, const std::string& more) {
    return ask("GET " + path + " HTTP/1.1\r\nHost: upcall\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
               "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" + more);
  };
  const auto usual = headers_of(ask("GET /api/no/such/route HTTP/1.1\r\nHost: upcall\r\n\r\n"));
  const char* kNames[] = {"x-content-type-options", "referrer-policy", "x-frame-options", "content-security-policy", "cache-control"};
  for (const char* name : kNames) ASSERT_TRUE(usual.contains(name)) << name;

  const std::string long_name(20'000, 'x');
  const std::pair<const char*, std::string> cases[] = {
      {"403", upgrade("/aws/participant/socket?ticket=nonsense", "\r\n")},
      {"403", upgrade("/aws/participant/socket", "\r\n")},
      {"401", upgrade("/api/agent/events", "\r\n")},
      {"401", upgrade("/api/agent/events", "Sec-WebSocket-Protocol: upcall.events, bearer.nonsense\r\n\r\n")},
      {"404", upgrade("/api/no/such/socket", "\r\n")},
      {"400", upgrade("/api/agent/events", "\r\ntoo early")},
      {"400", ask("GET /api/agent/events HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")},
      {"431", upgrade("/api/agent/events", "X-Long: " + long_name + "\r\n\r\n")},
  };
  for (const auto& [status, response] : cases) {
    EXPECT_TRUE(response.starts_with(std::string("HTTP/1.1 ") + status)) << response;
    const auto headers = headers_of(response);
    for (const char* name : kNames) {
      ASSERT_TRUE(headers.contains(name)) << name << " is missing in\n" << response;
      EXPECT_EQ(headers.at(name), usual.at(name)) << response;
    }
    EXPECT_FALSE(headers.contains("upgrade")) << response;
  }
  // A page of another origin can read why its socket was refused, as it can read other answers.
  const auto other = headers_of(upgrade("/aws/participant/socket?ticket=nonsense", "Origin: https://shop.example\r\n\r\n"));
  ASSERT_TRUE(other.contains("access-control-allow-origin"));
  EXPECT_EQ(other.at("access-control-allow-origin"), "https://shop.example");
}

double metric(EdgeServer& server, const std::string& name) {
  const std::string text = server.send("GET", "/metrics").body;
  const std::size_t at = text.find("\n" + name + " ");
  EXPECT_NE(at, std::string::npos) << name << " in\n" << text;
  return at == std::string::npos ? -1 : std::stod(text.substr(at + name.size() + 2));
}

TEST(Refusals, TheLimitOfOneAddressIsAnOptionAndCounted) {
  EdgeServer server(6);
  EXPECT_EQ(metric(server, "upcall_http_connections_of_peer_refused_total"), 0);
  // With the client's own connection, which it keeps.
  std::vector<RawSocket> held;
  for (int i = 0; i < 5; ++i) {
    held.emplace_back(server.port());
    ASSERT_TRUE(held.back().send("GET /healthz HTTP/1.1\r\nHost: upcall\r\n\r\n"));
    ASSERT_TRUE(held.back().response().starts_with("HTTP/1.1 200"));
  }
  RawSocket beyond(server.port());
  const std::string answer = beyond.response();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 503")) << answer;
  EXPECT_TRUE(headers_of(answer).contains("retry-after"));
  EXPECT_TRUE(headers_of(answer).contains("content-security-policy"));
  EXPECT_EQ(metric(server, "upcall_http_connections_of_peer_refused_total"), 1);
  EXPECT_EQ(metric(server, "upcall_http_connections_refused_total"), 0);
  held.pop_back();
  EXPECT_TRUE(test::eventually([&] {
    RawSocket next(server.port());
    return next.send("GET /healthz HTTP/1.1\r\nHost: upcall\r\n\r\n") && next.response().starts_with("HTTP/1.1 200");
  })) << "a place that is left is free again";
}

}  // namespace
}  // namespace upcall::edges
