#include "parameters/guide.hpp"

#include "parameters/check.hpp"
#include "parameters/rules.hpp"

namespace upcall::parameters {

std::string guide_table(bool originals) {
  std::string out = "| Parameter, `--flag` | What for | Value | Default | Counts when |\n| --- | --- | --- | --- | --- |\n";
  for (const ParameterRow& row : rows()) {
    if (is_original(row) != originals) continue;
    const auto [parent, wanted] = parent_of(row);
    std::string fallback = row.fallback.empty() ? "" : "`" + std::string(row.fallback) + "`";
    if (row.required) fallback += (fallback.empty() ? "" : ", ") + std::string("required");
    out += "| `" + std::string(row.name) + "`<br>`--" + std::string(row.flag) + "` | " + std::string(row.help) + " | " + must_be(row) + (row.secret ? "; secret" : "") + " | " + fallback + " | ";
    if (!parent.empty()) out += "`" + std::string(parent) + "` is `" + std::string(wanted) + "`";
    out += " |\n";
  }
  return out;
}

}  // namespace upcall::parameters
