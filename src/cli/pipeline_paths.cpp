#include "cli/pipeline_paths.hpp"

#include <filesystem>

namespace upcall::cli {

namespace fs = std::filesystem;

std::string whole_path(const std::string& path) {
  std::error_code error;
  const fs::path out = fs::absolute(path, error).lexically_normal();
  return error ? path : out.string();
}

std::string own_program() {
  std::error_code error;
  const fs::path self = fs::read_symlink("/proc/self/exe", error);
  return error ? "upcall" : self.string();
}

std::string pipeline_directory(const std::string& data_dir) { return whole_path(data_dir) + "/pipeline"; }
std::string repository_directory(const std::string& data_dir, const std::string& repository) { return pipeline_directory(data_dir) + "/" + repository + ".git"; }

}  // namespace upcall::cli
