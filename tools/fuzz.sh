#!/usr/bin/env bash
# libFuzzer with ASan and UBSan on every fuzz target: tools/fuzz.sh SECONDS [TARGET]. New inputs go to build/fuzz/new/
# (copy what is worth keeping, small, to fuzz/corpus/<name>/), crashes to build/fuzz/crashes/. An input that takes a second, or a
# process that takes 512 MiB, is a crash: what hangs or grows is as bad. A target that needs more says so and why in its own
# line "// limits: -timeout=5 (why)".
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=$1
only=${2:-}
targets=()
for source in fuzz/*.cpp; do
  name=$(basename "$source" .cpp)
  if [ -z "$only" ] || [ "$name" = "$only" ]; then targets+=("$name"); fi
done
if [ ${#targets[@]} -eq 0 ]; then
  echo "fuzz: no target '$only'; there are: $(cd fuzz && ls -- *.cpp | sed 's/\.cpp$//' | tr '\n' ' ')" >&2
  exit 2
fi
if [ -n "$only" ]; then
  tools/build.sh fuzz "fuzz_$only"
else
  tools/build.sh fuzz
fi

crashed=()
for name in "${targets[@]}"; do
  program=build/fuzz/bin/fuzz_$name
  if [ ! -x "$program" ]; then
    echo "fuzz: $name needs a room that is not part of the fuzz build; left out"
    continue
  fi
  mkdir -p "build/fuzz/new/$name" build/fuzz/crashes "fuzz/corpus/$name"
  log=build/fuzz/$name.log
  read -r -a limits <<<"$(sed -n 's|^// limits: *\([^(]*\)(.*|\1|p' "fuzz/$name.cpp")"
  if "$program" -max_total_time="$seconds" -timeout=1 -rss_limit_mb=512 "${limits[@]}" -print_final_stats=1 \
      -artifact_prefix="build/fuzz/crashes/$name-" "build/fuzz/new/$name" "fuzz/corpus/$name" >"$log" 2>&1; then
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    echo "fuzz: $name: $runs runs in $seconds s, $(find "build/fuzz/new/$name" -type f | wc -l) inputs kept"
  else
    crashed+=("$name")
    input=$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)
    grep -m1 -E 'ERROR: |runtime error: ' "$log" || tail -n 5 "$log"
    echo "fuzz: $name FAILED, log $log"
    echo "  repeat: $program $input"
    echo "  then:   cp $input fuzz/corpus/$name/   (a test for good)"
  fi
done
[ ${#crashed[@]} -eq 0 ] || { echo "fuzz: ${#crashed[@]} targets crashed: ${crashed[*]}" >&2; exit 1; }
