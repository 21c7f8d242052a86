// Secrets do not reach a log or a pusher: lines pass through here first. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace upcall::pipeline {

class Mask {
 public:
  // Texts shorter than this are not masked: they would blot out ordinary words, and are no secrets.
  static constexpr std::size_t kShortest = 6;

  // A secret of several lines is masked line by line.
  void add(std::string_view secret);
  // What stands in an environment under a name that says so (…TOKEN, …SECRET, …PASSWORD, …KEY).
  void add_variable(std::string_view name, std::string_view value);
  // Every secret that was added, also in base64 and percent-encoded, and whatever looks like a git password of ours, is "***".
  std::string line(std::string_view text) const;

 private:
  std::vector<std::string> secrets_;  // the longest first
};

}  // namespace upcall::pipeline
