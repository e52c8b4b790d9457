"""Scratch PostgreSQL 15 servers on free ports: started, killed, started again, and gone at the end."""
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile

BIN = pathlib.Path(os.environ.get("PARLEY_POSTGRES_BIN") or "/usr/lib/postgresql/15/bin")
WAIT_S = 60


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _as_postgres(command):
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return list(map(str, command))
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--",
            *map(str, command)]


def _run(command):
    done = subprocess.run(_as_postgres(command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=WAIT_S, cwd="/")
    if done.returncode != 0:
        raise RuntimeError("%s: %s" % (command[0], done.stdout))
    return done.stdout


class Postgres:
    """One server with the user parley and, unless told otherwise, durable commits."""

    def __init__(self, settings=()):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="parley-postgres-"))
        self.port = free_port()
        self.settings = ["port=%d" % self.port, "listen_addresses=127.0.0.1",
                         "unix_socket_directories=''", "shared_buffers=64MB",
                         "max_connections=200", *settings]
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(self.dir, owner.pw_uid, owner.pw_gid)
        try:
            _run([BIN / "initdb", "-D", self.data, "-A", "trust", "-U", "parley", "--no-sync",
                  "-E", "UTF8", "--locale=C.UTF-8"])
            self.start()
        except BaseException:
            shutil.rmtree(self.dir, ignore_errors=True)
            raise

    @property
    def data(self):
        return self.dir / "data"

    @property
    def pid(self):
        return int((self.data / "postmaster.pid").read_text().split()[0])

    def start(self):
        options = " ".join("-c %s" % setting for setting in self.settings)
        _run([BIN / "pg_ctl", "-D", self.data, "-w", "-t", WAIT_S, "-l", self.dir / "log",
              "-o", options, "start"])

    def url(self, database="postgres"):
        return "postgres://parley@127.0.0.1:%d/%s" % (self.port, database)

    def create(self, database):
        """A new database; its URL."""
        self.sql("CREATE DATABASE %s" % database)
        return self.url(database)

    def sql(self, text, database="postgres"):
        """The rows that psql prints, one a line, columns divided by '|'."""
        return _run([BIN / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1",
                     "-d", self.url(database), "-c", text]).strip()

    def psql(self, text, database="postgres"):
        """Statements that go on meanwhile, in a process whose stdout has their rows."""
        command = [BIN / "psql", "-X", "-q", "-A", "-t", "-d", self.url(database)]
        for each in text.split("; "):
            command += ["-c", each]
        return subprocess.Popen(list(map(str, command)), stdin=subprocess.DEVNULL, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def children(self):
        """The ids of the server's processes, one for each connection and more."""
        found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(self.pid)], text=True,
                               stdout=subprocess.PIPE, check=True)
        return [int(pid) for pid in found.stdout.split()]

    def kill(self):
        """The end without any warning: SIGKILL for the server and all of its processes."""
        pid = self.pid
        os.kill(pid, signal.SIGSTOP)  # so that it starts no others meanwhile
        for each in [pid, *self.children()]:
            try:
                os.kill(each, signal.SIGKILL)
            except ProcessLookupError:
                pass
        (self.data / "postmaster.pid").unlink()

    def stop(self):
        """A quick, clean end that leaves the data; it can be started again."""
        _run([BIN / "pg_ctl", "-D", self.data, "-m", "fast", "-w", "-t", WAIT_S, "stop"])

    def close(self):
        """The end, and the data with it."""
        if (self.data / "postmaster.pid").exists():
            _run([BIN / "pg_ctl", "-D", self.data, "-m", "immediate", "-w", "stop"])
        shutil.rmtree(self.dir, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
