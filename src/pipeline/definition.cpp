#include "pipeline/definition.hpp"

#include <algorithm>
#include <set>

#include <boost/json/stream_parser.hpp>

#include "json/json.hpp"

namespace upcall::pipeline {

namespace bj = boost::json;

namespace {

std::size_t line_at(std::string_view text, std::size_t offset) {
  return 1 + static_cast<std::size_t>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(std::min(offset, text.size())), '\n'));
}

// Where the wanted stage begins. The text is well-formed JSON by then.
std::size_t offset_of_stage(std::string_view text, std::size_t wanted) {
  int depth = 0;
  bool in_stages = false;
  std::size_t seen = 0;
  std::string_view last_text;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') {
      const std::size_t begin = ++i;
      while (i < text.size() && text[i] != '"') i += text[i] == '\\' ? 2 : 1;
      if (depth == 1) last_text = text.substr(begin, std::min(i, text.size()) - begin);
    } else if (c == '{' || c == '[') {
      if (c == '[' && depth == 1) in_stages = last_text == "stages";
      if (c == '{' && depth == 2 && in_stages && seen++ == wanted) return i;
      ++depth;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return 0;
}

tl::unexpected<Error> wrong(std::size_t line, const std::string& what) { return fail(ErrorCode::invalid_argument, "line " + std::to_string(line) + ": " + what); }

bool is_name(std::string_view text, std::string_view extra, std::size_t most) {
  return !text.empty() && text.size() <= most && std::all_of(text.begin(), text.end(), [extra](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || extra.find(c) != std::string_view::npos;
  });
}

// Below the workspace, without a way out of it.
bool is_inner_path(std::string_view path) {
  if (path.empty() || path.size() > 512 || path.front() == '/' || !json::is_clean_text(path) || path.find('\n') != std::string_view::npos) return false;
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    if (path.substr(at, end - at) == "..") return false;
    at = end + 1;
  }
  return true;
}

// The sentence that is wrong about it; empty: nothing.
std::string take_texts(const bj::object& from, const char* key, std::size_t most, std::vector<std::string>& into, bool (*fine)(std::string_view), const char* rule) {
  if (!from.contains(key)) return {};
  const bj::array* list = json::array_at(from, key);
  if (list == nullptr || list->size() > most) return std::string(key) + " must be a list of at most " + std::to_string(most) + " texts";
  for (const bj::value& v : *list) {
    if (!v.is_string() || !fine(v.get_string())) return std::string(key) + rule;
    into.emplace_back(v.get_string().c_str());
  }
  return {};
}

std::string take_environment(const bj::object& from, StageDefinition& stage) {
  if (!from.contains("environment")) return {};
  const bj::object* variables = json::object_at(from, "environment");
  if (variables == nullptr || variables->size() > kVariablesMax) return "environment must be an object of at most " + std::to_string(kVariablesMax) + " texts";
  for (const auto& [name, value] : *variables) {
    if (!is_name(name, "_", 100) || (name.front() >= '0' && name.front() <= '9') || std::string_view(name).starts_with("UPCALL_")) return "environment has a name that cannot be set";
    if (!value.is_string() || value.get_string().size() > kCommandMax || !json::is_clean_text(value.get_string())) return "environment must have texts as values";
    stage.environment.emplace_back(name, value.get_string().c_str());
  }
  return {};
}

std::string take_stage(const bj::object& from, StageDefinition& stage) {
  constexpr std::string_view kKnown[] = {"name", "commands", "timeoutSeconds", "environment", "artifacts", "nice"};
  for (const auto& [key, value] : from) {
    if (std::find(std::begin(kKnown), std::end(kKnown), std::string_view(key)) == std::end(kKnown)) return "a stage has no \"" + std::string(key).substr(0, 40) + "\"";
  }
  stage.name = json::text_or(from, "name");
  if (!is_name(stage.name, "._-", 40) || stage.name.front() == '.') return "a stage's name must be of letters, digits, . _ and -, 40 at most";
  if (stage.name == kSourceStage || stage.name == kUpdateStage) return "the name " + stage.name + " is the pipeline's own";
  const auto command = [](std::string_view text) { return !text.empty() && text.size() <= kCommandMax && json::is_clean_text(text); };
  if (auto bad = take_texts(from, "commands", kCommandsMax, stage.commands, command, " must have texts of 1 to 4096 bytes"); !bad.empty()) return bad;
  if (stage.commands.empty()) return "the stage " + stage.name + " has no commands";
  if (auto bad = take_texts(from, "artifacts", kArtifactsMax, stage.artifacts, is_inner_path, " must have paths inside the workspace"); !bad.empty()) return bad;
  if (from.contains("timeoutSeconds")) {
    const auto seconds = json::integer_at(from, "timeoutSeconds");
    if (!seconds || *seconds < 1 || *seconds > 86400) return "timeoutSeconds must be 1 to 86400";
    stage.time_limit = Duration::s(*seconds);
  }
  if (from.contains("nice")) {
    const auto nice = json::integer_at(from, "nice");
    if (!nice || *nice < 0 || *nice > 19) return "nice must be 0 to 19";
    stage.nice = static_cast<int>(*nice);
  }
  return take_environment(from, stage);
}

}  // namespace

Result<Definition> parse_definition(std::string_view text) {
  if (text.size() > kDefinitionMax) return wrong(1, "the definition has more than 256 KiB");
  bj::parse_options options;
  options.max_depth = 8;
  bj::stream_parser parser({}, options);
  boost::system::error_code error;
  std::size_t used = parser.write_some(text.data(), text.size(), error);
  if (!error && used == text.size()) parser.finish(error);
  if (error) return wrong(line_at(text, used), "this is not JSON");
  // write_some stops behind the value: only blanks may follow.
  for (; used < text.size(); ++used) {
    if (std::string_view(" \t\r\n").find(text[used]) == std::string_view::npos) return wrong(line_at(text, used), "this is not JSON");
  }
  if (!parser.done()) return wrong(line_at(text, text.size()), "this is not JSON");
  const bj::value root = parser.release();
  const bj::object* top = root.if_object();
  if (top == nullptr) return wrong(1, "the definition must be an object");
  for (const auto& [key, value] : *top) {
    if (key != "version" && key != "stages" && key != "comment") return wrong(1, "a definition has no \"" + std::string(key).substr(0, 40) + "\"");
  }
  if (json::integer_at(*top, "version") != 1) return wrong(1, "version must be 1");
  const bj::array* stages = json::array_at(*top, "stages");
  if (stages == nullptr || stages->empty() || stages->size() > kStagesMax) return wrong(1, "stages must be a list of 1 to " + std::to_string(kStagesMax));
  Definition out;
  std::set<std::string> names;
  for (std::size_t i = 0; i < stages->size(); ++i) {
    const bj::object* object = (*stages)[i].if_object();
    if (object == nullptr) return wrong(1, "stages must be objects");
    StageDefinition stage;
    std::string bad = take_stage(*object, stage);
    if (bad.empty() && !names.insert(stage.name).second) bad = "the stage " + stage.name + " is there twice";
    if (!bad.empty()) return wrong(line_at(text, offset_of_stage(text, i)), bad);
    out.stages.push_back(std::move(stage));
  }
  return out;
}

}  // namespace upcall::pipeline
