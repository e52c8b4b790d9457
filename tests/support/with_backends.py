#!/usr/bin/env python3
"""Run a command with a fleet's servers of its own.

    with_backends.py redis COMMAND ARGUMENT...     two Redis servers: PARLEY_REDIS, PARLEY_REDIS_OTHER
    with_backends.py fleet COMMAND ARGUMENT...     a whole fleet without edges and APIs: PARLEY_REDIS,
                                                   PARLEY_KAFKA, PARLEY_PG_DIRECTORY (a URL) and
                                                   PARLEY_PG_SHARDS ("a=URL,b=URL")

The others are HOST:PORT. PARLEY_BIN is the program that persists.
"""
import os
import pathlib
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.backends import Backends  # noqa: E402


def main():
    # Whoever gives up waiting says so by SIGTERM: the servers must not stay behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    kind, command = sys.argv[1], sys.argv[2:]
    if kind == "redis":
        backends = Backends(redis=2, postgres=0, kafka=False)
        found = {"PARLEY_REDIS_OTHER": backends["redis-2"].address}
    else:
        backends = Backends(persisters=1)
        found = {"PARLEY_KAFKA": backends["kafka"].address,
                 "PARLEY_PG_DIRECTORY": backends["postgres-1"].url,
                 "PARLEY_PG_SHARDS": backends.fleet.shards}
    with backends:
        env = dict(os.environ, PARLEY_REDIS=backends["redis-1"].address, **found)
        return subprocess.run(command, env=env, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
