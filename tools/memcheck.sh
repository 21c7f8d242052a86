#!/usr/bin/env bash
# Valgrind's memcheck over the corpus of what parses bytes from outside and of what answers them: a value that was never
# written and decides something, or goes out, is a fault (CVE-2020-13899, CVE-2020-4067). tools/memcheck.sh [TARGET...].
# Without the program (Debian: valgrind) it says so and does nothing: it is an extra of `make check`.
set -euo pipefail
cd "$(dirname "$0")/.."
if ! command -v valgrind >/dev/null; then
  echo "memcheck: valgrind is not installed; left out"
  exit 0
fi
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
  targets=(signal_frame stun stun_agent rtcp rtp red sdp sdp_answer sdp_compression stream_deframer url http_json)
fi
tools/build.sh release "${targets[@]/#/fuzz_}"
failed=()
for name in "${targets[@]}"; do
  log=build/release/memcheck-$name.log
  begun=$SECONDS
  if valgrind -q --error-exitcode=1 --track-origins=no "build/release/bin/fuzz_$name" "fuzz/corpus/$name" >"$log" 2>&1; then
    echo "memcheck: $name clean, $((SECONDS - begun)) s"
  else
    failed+=("$name")
    echo "memcheck: $name FAILED, log $log"
    grep -m3 '^==' "$log" || tail -n 3 "$log"
  fi
done
[ ${#failed[@]} -eq 0 ] || { echo "memcheck: ${#failed[@]} failed: ${failed[*]}" >&2; exit 1; }
