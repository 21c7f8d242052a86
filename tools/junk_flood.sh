#!/usr/bin/env bash
# Floods the media port beside a call and prints what the call and the media thread notice of it.
#
#   tools/junk_flood.sh [RATE [SECONDS]]     # 100000 datagrams a second, 20
set -euo pipefail
cd "$(dirname "$0")/.."
UPCALL_JUNK_RATE=${1:-100000} UPCALL_JUNK_SECONDS=${2:-20} \
  build/release/bin/test_system_network --gtest_filter='Junk.*' | grep -E 'junk/s|FAILED|Failure'
