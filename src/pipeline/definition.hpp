// What a pipeline does after Source and UpdatePipeline: stages with commands, as deploy/pipeline/pipeline.json in the
// repository says (docs/guides/pipeline.md). Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "base/time.hpp"

namespace upcall::pipeline {

inline constexpr std::string_view kDefinitionPath = "deploy/pipeline/pipeline.json";
inline constexpr std::size_t kDefinitionMax = 256 << 10;
inline constexpr std::size_t kStagesMax = 20, kCommandsMax = 50, kCommandMax = 4096, kVariablesMax = 50, kArtifactsMax = 50;
inline constexpr std::string_view kSourceStage = "Source", kUpdateStage = "UpdatePipeline";

struct StageDefinition {
  std::string name;
  std::vector<std::string> commands;  // for /bin/sh, one after another, the first that fails ends the stage
  Duration time_limit = Duration::s(3600);  // of all its commands together
  std::vector<std::pair<std::string, std::string>> environment;
  std::vector<std::string> artifacts;  // paths in the workspace that are kept with the run
  int nice = 0;                        // 0 to 19
  bool operator==(const StageDefinition&) const = default;
};

struct Definition {
  std::vector<StageDefinition> stages;
  bool operator==(const Definition&) const = default;
};

// Errors: invalid_argument, a sentence that begins with "line N: ".
Result<Definition> parse_definition(std::string_view text);

}  // namespace upcall::pipeline
