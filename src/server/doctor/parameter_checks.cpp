// Whether the parameters that are stored can be together: an older version, or somebody with an editor, may have left what
// `upcall configure` refuses.
#include "parameters/rules.hpp"
#include "server/admin/stored_parameters.hpp"
#include "server/doctor/checks.hpp"

namespace upcall::doctor {

void check_parameters(const Installation& at, const Opened& opened, Report& report) {
  const char* check = "parameters";
  if (!opened.database || !opened.sealer) return;
  auto own = admin::own_parameters(*opened.database, *opened.sealer);
  const auto instance = admin::instance_parameters(*opened.database, at.public_url);
  if (!own || !instance) return report.fault(check, (own ? instance.error() : own.error()).message, "what was configured is not known", "see what the database check says");
  for (auto& [name, value] : *own) {
    const parameters::ParameterRow* row = parameters::find(name);
    if (!row->secret || value != admin::kUnreadable) continue;
    report.fault(check, "the secret " + name + " cannot be opened", "it was sealed under another master key", "set it anew: upcall configure --" + std::string(row->flag) + "=-");
    return;
  }
  const auto plan = parameters::plan({}, *own, *instance);
  if (!plan) return report.fault(check, plan.error().message, "parts of the server go on with what they can make of it", "correct it with upcall configure, see docs/guides/configure.md");
  std::string notes;
  for (const std::string& text : plan->notes) {
    // That a child waits for its parent is no news; that a log-in cannot work is.
    if (text.find("is kept, and counts when") == std::string::npos) notes += (notes.empty() ? "" : " ") + text;
  }
  if (!notes.empty()) return report.note(check, notes, "it was configured half", "see docs/guides/configure.md");
  report.well(check, std::to_string(own->size()) + " are set, and can be together");
}

}  // namespace upcall::doctor
