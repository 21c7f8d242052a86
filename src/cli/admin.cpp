// Administration: users, profiles, groups, queues, keys, flows, the instance, live meetings.
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include <CLI/CLI.hpp>

#include "cli/admin_call.hpp"
#include "cli/commands.hpp"
#include "cli/meeting_table.hpp"
#include "json/json.hpp"

namespace upcall::cli {

namespace bj = boost::json;

namespace {

struct Call {
  std::string data_dir = "upcall-data";
  bool as_json = false;
  bool content_only = false;
  std::string (*as_text)(const bj::value&) = nullptr;  // without --json; nothing: name by name
  std::vector<std::pair<std::string, std::shared_ptr<std::string>>> texts;
  std::vector<std::pair<std::string, std::shared_ptr<std::vector<std::string>>>> lists;
  std::vector<std::pair<std::string, std::shared_ptr<std::int64_t>>> numbers;
  std::vector<std::pair<std::string, std::shared_ptr<bool>>> flags;
  std::shared_ptr<std::string> file;  // its content becomes "content"
};

void print_plain(const bj::value& value, int depth = 0) {
  const std::string indent(static_cast<std::size_t>(depth) * 2, ' ');
  if (value.is_object()) {
    for (const auto& [key, v] : value.as_object()) {
      if (v.is_object() || v.is_array()) {
        std::cout << indent << std::string_view(key) << ":\n";
        print_plain(v, depth + 1);
      } else {
        std::cout << indent << std::string_view(key) << ": " << (v.is_string() ? std::string(v.as_string()) : bj::serialize(v)) << '\n';
      }
    }
  } else if (value.is_array()) {
    for (const bj::value& v : value.as_array()) {
      if (v.is_object()) {
        print_plain(v, depth);
        std::cout << indent << "-\n";
      } else {
        std::cout << indent << "- " << (v.is_string() ? std::string(v.as_string()) : bj::serialize(v)) << '\n';
      }
    }
  } else {
    std::cout << indent << bj::serialize(value) << '\n';
  }
}

// A subcommand that carries out one administration command.
class Builder {
 public:
  Builder(CLI::App& parent, const char* name, const char* help, std::string command, int& exit_code)
      : call_(std::make_shared<Call>()), app_(parent.add_subcommand(name, help)) {
    app_->add_option("--data-dir", call_->data_dir, "The server's data directory")->capture_default_str();
    app_->add_flag("--json", call_->as_json, "Print JSON");
    app_->callback([call = call_, command = std::move(command), &exit_code] { exit_code = run(*call, command); });
  }
  Builder& text(const char* flag, const char* key, const char* help, bool needed = false) {
    auto value = std::make_shared<std::string>();
    CLI::Option* o = app_->add_option(flag, *value, help);
    if (needed) o->required();
    call_->texts.emplace_back(key, value);
    return *this;
  }
  Builder& list(const char* flag, const char* key, const char* help) {
    auto value = std::make_shared<std::vector<std::string>>();
    app_->add_option(flag, *value, help)->take_all();
    call_->lists.emplace_back(key, value);
    return *this;
  }
  Builder& number(const char* flag, const char* key, const char* help) {
    auto value = std::make_shared<std::int64_t>(-1);
    app_->add_option(flag, *value, help);
    call_->numbers.emplace_back(key, value);
    return *this;
  }
  Builder& flag(const char* flag, const char* key, const char* help) {
    auto value = std::make_shared<bool>(false);
    app_->add_flag(flag, *value, help);
    call_->flags.emplace_back(key, value);
    return *this;
  }
  Builder& file(const char* help) {
    call_->file = std::make_shared<std::string>();
    app_->add_option("FILE", *call_->file, help)->required();
    return *this;
  }
  // Without --json only the answer's "content" is printed: it is a file.
  Builder& content() {
    call_->content_only = true;
    return *this;
  }
  Builder& shown_by(std::string (*as_text)(const bj::value&)) {
    call_->as_text = as_text;
    return *this;
  }
  Builder& example(const char* line) {
    app_->footer(std::string("Example:\n  ") + line);
    return *this;
  }

