// Questions to a person: at a terminal, or to whatever feeds the standard input. Prompts go to standard error, so that the
// standard output is the answer alone.
#pragma once

#include <optional>
#include <string>

namespace upcall::cli {

class Questions {
 public:
  virtual ~Questions() = default;
  // One line without its end. Nothing: there are no more. `secret`: a terminal does not show what is typed.
  virtual std::optional<std::string> ask(const std::string& prompt, bool secret) = 0;
  virtual void say(const std::string& line) = 0;
};

class Terminal final : public Questions {
 public:
  std::optional<std::string> ask(const std::string& prompt, bool secret) override;
  void say(const std::string& line) override;
  static bool is_person();   // does a terminal feed the standard input?
};

}  // namespace upcall::cli
