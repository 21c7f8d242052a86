// Where the pipeline's things are in a data directory.
#pragma once

#include <string>

namespace upcall::cli {

std::string whole_path(const std::string& path);
// This program.
std::string own_program();
std::string pipeline_directory(const std::string& data_dir);
std::string repository_directory(const std::string& data_dir, const std::string& repository);

}  // namespace upcall::cli
