#!/usr/bin/env bash
# Builds the web pages: tools/web.sh [check]
#
#   (nothing)  what build/web lacks: packages when the lock changed, both apps when a source changed
#   check      also type check and component tests
#
# Every file that compresses gets a .br and a .gz beside it, which the server hands out. The sizes that a visitor loads
# before a call are budgets: exceeding one fails the build.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$(tools/node.sh):$PATH"
export npm_config_update_notifier=false
# Node brings certificates of its own; a network with another authority in between has it among the system's.
system_certificates=/etc/ssl/certs/ca-certificates.crt
[ ! -f "$system_certificates" ] || export NODE_EXTRA_CA_CERTS=${NODE_EXTRA_CA_CERTS:-$system_certificates}
root=$PWD
out=build/web

cd web
lock=$(sha256sum package-lock.json | cut -d' ' -f1)
if [ "$(cat node_modules/.upcall-lock 2>/dev/null)" != "$lock" ]; then
  echo "web: npm ci"
  npm ci --no-audit --no-fund --loglevel=error --ignore-scripts
  echo "$lock" >node_modules/.upcall-lock
fi

if [ "${1:-}" = check ]; then
  npm run --silent typecheck
  npx vitest run
fi

# A stamp of all that the pages are made of, so that a second call costs nothing.
stamp=$(find shared agent-app demo-website package-lock.json tsconfig.base.json ../tools/web.sh ../tools/web_finish.mjs \
  -type f -not -path '*/node_modules/*' -print0 | sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1)
if [ "$(cat "$root/$out/.stamp" 2>/dev/null)" = "$stamp" ]; then
  echo "web: $out is up to date"
  exit 0
fi
rm -f "$root/$out/.stamp"
for app in agent-app demo-website; do
  echo "web: $app"
  npm run --silent build -w "$app"
done
node ../tools/web_finish.mjs "$root/$out"
echo "$stamp" >"$root/$out/.stamp"
