#!/usr/bin/env bash
# Plays the demo; on a terminal it keeps serving afterwards unless the first argument (ONCE) is 1.
set -euo pipefail
cd "$(dirname "$0")/.."
once=$1
shift
keep=()
if [ -t 1 ] && [ "$once" != 1 ]; then keep=(--keep); fi
exec build/release/bin/upcall demo "${keep[@]}" "$@"
