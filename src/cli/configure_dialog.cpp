#include "cli/configure_dialog.hpp"

#include "parameters/check.hpp"

namespace upcall::cli {

using parameters::ParameterRow;
using parameters::Values;

namespace {

class Dialog {
 public:
  Dialog(Questions& questions, const DialogStart& start) : questions_(questions), start_(start), given_(start.given) {}

  // False: there are no more lines.
  bool ask_all() {
    questions_.say("Enter keeps what stands in brackets, - takes it back, Ctrl-D ends without storing anything.");
    for (const ParameterRow& row : parameters::rows()) {
      if (!is_original(row)) break;
      if (!ask_if_it_counts(row)) return false;
    }
    if (start_.ours == DialogStart::Ours::none) return true;
    if (start_.ours == DialogStart::Ours::ask) {
      const auto more = questions_.ask("Also this server's own parameters (recordings, storage, capacity, chats, mail, log-in)? [no]: ", false);
      if (!more) return false;
      if (*more != "y" && *more != "yes") return true;
    }
    for (const ParameterRow& row : parameters::rows()) {
      if (!is_original(row) && !ask_if_it_counts(row)) return false;
    }
    return true;
  }

  // Those that a sentence names, whatever their parents are.
  bool ask_named(const std::string& sentence) {
    bool any = false;
    for (const ParameterRow& row : parameters::rows()) {
      if (!names(sentence, row.name)) continue;
      any = true;
      if (!ask(row)) return false;
    }
    return any || ask_all();
  }

  const Values& given() const { return given_; }

 private:
  // As a word of its own: minCapacity is not in "minCapacityX".
  static bool names(const std::string& sentence, std::string_view name) {
    for (std::size_t at = sentence.find(name); at != std::string::npos; at = sentence.find(name, at + 1)) {
      const auto letter = [&](std::size_t i) { return i < sentence.size() && (std::isalnum(static_cast<unsigned char>(sentence[i])) != 0); };
      if ((at == 0 || !letter(at - 1)) && !letter(at + name.size())) return true;
    }
    return false;
  }

  Values shown() const {
    Values out = start_.load ? start_.in_force : start_.defaults;
    for (const auto& [name, value] : given_) {
      const ParameterRow* row = parameters::find(name);
      const auto normal = parameters::normal_value(*row, value);
      if (!normal) continue;   // the sentence comes when it is asked, or weighed
      out[name] = !normal->empty() ? (row->secret ? "(set)" : *normal) : start_.defaults.at(name);
    }
    return out;
  }

  bool ask_if_it_counts(const ParameterRow& row) { return !has_effect(row, shown()) || ask(row); }

  bool ask(const ParameterRow& row) {
    for (;;) {
      const std::string current = shown().at(std::string(row.name));
      const auto line = questions_.ask(std::string(row.flag) + " [" + std::string(parameters::shown(row, current)) + "]: ", row.secret);
      if (!line) return false;
      const bool blank = *line == "-";
      const std::string name(row.name);
      if (line->empty()) {
        // From defaults, Enter means the default; a secret that cannot be shown stays as it is.
        const bool is_default = start_.in_force.at(name) == start_.defaults.at(name);
        if (!start_.load && !row.secret && !is_default && !given_.contains(name)) given_[name] = is_own_of_instance(row) ? "" : current;
        return true;
      }
      auto normal = parameters::normal_value(row, blank ? "" : *line);
      if (normal) {
        given_[name] = std::move(*normal);
        return true;
      }
      questions_.say("  " + normal.error().message);
    }
  }

  // What the instance says of itself stays its own: it may change its address.
  bool is_own_of_instance(const ParameterRow& row) const { return row.fallback.empty(); }

  Questions& questions_;
  const DialogStart& start_;
  Values given_;
};

}  // namespace

std::optional<Values> configure_dialog(Questions& questions, const DialogStart& start, const Weigh& weigh) {
  Dialog dialog(questions, start);
  if (!dialog.ask_all()) return std::nullopt;
  for (;;) {
    const auto fine = weigh(dialog.given());
    if (fine) return dialog.given();
    questions.say("  " + fine.error().message);
    if (!dialog.ask_named(fine.error().message)) return std::nullopt;
  }
}

}  // namespace upcall::cli
