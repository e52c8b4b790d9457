"""The servers that fleet tests need: they start, answer, survive being killed, and leave nothing."""
import http.server
import os
import pathlib
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import unittest

from support.backends import Backends  # knows the way to cluster
from support.haproxy import Admin
from support.sql import Failed
from cluster import process
from cluster.files import free_port
from cluster.services import Haproxy

TESTS = pathlib.Path(__file__).resolve().parent.parent
WAIT_S = 60

# Starts servers, says which, and waits for its end.
CHILD = """
import sys
from support.backends import Backends
backends = Backends(postgres=1, kafka=False)
print(*(backends[name].process.pid for name in backends.names), backends.dir, flush=True)
if sys.argv[1] == "fail":
    raise SystemExit("something went wrong")
sys.stdin.read()
"""


class Running(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.backends = Backends()
        cls.addClassCleanup(cls.backends.stop_all)

    def test_all_of_them_answer(self):
        for name in self.backends.names:
            self.assertEqual(self.backends[name].health()[0], True, name)
        self.assertEqual(self.backends.names, ["redis-1", "postgres-1", "postgres-2", "kafka"])

    def test_redis_keeps_what_it_had_when_it_is_killed(self):
        with self.backends.redis() as redis:
            redis.call("SET", "kept", "yes")
        self.backends.kill("redis-1")
        self.assertEqual(self.backends["redis-1"].health(), (False, "not running"))
        self.backends.start("redis-1")
        with self.backends.redis() as redis:
            self.assertEqual(redis.call("GET", "kept"), "yes")

    def test_redis_tells_who_is_subscribed(self):
        with self.backends.redis() as asking, self.backends.redis() as subscriber:
            subscriber.call("SUBSCRIBE", "channel-5")
            self.assertEqual(asking.channels(), ["channel-5"])
            self.assertEqual(asking.subscribers("channel-5"), 1)
            subscriber.call("UNSUBSCRIBE", "channel-5")
            self.assertEqual(asking.channels(), [])

    def test_postgres_keeps_what_it_had_when_it_is_killed(self):
        self.backends.sql("CREATE TABLE kept AS SELECT 7 AS value", 2)
        self.backends.kill("postgres-2")
        self.assertEqual(self.backends.sql("SELECT 1"), [["1"]])
        with self.assertRaises(Failed):
            self.backends.sql("SELECT 1", 2)
        self.backends.start("postgres-2")
        self.assertEqual(self.backends.sql("SELECT value FROM kept", 2), [["7"]])

    def test_the_two_postgres_are_apart_and_want_the_password(self):
        self.backends.sql("CREATE TABLE only_here ()")
        with self.assertRaisesRegex(Failed, "does not exist"):
            self.backends.sql("SELECT FROM only_here", 2)
        server = self.backends["postgres-1"]
        done = subprocess.run([server.bin / "psql", "-w", "-c", "SELECT 1",
                               server.url.replace(server.password(), "wrong")],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.assertIn("password authentication failed", done.stdout)

    def test_kafka_keeps_its_topics_when_it_is_killed(self):
        with self.backends.kafka() as kafka:
            kafka.create("kept", 8)
        self.backends.kill("kafka")
        self.backends.start("kafka")
        with self.backends.kafka() as kafka:
            self.assertEqual(kafka.topics()["kept"], 8)
            self.assertEqual(kafka.records("kept"), [0] * 8)


class Proxy(unittest.TestCase):
    """HAProxy alone, before toy edges and API servers."""

    def toy(self, health):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):  # pylint: disable=C0103
                self.send_response(health[0] if self.path == "/healthz" else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *ignored):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return server

    def proxy(self, ports):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="parley-proxy-"))
        self.addCleanup(shutil.rmtree, folder)
        (folder / "logs").mkdir()
        addresses = ["127.0.0.1:%d" % port for port in ports]
        proxy = Haproxy("haproxy", folder, free_port(), addresses, addresses)
        self.addCleanup(proxy.kill)
        proxy.start()
        return proxy

    def await_state(self, proxy, server, state):
        """HAProxy logs that something has changed; `show stat` is the truth."""
        log = process.LogWatch(proxy.process.log)
        try:
            while Admin(proxy.admin_socket).state("api", server).split()[0] != state:
                self.assertTrue(select.select([log.fd], [], [], WAIT_S)[0], "never " + state)
                log.drain()
        finally:
            log.close()

    def test_a_drained_server_gets_nothing_new_and_a_broken_one_is_down(self):
        health = [[200], [200]]
        toys = [self.toy(each) for each in health]
        proxy = self.proxy([toy.server_address[1] for toy in toys])
        health[0][0] = 404
        self.await_state(proxy, "api-1", "NOLB")
        self.assertEqual(proxy.health(), (True, "leads to an API server"))
        health[0][0] = 500
        self.await_state(proxy, "api-1", "DOWN")
        health[0][0] = 200
        self.await_state(proxy, "api-1", "UP")


class Ending(unittest.TestCase):
    """Nothing is left, however it ends."""

    def child(self, how):
        child = subprocess.Popen([sys.executable, "-c", CHILD, how], stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                 env=dict(os.environ, PYTHONPATH=str(TESTS)))
        self.addCleanup(child.communicate)
        *pids, folder = child.stdout.readline().split()
        return child, list(map(int, pids)), pathlib.Path(folder)

    def gone(self, pids):
        fds = []
        for pid in pids:
            try:
                fds.append(os.pidfd_open(pid))
            except ProcessLookupError:
                pass
        done = process.wait_gone(fds, WAIT_S)
        for fd in fds:
            os.close(fd)
        return done

    def test_a_test_that_fails_leaves_nothing(self):
        child, pids, folder = self.child("fail")
        child.wait(WAIT_S)
        self.assertTrue(self.gone(pids))
        self.assertFalse(folder.exists())

    def test_a_test_that_is_killed_leaves_no_process(self):
        child, pids, folder = self.child("wait")
        self.assertEqual(len(pids), 2)
        child.send_signal(signal.SIGKILL)
        child.wait(WAIT_S)
        self.assertTrue(self.gone(pids))
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    unittest.main()
