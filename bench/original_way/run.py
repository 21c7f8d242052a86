#!/usr/bin/env python3
"""The way recordings were made before, beside ours, on the same pictures in one run: a browser in kiosk mode on a virtual
screen plays two people, ffmpeg grabs screen and sound with the original's options; ours composes a journal of the very
same frames.

    bench/original_way/run.py [--seconds 20] [--rounds 1] [--bin build/release/bin] [--footage FILE FILE]
                              [FILE.json]

Prints CPU by part, pictures and different pictures a second, bytes, likeness to what the cameras sent (SSIM), and the
ratio of CPU for each different picture. The browser plays files instead of a call, which spares it SRTP and jitter
buffers. Needs Xvfb, pulseaudio, ffmpeg and firefox-esr (tools/bootstrap.sh bench).
"""
import argparse
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

WIDTH, HEIGHT = 1920, 1080
TICK = os.sysconf("SC_CLK_TCK")
SETTLE_S = 4          # from ffmpeg's start to where counting begins
START_S = 60          # a browser on a busy machine

PAGE = """<!doctype html><title>waiting</title><style>
body { margin: 0; background: #000; overflow: hidden; cursor: none }
video { position: absolute; top: 270px; width: 960px; height: 540px }
</style><video src="1.webm" style="left: 0"></video><video src="2.webm" style="left: 960px"></video><script>
const videos = [...document.querySelectorAll('video')];
const ready = (v) => new Promise((done) => { v.readyState >= 4 ? done() : v.addEventListener('canplaythrough', done, { once: true }); });
Promise.all(videos.map(ready)).then(() => Promise.all(videos.map((v) => v.play())));
</script>"""

# Autoplay, and nothing from outside.
PREFS = {
    "media.autoplay.default": 0, "media.autoplay.blocking_policy": 0, "media.autoplay.allow-muted": True,
    "browser.shell.checkDefaultBrowser": False, "browser.startup.homepage_override.mstone": "ignore", "datareporting.policy.dataSubmissionEnabled": False,
    "toolkit.telemetry.reportingpolicy.firstRun": False, "browser.aboutwelcome.enabled": False, "app.update.enabled": False,
    "media.gmp-manager.updateEnabled": False, "network.captive-portal-service.enabled": False, "network.connectivity-service.enabled": False,
    "security.fileuri.strict_origin_policy": False, "full-screen-api.warning.timeout": 0, "media.setsinkid.enabled": True,
}

# As the original's recorder starts it; its minrate and maxrate without unit and buffer are ignored by x264, which then
# encodes by CRF 23.
def ffmpeg_words(display):
    return ["ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin",
            "-s", f"{WIDTH}x{HEIGHT}", "-r", "30", "-draw_mouse", "0", "-f", "x11grab", "-i", display,
            "-f", "pulse", "-ac", "2", "-i", "default",
            "-c:v", "libx264", "-pix_fmt", "yuv420p", "-profile:v", "main", "-preset", "fast",
            "-x264opts", "nal-hrd=cbr:no-scenecut", "-minrate", "3000", "-maxrate", "3000", "-g", "60",
            "-filter_complex", "adelay=delays=250|250,aresample=async=1:first_pts=0",
            "-c:a", "aac", "-b:a", "160k", "-ac", "2", "-ar", "44100",
            "-movflags", "+frag_keyframe+empty_moov", "-frag_duration", "500", "-f", "mp4", "-"]


def stat_of(pid):
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return int(fields[1]), (int(fields[11]) + int(fields[12])) / TICK   # parent, CPU seconds


