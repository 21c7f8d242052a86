// upcall sync-config: frontend-config.js of an installation, for work on the pages.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include <unistd.h>

#include <CLI/CLI.hpp>

#include "cli/admin_call.hpp"
#include "cli/commands.hpp"
#include "io/net/http_client.hpp"
#include "json/json.hpp"

namespace upcall::cli {

namespace {

constexpr std::string_view kFile = "frontend-config.js";
constexpr std::string_view kBegin = "window.vceConfig = {";

struct Wanted {
  std::string url, data_dir, ca_file;
  std::vector<std::string> out{"."};
  bool insecure = false, as_json = false;
};

Result<std::string> from_server(const Wanted& wanted) {
  net::HttpClientOptions options;
  options.insecure = wanted.insecure;
  options.max_body_bytes = 1 << 20;
  if (!wanted.ca_file.empty()) {
    std::ifstream in(wanted.ca_file);
    options.ca_pem.assign(std::istreambuf_iterator<char>(in), {});
    if (options.ca_pem.empty()) return fail(ErrorCode::invalid_argument, "the file " + wanted.ca_file + " cannot be read");
  }
  std::string url = wanted.url;
  while (url.ends_with('/')) url.pop_back();
  net::HttpClient client(options);
  net::HttpClientRequest request;
  request.url = url + "/" + std::string(kFile);
  auto answer = client.send(request);
  if (!answer) return tl::unexpected(answer.error());
  if (answer->status != 200) return fail(ErrorCode::unavailable, request.url + " answers " + std::to_string(answer->status));
  return std::move(answer->body);
}

Result<std::string> from_directory(const Wanted& wanted) {
  auto answer = admin_call(wanted.data_dir, "instance.frontend-config", {});
  if (!answer) return tl::unexpected(answer.error());
  return answer->is_object() ? json::text_or(answer->get_object(), "content") : std::string();
}

// Whole or not at all: a page that is loaded meanwhile gets the one or the other.
Result<std::string> put(const std::string& directory, const std::string& text) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  const std::string path = (std::filesystem::path(directory) / kFile).string(), fresh = path + ".new";
  std::ofstream out(fresh, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  if (out) std::filesystem::rename(fresh, path, error);
  if (!out || error) {
    ::unlink(fresh.c_str());
    return fail(ErrorCode::unavailable, "the file " + path + " cannot be written");
  }
  return path;
}

int run(const Wanted& wanted) {
  const auto failed = [](const std::string& why) {
    std::fprintf(stderr, "upcall sync-config: %s\n", why.c_str());
    return 1;
  };
  auto text = wanted.url.empty() ? from_directory(wanted) : from_server(wanted);
  if (!text) return failed(text.error().message);
  if (!text->starts_with(kBegin)) return failed("what is there is not the pages' configuration: is this an Upcall server?");
  for (const std::string& directory : wanted.out) {
    auto path = put(directory, *text);
    if (!path) return failed(path.error().message);
    std::printf(wanted.as_json ? "{\"file\":%s}\n" : "%s\n", wanted.as_json ? boost::json::serialize(boost::json::string(*path)).c_str() : path->c_str());
  }
  return 0;
}

}  // namespace

void add_sync_config(CLI::App& app, int& exit_code) {
  CLI::App* c = app.add_subcommand("sync-config", "Write an installation's frontend-config.js, for work on the pages");
  const auto wanted = std::make_shared<Wanted>();
  auto* url = c->add_option("--url", wanted->url, "Address of a running server");
  auto* directory = c->add_option("--data-dir", wanted->data_dir, "Or its data directory, whether it runs or not");
  url->excludes(directory);
  c->add_option("--out", wanted->out, "Folder for the file; may be repeated")->capture_default_str();
  c->add_option("--ca-file", wanted->ca_file, "Certificate authorities to trust instead of the system's (PEM)");
  c->add_flag("--insecure", wanted->insecure, "Take any certificate (a server that made its own)");
  c->add_flag("--json", wanted->as_json, "Print JSON");
  c->footer("Examples:\n  upcall sync-config --url http://127.0.0.1:8080 --out web/local\n  upcall sync-config --data-dir D --out web/local\n"
            "The pages' development servers (npm run dev) serve web/local/frontend-config.js when it is there.");
  c->callback([wanted, &exit_code] {
    if (wanted->url.empty() == wanted->data_dir.empty()) {
      std::fprintf(stderr, "upcall sync-config: give --url or --data-dir\n");
      exit_code = 2;
      return;
    }
    exit_code = run(*wanted);
  });
}

}  // namespace upcall::cli
