// upcall configure: sets what is given, keeps the rest, and prints all; or asks, compares, tries, deletes, tells the history.
#include <cstdio>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <string>

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>

#include "cli/admin_call.hpp"
#include "cli/commands.hpp"
#include "cli/configure_dialog.hpp"
#include "json/json.hpp"
#include "parameters/check.hpp"
#include "parameters/file.hpp"

namespace upcall::cli {

namespace bj = boost::json;
using parameters::ParameterRow;
using parameters::Values;

namespace {

struct Wanted {
  std::string data_dir = "upcall-data", file, cache = "config.cache.json", history;
  bool interactive = false, load = false, test = false, remove = false, yes = false, verbose = false;
  bool as_json = false, diff = false, outputs = false, all = false, with_history = false;
  std::map<std::string, std::string> values;   // by parameter
};

// For history and audit: who runs this, also behind sudo.
std::string actor() {
  const char* sudo = std::getenv("SUDO_USER");
  const passwd* user = ::getpwuid(::getuid());
  const std::string name = sudo != nullptr && *sudo != 0 ? sudo : user != nullptr ? user->pw_name : std::to_string(::getuid());
  return ("cli:" + name).substr(0, 64);
}

class Configure {
 public:
  Configure(const Wanted& wanted, const CLI::App& command) : wanted_(wanted), command_(command) {}

  int run() {
    if (const std::string unknown = unknown_flag(); !unknown.empty()) {
      std::fprintf(stderr, "upcall configure: %s\n", unknown.c_str());
      return 2;
    }
    if (wanted_.remove) return remove();
    if (wanted_.with_history) return history();
    if (wanted_.outputs) return outputs();
    auto given = collect();
    if (!given) return failed(given.error());
    if (wanted_.interactive) {
      auto asked = ask(*given);
      if (!asked) return failed(asked.error());
      if (!*asked) {
        std::fprintf(stderr, "upcall configure: ended; nothing is stored\n");
        return 1;
      }
      given = std::move(**asked);
    }
    auto answer = call(wanted_.diff || wanted_.test ? "configure.plan" : "configure", object_of(*given));
    if (!answer) return failed(answer.error());
    if (wanted_.test) return write_cache(*answer);
    if (wanted_.diff || wanted_.interactive) return print_changes(*answer);
    return print_all(*answer);
  }

 private:
  int failed(const Error& error) const {
    std::fprintf(stderr, "upcall configure: %s\n", error.message.c_str());
    if (wanted_.verbose) std::fprintf(stderr, "%s\n", bj::serialize(bj::object{{"code", to_string(error.code)}, {"message", error.message}}).c_str());
    return 1;
  }

  // A word that nobody knows stops everything before anything is read.
  std::string unknown_flag() const {
    for (const std::string& extra : command_.remaining()) {
      if (extra.starts_with("--")) return parameters::unknown_parameter(extra.substr(0, extra.find('=')));
      return "\"" + extra.substr(0, 64) + "\" belongs to no option: parameters are given as --NAME=VALUE (upcall configure --help lists them)";
    }
    return {};
  }

  Result<bj::object> call(const std::string& command, const bj::object& arguments) const {
    auto result = admin_call(wanted_.data_dir, command, arguments, actor());
    if (!result) return tl::unexpected(result.error());
    if (!result->is_object()) return fail(ErrorCode::internal, "the server's answer cannot be read");
    return result->get_object();
  }

  // Flags over file.
  Result<Values> collect() const {
    Values given;
    if (!wanted_.file.empty()) {
      auto text = file_text();
      if (!text) return tl::unexpected(text.error());
      auto read = parameters::read_file(*text);
      if (!read) return fail(ErrorCode::invalid_argument, (wanted_.file == "-" ? "standard input" : wanted_.file) + ": " + read.error().message);
      given = std::move(*read);
    }
    for (const ParameterRow& row : parameters::rows()) {
      if (command_.count("--" + std::string(row.flag)) == 0) continue;
      std::string value = wanted_.values.at(std::string(row.name));
      if (row.secret && value == "-") {
        if (wanted_.file == "-") return fail(ErrorCode::invalid_argument, "standard input can be the file or the secret, not both");
        if (!std::getline(std::cin, value)) return fail(ErrorCode::invalid_argument, "no secret on standard input");
      }
      given[std::string(row.name)] = value;
    }
    return given;
  }

