#!/usr/bin/env bash
# Runs every benchmark program (<name>_bench, bench_<name>, bench/original_way) one after the other. Each prints its rows and
# writes them to the JSON file that is its last argument. What each measures: docs/benchmarks.md.
set -euo pipefail
cd "$(dirname "$0")/.."
out=build/bench
mkdir -p "$out"
{
  echo "commit    $(git rev-parse --short HEAD 2>/dev/null || echo unknown)"
  echo "machine   $(nproc) x $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(awk '/MemTotal/ {printf "%.1f GiB", $2 / 1048576}' /proc/meminfo)"
  echo "kernel    $(uname -r)"
  echo "load      $(cut -d' ' -f1-3 /proc/loadavg) (figures are CPU time, but a busy machine still disturbs them)"
} | tee "$out/machine.txt"

failed=()
found=0
for program in build/release/bin/*_bench build/release/bin/bench_* bench/original_way/run.py; do
  [ -x "$program" ] && [ -f "$program" ] || continue
  found=$((found + 1))
  name=$(basename "$program")
  if [ "$name" = run.py ]; then name=original_way; fi
  echo
  echo "== $name"
  case "$name" in
    story_bench) command=("$program" --json "$out/$name.json") ;;
    compose_bench) command=("$program" 12 "$out/$name.json") ;;  # seconds of call, file
    *) command=("$program" "$out/$name.json") ;;
  esac
  if ! "${command[@]}" 2>&1 | tee "$out/$name.txt"; then
    failed+=("${command[*]}")
  fi
done
echo
if [ "$found" -eq 0 ]; then
  echo "bench: no benchmark program was built" >&2
  exit 1
fi
if [ ${#failed[@]} -gt 0 ]; then
  echo "bench: failed:" >&2
  printf '  %s\n' "${failed[@]}" >&2
  exit 1
fi
echo "bench: $found programs, figures in $out/"
