#include "cli/terminal.hpp"

#include <csignal>
#include <cstdio>
#include <iostream>

#include <termios.h>
#include <unistd.h>

namespace upcall::cli {

namespace {

termios shown;   // the terminal's setting, for the signal's handler

void give_back(int signal) {
  ::tcsetattr(STDIN_FILENO, TCSANOW, &shown);
  ::_exit(128 + signal);
}

// While it lives, what is typed is not shown; Ctrl-C leaves a terminal that shows it again.
class Hidden {
 public:
  explicit Hidden(bool wanted) : on_(wanted && ::tcgetattr(STDIN_FILENO, &shown) == 0) {
    if (!on_) return;
    before_ = std::signal(SIGINT, give_back);
    termios quiet = shown;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    quiet.c_lflag |= ECHONL;
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
  }
  ~Hidden() {
    if (!on_) return;
    ::tcsetattr(STDIN_FILENO, TCSANOW, &shown);
    std::signal(SIGINT, before_);
  }
  Hidden(const Hidden&) = delete;
  Hidden& operator=(const Hidden&) = delete;

 private:
  bool on_;
  void (*before_)(int) = SIG_DFL;
};

}  // namespace

bool Terminal::is_person() { return ::isatty(STDIN_FILENO) == 1; }

std::optional<std::string> Terminal::ask(const std::string& prompt, bool secret) {
  const Hidden hidden(secret && is_person());
  std::fprintf(stderr, "%s", prompt.c_str());
  std::fflush(stderr);
  std::string line;
  if (!std::getline(std::cin, line)) {
    std::fprintf(stderr, "\n");
    return std::nullopt;
  }
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

void Terminal::say(const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); }

}  // namespace upcall::cli
