"""Real Redis, PostgreSQL, Kafka and HAProxy for a test, started as script/cluster starts them.

They live on free ports in a folder of their own, and are gone at the end, however the test ends: the
kernel ends them when the test's process has ended.
"""
import atexit
import pathlib
import shutil
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "scripts"))
from cluster.fleet import Fleet, free_ports  # noqa: E402
from support import kafka, redis, sql  # noqa: E402
from support.haproxy import Admin  # noqa: E402
from support.server import BIN  # noqa: E402


class Backends:
    """Servers by name: redis-1, postgres-1, postgres-2, kafka, haproxy."""

    def __init__(self, redis=1, postgres=2, kafka=True, haproxy=False, **roles):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="parley-backends-"))
        atexit.register(self.stop_all)
        roles = {"edges": 0, "apis": 0, "persisters": 0, "binary": BIN, **roles}
        self.fleet = Fleet(self.dir, free_ports(), redis, postgres, kafka, haproxy, **roles)
        try:
            self.fleet.start()
        except BaseException:
            self.stop_all()
            raise

    def __getitem__(self, name):
        return self.fleet.services[name]

    @property
    def names(self):
        return list(self.fleet.services)

    def kill(self, name):
        """SIGKILL, and wait until it is gone."""
        self[name].kill()

    def start(self, name):
        """Start again and wait until it answers."""
        self[name].start()

    def stop(self, name):
        """As an operator would: the exit status, None when it had to be killed."""
        return self[name].stop()

    def restart(self, name):
        self.stop(name)
        self.start(name)

    def stop_all(self):
        """The end of all of them and of their data; a second time does nothing."""
        atexit.unregister(self.stop_all)
        self.fleet.kill()
        shutil.rmtree(self.dir, ignore_errors=True)

    def log(self, name):
        return self[name].process.log.read_text(errors="replace")

    def redis(self, number=1):
        """A connection; close it."""
        return redis.Redis(self["redis-%d" % number].port)

    def kafka(self):
        """A connection; close it."""
        return kafka.Kafka(self["kafka"].port)

    def sql(self, text, number=1):
        """What psql prints on postgres-NUMBER: rows as lists of texts."""
        return sql.rows(self["postgres-%d" % number], text)

    def admin(self):
        """HAProxy's admin socket."""
        return Admin(self["haproxy"].admin_socket)

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        self.stop_all()