  Result<std::string> file_text() const {
    std::ifstream opened;
    if (wanted_.file != "-") {
      opened.open(wanted_.file, std::ios::binary);
      if (!opened) return fail(ErrorCode::invalid_argument, "the file " + wanted_.file + " cannot be read");
    }
    std::istream& in = wanted_.file == "-" ? std::cin : opened;
    std::string text(parameters::kFileMax + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
    return text;
  }

  static bj::object object_of(const Values& given) {
    bj::object out;
    for (const auto& [name, value] : given) out[name] = value;
    return out;
  }
  static Values values_of(const bj::object& answer, std::string_view member) {
    Values out;
    for (const ParameterRow& row : parameters::rows()) {
      const bj::object* all = json::object_at(answer, member);
      std::string value = all == nullptr ? "" : json::text_or(*all, row.name);
      if (value == parameters::shown(row, "")) value.clear();
      out[std::string(row.name)] = std::move(value);
    }
    return out;
  }

  Result<std::optional<Values>> ask(const Values& given) const {
    auto stored = call("configure.plan", {});
    if (!stored) return tl::unexpected(stored.error());
    DialogStart start;
    start.in_force = values_of(*stored, "parameters");
    start.defaults = values_of(*stored, "defaults");
    start.given = given;
    start.load = wanted_.load;
    start.ours = wanted_.all ? DialogStart::Ours::all : Terminal::is_person() ? DialogStart::Ours::ask : DialogStart::Ours::none;
    Terminal terminal;
    return configure_dialog(terminal, start, [this](const Values& wanted) -> Result<void> {
      auto answer = call("configure.plan", object_of(wanted));
      if (!answer) return tl::unexpected(answer.error());
      return {};
    });
  }

  void print_notes(const bj::object& answer) const {
    const bj::array* notes = json::array_at(answer, "notes");
    for (std::size_t i = 0; notes != nullptr && i < notes->size(); ++i) std::fprintf(stderr, "note: %s\n", std::string(std::string_view((*notes)[i].get_string())).c_str());
  }

  int print_all(const bj::object& answer) const {
    print_notes(answer);
    const bj::object* all = json::object_at(answer, "parameters");
    if (all == nullptr) return failed({ErrorCode::internal, "the server's answer cannot be read"});
    if (wanted_.as_json) {
      std::cout << bj::serialize(*all) << std::endl;
    } else {
      for (const auto& [name, value] : *all) std::cout << std::string_view(name) << " = " << json::text_or(*all, name) << '\n';
    }
    return 0;
  }

  int print_changes(const bj::object& answer) const {
    if (wanted_.as_json) {
      std::cout << bj::serialize(bj::object{{"changes", answer.at("changes")}, {"notes", answer.at("notes")}}) << std::endl;
      return 0;
    }
    const bj::array* changes = json::array_at(answer, "changes");
    for (std::size_t i = 0; changes != nullptr && i < changes->size(); ++i) {
      const bj::object& c = (*changes)[i].get_object();
      std::cout << json::text_or(c, "name") << ": " << text_of(json::text_or(c, "from")) << " → " << text_of(json::text_or(c, "to")) << '\n';
    }
    if (changes == nullptr || changes->empty()) std::cout << "nothing changes\n";
    print_notes(answer);
    return 0;
  }
  static std::string text_of(const std::string& value) { return value.empty() ? "(empty)" : value; }

  // Test mode: what would be in force, in the original's form; nothing is stored.
  int write_cache(const bj::object& answer) const {
    const std::string text = parameters::cache_file(values_of(answer, "parameters"));
    const std::string fresh = wanted_.cache + ".new";
    ::unlink(fresh.c_str());
    const int fd = ::open(fresh.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0600);
    const bool written = fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    if (fd >= 0) ::close(fd);
    if (!written || ::rename(fresh.c_str(), wanted_.cache.c_str()) != 0) {
      ::unlink(fresh.c_str());
      return failed({ErrorCode::unavailable, "the file " + wanted_.cache + " cannot be written"});
    }
    const int code = print_changes(answer);
    std::fprintf(stderr, "test mode: nothing is stored; all is in %s, secrets left out\n", wanted_.cache.c_str());
    return code;
  }

  int remove() const {
    if (!wanted_.yes) {
      if (!Terminal::is_person()) return failed({ErrorCode::invalid_argument, "-d asks first, and there is no terminal: say --yes with it"});
      Terminal terminal;
      const auto sure = terminal.ask("Delete all parameters of " + wanted_.data_dir + "? Secrets go, and films in a bucket cannot be played without its parameters. [no]: ", false);
      if (!sure || (*sure != "y" && *sure != "yes")) {
        std::fprintf(stderr, "upcall configure: nothing is deleted\n");
        return 1;
      }
    }
    auto answer = call("configure.delete", {});
    return answer ? print_changes(*answer) : failed(answer.error());
  }

  int history() const {
    bj::object arguments;
    if (!wanted_.history.empty()) arguments["name"] = wanted_.history;
    auto answer = call("configure.history", arguments);
    if (!answer) return failed(answer.error());
    const bj::array& rows = answer->at("history").get_array();
    if (wanted_.as_json) {
      std::cout << bj::serialize(rows) << std::endl;
      return 0;
    }
    for (const bj::value& row : rows) {
      const bj::object& h = row.get_object();
      const std::string what = h.contains("secret") ? "(a secret)" : text_of(json::text_or(h, "from")) + " → " + text_of(json::text_or(h, "to"));
      std::cout << json::text_or(h, "at") << "  " << json::text_or(h, "by") << "  " << json::text_or(h, "name") << ": " << what << (h.contains("deleted") ? "  (deleted)" : "") << '\n';
    }
    return 0;
  }

  int outputs() const {
    auto answer = call("configure.outputs", {});
    if (!answer) return failed(answer.error());
    const bj::object& all = answer->at("outputs").get_object();
    if (wanted_.as_json) {
      std::cout << bj::serialize(all) << std::endl;
    } else {
      for (const auto& [name, value] : all) std::cout << std::string_view(name) << " = " << json::text_or(all, name) << '\n';
    }
    return 0;
  }

  const Wanted& wanted_;
  const CLI::App& command_;
};

std::string help_of(const ParameterRow& row) {
  std::string out(row.help);
  const auto [parent, value] = parameters::parent_of(row);
  if (!parent.empty()) out += "; counts when --" + std::string(parameters::find(parent)->flag) + "=" + std::string(value);
  if (row.required) out += parent.empty() ? "; required" : ", and is required then";
  if (!row.fallback.empty()) out += " [" + std::string(row.fallback) + "]";
  return out;
}

}  // namespace

void add_configure(CLI::App& app, int& exit_code) {
  auto* command = app.add_subcommand("configure", "Sets parameters, keeps the others, and prints all; a running server takes them up at once");
  command->footer("Examples:\n"
                  "  upcall configure --data-dir D --deploy-recording-stack=false\n"
                  "  upcall configure --data-dir D --max-capacity=8 --target-capacity-percent=70 --diff\n"
                  "  upcall configure --data-dir D --file config.cache.json --recording-attendee-name=Recorder\n"
                  "  upcall configure --data-dir D --recording-object-store=s3 --recording-s3-endpoint=https://s3.example.com \\\n"
                  "    --recording-s3-bucket=calls --recording-s3-access-key-id=ID --recording-s3-secret-access-key=- < secret.txt\n"
                  "  upcall configure --data-dir D -il                 asks, from what is stored\n"
                  "  upcall configure --data-dir D -l --json           prints all\n"
                  "  upcall configure --data-dir D --history max-capacity\n"
                  "What every parameter is for: docs/guides/configure.md");
  auto wanted = std::make_shared<Wanted>();
  command->add_option("--data-dir", wanted->data_dir, "The server's data directory")->capture_default_str();
  command->add_flag("-i,--interactive", wanted->interactive, "Ask for the parameters; with -l from what is stored, otherwise from the defaults");
  command->add_flag("-l,--load,--list", wanted->load, "With -i: begin with what is stored; without: print all, as without any parameter");
  command->add_flag("-t,--test", wanted->test, "Check only; write the cache file and store nothing");
  command->add_option("--cache", wanted->cache, "The cache file of -t")->capture_default_str();
  command->add_flag("-d,--delete", wanted->remove, "Delete all parameters, after a question: the defaults are in force then");
  command->add_flag("--yes", wanted->yes, "With -d: do not ask");
  command->add_flag("--all", wanted->all, "With -i: ask for this server's own parameters, too");
  command->add_option("--file", wanted->file, "JSON object of names and values, such as the original's config.cache.json; -: standard input; flags win");
  command->add_flag("--diff", wanted->diff, "Show what would change, and store nothing");
  auto* history = command->add_option("--history", wanted->history, "Who changed what when; of one parameter, or of all")->expected(0, 1)->type_name("[NAME]");
  command->add_flag("--outputs", wanted->outputs, "Print what a deployment has left under /VideoCallEscalation/outputParameters/");
  command->add_flag("--json", wanted->as_json, "Print JSON");
  command->add_flag("-v,--verbose", wanted->verbose, "Also print an error's code");
  for (const ParameterRow& row : parameters::rows()) {
    // Also by the name that it has in the store.
    command->add_option("--" + std::string(row.flag) + ",--" + std::string(row.name), wanted->values[std::string(row.name)], help_of(row))
        ->group(is_original(row) ? "Parameters" : "Parameters of this server");
  }
  command->allow_extras();
  command->callback([wanted, command, history, &exit_code] {
    wanted->with_history = history->count() > 0;
    exit_code = Configure(*wanted, *command).run();
  });
}

}  // namespace upcall::cli
