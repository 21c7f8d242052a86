#!/usr/bin/env bash
# Installs the Debian 12 packages that a step needs; says and does nothing when they are there.
#
#   tools/bootstrap.sh [build] [test] [s3] [web] [browser] [fuzz] [check] [bench] [package]     (default: build test)
#
# Uses apt as the machine has it configured, through sudo when not root. Packages are found with dpkg-query, so a machine
# that has them needs neither network nor root. Why each is needed: docs/dependencies.md.
set -euo pipefail

build_packages=(
  g++ cmake ninja-build ccache mold pkg-config ca-certificates
  libboost1.81-dev libboost-json1.81-dev
  libssl-dev libsodium-dev
  libopus-dev libvpx-dev libyuv-dev libopenh264-dev
  libseccomp-dev
  libx264-dev libavcodec-dev libavformat-dev libavutil-dev libswresample-dev libfreetype-dev fonts-dejavu-core
  libsqlite3-dev libcurl4-openssl-dev libqrencode-dev libsystemd-dev libarchive-dev
  libprotobuf-dev protobuf-compiler zlib1g-dev
  libcli11-dev libspdlog-dev libfmt-dev libexpected-dev libpugixml-dev
  libhowardhinnant-date-dev tzdata
  # Test programs belong to the build: everything is compiled once.
  libgtest-dev libgmock-dev libsrtp2-dev
)
test_packages=(python3 openssl gnuplot-nox logrotate curl git coturn)
# A real S3 server for the tests of recordings in a bucket, and a real client for those of /aws/s3; without them they are
# left out and say so.
s3_packages=(ceph-mon ceph-osd radosgw ceph-common awscli)
# Real browsers; their fonts are those of the pages' screenshots. iproute2 makes the phone's network.
browser_packages=(chromium firefox-esr fonts-dejavu-core iproute2)
fuzz_packages=(clang-19 libclang-rt-19-dev)
check_packages=(clang-tidy-19 clang-19 debootstrap valgrind)
# Packs what was built (make package).
package_packages=(dpkg-dev debhelper fakeroot git)
# The way recordings were made before, as a baseline (bench/original_way).
bench_packages=(xvfb pulseaudio ffmpeg firefox-esr)

[ $# -gt 0 ] || set -- build test
wanted=()
for step in "$@"; do
  case "$step" in
    build) wanted+=("${build_packages[@]}") ;;
    test)
      wanted+=("${test_packages[@]}")
      # The client package's own protobuf module is the oracle of the signalling frames. Any Node from 18 on will do.
      command -v node >/dev/null 2>&1 || wanted+=(nodejs)
      command -v npm >/dev/null 2>&1 || wanted+=(npm)
      ;;
    s3) wanted+=("${s3_packages[@]}") ;;
    # Only to install a current Node from npm's own packages where the machine's is too old (tools/node.sh).
    web)
      command -v node >/dev/null 2>&1 || wanted+=(nodejs)
      command -v npm >/dev/null 2>&1 || wanted+=(npm)
      ;;
    browser) wanted+=("${browser_packages[@]}") ;;
    fuzz) wanted+=("${fuzz_packages[@]}") ;;
    check) wanted+=("${check_packages[@]}") ;;
    package) wanted+=("${package_packages[@]}") ;;
    bench) wanted+=("${bench_packages[@]}") ;;
    *) echo "bootstrap: unknown set '$step' (build, test, s3, web, browser, fuzz, check, bench, package)" >&2; exit 2 ;;
  esac
done

# Those of the arguments that are not installed.
not_installed() {
  local have package
  have=" $(dpkg-query -W -f='${db:Status-Status}=${Package} ' "$@" 2>/dev/null || true)"
  for package in "$@"; do
    case "$have" in *" installed=$package "*) ;; *) echo "$package" ;; esac
  done
}

mapfile -t missing < <(not_installed "${wanted[@]}")
[ ${#missing[@]} -gt 0 ] || exit 0

echo "bootstrap: installing ${#missing[@]} packages: ${missing[*]}"
as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null 2>&1; then
    echo "bootstrap: not root and no sudo here. Install by hand: apt-get install ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 -qq)

log=$(mktemp)
trap 'rm -f "$log"' EXIT
try() {
  if ! "$@" >"$log" 2>&1; then
    tail -n 30 "$log" >&2
    return 1
  fi
}
# A stale package list is the usual reason for a first failure.
if ! { [ -n "$(ls /var/lib/apt/lists 2>/dev/null | grep -m1 _Packages)" ] && try "${apt[@]}" install -y --no-install-recommends "${missing[@]}" 2>/dev/null; }; then
  if ! try "${apt[@]}" update || ! try "${apt[@]}" install -y --no-install-recommends "${missing[@]}"; then
    echo "bootstrap: apt could not install: ${missing[*]}" >&2
    echo "bootstrap: this needs Debian 12 (bookworm) and a reachable package source (see /etc/apt)." >&2
    exit 1
  fi
fi
still=$(not_installed "${missing[@]}")
[ -z "$still" ] || { echo "bootstrap: apt said yes, but these are not installed:" $still >&2; exit 1; }
echo "bootstrap: done"
