"""SQL by psql."""
import os
import subprocess

WAIT_S = 60


class Failed(Exception):
    """psql's complaint."""


def rows(postgres, text):
    """Run `text` on a server of scripts/cluster; its rows as lists of texts."""
    done = subprocess.run(
        [postgres.bin / "psql", "-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1",
         "-h", "127.0.0.1", "-p", str(postgres.port), "-U", "parley", "-d", "parley", "-c", text],
        env=dict(os.environ, PGPASSWORD=postgres.password()), stdin=subprocess.DEVNULL, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=WAIT_S, check=False)
    if done.returncode != 0:
        raise Failed(done.stderr.strip())
    return [line.split("\t") for line in done.stdout.splitlines()]
