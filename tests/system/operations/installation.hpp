// A data directory with a real `upcall serve` on ports of its own, and the command line beside it. What goes wrong throws.
// One thread.
#pragma once

#include <boost/json.hpp>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "../../support/free_port.hpp"
#include "cli/demo/actors.hpp"
#include "io/net/http_client.hpp"
#include "json/json.hpp"

namespace upcall::operations {

namespace bj = boost::json;

inline constexpr Duration kSoon = Duration::s(20);

struct Ran {
  int exit = -1;               // 128 + signal when a signal ended it
  std::string out, err;
  std::string text() const { return out + err; }
  bj::object json() const { return json::parse_object(out, 1 << 22).value(); }
};

class Installation {
 public:
  Installation();
  ~Installation();
  Installation(const Installation&) = delete;

  // `more` after --data-dir, --listen, --media-address, --media-port.
  void start(std::vector<std::string> more = {}, const std::string& media_address = "127.0.0.1");
  bool running() const { return server_.has_value(); }
  void signal(int number);
  // SIGTERM; its exit status.
  int stop();
  void kill();
  // A program of the build, to its end.
  Ran run(const std::string& program, std::vector<std::string> arguments, std::vector<std::pair<std::string, std::string>> environment = {});
  Ran upcall(std::vector<std::string> arguments) { return run(bin("upcall"), std::move(arguments)); }
  process::ChildHost& host() { return host_; }
  static std::string bin(const std::string& name) { return std::string(UPCALL_BIN_DIR) + "/" + name; }

  const std::string& dir() const { return dir_; }           // removed with this object
  const std::string& data_dir() const { return data_dir_; } // in it
  const std::string& url() const { return url_; }
  std::uint16_t port() const { return port_; }
  std::uint16_t media_port() const { return media_port_; }
  // A user with the password "Password-1-<name>"; gives an access token.
  std::string log_in_new(const std::string& name, const std::string& profile);
  net::HttpClientResponse send(const std::string& method, const std::string& path, const std::string& token = {}, const std::string& body = {});
  // The sample of /metrics without labels.
  double metric(const std::string& name);
  void until(const std::string& what, Duration within, const std::function<bool()>& condition);

 private:
  std::string dir_, data_dir_, url_;
  std::uint16_t port_ = 0, media_port_ = 0;
  process::ChildHost host_;
  std::optional<demo::LineProcess> server_;
  net::HttpClient http_;
};

using test::free_port;
std::string read_text(const std::string& file);
void write_text(const std::string& file, const std::string& text);

}  // namespace upcall::operations
