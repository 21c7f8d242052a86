# Sourced: a new minimal Debian 12 in $1, with this machine's package sources and nothing else of it. Root only, in a mount
# namespace of its own (unshare --mount), so that its mounts end with it. Afterwards inside 'COMMANDS' runs there.
export PATH=$PATH:/usr/sbin:/sbin
root=$1
source_uri=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Created-By: Packages' | awk '$2 == "bookworm" {print $1; exit}')
[ -n "$source_uri" ] || { echo "root: apt here knows no bookworm source" >&2; exit 1; }
proxy=$(apt-config dump | sed -n 's/^Acquire::http::Proxy "\(.*\)";/\1/p')
[ -z "$proxy" ] || export http_proxy=$proxy

rm -rf "$root"
mkdir -p "$root"
# Unpacked and nothing else, it is the same each time: kept until `make clean`.
base=$(dirname "$root")/base.tar
if [ -f "$base" ]; then
  tar -xf "$base" -C "$root"
else
  echo "root: installing a minimal Debian 12 in ${root#"$PWD"/}"
  if ! debootstrap --variant=minbase bookworm "$root" "$source_uri" >"$root.log" 2>&1; then
    tail -n 20 "$root.log" >&2
    exit 1
  fi
  tar -cf "$base.part" -C "$root" . && mv "$base.part" "$base"
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
inside() { chroot "$root" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
  ${http_proxy:+http_proxy="$http_proxy"} ${registry:+npm_config_registry="$registry"} JOBS="${JOBS:-2}" ${CI:+CI="$CI"} sh -c "$1"; }
registry=$(npm config get registry 2>/dev/null || true)
[ "$registry" != undefined ] || registry=
