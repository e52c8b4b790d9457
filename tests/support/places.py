"""The two ways to run Parley, as tests of what both must do alike want them: one process, or a fleet."""
import contextlib
import pathlib
import sqlite3
import tempfile
import threading

from support.fleet import Fleet
from support.server import Refused, Server


def refusal(function, *args, **kwargs):
    """The word of the error, or None."""
    try:
        function(*args, **kwargs)
    except Refused as refused:
        return refused.error
    return None


def at_once(*functions):
    """Run them at the same time; their results, in order."""
    results = [None] * len(functions)
    gate = threading.Barrier(len(functions))

    def run(number):
        gate.wait()
        results[number] = functions[number]()

    threads = [threading.Thread(target=run, args=(i,)) for i in range(len(functions))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


class OneProcess:
    """parley serve: two loops are what edges are in a fleet."""

    def __init__(self, *options):
        self.folder = tempfile.TemporaryDirectory()
        self.server = Server(self.folder.name, "--loops", "2", *options)
        self.apis = self.edges = [self.server, self.server]

    def sql(self, text):
        path = pathlib.Path(self.folder.name) / "parley.db"
        with contextlib.closing(sqlite3.connect(path, timeout=30)) as db:
            db.execute(text)
            db.commit()

    def stop(self):
        self.server.kill()
        self.folder.cleanup()


class InFleet:
    def __init__(self, *options):
        self.fleet = Fleet(persisters=1, haproxy=False,
                           options={"edge": list(options), "api": list(options)})
        self.apis, self.edges = self.fleet.apis, self.fleet.edges

    def sql(self, text):
        self.fleet.sql("SET search_path = directory; " + text)

    def stop(self):
        self.fleet.stop_all()
