#!/usr/bin/env bash
# Kills composers and the server with -9 at random moments, then plays every film that came of it in the browsers.
#
#   tools/kills.sh [COUNT]     # 200; SEED=7 repeats kinds and moments of a run
#
# Films stay in build/soak/films until the next run.
set -euo pipefail
cd "$(dirname "$0")/.."
count=${1:-200}
seed=${SEED:-$((1000 + RANDOM))}
films=build/soak/films
rm -rf "$films"
mkdir -p "$films"
echo "kills: $count, seed $seed (SEED=$seed tools/kills.sh $count repeats)"
if ! UPCALL_KILLS=$count UPCALL_SEED=$seed UPCALL_KILLS_DIR=$films build/release/bin/test_system_kills >build/soak/kills.log 2>&1; then
  grep -v '^film: ' build/soak/kills.log | tail -n 60
  echo "kills: seed $seed failed; all that was said: build/soak/kills.log" >&2
  exit 1
fi
grep -v -e '^film: ' -e '^\[' build/soak/kills.log
if [ -d web/node_modules/playwright-core ] && command -v chromium >/dev/null && command -v firefox-esr >/dev/null; then
  tools/browser_tests.sh play "$films"
else
  echo "kills: no browsers or no packages of web/ here (make test brings both): films were decoded, not played" >&2
fi