 private:
  static int run(const Call& call, const std::string& command) {
    bj::object arguments;
    for (const auto& [key, value] : call.texts) {
      if (!value->empty()) arguments[key] = *value;
    }
    for (const auto& [key, value] : call.lists) {
      if (value->empty()) continue;
      bj::array list;
      for (const std::string& v : *value) list.emplace_back(v);
      arguments[key] = std::move(list);
    }
    for (const auto& [key, value] : call.numbers) {
      if (*value >= 0) arguments[key] = *value;
    }
    for (const auto& [key, value] : call.flags) {
      if (*value) arguments[key] = true;
    }
    if (call.file) {
      std::ifstream in(*call.file, std::ios::binary);
      if (!in) {
        std::fprintf(stderr, "upcall: cannot read %s\n", call.file->c_str());
        return 1;
      }
      arguments["content"] = std::string(std::istreambuf_iterator<char>(in), {});
    }
    auto result = admin_call(call.data_dir, command, arguments);
    if (!result) {
      std::fprintf(stderr, "upcall: %s\n", result.error().message.c_str());
      return 1;
    }
    if (call.as_json) std::cout << bj::serialize(*result) << std::endl;
    else if (call.as_text != nullptr) std::cout << call.as_text(*result) << std::flush;
    else if (const bj::object* o = result->if_object(); call.content_only && o != nullptr) std::cout << json::text_or(*o, "content") << std::endl;
    else print_plain(*result);
    return 0;
  }

