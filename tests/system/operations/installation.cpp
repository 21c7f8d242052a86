#include "installation.hpp"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include <gtest/gtest.h>

#include "io/clock/system_clock.hpp"
#include "wire/http.hpp"

namespace upcall::operations {

namespace {

template <class T>
T need(Result<T> result, const std::string& what) {
  if (!result) throw std::runtime_error(what + ": " + result.error().message);
  return std::move(*result);
}

}  // namespace

std::string read_text(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_text(const std::string& file, const std::string& text) {
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out << text;
  if (!out.flush()) throw std::runtime_error("cannot write " + file);
}

Installation::Installation() : http_(net::HttpClientOptions{.insecure = true}) {
  std::signal(SIGPIPE, SIG_IGN);
  std::string pattern = (std::filesystem::temp_directory_path() / "upcall-operations-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary directory");
  dir_ = pattern;
  data_dir_ = dir_ + "/data";
  port_ = free_port(SOCK_STREAM);
  media_port_ = free_port(SOCK_DGRAM);
}

Installation::~Installation() {
  if (server_) {
    server_->child().signal(SIGTERM);
    if (!server_->child().wait(Duration::s(10))) server_->child().kill_group();
    server_.reset();
  }
  std::error_code ignored;
  if (!::testing::Test::HasFailure()) std::filesystem::remove_all(dir_, ignored);
}

void Installation::start(std::vector<std::string> more, const std::string& media_address) {
  std::vector<std::string> arguments{"serve", "--data-dir", data_dir_, "--listen", "127.0.0.1:" + std::to_string(port_), "--media-address", media_address,
                                     "--media-port", std::to_string(media_port_)};
  arguments.insert(arguments.end(), more.begin(), more.end());
  server_ = need(demo::LineProcess::start(host_, bin("upcall"), std::move(arguments)), "the server's start");
  const auto ready = server_->wait_line([](const std::string& line) { return line.starts_with("ready "); }, kSoon);
  if (!ready) throw std::runtime_error("the server did not become ready");
  url_ = ready->substr(6);
}

void Installation::signal(int number) { server_->child().signal(number); }

int Installation::stop() {
  server_->child().signal(SIGTERM);
  const auto exit = server_->child().wait(kSoon);
  if (!exit) throw std::runtime_error("the server did not drain");
  server_.reset();
  return exit->signaled ? 128 + exit->code : exit->code;
}

void Installation::kill() {
  server_->child().signal(SIGKILL);
  if (!server_->child().wait(kSoon)) throw std::runtime_error("the server survived SIGKILL");
  server_.reset();
}

Ran Installation::run(const std::string& program, std::vector<std::string> arguments, std::vector<std::pair<std::string, std::string>> environment) {
  const std::string out = dir_ + "/run.out", err = dir_ + "/run.err";
  process::ChildOptions options;
  options.program = program;
  options.arguments = std::move(arguments);
  options.environment = std::move(environment);
  const int out_fd = ::open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const int err_fd = ::open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  options.descriptors = {{out_fd, 1}, {err_fd, 2}};
  auto child = host_.spawn(std::move(options));
  ::close(out_fd);
  ::close(err_fd);
  const auto exit = need(std::move(child), program)->wait(Duration::s(60));
  if (!exit) throw std::runtime_error(program + " did not end");
  return {exit->signaled ? 128 + exit->code : exit->code, read_text(out), read_text(err)};
}

std::string Installation::log_in_new(const std::string& name, const std::string& profile) {
  const Ran added = upcall({"user", "add", "--data-dir", data_dir_, "--username", name, "--email", name, "--password", "Password-1-" + name, "--name", name, "--security-profile", profile});
  if (added.exit != 0) throw std::runtime_error("user add: " + added.text());
  const std::string form = "grant_type=password&username=" + wire::percent_encode(name) + "&password=" + wire::percent_encode("Password-1-" + name);
  const auto answer = need(http_.send({"POST", url_ + "/oauth2/token", {{"content-type", "application/x-www-form-urlencoded"}}, form}), "log-in");
  if (answer.status != 200) throw std::runtime_error("log-in: " + answer.body);
  return json::text_or(json::parse_object(answer.body).value(), "access_token");
}

net::HttpClientResponse Installation::send(const std::string& method, const std::string& path, const std::string& token, const std::string& body) {
  net::HttpClientRequest request{method, url_ + path, {}, body};
  if (!token.empty()) request.headers.emplace_back("authorization", "Bearer " + token);
  if (!body.empty()) request.headers.emplace_back("content-type", "application/json");
  return need(http_.send(request), method + " " + path);
}

double Installation::metric(const std::string& name) {
  const std::string text = send("GET", "/metrics").body;
  const std::size_t at = text.find("\n" + name + " ");
  if (at == std::string::npos) throw std::runtime_error("there is no metric " + name);
  return std::strtod(text.c_str() + at + name.size() + 2, nullptr);
}

void Installation::until(const std::string& what, Duration within, const std::function<bool()>& condition) {
  const Instant deadline = system_now().mono + within;
  while (!condition()) {
    if (system_now().mono > deadline) throw std::runtime_error("not in time: " + what);
    ::poll(nullptr, 0, 20);
  }
}

}  // namespace upcall::operations
