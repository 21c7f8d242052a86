// upcall configure: parameters of the installation, under the names that they have in the store.
#include <cstdio>
#include <iostream>
#include <map>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "cli/admin_call.hpp"
#include "cli/commands.hpp"
#include "json/json.hpp"

namespace upcall::cli {

namespace bj = boost::json;

namespace {

struct Flag {
  const char* name;
  const char* help;
};

constexpr Flag kFlags[] = {
    {"recordingObjectStore", "embedded: in the data directory; s3: in a bucket. Recordings of before a change stay playable"},
    {"recordingS3Endpoint", "https://s3.eu-central-1.amazonaws.com, http://10.0.0.5:7480: without bucket and path"},
    {"recordingS3Region", "us-east-1 where the store has no regions"},
    {"recordingS3Bucket", "It must exist"},
    {"recordingS3AccessKeyId", "Of a key that may get, put, list and delete objects, and list and abort uploads"},
    {"recordingS3SecretAccessKey", "Its secret; '-' reads it from standard input, so that it is in no list of processes"},
    {"recordingS3Encryption", "none, AES256, aws:kms or aws:kms:KEY: what the store is asked to encrypt with"},
    {"recordingS3CaFile", "Certificate authorities to trust instead of the system's (PEM)"},
    {"recordingS3VirtualHost", "true: bucket.host instead of host/bucket"},
};

struct Given {
  std::string data_dir = "upcall-data";
  bool as_json = false, list = false;
  std::map<std::string, std::string> values;
};

int run(Given& given, const CLI::App& app) {
  bj::object arguments;
  for (const Flag& flag : kFlags) {
    // An empty value is one too: it takes a setting back.
    if (app.count("--" + std::string(flag.name)) > 0) arguments[flag.name] = given.values[flag.name];
  }
  if (const auto secret = json::text_at(arguments, "recordingS3SecretAccessKey"); secret == "-") {
    std::string line;
    if (!std::getline(std::cin, line)) {
      std::fprintf(stderr, "upcall: no secret on standard input\n");
      return 1;
    }
    arguments["recordingS3SecretAccessKey"] = line;
  }
  auto result = admin_call(given.data_dir, "configure", arguments);
  if (!result) {
    std::fprintf(stderr, "upcall: %s\n", result.error().message.c_str());
    return 1;
  }
  const bj::object* all = result->is_object() ? json::object_at(result->get_object(), "parameters") : nullptr;
  if (given.as_json || all == nullptr) {
    std::cout << bj::serialize(*result) << std::endl;
  } else {
    for (const auto& [name, value] : *all) std::cout << std::string_view(name) << ": " << json::text_or(*all, name) << '\n';
  }
  return 0;
}

}  // namespace

void add_configure(CLI::App& app, int& exit_code) {
  CLI::App* c = app.add_subcommand("configure", "Set parameters (the rest stays) and print all; a running server takes them up at once");
  auto given = std::make_shared<Given>();
  c->add_option("--data-dir", given->data_dir, "The server's data directory")->capture_default_str();
  c->add_flag("--json", given->as_json, "Print JSON");
  c->add_flag("-l,--list", given->list, "Only print, as without any parameter");
  for (const Flag& flag : kFlags) c->add_option("--" + std::string(flag.name), given->values[flag.name], flag.help);
  c->footer("Example:\n  upcall configure --data-dir D --recordingObjectStore=s3 --recordingS3Endpoint=https://s3.example.com \\\n"
            "    --recordingS3Bucket=calls --recordingS3AccessKeyId=ID --recordingS3SecretAccessKey=- < secret.txt");
  c->callback([given, c, &exit_code] { exit_code = run(*given, *c); });
}

}  // namespace upcall::cli