  std::shared_ptr<Call> call_;
  CLI::App* app_;
};

CLI::App& group(CLI::App& app, const char* name, const char* help) {
  CLI::App* g = app.add_subcommand(name, help);
  g->require_subcommand(1);
  return *g;
}

}  // namespace

void add_admin(CLI::App& app, int& exit_code) {
  CLI::App& user = group(app, "user", "People who log in");
  Builder(user, "add", "Add a user", "user.add", exit_code)
      .text("--username", "username", "Log-in name", true)
      .text("--email", "email", "E-mail address")
      .text("--password", "password", "Password (without: a temporary one is made and printed)")
      .flag("--temporary", "temporary", "The password must be changed at the first log-in")
      .text("--name", "name", "Name as others see it")
      .list("--security-profile", "security-profile", "Admin, CallCenterManager, QualityAnalyst, Agent, VideoCallRecordingPlayback; repeat for several")
      .text("--hierarchy-group", "hierarchy-group", "A/B/C, made when missing")
      .text("--routing-profile", "routing-profile", "Which queues an agent serves")
      .example("upcall user add --data-dir D --username ann@example.com --email ann@example.com --name Ann --security-profile Agent --json");
  Builder(user, "list", "Everybody", "user.list", exit_code).example("upcall user list --data-dir D --json");
  Builder(user, "disable", "Shut a user out, at once", "user.disable", exit_code).text("--username", "username", "Log-in name", true);
  Builder(user, "enable", "Let a user in again", "user.enable", exit_code).text("--username", "username", "Log-in name", true);
  Builder(user, "reset-password", "Give a temporary password, which is printed; sessions end", "user.reset-password", exit_code)
      .text("--username", "username", "Log-in name", true)
      .example("upcall user reset-password --data-dir D --username ann@example.com");
  Builder(user, "invite", "Mail a link to choose a password, good for a week (needs a running server)", "user.invite", exit_code)
      .text("--username", "username", "Log-in name", true);
  Builder(user, "unlock", "End the wait after failed log-ins", "user.unlock", exit_code).text("--username", "username", "Log-in name", true);
  Builder(user, "reset-second-factor", "Remove the second factor and its recovery codes", "user.reset-second-factor", exit_code)
      .text("--username", "username", "Log-in name", true);
  Builder(user, "set", "Change profiles, group or routing profile; counts at the next request", "user.set", exit_code)
      .text("--username", "username", "Log-in name", true)
      .list("--security-profile", "security-profile", "Replaces all that there are; repeat for several")
      .text("--hierarchy-group", "hierarchy-group", "A/B/C, made when missing")
      .text("--routing-profile", "routing-profile", "Which queues an agent serves, by its name")
      .example("upcall user set --data-dir D --username ann@example.com --security-profile Agent --hierarchy-group North/Sales");

  CLI::App& profile = group(app, "security-profile", "What people may do");
  Builder(profile, "add", "Add a profile", "security-profile.add", exit_code)
      .text("--name", "name", "Its name", true)
      .list("--permission", "permission", "For example meeting.create; repeat for several")
      .example("upcall security-profile add --data-dir D --name Trainer --permission recording.control");
  Builder(profile, "set", "Change what a profile gives or asks for; counts at the next request", "security-profile.set", exit_code)
      .text("--name", "name", "Its name", true)
      .list("--permission", "permission", "Replaces all that there are; repeat for several")
      .text("--second-factor", "second-factor", "required or optional, for everybody who has the profile")
      .example("upcall security-profile set --data-dir D --name Admin --second-factor required");
  Builder(profile, "list", "All profiles", "security-profile.list", exit_code);

  CLI::App& hierarchy = group(app, "hierarchy", "Groups of up to five levels");
  Builder(hierarchy, "add", "Add a group", "hierarchy.add", exit_code).text("--path", "path", "A/B/C", true);
  Builder(hierarchy, "list", "All groups", "hierarchy.list", exit_code);

  CLI::App& queue = group(app, "queue", "Queues of contacts");
  Builder(queue, "add", "Add a queue", "queue.add", exit_code)
      .text("--name", "name", "Its name", true)
      .number("--capacity", "capacity", "Contacts that may wait in it; 0: the installation's limit")
      .text("--hours", "hours", "Hours of operation, by name or id; without: always open");
  Builder(queue, "list", "All queues", "queue.list", exit_code);

  CLI::App& routing = group(app, "routing-profile", "Which queues agents serve");
  Builder(routing, "add", "Add a routing profile", "routing-profile.add", exit_code)
      .text("--name", "name", "Its name", true)
      .list("--queue", "queue", "NAME[:PRIORITY[:DELAY]]: priority 1 is first, contacts wait DELAY seconds before these agents get them; repeat for several")
      .number("--slots", "slots", "Chats an agent has at the same time")
      .number("--after-contact-seconds", "after-contact-seconds", "After-contact work ends by itself; 0: when the agent says so");
  Builder(routing, "serve", "Give a profile further queues, or other priorities", "routing-profile.serve", exit_code)
      .text("--name", "name", "The profile's name or id", true)
      .list("--queue", "queue", "NAME[:PRIORITY[:DELAY]]; repeat for several");
  Builder(routing, "list", "All routing profiles", "routing-profile.list", exit_code);

  CLI::App& status = group(app, "agent-status", "Statuses that agents choose, besides Available and Offline");
  Builder(status, "add", "Add a status", "agent-status.add", exit_code)
      .text("--name", "name", "Its name", true)
      .text("--description", "description", "What it is for")
      .number("--display-order", "display-order", "Place in the menu, 1 to 50; without: behind those, by name")
      .flag("--routable", "routable", "Contacts are offered in it");
  Builder(status, "list", "All of them", "agent-status.list", exit_code);
  Builder(status, "remove", "Remove a status; who has it is offline", "agent-status.remove", exit_code).text("--name", "name", "Its name", true);

  CLI::App& key = group(app, "access-key", "Keys for programs (SigV4)");
  Builder(key, "create", "Make a key; the secret is shown once", "access-key.create", exit_code)
      .text("--name", "name", "What it is for", true)
      .text("--username", "username", "Acts for this user; without: a service principal")
      .list("--permission", "permission", "Limits it; without: everything")
      .text("--s3-prefix", "s3-prefix", "Recordings through /aws/s3 alone, and only those under this prefix")
      .example("upcall access-key create --data-dir D --name ci --json");
  Builder(key, "list", "All keys, without secrets", "access-key.list", exit_code);

  CLI::App& client = group(app, "oauth-client", "Applications that log people in here (OpenID Connect)");
  Builder(client, "add", "Register one", "oauth-client.add", exit_code)
      .text("--name", "name", "Its name", true)
      .list("--redirect-uri", "redirect-uri", "Where codes go, compared as a whole; repeat for several")
      .list("--logout-uri", "logout-uri", "Where a log-out may lead")
      .flag("--api-access", "api-access", "Its access tokens are good for /api as well")
      .example("upcall oauth-client add --data-dir D --name Wiki --redirect-uri https://wiki.example/callback --json");
  Builder(client, "list", "All clients", "oauth-client.list", exit_code);
  Builder(client, "remove", "Remove one; its sessions end when their tokens do", "oauth-client.remove", exit_code).text("CLIENT", "client", "Its id", true);

  CLI::App& signing = group(app, "signing-key", "The key that signs tokens");
  Builder(signing, "rotate", "Sign with a new key; tokens of the old one stay good until they expire", "signing-key.rotate", exit_code);

  CLI::App& audit = group(app, "audit", "Who did what");
  Builder(audit, "list", "The newest first", "audit.list", exit_code)
      .text("--actor", "actor", "By whom: a user's id, key/ID, cli, anonymous")
      .text("--action", "action", "What: login.failed, or login. for all that begin so")
      .text("--target", "target", "Of what")
      .text("--since", "since", "From this time on, as 2026-11-30T08:00:00Z")
      .text("--until", "until", "Before this time")
      .number("--before", "before", "Older than the entry of this id")
      .number("--limit", "limit", "At most so many (100)")
      .example("upcall audit list --data-dir D --action login. --json");
  Builder(audit, "export", "A JSON object a line, the oldest first, with its hash; that it was exported is noted", "audit.export", exit_code)
      .text("--actor", "actor", "As with list")
      .text("--action", "action", "As with list")
      .text("--target", "target", "As with list")
      .text("--since", "since", "As with list")
      .text("--until", "until", "As with list")
      .number("--before", "before", "As with list: --json tells the id with which to go on")
      .number("--limit", "limit", "At most so many (50000, the newest)")
      .content()
      .example("upcall audit export --data-dir D --since 2026-11-01T00:00:00Z --until 2026-12-01T00:00:00Z > november.jsonl");

  Builder(audit, "verify", "Whether every entry is as it was written; fails when one was edited, removed or moved", "audit.verify", exit_code)
      .text("--head", "head", "ID:HASH that an earlier check has printed: finds also what was cut off at the end")
      .example("upcall audit verify --data-dir D --json");

  CLI::App& instance = group(app, "instance", "This installation");
  Builder(instance, "show", "Its ids and address", "instance.show", exit_code).example("upcall instance show --data-dir D --json");

  CLI::App& flow = group(app, "flow", "Contact flows");
  Builder(flow, "import", "Import a flow from one of the export formats (legacy, 2019-10-30)", "flow.import", exit_code)
      .text("--name", "name", "Under this name instead of the file's")
      .flag("--default", "default", "New chats start with it")
      .file("The exported flow (JSON)")
      .example("upcall flow import --data-dir D deploy/flows/video-call-chat.json --json");
  Builder(flow, "validate", "Say what is wrong with a flow, without importing it", "flow.validate", exit_code).file("The exported flow (JSON)");
  Builder(flow, "rename", "Give a flow another name; it keeps its id", "flow.rename", exit_code)
      .text("--flow", "flow", "Name or id", true)
      .text("--name", "name", "The new name", true)
      .example("upcall flow rename --data-dir D --flow \"Video call chat\" --name \"Video calls\"");
  Builder(flow, "list", "All flows", "flow.list", exit_code);
  Builder(flow, "export", "Print a flow, as it was imported or in another format", "flow.export", exit_code)
      .text("--flow", "flow", "Name or id", true)
      .text("--format", "format", "legacy or 2019-10-30")
      .content()
      .example("upcall flow export --data-dir D --flow \"Video call chat\" --format 2019-10-30 > flow.json");
  Builder(flow, "trace", "What the flows of a contact have done: its last 200 blocks", "flow.trace", exit_code).text("CONTACT", "contact", "Its id", true);

  CLI::App& function = group(app, "flow-function", "Functions that flows invoke (InvokeLambdaFunction), behind web addresses");
  Builder(function, "add", "Add one; the secret that signs its calls is shown once", "flow-function.add", exit_code)
      .text("--name", "name", "The function's name as flows have it, or its whole ARN", true)
      .text("--url", "url", "https://HOST/PATH that gets the event by POST and answers with JSON", true)
      .example("upcall flow-function add --data-dir D --name lookup --url https://example.com/lookup --json");
  Builder(function, "list", "All functions, without secrets", "flow-function.list", exit_code);
  Builder(function, "remove", "Remove one", "flow-function.remove", exit_code).text("NAME", "name", "Its name or id", true);

  CLI::App& hours = group(app, "hours", "Hours of operation");
  Builder(hours, "import", "Add hours, or replace those of this name", "hours.import", exit_code)
      .text("--name", "name", "Their name", true)
      .file("TimeZone, Config and Overrides (JSON)")
      .example("upcall hours import --data-dir D --name Office office-hours.json");
  Builder(hours, "list", "All, and whether they are open now", "hours.list", exit_code);
  Builder(hours, "remove", "Remove hours; queues that had them are always open then", "hours.remove", exit_code).text("NAME", "name", "Their name or id", true);
  Builder(hours, "assign", "Give a queue its hours", "hours.assign", exit_code)
      .text("--queue", "queue", "Name or id", true)
      .text("--hours", "hours", "Name or id; without: always open");

  CLI::App& recording = group(app, "recording", "Recordings that there are, and which must stay");
  Builder(recording, "list", "The newest first", "recording.list", exit_code)
      .text("--meeting", "meeting", "Of this external meeting id")
      .text("--contact", "contact", "Of this contact")
      .flag("--held", "held", "Only those under legal hold")
      .example("upcall recording list --data-dir D --held --json");
  Builder(recording, "hold", "Legal hold: nobody deletes it, by no way", "recording.hold", exit_code)
      .text("RECORDING", "recording", "Its id", true)
      .text("--reason", "reason", "Why, for whoever asks later", true);
  Builder(recording, "release", "End a legal hold", "recording.release", exit_code).text("RECORDING", "recording", "Its id", true);
  Builder(recording, "compose", "Make another film of one whose journal is kept (needs a running server)", "recording.compose", exit_code)
      .text("RECORDING", "recording", "Its id", true)
      .text("--layout", "layout", "auto, side-by-side, grid, speaker or content")
      .number("--width", "width", "Pixels")
      .number("--height", "height", "Pixels")
      .number("--frame-rate", "frame-rate", "Pictures a second, at most")
      .example("upcall recording compose --data-dir D 7d5b… --layout grid --json");
  Builder(recording, "delete", "Delete one for good, with its key (needs a running server)", "recording.delete", exit_code)
      .text("RECORDING", "recording", "Its id", true)
      .text("--reason", "reason", "Why; it stays in the audit log", true);

  CLI::App& retention = group(app, "retention", "How long recordings are kept; without a rule: for ever");
  Builder(retention, "add", "Add a rule; of several that fit, the one with the most conditions counts", "retention.add", exit_code)
      .text("--prefix", "prefix", "Of the object key, for example RECORDINGS/2026/")
      .text("--queue", "queue", "Name of the contact's queue")
      .text("--outcome", "outcome", "The contact's attribute \"outcome\"")
      .number("--days", "days", "Days after the end of the recording")
      .example("upcall retention add --data-dir D --queue Sales --days 365");
  Builder(retention, "list", "All rules", "retention.list", exit_code);
  Builder(retention, "remove", "Remove a rule", "retention.remove", exit_code).text("RULE", "rule", "Its id", true);
  Builder(retention, "sweep", "Delete now what has expired (a server does it hourly)", "retention.sweep", exit_code);
  Builder(retention, "reconcile", "Compare recordings with files (a server does it daily)", "retention.reconcile", exit_code);

  CLI::App& contact = group(app, "contact", "Contacts");
  Builder(contact, "erase", "Erase recordings, transcript and names of a finished contact (needs a running server)", "contact.erase", exit_code)
      .text("CONTACT", "contact", "Its id", true);
  Builder(contact, "certificate", "The signed certificate of an erasure", "contact.certificate", exit_code).text("CONTACT", "contact", "Its id", true);

  CLI::App& webhook = group(app, "webhook", "Who is told of what happens: addresses and programs");
  Builder(webhook, "add", "Add one; the secret that signs its messages is shown once", "webhook.add", exit_code)
      .text("--url", "url", "https://HOST/PATH that gets each event by POST")
      .text("--command", "command", "A program that gets each event on its standard input")
      .text("--events", "events", "Which: recording.stored, recording.* and so on, joined by blanks (without: recording.*)")
      .example("upcall webhook add --data-dir D --command /usr/local/bin/keep-a-copy --events recording.stored --json");
  Builder(webhook, "list", "All, with what they have still to be told", "webhook.list", exit_code);
  for (const auto& [name, command, help] : {std::tuple("remove", "webhook.remove", "Remove one for good"), std::tuple("disable", "webhook.disable", "Tell it nothing for now"),
                                            std::tuple("enable", "webhook.enable", "Tell it what happened meanwhile, and all that comes")}) {
    Builder(webhook, name, help, command, exit_code).text("WEBHOOK", "webhook", "Its id", true);
  }

  CLI::App& meeting = group(app, "meeting", "Meetings");
  Builder(meeting, "show", "How each person of a live meeting fares, and the transports; of one that is over how each fared", "meeting.show", exit_code)
      .text("MEETING", "meeting", "Meeting id or external meeting id", true)
      .shown_by(meeting_table)
      .example("upcall meeting show --data-dir D 7f3a2c");
}

}  // namespace upcall::cli
