#include "cli/arguments.hpp"

#include <algorithm>
#include <fstream>

#include <CLI/CLI.hpp>

#include "parameters/table.hpp"

namespace upcall::cli {

Result<std::vector<std::string>> with_config_file(std::vector<std::string> arguments) {
  constexpr std::string_view kFlag = "--config";
  if (arguments.empty() || arguments.front() != "serve") return arguments;
  std::string file;
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    if (arguments[i] == kFlag && i + 1 < arguments.size()) file = arguments[i + 1];
    if (arguments[i].starts_with(std::string(kFlag) + "=")) file = arguments[i].substr(kFlag.size() + 1);
  }
  if (file.empty()) return arguments;
  const auto given = [&arguments](const std::string& flag) {
    return std::any_of(arguments.begin(), arguments.end(), [&](const std::string& a) { return a == flag || a.starts_with(flag + "="); });
  };
  std::ifstream in(file);
  if (!in) return fail(ErrorCode::invalid_argument, "the file " + file + " cannot be read");
  std::vector<std::string> added;
  try {
    for (const CLI::ConfigItem& item : CLI::ConfigTOML().from_config(in)) {
      if (!item.parents.empty() || item.name == "config") return fail(ErrorCode::invalid_argument, "the file " + file + " holds options of serve, one a line, and no '" + item.fullname() + "'");
      const std::string flag = "--" + item.name;
      if (given(flag) || given("--no-" + item.name)) continue;
      for (const std::string& value : item.inputs) added.push_back(flag + "=" + value);
    }
  } catch (const CLI::Error& error) {
    return fail(ErrorCode::invalid_argument, "the file " + file + " cannot be understood: " + error.what());
  }
  arguments.insert(arguments.end(), added.begin(), added.end());
  return arguments;
}

std::vector<std::string> with_empty_values(std::vector<std::string> arguments) {
  std::vector<std::string> out;
  for (std::string& a : arguments) {
    if (a.size() > 3 && a.starts_with("--") && a.find('=') == a.size() - 1) {
      out.push_back(a.substr(0, a.size() - 1));
      out.emplace_back();
    } else {
      out.push_back(std::move(a));
    }
  }
  return out;
}

std::vector<std::string> with_bare_booleans(std::vector<std::string> arguments) {
  if (arguments.empty() || arguments.front() != "configure") return arguments;
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    const std::string& a = arguments[i];
    if (!a.starts_with("--") || a.find('=') != std::string::npos) continue;
    const parameters::ParameterRow* row = parameters::find_any(a);
    const bool bare = i + 1 == arguments.size() || arguments[i + 1].starts_with('-');
    if (row != nullptr && row->kind == parameters::Kind::boolean && bare) arguments[i] += "=true";
  }
  return arguments;
}

}  // namespace upcall::cli
