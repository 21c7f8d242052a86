// Private to the commands of `upcall pipeline`.
#pragma once

#include <string>

#include "base/result.hpp"
#include "io/process/child_process.hpp"

namespace CLI {
class App;
}

namespace upcall::cli {

void add_pipeline_runs(CLI::App& pipeline, int& exit_code);
void add_pipeline_runner(CLI::App& pipeline, int& exit_code);
// What the branch has now needs no run: it is where the pipeline begins.
Result<void> remember_tip(process::ChildHost& host, const std::string& data_dir, const std::string& repository, const std::string& branch);

}  // namespace upcall::cli
