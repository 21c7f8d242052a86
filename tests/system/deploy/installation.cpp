#include "installation.hpp"

#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <gtest/gtest.h>

#include "../../support/free_port.hpp"
#include "cli/deploy/server_process.hpp"
#include "io/net/http_client.hpp"

namespace upcall::test {

namespace fs = std::filesystem;

namespace {

const std::string kBin = UPCALL_BIN_DIR;

void write(const std::string& path, const std::string& text) {
  fs::create_directories(fs::path(path).parent_path());
  std::ofstream(path) << text;
}

}  // namespace

DeployedInstallation::DeployedInstallation() {
  std::string pattern = (fs::temp_directory_path() / "upcall-deploy-XXXXXX").string();
  EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
  dir_ = pattern;
  root_ = dir_ + "/root";
  data_dir_ = dir_ + "/data";
  const std::string listen = "127.0.0.1:" + std::to_string(free_port(SOCK_STREAM));
  url_ = "http://" + listen;
  write(root_ + "/serve.conf", "listen=\"" + listen + "\"\nmedia-address=\"127.0.0.1\"\nmedia-port=" + std::to_string(free_port(SOCK_DGRAM)) +
                                   "\nlog-file=\"" + dir_ + "/server.log\"\n");
  std::printf("data: %s\n", dir_.c_str());
}

DeployedInstallation::~DeployedInstallation() {
  (void)deploy::end_server(data_dir_, Duration::s(20));
  std::error_code ignored;
  if (!::testing::Test::HasFailure()) fs::remove_all(dir_, ignored);
}

std::string DeployedInstallation::release(const std::string& name, const std::string& upcall) {
  const std::string folder = dir_ + "/" + name;
  fs::create_directories(folder + "/bin");
  for (const char* program : {"upcall", "upcall-recorder", "upcall-attendee"}) fs::create_symlink(kBin + "/" + program, folder + "/bin/" + program);
  if (!upcall.empty()) {
    fs::remove(folder + "/bin/upcall");
    write(folder + "/bin/upcall", "#!/bin/sh\nREAL=" + kBin + "/upcall\n" + upcall + "\n");
    fs::permissions(folder + "/bin/upcall", fs::perms::owner_all);
  }
  for (const char* app : {"agent-app", "demo-website"}) write(folder + "/share/upcall/web/" + app + "/index.html", "<!doctype html><title>of " + name + "</title>");
  write(folder + "/share/upcall/web/demo-website/demo-website.html", "<!doctype html><title>of " + name + "</title>");
  write(folder + "/release.json", "{\"name\":\"" + name + "\"}");
  return folder;
}

Said DeployedInstallation::upcall(std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), {"--data-dir", data_dir_});
  auto ran = deploy::run_program(kBin + "/upcall", arguments, Duration::s(240));
  if (!ran) return {-1, ran.error().message};
  return {ran->status, ran->out};
}

Said DeployedInstallation::run(std::vector<std::string> arguments, const std::string& environment) {
  arguments.insert(arguments.end(), {"--root", root_, "--data-dir", data_dir_});
  std::vector<std::string> all;
  if (!environment.empty()) all.push_back(environment);
  all.push_back(kBin + "/upcall");
  all.insert(all.end(), arguments.begin(), arguments.end());
  auto ran = deploy::run_program("/usr/bin/env", all, Duration::s(240));
  if (!ran) return {-1, ran.error().message};
  return {ran->status, ran->out};
}

Said DeployedInstallation::deploy(const std::string& release_folder, std::vector<std::string> more) {
  more.insert(more.begin(), {"deploy", "--release", release_folder});
  return run(std::move(more));
}

std::string DeployedInstallation::page() {
  net::HttpClient client;
  auto answer = client.get(url_ + "/");
  if (!answer) return answer.error().message;
  const std::size_t begin = answer->body.find("<title>of "), end = answer->body.find("</title>");
  return begin == std::string::npos ? answer->body : answer->body.substr(begin + 10, end - begin - 10);
}

pid_t DeployedInstallation::serving() { return deploy::serving(data_dir_).value_or(-1); }

std::string DeployedInstallation::file(const std::string& name) const {
  std::ifstream in(root_ + "/" + name);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

}  // namespace upcall::test
