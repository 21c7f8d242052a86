// An installation in a directory of its own, and releases for it: the built programs by link, pages that say which release they
// are of, and programs that fail in the way a test needs. One thread; the server that was deployed last ends with it.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace upcall::test {

struct Said {
  int status = -1;
  std::string text;   // both streams
};

class DeployedInstallation {
 public:
  DeployedInstallation();
  ~DeployedInstallation();

  // A release's folder. `upcall`: the text of a script that stands for the program (REAL is the built one); empty: a link.
  std::string release(const std::string& name, const std::string& upcall = "");
  // The built `upcall` with these arguments, and --data-dir and --root of this installation.
  Said run(std::vector<std::string> arguments, const std::string& environment = "");
  Said upcall(std::vector<std::string> arguments);   // without --root
  Said deploy(const std::string& release_folder, std::vector<std::string> more = {});
  // What the page says.
  std::string page();
  pid_t serving();
  std::string file(const std::string& name) const;   // of the root
  const std::string& root() const { return root_; }
  const std::string& data_dir() const { return data_dir_; }
  const std::string& url() const { return url_; }

 private:
  std::string dir_, root_, data_dir_, url_;
};

}  // namespace upcall::test
