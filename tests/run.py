#!/usr/bin/env python3
"""Run every group of tests and end with one line: N passed, N failed.

Each group is a function that yields (name, passed, output); script/test has built the release binary and
the web client before.
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
FUZZ_SECONDS = int(os.environ.get("PARLEY_FUZZ_SECONDS", "5"))
JOBS = str(os.cpu_count() or 2)


def run(command, timeout=1200, **kwargs):
    """Run to the end and return (ok, output)."""
    env = dict(os.environ, **kwargs.pop("env", {}))
    try:
        done = subprocess.run(command, cwd=ROOT, env=env, timeout=timeout, text=True,
                              errors="replace", stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, **kwargs)
        return done.returncode == 0, done.stdout
    except subprocess.TimeoutExpired as expired:
        return False, "%s\ntimed out after %d s" % (expired.stdout or "", timeout)


def build(folder, *options, env=None):
    """Configure (once) and build a Meson folder; None when it worked, else the output."""
    if not (ROOT / folder / "build.ninja").exists():
        ok, out = run(["meson", "setup", folder, *options], env=env or {})
        if not ok:
            return out
    ok, out = run(["ninja", "-C", folder])
    return None if ok else out


def meson_tests(folder, *arguments):
    """Run a Meson folder's tests; count the tests inside each cmocka program."""
    run(["meson", "test", "-C", folder, "--no-rebuild", "--print-errorlogs",
         "--num-processes", JOBS, *arguments], timeout=1800)
    log = ROOT / folder / "meson-logs" / "testlog.json"
    for line in log.read_text().splitlines():
        test = json.loads(line)
        out = test.get("stdout", "") + test.get("stderr", "")
        ok = test["result"] == "OK"
        names = re.findall(r"^\[       OK \] (\S+)", out, re.M)
        failed = re.findall(r"^\[  FAILED  \] (\S+)", out, re.M)
        for name in names:
            yield "%s: %s" % (test["name"], name), True, ""
        for name in sorted(set(failed)):
            yield "%s: %s" % (test["name"], name), False, out
        if not ok and not failed:
            yield test["name"], False, out


def group_layers():
    """The shape of the code: layers, sizes, banned calls, names, format."""
    ok, out = run(["python3", "scripts/layers.py"])
    yield "layers, sizes and banned calls", ok, out


def group_unit():
    """Unit tests and contract suites under ASan and UBSan."""
    failed = build("build/asan", "-Dtests=true", "-Dbuildtype=debugoptimized",
                   "-Db_sanitize=address,undefined")
    if failed:
        yield "build with ASan and UBSan", False, failed
        return
    yield from meson_tests("build/asan")


def group_threads():
    """What has threads, under TSan."""
    failed = build("build/tsan", "-Dtests=true", "-Dbuildtype=debugoptimized",
                   "-Db_sanitize=thread")
    if failed:
        yield "build with TSan", False, failed
        return
    yield from meson_tests("build/tsan", "--suite", "threads")


def group_fuzz():
    """Each fuzz target for some seconds, from its corpus."""
    failed = build("build/fuzz", "-Dfuzz=true", "-Dbuildtype=debugoptimized",
                   "-Db_sanitize=address,undefined", "-Db_lundef=false",
                   env={"CC": "clang-14"})
    if failed:
        yield "build the fuzz targets", False, failed
        return
    for target in sorted((ROOT / "fuzz").glob("fuzz_*.c")):
        name = target.stem
        work = ROOT / "build" / "fuzz" / "corpus" / name
        work.mkdir(parents=True, exist_ok=True)
        seeds = ROOT / "fuzz" / "corpus" / name
        command = [str(ROOT / "build" / "fuzz" / "fuzz" / name), "-timeout=10", "-rss_limit_mb=1024",
                   "-max_total_time=%d" % FUZZ_SECONDS, "-print_final_stats=0", "-verbosity=0",
                   "-artifact_prefix=%s/" % work, str(work)]
        ok, out = run(command + ([str(seeds)] if seeds.is_dir() else []), timeout=120)
        yield name, ok, out


def unittest_file(path, env):
    """Run a Python test file; count its tests by their lines."""
    ok, out = run([sys.executable, "-m", "unittest", "-v", str(path)], timeout=1500, env=env)
    lines = re.findall(r"^(\w+) \(.*\).* \.\.\. (ok|FAIL|ERROR|skipped.*)$", out, re.M)
    for name, result in lines:
        # A test that did not run has shown nothing.
        yield "%s: %s" % (path.stem, name), result == "ok", "" if result == "ok" else out
    ran = re.search(r"^Ran ([1-9]\d*) tests?", out, re.M)
    # Some names are torn apart by what a server says meanwhile.
    for number in range(len(lines), int(ran.group(1)) if ok and ran else 0):
        yield "%s: test %d" % (path.stem, number + 1), "skipped=" not in out, out
    if not ok and all(result == "ok" for _, result in lines):
        yield path.stem, False, out
    elif not ran:
        yield path.stem, False, "ran no test\n" + out


def group_e2e():
    """The whole program from outside: a sanitized build where it can tell more."""
    for path in sorted((ROOT / "tests" / "e2e").glob("test_*.py")):
        yield from unittest_file(path, {"PARLEY_BIN": str(ROOT / "build" / "release" / "parley"),
                                        "PARLEY_BIN_ASAN": str(ROOT / "build" / "asan" / "parley"),
                                        "PYTHONPATH": str(ROOT / "tests")})


def node_tests(name, command, env=None):
    """Count the results of node's own test runner or of vitest."""
    ok, out = run(command, timeout=1500, env=env or {})
    plain = re.sub(r"\x1b\[[0-9;]*m", "", out)
    # Either "# pass 3" / "# fail 1" or "Tests  1 failed | 3 passed (4)".
    passed = re.search(r"^(?:# pass (\d+)|\s+Tests .*?(\d+) passed)", plain, re.M)
    count = int(next(filter(None, passed.groups()))) if passed else 0
    for i in range(count):
        yield "%s %d" % (name, i + 1), True, ""
    if not ok or count == 0:
        yield name, False, out


def group_web():
    """The web client's own tests."""
    yield from node_tests("web", ["npm", "--prefix", "web", "run", "--silent", "test"])


def group_browser():
    """Real Chromium against the real server."""
    files = sorted(str(p.relative_to(ROOT)) for p in (ROOT / "tests" / "browser").glob("*.test.mjs"))
    command = ["node", "--test", "--test-reporter=tap", "--test-concurrency=1"]
    yield from node_tests("browser", [*command, *files])
    yield from node_tests("browser on a fleet", [*command, "tests/browser/chat.test.mjs"],
                          {"PARLEY_FLEET": "1"})


GROUPS = [group_layers, group_unit, group_threads, group_fuzz, group_web, group_e2e, group_browser]


def main():
    pattern = sys.argv[1] if len(sys.argv) > 1 else ""
    passed = failed = 0
    for group in GROUPS:
        name = group.__name__[len("group_"):]
        if pattern not in name:
            continue
        print("== %s: %s" % (name, group.__doc__.splitlines()[0]), flush=True)
        began, before = time.monotonic(), passed
        for test, ok, output in group():
            passed, failed = passed + ok, failed + (not ok)
            if not ok:
                print("FAILED %s\n%s" % (test, output[-6000:]), flush=True)
        print("   %d passed in %.0f s" % (passed - before, time.monotonic() - began), flush=True)
    if passed + failed == 0:
        failed = 1
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


sys.exit(main())
