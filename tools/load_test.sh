#!/usr/bin/env bash
# The SFU under the load of many calls, by real processes on this machine; a table at the end of each part.
#
#   tools/load_test.sh                       # 200 two-party meetings for 10 minutes
#   SECONDS_EACH=60 tools/load_test.sh       # the same, shorter
#   tools/load_test.sh --ramp                # 25 to 200 meetings in eight steps
#   tools/load_test.sh storm                 # 500 join at once beside 50 calls; then the server is killed, all come back
#   tools/load_test.sh crowd [N]             # one meeting of N (25), 25 cameras, two who speak
#   tools/load_test.sh janus                 # 100 meetings, then the same in the video room of Janus (Debian's package)
#
# Further arguments go to sfu_load_bench. Nothing else should run: the generator has one processor and the server the
# others. Figures as JSON: build/bench/load_<part>.json
set -euo pipefail
cd "$(dirname "$0")/.."
bench=build/release/bin/sfu_load_bench
[ -x "$bench" ] || { echo "load_test: build it first: tools/build.sh release upcall sfu_load_bench" >&2; exit 1; }
mkdir -p build/bench
part=calls
case "${1:-}" in
  storm | crowd | janus) part=$1; shift ;;
esac
case "$part" in
  calls) exec "$bench" --meetings 200 --seconds "${SECONDS_EACH:-600}" "$@" build/bench/load_calls.json ;;
  storm) exec "$bench" --meetings 50 --seconds "${SECONDS_EACH:-20}" --storm 500 --restart "$@" build/bench/load_storm.json ;;
  janus)
    if [ ! -x /usr/bin/janus ]; then
      apt-get install -y --no-install-recommends janus >/dev/null || { echo "load_test: the package janus cannot be installed" >&2; exit 1; }
    fi
    # Janus does not take loopback for an address of the host: a namespace has another one, and nothing leaves it.
    as_root=()
    [ "$(id -u)" = 0 ] || as_root=(--map-root-user)
    exec unshare --net "${as_root[@]}" bash -c '
      ip link set lo up && ip link add media0 type veth peer name media1 &&
      for end in media0 media1; do ip link set $end addrgenmode none && ip link set $end up; done && ip addr add 198.51.100.1/24 dev media0
      exec "$@"' load_test "$bench" --meetings 100 --seconds "${SECONDS_EACH:-60}" --janus /usr/bin/janus "$@" build/bench/load_janus.json ;;
  crowd)
    people=25
    case "${1:-}" in [0-9]*) people=$1; shift ;; esac
    exec "$bench" --meetings 1 --people "$people" --speakers 2 --seconds "${SECONDS_EACH:-60}" "$@" build/bench/load_crowd.json ;;
esac
