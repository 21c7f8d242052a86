#!/usr/bin/env bash
# Gives both attendees of a call another address again and again and prints how long their media was away.
#
#   tools/address_changes.sh [COUNT]     # 500; SEED=7 repeats the network
set -euo pipefail
cd "$(dirname "$0")/.."
UPCALL_REBINDS=${1:-500} UPCALL_SEED=${SEED:-$((1000 + RANDOM))} \
  build/release/bin/test_system_network --gtest_filter='*MediaIsBack*' | grep -E 'address changes|FAILED|Failure'
