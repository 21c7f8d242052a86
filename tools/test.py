#!/usr/bin/env python3
"""`make test`: every layer with its time, a table at the end, and for each failure the command that repeats it.

Layers stop at nothing but a failed build: a red unit test does not hide a red system test. Over LIMIT_MINUTES the run
fails, so that the suite stays quick; on a shared machine (CI is set, or the load was already above the cores when it
began) it warns instead, since the time then says nothing about the suite.

Tests with real processes, browsers and real time that fail are run once more, alone, when they are few. Who passes then is
named as unsteady at the end, beside what the first run left behind: a fault of the test or of the product that somebody
has to find, but no reason to throw a day's work away. Everything in virtual time fails at once.
"""
import os
import re
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree

LIMIT_MINUTES = 75
SECOND_LOOK_MOST = 3  # more failures than this are no accident
SERIAL = "^(system|media|demo)$"  # real processes and real time: one at a time
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def run(command, env=None):
    sys.stdout.flush()
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **(env or {})}).returncode


def failed_tests(build):
    """Names that ctest wrote down at the end of its last run."""
    path = os.path.join(ROOT, build, "Testing", "Temporary", "LastTestsFailed.log")
    try:
        with open(path, encoding="utf-8") as lines:
            return [line.strip().split(":", 1)[1] for line in lines if ":" in line]
    except FileNotFoundError:
        return []


unsteady = []
said = {}  # by browser test: what its first failure said


def second_look(names, once_more):
    """Those of `names` that fail again; who passes is noted. `once_more(names)` runs them and returns who failed."""
    if not 0 < len(names) <= SECOND_LOOK_MOST:
        return names
    print(f"\n-- once more, alone: {', '.join(names)}", flush=True)
    again = once_more(names)
    unsteady.extend(name for name in names if name not in again)
    return again


def ctest_layer(build, select, jobs, env=None, real_time=False):
    def once_more(names):
        pattern = "|".join(re.escape(name) for name in names)
        os.remove(os.path.join(ROOT, build, "Testing", "Temporary", "LastTestsFailed.log"))
        code = run(["ctest", "--test-dir", build, "--output-on-failure", "-R", f"^({pattern})$"], env)
        return failed_tests(build) or (names if code else [])

    def layer():
        log = os.path.join(ROOT, build, "Testing", "Temporary", "LastTestsFailed.log")
        if os.path.exists(log):
            os.remove(log)
        # A layer without tests is a fault of the selection, not a success.
        code = run(["ctest", "--test-dir", build, *select, "-j", str(jobs), "--output-on-failure", "--no-tests=error",
                    "--progress"], env)
        prefix = "".join(f"{key}={value} " for key, value in (env or {}).items())
        failed = failed_tests(build)
        if real_time and failed:
            failed = second_look(failed, once_more)
            code = 1 if failed else 0
        repeats = [f"{prefix}ctest --test-dir {build} --output-on-failure -R '^{re.escape(name)}$'" for name in failed]
        if code and not repeats:
            repeats = [f"{prefix}ctest --test-dir {build} {' '.join(select)}"]
        return repeats if code else []
    return layer


def build_layer(preset):
    def layer():
        return [f"tools/build.sh {preset}"] if run(["tools/build.sh", preset]) else []
    return layer


def tidy():
    return ["python3 tests/tidy/run.py"] if run(["python3", "tests/tidy/run.py"]) else []


def web():
    return ["tools/web.sh check"] if run(["tools/web.sh", "check"]) else []


def browser_run(report, *options):
    """Exit code, and the names of the tests that failed (none, though it failed: it did not get that far)."""
    path = os.path.join(ROOT, "build", report)
    if os.path.exists(path):
        os.remove(path)
    code = run(["tools/browser_tests.sh", "--test-reporter=spec", "--test-reporter-destination=stdout",
                "--test-reporter=junit", f"--test-reporter-destination={path}", *options])
    try:
        failed = []
        for case in xml.etree.ElementTree.parse(path).iter("testcase"):
            if (failure := case.find("failure")) is not None:
                failed.append(case.get("name"))
                said.setdefault(case.get("name"), (failure.get("message") or "").strip()[:400])
        return code, failed
    except (OSError, xml.etree.ElementTree.ParseError):
        return code, []


