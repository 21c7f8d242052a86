#!/usr/bin/env bash
# A release of what was built (programs in build/release, pages in build/web), in the folder $1 (build/release-dir), as
# `upcall deploy --release` takes it. Its name is version, number and name of the commit, and what the files hold.
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-build/release-dir}
for needed in build/release/bin/upcall build/release/bin/upcall-recorder build/release/bin/upcall-attendee build/web/agent-app/index.html; do
  [ -e "$needed" ] || { echo "release: $needed is missing; run make build web" >&2; exit 1; }
done
version=$(sed -n 's/^project(upcall VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
commit=$(git rev-parse --short=8 HEAD 2>/dev/null || echo none)
count=$(git rev-list --count HEAD 2>/dev/null || echo 0)
rm -rf "$out"
mkdir -p "$out/bin" "$out/share/upcall"
for program in upcall upcall-recorder upcall-attendee; do
  cp "build/release/bin/$program" "$out/bin/"
  strip --strip-debug "$out/bin/$program"
done
cp -r build/web "$out/share/upcall/web"
content=$(cd "$out" && find . -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum | cut -c1-8)
name="$version+$count.$commit.$content"
printf '{"name":"%s","version":"%s","commit":"%s","built":"%s"}\n' "$name" "$version" "$commit" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" >"$out/release.json"
echo "release: $name in $out ($(du -sh "$out" | cut -f1))"
