#!/usr/bin/env bash
# First what is long by itself: 200 kills of composers and server (KILLS=0 leaves it out), 2 000 chats for ten minutes and
# under 50 kills (CHAT_MINUTES=0, CHAT_KILLS=0), ten recorded calls over two handovers (HANDOVER_CALLS=0), pushes through the shipped
# pipeline, the first of which builds everything (PUSHES=0), a thousand changes of address (ADDRESS_CHANGES=0), a minute of junk at
# 100 000 packets a second (JUNK_SECONDS=0), a recording of four hours (DRIFT_MINUTES=0), and 100 000 random schedules of recordings. Then for MINUTES random meetings and schedules in virtual time, and whole demos over real sockets, in turn. Stops
# at the first failure.
set -euo pipefail
cd "$(dirname "$0")/.."
minutes=$1
simulation=build/release/bin/test_simulation
recordings=build/release/bin/test_simulation_recording
demo=build/release/bin/upcall
mkdir -p build/soak
if [ "${KILLS:-200}" -gt 0 ]; then tools/kills.sh "${KILLS:-200}"; fi
tools/chat_load.sh "${CHAT_MINUTES:-10}" "${CHAT_KILLS:-50}"
if [ "${HANDOVER_CALLS:-10}" -gt 0 ]; then tools/handover.sh "${HANDOVER_CALLS:-10}"; fi
if [ "${PUSHES:-1}" -gt 0 ]; then tools/pipeline_time.sh >build/soak/pushes.log 2>&1 || { tail -n 40 build/soak/pushes.log; exit 1; }; grep "^{" build/soak/pushes.log; fi
if [ "${ADDRESS_CHANGES:-1000}" -gt 0 ]; then tools/address_changes.sh "${ADDRESS_CHANGES:-1000}"; fi
if [ "${JUNK_SECONDS:-60}" -gt 0 ]; then tools/junk_flood.sh 100000 "${JUNK_SECONDS:-60}"; fi
if [ "${FLOOD_SOCKETS:-5000}" -gt 0 ]; then
  echo "soak: ${FLOOD_SOCKETS:-5000} sockets against a server with a recorded call"
  UPCALL_FLOOD_SOCKETS=${FLOOD_SOCKETS:-5000} build/release/bin/test_system_network --gtest_filter='Flood.*' >build/soak/flood.log 2>&1 || { tail -n 40 build/soak/flood.log; exit 1; }
  grep "connections" build/soak/flood.log
fi
if [ "${DRIFT_MINUTES:-240}" -gt 0 ]; then
  echo "soak: a recording of ${DRIFT_MINUTES:-240} minutes through the real codecs"
  if ! UPCALL_DRIFT_MINUTES=${DRIFT_MINUTES:-240} build/release/bin/test_system_drift >build/soak/drift.log 2>&1; then
    tail -n 40 build/soak/drift.log
    echo "soak: failed; repeat: UPCALL_DRIFT_MINUTES=${DRIFT_MINUTES:-240} build/release/bin/test_system_drift" >&2
    exit 1
  fi
  grep '^at ' build/soak/drift.log
fi
end=$(($(date +%s) + minutes * 60))
# Far from the 0..199 that `make test` plays; printed, so that a run can be repeated.
seed=${SEED:-$((1000 + RANDOM * 32768 + RANDOM))}
echo "soak: $minutes minutes, seeds from $seed (SEED=$seed make soak repeats)"
# Schedules of recordings: hundred thousand first, then new ones in each turn.
schedules() {
  if ! UPCALL_SEED=$1 UPCALL_SCHEDULES=$2 "$recordings" --gtest_filter='Chunks/*/0' >build/soak/recordings.log 2>&1; then
    tail -n 40 build/soak/recordings.log
    echo "soak: a schedule of recordings failed; its seed and how to repeat it stand above" >&2
    exit 1
  fi
}
schedules 0 100000
echo "soak: 100000 schedules of recordings"
schedule=$((100000 + seed * 10000))
seeds=0
demos=0
while [ "$(date +%s)" -lt "$end" ]; do
  for _ in $(seq 25); do
    if ! UPCALL_SEED=$seed "$simulation" --gtest_filter='Chunks/*/0' >build/soak/simulation.log 2>&1; then
      tail -n 40 build/soak/simulation.log
      echo "soak: seed $seed failed; repeat: UPCALL_SEED=$seed $simulation --gtest_filter='Chunks/*/0'" >&2
      exit 1
    fi
    seed=$((seed + 1))
    seeds=$((seeds + 1))
  done
  schedules "$schedule" 10000
  schedule=$((schedule + 10000))
  if ! "$demo" demo --seconds 10 --json build/soak/demo.json >build/soak/demo.log 2>&1; then
    tail -n 40 build/soak/demo.log
    echo "soak: demo $((demos + 1)) failed; repeat: $demo demo --seconds 10" >&2
    exit 1
  fi
  demos=$((demos + 1))
  echo "soak: $seeds meetings, $((100000 + demos * 10000)) schedules of recordings, $demos demos, $(((end - $(date +%s)) / 60)) minutes left"
done
echo "soak: passed"
