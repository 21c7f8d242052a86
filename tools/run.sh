#!/usr/bin/env bash
# Serves on build/run with sample people; the arguments go to `upcall serve`.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ ! -f build/web/agent-app/index.html ]; then
  echo 'run: the web pages could not be built; the server says so at their addresses' >&2
fi
exec build/release/bin/upcall serve --data-dir build/run --demo-routing --sample-data "$@"
