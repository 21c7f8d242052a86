#!/usr/bin/env bash
# Installs, upgrades, removes and purges the packages of build/packages in a new Debian 12 root below build/check, and lets
# the installed programs make a whole recorded call there. Root only, in a mount namespace of its own (unshare --mount).
set -euo pipefail
cd "$(dirname "$0")/.."
source tools/debian_root.sh "$PWD/build/check/package-root"
fail() { echo "package_test: $1" >&2; exit 1; }
expect() { inside "$2" >>"$log" 2>&1 || { tail -n 30 "$log" >&2; fail "$1: $2"; }; }
log=$PWD/build/check/package_test.log
: >"$log"

echo 'package_test: a later version for the upgrade'
UPCALL_PACKAGE_VERSION=99.0 tools/package.sh build/package-later >>"$log"
mkdir -p "$root/packages" "$root/later"
cp build/packages/*.deb "$root/packages/"
cp build/package-later/*.deb "$root/later/"
# Nothing may start in a root without an init; Debian's own switch for that.
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod +x "$root/usr/sbin/policy-rc.d"
expect 'package lists' 'apt-get -qq update'
# As the unit starts it: its user, its directory, its command.
cat >"$root/start" <<'TEXT'
#!/bin/sh
set -e
command=$(sed -n 's/^ExecStart=//p' /lib/systemd/system/upcall.service)
install -d -o upcall -g upcall -m 0700 /var/lib/upcall
exec setpriv --reuid upcall --regid upcall --clear-groups --no-new-privs -- $command
TEXT
# Starts it, waits for its word, does $*, ends it.
cat >"$root/with-server" <<'TEXT'
#!/bin/bash
set -e
coproc /start
read -r -t 60 line <&"${COPROC[0]}"
case "$line" in ready\ *) ;; *) echo "not ready: $line" >&2; exit 1 ;; esac
status=0
"$@" || status=$?
kill "$COPROC_PID" 2>/dev/null || true
wait "$COPROC_PID" 2>/dev/null || true
exit "$status"
TEXT
chmod +x "$root/start" "$root/with-server"

begin=$(date +%s)
expect 'install' 'DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends /packages/*.deb curl'
installed=$(date +%s)
expect 'the user' 'getent passwd upcall | grep -q /var/lib/upcall'
expect 'the unit is enabled' 'test -L /etc/systemd/system/multi-user.target.wants/upcall.service'
expect 'the unit is fine' 'apt-get -qq install -y --no-install-recommends systemd && systemd-analyze verify /lib/systemd/system/upcall.service'
# "OK" is below 5.0; what is left is that it talks to the network.
expect 'the unit is closed' 'systemd-analyze security --offline=true --threshold=30 /lib/systemd/system/upcall.service'
expect 'help' 'upcall --help && upcall-recorder --help'
expect 'the server and its pages' '/with-server sh -c "curl -sf http://127.0.0.1:8080/readyz && curl -sf http://127.0.0.1:8080/ | grep -q html && curl -sf http://127.0.0.1:8080/demo-website.html | grep -q html"'
expect 'files are its own' 'test "$(stat -c %U:%a /var/lib/upcall/upcall.db)" = upcall:600'
begun=$(date +%s)
expect 'a recorded call by the installed programs' 'setpriv --reuid upcall --regid upcall --clear-groups -- env HOME=/tmp upcall demo --seconds 5 --data-dir /var/lib/upcall/trial --json /tmp/demo.json && grep -q "\"ok\": *true" /tmp/demo.json'
verified=$(date +%s)
expect 'something to keep' 'mkdir -p /var/lib/upcall/objects && cp -r /var/lib/upcall/trial/objects/. /var/lib/upcall/objects/ && find /var/lib/upcall/objects -type f | grep -q . && rm -r /var/lib/upcall/trial'
expect 'somebody to keep' '/with-server upcall user add --data-dir /var/lib/upcall --username ann@example.com --email ann@example.com --name Ann --security-profile Agent --password "correct horse battery"'

# Under a running server, as the package's script does it where there is a systemd: the files are exchanged, then it hands over.
cat >"$root/upgrade" <<'TEXT'
#!/bin/sh
set -e
before=$(readlink /proc/$(pgrep -o -x upcall)/exe)
DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends -o Dpkg::Options::=--force-confold /later/*.deb
grep -q 'upcall handover --data-dir' /var/lib/dpkg/info/upcall-server.postinst
setpriv --reuid upcall --regid upcall --clear-groups -- /usr/bin/upcall handover --data-dir /var/lib/upcall --program /usr/bin/upcall
curl -sf http://127.0.0.1:8080/readyz
next=$(setpriv --reuid upcall --regid upcall --clear-groups -- pgrep -n -x upcall)
[ "$before" = /usr/bin/upcall ] && [ "$(readlink "/proc/$next/exe")" = /usr/bin/upcall ]
kill "$next"
while [ -d "/proc/$next" ] && ! grep -q '^State:.Z' "/proc/$next/status"; do sleep 0.05; done
TEXT
chmod +x "$root/upgrade"
expect 'a changed setting' 'echo "# ours" >>/etc/upcall/upcall.conf'
expect 'upgrade' '/with-server /upgrade && dpkg -s upcall-server | grep -q "^Version: 99.0"'
expect 'the setting is kept' 'grep -q "^# ours" /etc/upcall/upcall.conf'
expect 'the user of before' '/with-server upcall user list --data-dir /var/lib/upcall --json | grep -q ann@example.com'

expect 'remove' 'DEBIAN_FRONTEND=noninteractive apt-get -qq remove -y upcall upcall-server upcall-recorder upcall-web'
expect 'programs are gone, data and settings not' 'test ! -e /usr/bin/upcall -a ! -e /usr/share/upcall/web -a -e /etc/upcall/upcall.conf -a -e /var/lib/upcall/upcall.db'
expect 'purge' 'DEBIAN_FRONTEND=noninteractive apt-get -qq purge -y upcall-server upcall-recorder upcall-web >/tmp/purge 2>&1'
expect 'recordings outlive it, and that is said' 'test ! -e /etc/upcall/upcall.conf && find /var/lib/upcall/objects -type f | grep -q . && grep -q "rm -r /var/lib/upcall" /tmp/purge'
expect 'without recordings nothing stays' 'rm -r /var/lib/upcall/objects /var/lib/upcall/spool && apt-get -qq install -y --no-install-recommends /packages/upcall-server_*.deb && apt-get -qq purge -y upcall-server && test ! -e /var/lib/upcall'
echo "package_test: passed; installed in $((installed - begin)) s, a verified call $((verified - begun)) s later; the log is build/check/package_test.log"
