#!/usr/bin/env python3
"""Run a command with a fleet's servers of its own.

    with_backends.py redis COMMAND ARGUMENT...     two Redis servers
    with_backends.py fleet COMMAND ARGUMENT...     also Kafka and two PostgreSQL, migrated

PARLEY_REDIS and PARLEY_REDIS_OTHER are the addresses of Redis, PARLEY_KAFKA that of Kafka, PARLEY_PG_DIRECTORY
is the URL of the directory. PARLEY_BIN is the program that migrates.
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
    whole = sys.argv[1] == "fleet"
    with Backends(redis=2, postgres=2 if whole else 0, kafka=whole) as backends:
        env = dict(os.environ, PARLEY_REDIS=backends["redis-1"].address,
                   PARLEY_REDIS_OTHER=backends["redis-2"].address)
        if whole:
            backends.fleet.migrate()
            env.update(PARLEY_KAFKA=backends["kafka"].address,
                       PARLEY_PG_DIRECTORY=backends["postgres-1"].url)
        return subprocess.run(sys.argv[2:], env=env, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
