#!/usr/bin/env bash
# Two thousand open chats with two thousand messages a second, first undisturbed, then with the server killed under them.
#
#   tools/chat_load.sh [MINUTES] [KILLS]     # 10 and 50; SEED=7 repeats who speaks when and the moments of the kills
#
# CHATS and RATE (messages a second) make it smaller. 0 leaves a part out.
set -euo pipefail
cd "$(dirname "$0")/.."
minutes=${1:-10}
kills=${2:-50}
export UPCALL_CHATS=${CHATS:-2000} UPCALL_CHAT_RATE=${RATE:-2000} UPCALL_SEED=${SEED:-$((1000 + RANDOM))}
mkdir -p build/soak
part() {
  if ! build/release/bin/test_system_chat_load --gtest_filter="$1" >build/soak/chat_load.log 2>&1; then
    tail -n 40 build/soak/chat_load.log
    echo "chat_load: seed $UPCALL_SEED failed; SEED=$UPCALL_SEED tools/chat_load.sh $minutes $kills repeats it" >&2
    exit 1
  fi
  grep -E '^[0-9]+ chats|^sent to|^server' build/soak/chat_load.log
}
if [ "$minutes" -gt 0 ]; then UPCALL_CHAT_SECONDS=$((minutes * 60)) part '*Quiet*'; fi
if [ "$kills" -gt 0 ]; then UPCALL_CHAT_KILLS=$kills part '*Kills*'; fi
