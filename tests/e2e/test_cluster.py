"""script/cluster from outside: what it prints, the commands that speak to it, and that it ends cleanly.

With --backends, so that it is quick; the roles in it are what test_fleet_flow.py is about.
"""
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import threading
import unittest

from support.backends import Backends  # knows the way to cluster
from cluster import process
from cluster.files import ROOT, is_free
from cluster.fleet import PORTS

COMMAND = ROOT / "scripts" / "cluster" / "command.py"
WAIT_S = 120


def free_offset():
    while True:
        offset = random.randint(8000, 20000)
        if all(is_free(port + offset + i) for port in PORTS.values() for i in (0, 1)):
            return str(offset)


class Cluster:
    """script/cluster in the foreground of a process; `line(text)` waits for it to print that."""

    def __init__(self, data, offset):
        self.process = subprocess.Popen(
            [sys.executable, str(COMMAND), "--backends", "--postgres", "1", "--data", data,
             "--offset", offset], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.lines, self.changed, self.ended = [], threading.Condition(), False
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            with self.changed:
                self.lines.append(line)
                self.changed.notify_all()
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def printed(self, text):
        return any(text in line for line in self.lines)

    def line(self, text):
        with self.changed:
            self.changed.wait_for(lambda: self.ended or self.printed(text), WAIT_S)
            if not self.printed(text):
                raise AssertionError("it never printed %r:\n%s" % (text, "".join(self.lines)))

    def stop(self, number=signal.SIGINT):
        if self.process.poll() is None:
            self.process.send_signal(number)
        status = self.process.wait(WAIT_S)
        self.reader.join()
        self.process.stdout.close()
        return status


class Commands(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="parley-cluster-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.offset = free_offset()
        cls.cluster = Cluster(cls.folder.name, cls.offset)
        cls.addClassCleanup(cls.cluster.stop)
        cls.cluster.line("Ctrl-C")

    def command(self, *words):
        done = subprocess.run([sys.executable, str(COMMAND), *words, "--data", self.folder.name],
                              text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return done.returncode, done.stdout

    def status(self):
        code, out = self.command("status", "--json")
        services = {service["name"]: service for service in json.loads(out)}
        self.assertEqual(code, 0 if all(s["healthy"] for s in services.values()) else 1)
        return services

    def test_everything_answers_and_has_a_log(self):
        services = self.status()
        self.assertEqual(list(services), ["redis-1", "postgres-1", "kafka"])
        for name, service in services.items():
            self.assertTrue(service["healthy"], service)
            self.assertTrue(self.cluster.printed(service["address"]), name)
            self.assertTrue(os.path.getsize(service["log"]) > 0)
        self.assertEqual(self.command("status")[0], 0)
        self.assertIn("accept connections", self.command("logs", "redis-1")[1])

    def test_a_server_is_killed_and_started_again(self):
        before = self.status()["postgres-1"]["pid"]
        self.assertEqual(self.command("kill", "postgres-1"), (0, "postgres-1 was killed\n"))
        self.assertEqual(self.status()["postgres-1"]["health"], "not running")
        self.assertEqual(self.command("restart", "postgres-1")[0], 0)
        after = self.status()["postgres-1"]
        self.assertTrue(after["healthy"])
        self.assertNotEqual(after["pid"], before)
        self.assertEqual(self.command("stop", "postgres-1"),
                         (0, "postgres-1 stopped with status 0\n"))
        self.assertEqual(self.command("restart", "postgres-1")[0], 0)

    def test_a_server_that_dies_is_reported_and_not_started_again(self):
        os.kill(self.status()["redis-1"]["pid"], signal.SIGKILL)
        self.cluster.line("redis-1 ended by itself (SIGKILL)")
        self.assertFalse(self.status()["redis-1"]["up"])
        self.assertEqual(self.command("restart", "redis-1")[0], 0)

    def test_mistakes_are_told(self):
        for words, text in ((("kill", "nobody"), "there is no nobody: redis-1"),
                            (("kill",), "NAME"), (("logs", "nobody"), "kafka, postgres-1, redis-1"),
                            (("start",), "runs in")):
            code, out = self.command(*words)
            self.assertEqual(code, 1, words)
            self.assertIn(text, out)
            self.assertNotIn("Traceback", out)


class Ending(unittest.TestCase):
    def test_it_stops_everything_and_starts_again_with_the_data(self):
        with tempfile.TemporaryDirectory(prefix="parley-cluster-") as folder:
            offset = free_offset()
            for number in (signal.SIGINT, signal.SIGTERM):
                cluster = Cluster(folder, offset)
                self.addCleanup(cluster.stop)
                cluster.line("Ctrl-C")
                below = set(process.family(cluster.process.pid))
                self.assertGreater(len(below), 3)
                self.assertEqual(cluster.stop(number), 0)
                self.assertTrue(cluster.printed("everything has stopped"))
                self.assertFalse(below & set(process.parents()))
            password = pathlib.Path(folder, "postgres-password")
            self.assertEqual(password.stat().st_mode & 0o777, 0o600)
            self.assertTrue(pathlib.Path(folder, "redis-1", "appendonlydir").is_dir())

    def test_a_taken_port_is_told_and_what_was_started_ends(self):
        with tempfile.TemporaryDirectory(prefix="parley-cluster-") as folder:
            with Backends(postgres=0, kafka=False) as other:
                taken = other["redis-1"].port - PORTS["redis"]
                cluster = Cluster(folder, str(taken))
                self.addCleanup(cluster.stop)
                self.assertEqual(cluster.process.wait(WAIT_S), 1)
                cluster.line("something else listens there")
                cluster.line("everything has stopped")


if __name__ == "__main__":
    unittest.main()
