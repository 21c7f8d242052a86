#!/usr/bin/env bash
# Runs `make demo ONCE=1` and `make test` on a clone of HEAD in a new Debian 12 root below build/check. Root only, in a
# mount namespace of its own (unshare --mount). Uses this machine's package sources.
# Arguments: other commands to run there instead. CCACHE_DIR=$HOME/.cache/ccache: quicker, with this machine's compiler cache.
set -euo pipefail
cd "$(dirname "$0")/.."
source tools/debian_root.sh "$PWD/build/check/root"
git clone -q . "$root/upcall"
# With CCACHE_DIR given, what this machine has compiled is not compiled again.
if [ -n "${CCACHE_DIR:-}" ]; then
  mkdir -p "$root/root/.cache/ccache" "$CCACHE_DIR"
  mount --bind "$CCACHE_DIR" "$root/root/.cache/ccache"
fi
inside 'apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends git make' >build/check/apt.log 2>&1 ||
  { tail -n 20 build/check/apt.log >&2; exit 1; }
[ $# -gt 0 ] || set -- 'make demo ONCE=1' 'make test'
for command in "$@"; do
  echo "fresh: $command"
  inside "cd /upcall && $command"
done
echo "fresh: passed"