def browser():
    def once_more(names):
        # What the first run saw stays where it is.
        kept, first = os.path.join(ROOT, "build", "e2e"), os.path.join(ROOT, "build", "e2e-first-run")
        shutil.rmtree(first, ignore_errors=True)
        shutil.copytree(kept, first, symlinks=True)
        pattern = "|".join(re.escape(name) for name in names)
        code, failed = browser_run("e2e-second.xml", "--test-name-pattern", f"^({pattern})$")
        return failed or (names if code else [])

    code, failed = browser_run("e2e.xml")
    # A file that failed as a whole has no test of that name to repeat.
    if code and failed and not any(name.endswith(".test.ts") for name in failed):
        failed = second_look(failed, once_more)
        code = 1 if failed else 0
    return ["tools/browser_tests.sh" + (f" --test-name-pattern '{name}'" if failed else "")
            for name in failed or [""]] if code else []


def is_shared():
    return bool(os.environ.get("CI")) or os.getloadavg()[0] > (os.cpu_count() or 1)


def main():
    sanitizers = {"ASAN_OPTIONS": "detect_stack_use_after_return=1", "UBSAN_OPTIONS": "print_stacktrace=1"}
    layers = [  # name, what to do, needs (layers whose failure makes it pointless)
        ("tidy: the tree's own rules", tidy, ()),
        ("build: release, everything", build_layer("release"), ()),
        ("unit, simulation, fuzz replay", ctest_layer("build/release", ["-LE", SERIAL[:-2] + "|tidy)$"], 2), (1,)),
        ("system, media, demo: one at a time", ctest_layer("build/release", ["-L", SERIAL], 1, real_time=True), (1,)),
        ("web: types, component tests, pages and their sizes", web, ()),
        ("browser: Chromium and Firefox, one at a time", browser, (1, 4)),
        ("build: asan+ubsan, cores", build_layer("asan"), ()),
        ("unit, simulation, fuzz replay under asan+ubsan",
         ctest_layer("build/asan", ["-LE", SERIAL[:-2] + "|tidy)$"], 2, sanitizers), (6,)),
    ]
    shared = is_shared()
    began = time.monotonic()
    results = []
    for index, (name, work, needs) in enumerate(layers):
        print(f"\n== {index + 1}/{len(layers)} {name}", flush=True)
        start = time.monotonic()
        if any(results[need][1] != [] for need in needs):
            results.append((name, None, 0.0))
            print("left out: what it needs failed")
            continue
        repeats = work()
        took = time.monotonic() - start
        results.append((name, repeats, took))
        print(f"-- {name}: {'FAILED' if repeats else 'ok'}, {took:.0f} s", flush=True)

    total = time.monotonic() - began
    width = max(len(name) for name, _, _ in results)
    print(f"\n{'layer':<{width}}  result    time")
    for name, repeats, took in results:
        word = "left out" if repeats is None else "FAILED" if repeats else "ok"
        print(f"{name:<{width}}  {word:<8} {int(took) // 60:3d}:{int(took) % 60:02d}")
    print(f"{'total':<{width}}  {'':<8} {int(total) // 60:3d}:{int(total) % 60:02d}")

    if unsteady:
        print("\nUnsteady: failed, and passed when run once more. Please find out why:")
        for name in unsteady:
            print(f"  {name}")
    for name, words in said.items():
        print(f"\n{name}:\n  " + words.replace("\n", "\n  "))
    bad = any(repeats is None or repeats for _, repeats, _ in results)
    if bad:
        print("\nRepeat what failed:")
        for _, repeats, _ in results:
            for command in repeats or []:
                print(f"  {command}")
    if total > LIMIT_MINUTES * 60:
        print(f"\n{'warning' if shared else 'FAILED'}: {total / 60:.0f} minutes, the limit is {LIMIT_MINUTES}"
              + (" (shared machine: not counted)" if shared else ""))
        bad = bad or not shared
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
