#!/usr/bin/env bash
# Tests with real browsers: tools/browser_tests.sh [screenshots | bench [joins] | options of node --test...]
#
#   tools/browser_tests.sh --test-name-pattern 'four people'
#   tools/browser_tests.sh bench    # how long a browser takes to join, into build/bench/browser_join.json
#
# Needs the programs in build/release/bin (or UPCALL_BIN) and the pages in build/web. What a failed test saw is kept in
# build/e2e/<its name>.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$(tools/node.sh):$PATH"
cd web/e2e
if [ "${1:-}" = screenshots ]; then
  exec node src/story/screenshots.ts
fi
node src/build-client-page.ts
if [ "${1:-}" = bench ]; then
  shift
  exec node src/bench/join.ts "$@"
fi
exec node --test --test-concurrency=1 "$@" 'src/client/*.test.ts' 'src/story/*.test.ts'
