#!/usr/bin/env bash
# Configures and builds a preset: tools/build.sh PRESET [ninja targets...]. Output of a configure only when it fails.
set -euo pipefail
cd "$(dirname "$0")/.."
preset=$1
shift
jobs=${JOBS:-$(tools/jobs.sh)}
mkdir -p "build/$preset"
if ! cmake --preset "$preset" >"build/$preset/configure.log" 2>&1; then
  cat "build/$preset/configure.log" >&2
  echo "build: cmake --preset $preset failed" >&2
  exit 1
fi
echo "build: preset $preset in build/$preset, $jobs at once"
exec ninja -C "build/$preset" -j "$jobs" "$@"
