#!/usr/bin/env bash
# What is too slow for `make test`: clang-tidy over the cores, ThreadSanitizer, Valgrind (where it is installed), and, in fresh Debian roots, the README's two
# commands and the packages. FRESH=0 leaves the roots out.
set -euo pipefail
cd "$(dirname "$0")/.."
jobs=${JOBS:-$(tools/jobs.sh)}

echo "== clang-tidy"
mkdir -p build/lint
cmake --preset debug -B build/lint -DUPCALL_SCOPE=cores -DCMAKE_EXPORT_COMPILE_COMMANDS=ON \
  -DCMAKE_CXX_COMPILER=clang++-19 -DCMAKE_C_COMPILER=clang-19 >build/lint/configure.log 2>&1 || { cat build/lint/configure.log; exit 1; }
ninja -C build/lint -j "$jobs" upcall_wire_signal >build/lint/generate.log 2>&1 || { cat build/lint/generate.log; exit 1; }
if ! run-clang-tidy-19 -quiet -p build/lint -j "$jobs" "$PWD/(src|sim|fuzz)/.*\.cpp$" >build/lint/report.txt 2>build/lint/errors.txt; then
  grep -E '(warning|error):' build/lint/report.txt | sort -u | head -n 60
  echo "check: clang-tidy found faults; all of them: build/lint/report.txt" >&2
  exit 1
fi
echo "clean"

echo "== ThreadSanitizer"
tools/build.sh tsan
# The composer and whole-system tests spend their time in uninstrumented codecs; threads of ours are in these.
TSAN_OPTIONS=halt_on_error=1 ctest --test-dir build/tsan -L '^unit$' -j "$jobs" --output-on-failure --no-tests=error
TSAN_OPTIONS=halt_on_error=1 ctest --test-dir build/tsan -R '^system_(net|process)\.' --output-on-failure --no-tests=error

echo "== memcheck"
tools/memcheck.sh

echo "== fresh Debian roots"
if [ "${FRESH:-1}" = 0 ]; then
  echo "left out (FRESH=0)"
elif ! command -v debootstrap >/dev/null 2>&1 && [ ! -x /usr/sbin/debootstrap ]; then
  echo "left out: no debootstrap here"
elif [ "$(id -u)" -ne 0 ]; then
  echo "left out: a chroot needs root (sudo make check)"
else
  unshare --mount tools/fresh_root.sh
  tools/bootstrap.sh package
  tools/package.sh
  unshare --mount tools/package_test.sh
fi
