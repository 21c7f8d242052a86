#!/usr/bin/env bash
# Runs `make demo ONCE=1` and `make test` on a clone of HEAD in a new Debian 12 root below build/check. Root only, in a
# mount namespace of its own (unshare --mount), so that its mounts end with it. Uses this machine's package sources.
# Arguments: other commands to run there instead. CCACHE_DIR=$HOME/.cache/ccache: quicker, with this machine's compiler cache.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD/build/check/root
export PATH=$PATH:/usr/sbin:/sbin
source_uri=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Created-By: Packages' | awk '$2 == "bookworm" {print $1; exit}')
[ -n "$source_uri" ] || { echo "fresh: apt here knows no bookworm source" >&2; exit 1; }
proxy=$(apt-config dump | sed -n 's/^Acquire::http::Proxy "\(.*\)";/\1/p')
[ -z "$proxy" ] || export http_proxy=$proxy

rm -rf "$root"
mkdir -p "$root"
echo "fresh: installing a minimal Debian 12 in build/check/root"
if ! debootstrap --variant=minbase bookworm "$root" "$source_uri" >build/check/debootstrap.log 2>&1; then
  tail -n 20 build/check/debootstrap.log >&2
  exit 1
fi
# The same package sources as here, and nothing else of this machine.
for path in etc/apt/sources.list etc/apt/sources.list.d etc/apt/apt.conf etc/apt/apt.conf.d etc/apt/trusted.gpg.d \
            usr/share/keyrings etc/resolv.conf etc/hosts usr/local/share/ca-certificates; do
  if [ -e "/$path" ]; then
    mkdir -p "$root/$(dirname "$path")"
    cp -rL "/$path" "$root/$(dirname "$path")/"
  fi
done
# A root that is thrown away need not survive a power cut.
echo force-unsafe-io >"$root/etc/dpkg/dpkg.cfg.d/throw-away"
mount --make-rprivate /
# A root is a mount point: network namespaces are entered with mounts of their own.
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
git clone -q . "$root/upcall"
# With CCACHE_DIR given, what this machine has compiled is not compiled again.
if [ -n "${CCACHE_DIR:-}" ]; then
  mkdir -p "$root/root/.cache/ccache" "$CCACHE_DIR"
  mount --bind "$CCACHE_DIR" "$root/root/.cache/ccache"
fi
inside() { chroot "$root" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
  ${http_proxy:+http_proxy="$http_proxy"} ${registry:+npm_config_registry="$registry"} JOBS="${JOBS:-2}" ${CI:+CI="$CI"} sh -c "$1"; }
registry=$(npm config get registry 2>/dev/null || true)
[ "$registry" != undefined ] || registry=
inside 'apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends git make' >build/check/apt.log 2>&1 ||
  { tail -n 20 build/check/apt.log >&2; exit 1; }
[ $# -gt 0 ] || set -- 'make demo ONCE=1' 'make test'
for command in "$@"; do
  echo "fresh: $command"
  inside "cd /upcall && $command"
done
echo "fresh: passed"