def cpu_of_tree(root):
    """CPU seconds so far of a process and all below it."""
    parents, cpu = {}, {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                parents[int(name)], cpu[int(name)] = stat_of(int(name))
            except (OSError, IndexError):
                pass
    total = 0.0
    for pid in cpu:
        at = pid
        while at not in (0, 1, root):
            at = parents.get(at, 0)
        total += cpu[pid] if at == root else 0
    return total


def all_cpu():
    with open("/proc/stat") as f:
        fields = [int(v) for v in f.readline().split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / TICK


def until(what, seconds, ask):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = ask()
        if answer:
            return answer
        time.sleep(0.05)
    sys.exit(f"original_way: not within {seconds} s: {what}")


class Original:
    """The processes of the original's container; ends them."""

    def __init__(self, folder):
        self.folder, self.children = folder, {}
        home = folder / "home"
        home.mkdir(mode=0o700)
        self.env = {**os.environ, "HOME": str(home), "XDG_RUNTIME_DIR": str(home), "PULSE_SERVER": f"unix:{folder}/pulse.sock", "MOZ_CRASHREPORTER_DISABLE": "1"}
        self.log = open(folder / "processes.log", "wb")

    def start(self, name, words, **more):
        self.children[name] = subprocess.Popen(words, env=self.env, stderr=self.log, stdin=subprocess.DEVNULL,
                                               start_new_session=True, **{"stdout": self.log, **more})
        return self.children[name]

    def begin(self):
        reader, writer = os.pipe()
        self.start("Xvfb", ["Xvfb", "-displayfd", str(writer), "-screen", "0", f"{WIDTH}x{HEIGHT}x24", "-ac", "-nolisten", "tcp"], pass_fds=[writer])
        os.close(writer)
        with os.fdopen(reader) as f:
            number = f.readline().strip()
        if not number:
            sys.exit("original_way: Xvfb does not start")
        self.display = self.env["DISPLAY"] = f":{number}"
        self.start("PulseAudio", ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--disallow-exit",
                                  "-L", "module-null-sink sink_name=v1", "-L", f"module-native-protocol-unix auth-anonymous=1 socket={self.folder}/pulse.sock"])
        until("PulseAudio", START_S, lambda: (self.folder / "pulse.sock").exists())
        profile = self.folder / "profile"
        profile.mkdir()
        (profile / "user.js").write_text("".join(f'user_pref("{k}", {json.dumps(v)});\n' for k, v in PREFS.items()))
        (self.folder / "page.html").write_text(PAGE)
        self.start("Firefox", ["firefox-esr", "--profile", str(profile), "--no-remote", "--new-instance", "--kiosk", "--width", str(WIDTH), "--height", str(HEIGHT),
                               f"file://{self.folder}/page.html"])
        until("a page that plays", START_S, self.plays)

    def plays(self):
        """The middle of the first tile is no longer black, and changes."""
        shot = lambda: subprocess.run(["ffmpeg", "-hide_banner", "-loglevel", "error", "-nostdin", "-s", "960x540", "-draw_mouse", "0", "-f", "x11grab",
                                       "-i", f"{self.display}+0,270", "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "gray", "-"],
                                      env=self.env, stdout=subprocess.PIPE, stderr=self.log).stdout
        first = shot()
        return len(set(first)) > 30 and first != shot()

    def record(self, film, seconds):
        with open(film, "wb") as out:
            ffmpeg = self.start("ffmpeg", ffmpeg_words(self.display), stdout=out)
            time.sleep(SETTLE_S)
            before = {name: cpu_of_tree(p.pid) for name, p in self.children.items()}
            machine, begun = all_cpu(), time.monotonic()
            time.sleep(seconds)
            after = {name: cpu_of_tree(p.pid) for name, p in self.children.items()}
            span = time.monotonic() - begun
            foreign = (all_cpu() - machine - sum(after.values()) + sum(before.values())) / span
            ffmpeg.send_signal(signal.SIGTERM)
            ffmpeg.wait(30)
        return {name: (after[name] - before[name]) / span for name in after}, foreign, span

    def end(self):
        for child in reversed(self.children.values()):
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
        self.log.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--bin", default="build/release/bin")
    parser.add_argument("--footage", nargs=2, default=[], metavar="FILE", help="films of two cameras, instead of drawn pictures")
    parser.add_argument("json_file", nargs="?")
    args = parser.parse_args()
    missing = [p for p in ("Xvfb", "pulseaudio", "ffmpeg", "firefox-esr") if not shutil.which(p)]
    if missing:
        print(f"original_way: left out, these are not installed: {' '.join(missing)} (tools/bootstrap.sh bench)")
        return 0
    bin_dir = pathlib.Path(args.bin).resolve()
    tool, recorder = str(bin_dir / "upcall-original-way"), str(bin_dir / "upcall-recorder")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="upcall-original-way-"))
    rounds = []
    try:
        # The browser is a while at work before the recording is measured.
        subprocess.run([tool, "footage", str(folder), str(args.seconds + SETTLE_S + 15), *args.footage], check=True)

        def look(film, begin, end):
            return json.loads(subprocess.run([tool, "look", film, str(folder), str(begin), str(end)], check=True, stdout=subprocess.PIPE).stdout)

        for _ in range(args.rounds):
            ours_file = str(folder / "ours.mp4")
            told = json.loads(subprocess.run([recorder, "compose", str(folder / "journal"), "-o", ours_file, "--threads", "1", "--preset", "live", "--crf", "28",
                                              "--json"], check=True, stdout=subprocess.PIPE).stdout)
            ours = look(ours_file, SETTLE_S, SETTLE_S + args.seconds)
            seconds = told["duration_ms"] / 1000
            ours |= {"cores": told["cpu_core_seconds"] / seconds, "bytes_per_s": told["bytes"] / seconds}

            work = folder / f"round{len(rounds)}"
            work.mkdir()
            for name in ("1.webm", "2.webm"):
                os.link(folder / name, work / name)
            original = Original(work)
            try:
                original.begin()
                film = str(work / "original.mp4")
                parts, foreign, span = original.record(film, args.seconds)
            finally:
                original.end()
            # On the file's clock, which is not the world's where frames were late: by share.
            length = float(subprocess.run(["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", film], check=True, stdout=subprocess.PIPE).stdout)
            speed = length / (span + SETTLE_S)
            theirs = look(film, SETTLE_S * speed, length - 0.5)
            real_s = theirs["seconds"] / min(speed, 1.0)
            theirs |= {"cores": sum(parts.values()), "parts": parts, "foreign": foreign, "bytes_per_s": os.path.getsize(film) / (span + SETTLE_S),
                       "captured": theirs["pictures"] * theirs["seconds"] / real_s, "unique": [u * theirs["seconds"] / real_s for u in theirs["unique"]],
                       "file_seconds": length, "real_seconds": span + SETTLE_S}
            each = lambda way: way["cores"] * 1000 / (sum(way["unique"]) / 2)
            row = {"ours": ours, "original": theirs, "ours_ms_per_picture": each(ours), "original_ms_per_picture": each(theirs), "ratio": each(ours) / each(theirs),
                   "ssim_difference": ours["ssim"] - theirs["ssim"], "bytes_ratio": ours["bytes_per_s"] / theirs["bytes_per_s"]}
            # The original's film has fewer pictures: bytes for each are what compares.
            row["bytes_ratio_per_picture"] = row["bytes_ratio"] * sum(theirs["unique"]) / sum(ours["unique"])
            rounds.append(row)
            by_part = ", ".join(f"{name} {cores:.3f}" for name, cores in parts.items())
            print(f"original: {theirs['cores']:.3f} core ({by_part}; others beside it {foreign:.2f}), {theirs['captured']:.1f} pictures a second, "
                  f"different ones {theirs['unique'][0]:.1f}/{theirs['unique'][1]:.1f} of 30, {theirs['bytes_per_s'] * 8 / 1000:.0f} kbit/s, SSIM {theirs['ssim']:.4f}; "
                  f"{theirs['real_seconds']:.1f} s became a film of {length:.1f} s")
            print(f"ours:     {ours['cores']:.3f} core, different ones {ours['unique'][0]:.1f}/{ours['unique'][1]:.1f}, {ours['bytes_per_s'] * 8 / 1000:.0f} kbit/s, SSIM {ours['ssim']:.4f}")
            print(f"CPU for each different picture: ours {row['ours_ms_per_picture']:.1f} ms, original {row['original_ms_per_picture']:.1f} ms, ratio {row['ratio']:.3f} "
                  f"(must 0.25); SSIM {row['ssim_difference']:+.4f} (must -0.01), bytes for each different picture x {row['bytes_ratio_per_picture']:.2f} (must 1.2), a second x {row['bytes_ratio']:.2f}", flush=True)
        if args.json_file:
            pathlib.Path(args.json_file).write_text(json.dumps({"bench": "original_way", "load": os.getloadavg(), "rounds": rounds}) + "\n")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
