#!/usr/bin/env python3
"""Prove the shape of the code: which folder may include which, sizes, banned calls.

    scripts/layers.py

Prints one line per violation and exits with 1 when there is one.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# docs/ARCHITECTURE.md draws this.
MAY_INCLUDE = {
    "base": {"base"},
    "ev": {"ev", "base"},
    "net": {"net", "ev", "base"},
    "proto": {"proto", "base"},
    "model": {"model", "base"},
    "store": {"store", "redis", "model", "ev", "base"},
    "redis": {"redis", "model", "ev", "base"},
    "bus": {"bus", "redis", "model", "ev", "base"},
    "journal": {"journal", "redis", "store", "model", "ev", "base"},
    "presence": {"presence", "bus", "redis", "model", "ev", "base"},
    "chat": {"chat", "store", "bus", "journal", "presence", "model", "ev", "base"},
    "rpc": {"rpc", "chat", "presence", "store", "journal", "model", "ev", "base"},
    "httpd": {"httpd", "proto", "net", "ev", "base"},
    "edge": {"edge", "rpc", "chat", "presence", "bus", "store", "model", "httpd", "proto", "net", "ev",
             "base"},
    "api": {"api", "rpc", "chat", "store", "model", "httpd", "proto", "net", "ev", "base"},
    "echo": {"echo", "httpd", "proto", "net", "ev", "base"},
    "persister": {"persister", "journal", "redis", "store", "model", "base"},
    "slack": {"slack", "store", "model", "base"},
    "main": None,
}
BANNED = re.compile(r"\b(strcpy|strcat|sprintf|vsprintf|atoi|atol|strtok|sscanf|gets)\s*\(")
FILE_LINES_MAX, HEADER_LINES_MAX, FUNCTION_LINES_MAX = 800, 320, 70


def check_includes(path, layer, text):
    allowed = MAY_INCLUDE.get(layer, set())
    for name in re.findall(r'^#include "([^"]+)"', text, re.M):
        target = name.split("/")[0]
        if allowed is not None and target not in allowed:
            yield "%s includes %s: %s may not use %s" % (path, name, layer, target)
        if name.endswith(("_driver.h", "_parts.h", "_op.h")) and target != layer:
            yield "%s includes %s, which is private to src/%s" % (path, name, target)


def check_public_header(path, text):
    for name in re.findall(r"^#include <([^>]+)>", text, re.M):
        if name.split(".")[0] in ("uv", "sodium", "sqlite3", "zip", "openssl") or "/" in name and \
                name.split("/")[0] not in ("sys",):
            yield "%s: a header includes <%s>" % (path, name)


def check_sizes(path, text):
    lines = text.count("\n")
    limit = HEADER_LINES_MAX if path.suffix == ".h" else FILE_LINES_MAX
    if lines > limit:
        yield "%s has %d lines: at most %d" % (path, lines, limit)
    start = None
    for number, line in enumerate(text.splitlines(), 1):
        if re.match(r"^[a-zA-Z_].*\)\s*\{?$", line) or re.match(r"^\s+.*\)$", line) and start is None:
            start = number if re.match(r"^[a-zA-Z_]", line) else start
        if line == "}":
            if start and number - start > FUNCTION_LINES_MAX:
                yield "%s:%d: a function of %d lines" % (path, start, number - start)
            start = None


def check_text(path, text):
    if not text.lstrip().startswith(("/*", "#ifndef")):
        yield "%s does not say at the top what it is about" % path
    for match in BANNED.finditer(text):
        yield "%s calls %s" % (path, match.group(1))
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) > 100:
            yield "%s:%d is longer than 100 columns" % (path, number)


def check_tests_listed():
    listed = (ROOT / "tests" / "meson.build").read_text()
    for path in sorted((ROOT / "tests").rglob("test_*.c")):
        name = "%s/%s" % (path.parent.name, path.stem[len("test_"):])
        if "'%s'" % name not in listed:
            yield "%s is not in tests/meson.build" % path.relative_to(ROOT)


def main():
    problems = list(check_tests_listed())
    for source in sorted((ROOT / "src").rglob("*.[ch]")):
        path, text = source.relative_to(ROOT), source.read_text()
        layer = path.parts[1]
        problems += check_includes(path, layer, text)
        problems += check_sizes(path, text)
        problems += check_text(path, text)
        public = path.suffix == ".h" and not re.search(r"Private to|driver's own", text[:900])
        if public:
            problems += check_public_header(path, text)
    print("\n".join(problems) or "the layers hold")
    return 1 if problems else 0


sys.exit(main())
