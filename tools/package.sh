#!/usr/bin/env bash
# Debian packages of what was built (programs in build/release, pages in build/web), in the folder $1 (build/packages). The version is the
# project's, followed by the number and name of the commit, so that a later build is an upgrade.
set -euo pipefail
cd "$(dirname "$0")/.."
version=$(sed -n 's/^project(upcall VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
if count=$(git rev-list --count HEAD 2>/dev/null); then version+="+$count.$(git rev-parse --short=8 HEAD)"; fi
version=${UPCALL_PACKAGE_VERSION:-$version}
[ -f build/web/agent-app/index.html ] || { echo 'package: the web pages are not built; run make web' >&2; exit 1; }
work=build/package/work
out=${1:-build/packages}
rm -rf build/package "$out"
mkdir -p "$work/stage/bin" "$out"
cp -r deploy/debian "$work/debian"
cp build/release/bin/upcall build/release/bin/upcall-attendee build/release/bin/upcall-recorder "$work/stage/bin/"
cp -r build/web "$work/stage/web"
cp -r deploy/flows deploy/monitoring deploy/hooks deploy/turn "$work/stage/"
cp deploy/debian/upcall.conf "$work/stage/upcall.conf"
cat >"$work/debian/changelog" <<TEXT
upcall ($version) bookworm; urgency=medium

  * Built from $(git rev-parse HEAD 2>/dev/null || echo 'a source tree').

 -- Upcall developers <developers@upcall.invalid>  $(date -R -d "@$(git log -1 --format=%ct 2>/dev/null || date +%s)")
TEXT
echo "package: version $version"
if ! (cd "$work" && DEB_BUILD_OPTIONS=noautodbgsym dpkg-buildpackage -b -us -uc) >build/package/log 2>&1; then
  tail -n 40 build/package/log >&2
  echo 'package: failed; all that was said: build/package/log' >&2
  exit 1
fi
mv build/package/*.deb "$out/"
ls -l "$out" | awk -v out="$out" 'NR > 1 {printf "package: %s/%s (%.1f MB)\n", out, $9, $5 / 1e6}'
