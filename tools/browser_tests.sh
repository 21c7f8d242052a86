#!/usr/bin/env bash
# Tests with real browsers: tools/browser_tests.sh [screenshots [pipeline] | bench [joins] | seek [minutes [jumps]] | play FOLDER | options of node --test...]
#
#   tools/browser_tests.sh --test-name-pattern 'four people'
#   tools/browser_tests.sh bench    # how long a browser takes to join, into build/bench/browser_join.json
#   tools/browser_tests.sh seek     # what a jump in a film of an hour costs on the playback page
#   tools/browser_tests.sh play FOLDER   # every film in it, in Chromium and Firefox
#
# Needs the programs in build/release/bin (or UPCALL_BIN) and the pages in build/web. What a failed test saw is kept in
# build/e2e/<its name>.
set -euo pipefail
origin=$PWD
cd "$(dirname "$0")/.."
export PATH="$(tools/node.sh):$PATH"
cd web/e2e
if [ "${1:-}" = screenshots ]; then
  shift
  exec node src/story/screenshots.ts "$@"
fi
if [ "${1:-}" = play ]; then
  exec node src/bench/play-films.ts "$(cd "$origin" && realpath "$2")"
fi
if [ "${1:-}" = seek ]; then
  shift
  exec node src/bench/seek.ts "$@"
fi
node src/build-client-page.ts
if [ "${1:-}" = bench ]; then
  shift
  exec node src/bench/join.ts "$@"
fi
exec node --test --test-concurrency=1 "$@" 'src/client/*.test.ts' 'src/story/*.test.ts' 'src/guides/*.test.ts'
