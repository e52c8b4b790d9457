#!/usr/bin/env python3
"""Run a command with two scratch PostgreSQL servers.

    with_postgres.py COMMAND ARGUMENT...

PARLEY_PG_DIRECTORY is the URL of an empty database on the first, PARLEY_PG_SHARDS names one on each
("a=URL,b=URL"). The same names with a "2" behind the databases are free for a second deployment.
"""
import os
import pathlib
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.postgres import Postgres  # noqa: E402


def main():
    # Whoever gives up waiting says so by SIGTERM: the servers must not stay behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    # The tests look at what is there, not at what a power cut leaves.
    with Postgres(["fsync=off"]) as first, Postgres(["fsync=off"]) as second:
        for name in ("parley", "parley2"):
            first.create(name)
            second.create(name)
        env = dict(os.environ, PARLEY_PG_DIRECTORY=first.url("parley"),
                   PARLEY_PG_SHARDS="a=%s,b=%s" % (first.url("parley"), second.url("parley")))
        return subprocess.run(sys.argv[1:], env=env).returncode


if __name__ == "__main__":
    sys.exit(main())
