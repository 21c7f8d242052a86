#!/usr/bin/env bash
# $1 (10) recorded calls over two handovers in a row: nobody reconnects, and no film holds still where the process changed.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/build.sh release test_system_handover
UPCALL_HANDOVER_CALLS=${1:-10} build/release/bin/test_system_handover --gtest_filter='Handover.ManyRecordedCalls*'
