#!/usr/bin/env bash
# How long a one-line change takes from its push to the verified release, on this host with warm caches:
#   tools/pipeline_time.sh [DIR]      DIR keeps data, workspace and releases for the next time (build/pipeline-time)
# The first push of a new DIR builds everything; what counts is the second, a line in the core of the media plane, which most
# programs and tests are linked with again. Prints stages with their seconds, and JSON at the end.
set -euo pipefail
cd "$(dirname "$0")/.."
upcall=$PWD/build/release/bin/upcall
[ -x "$upcall" ] || { echo 'pipeline_time: make programs first' >&2; exit 1; }
dir=${1:-build/pipeline-time}
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
data=$dir/data
started=()
# The server that serves in the end is none that was started here: the run has handed over to it.
finish() {
  for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
  pkill -f -- "serve --data-dir $data " || true
  wait
}
trap finish EXIT

"$upcall" serve --data-dir "$data" --listen 127.0.0.1:0 --media-address 127.0.0.1 --log-file "$dir/server.log" >"$dir/serve.out" &
started+=($!)
for _ in $(seq 300); do grep -q '^ready ' "$dir/serve.out" && break; read -rt 0.1 <> <(:) || true; done
grep -q '^ready ' "$dir/serve.out" || { echo "pipeline_time: the server did not start, see $dir/server.log" >&2; exit 1; }

[ -d "$data/pipeline/upcall.git" ] || "$upcall" pipeline init --data-dir "$data" >/dev/null
access=$("$upcall" pipeline user reset --data-dir "$data" --json)
url=$("$upcall" pipeline user show --data-dir "$data" --json | python3 -c 'import json,sys; print(json.load(sys.stdin)["url"])')
export UPCALL_GIT_USER UPCALL_GIT_PASSWORD
UPCALL_GIT_USER=$(python3 -c 'import json,sys; print(json.loads(sys.argv[1])["username"])' "$access")
UPCALL_GIT_PASSWORD=$(python3 -c 'import json,sys; print(json.loads(sys.argv[1])["password"])' "$access")
"$upcall" pipeline runner --data-dir "$data" --root "$dir/root" >"$dir/runner.out" 2>&1 &
started+=($!)
for _ in $(seq 300); do grep -q '^ready' "$dir/runner.out" && break; read -rt 0.1 <> <(:) || true; done

clone=$dir/clone
[ -d "$clone" ] || git clone -q --no-hardlinks . "$clone"
git -C "$clone" pull -q --no-rebase --no-edit "$PWD" HEAD
push() {
  git -C "$clone" -c credential.helper='!f() { echo "username=$UPCALL_GIT_USER"; echo "password=$UPCALL_GIT_PASSWORD"; }; f' push -q --force "$url" HEAD:main
}
wait_run() {  # the newest one's end
  python3 - "$upcall" "$data" <<'PY'
import json, subprocess, sys, time
upcall, data = sys.argv[1:]
while True:
    run = json.loads(subprocess.check_output([upcall, "pipeline", "runs", "--data-dir", data, "--limit", "1", "--json"]))["runs"][0]
    if run["state"] not in ("waiting", "running"):
        break
    time.sleep(1)
from datetime import datetime
at = lambda text: datetime.fromisoformat(text.replace("Z", "+00:00"))
stages = {s["name"]: round((at(s["ended"]) - at(s["started"])).total_seconds(), 1) for s in run["stages"] if "ended" in s}
print(json.dumps({"run": run["number"], "state": run["state"], "message": run["message"], "seconds": round((at(run["ended"]) - at(run["queued"])).total_seconds(), 1), "stages": stages}))
sys.exit(0 if run["state"] == "succeeded" else 1)
PY
}
if [ ! -f "$dir/warm" ]; then
  echo 'pipeline_time: the first push builds everything'
  push || true
  wait_run
  touch "$dir/warm"
fi
printf '// %s\n' "$(date -u +%s)" >>"$clone/src/sfu/meeting.cpp"
git -C "$clone" -c user.name=pipeline -c user.email=pipeline@example.com commit -qam 'One line'
push || true
wait_run
