"""Lines between the parts are cut without a word: packets vanish, no connection ends. Then they heal.

Each line is cut for longer than its heartbeats or time limits, so that everybody must notice, while people on
the other edge go on. The table of failures in DESIGN says what must be seen.
"""
import threading
import time
import unittest

from support.client import Client, timed_cmid
from support.cut import Line
from support.fleet import Fleet, eventually
from support.load import Load
from support.server import Refused, metrics

ANSWER_S = 12  # within so long every send is answered
HEAL_S = 30


class Sender(threading.Thread):
    """Sends one after the other on an edge that cannot reach what it needs: how it is answered."""

    def __init__(self, client, channel):
        super().__init__(daemon=True)
        self.client = client
        self.channel = channel
        self.stop = threading.Event()
        self.slowest_s = 0
        self.refused = 0
        self.acked = 0
        self.failure = None

    def run(self):
        try:
            while not self.stop.is_set():
                began = time.monotonic()
                try:
                    self.client.send(self.channel, "while the line is cut", timed_cmid())
                    self.acked += 1
                except Refused as refused:
                    assert refused.error == "unavailable", refused
                    self.refused += 1
                    self.stop.wait(0.05)
                self.slowest_s = max(self.slowest_s, time.monotonic() - began)
                self.client.take_events()
        except BaseException as failure:  # pylint: disable=W0718
            self.failure = failure
            raise


class Cut(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.fleet = Fleet(apis=1, haproxy=False)
        cls.addClassCleanup(cls.fleet.stop_all)
        with cls.fleet.redis() as redis:
            redis.call("CONFIG", "SET", "protected-mode", "no")
        for number in (1, 2):
            rules = cls.fleet["postgres-%d" % number].cluster / "pg_hba.conf"
            with open(rules, "a", encoding="utf-8") as file:
                file.write("host parley parley 127.0.0.0/8 scram-sha-256\n")
            cls.fleet.sql("SELECT pg_reload_conf()", number)
        cls.lines = {}
        for name in ("edge-1", "persister-1", "persister-2"):
            cls.lines[name] = Line(cls.fleet[name])
            cls.addClassCleanup(cls.lines[name].close)
            cls.fleet.restart(name)

    def setUp(self):
        self.near, self.far = self.fleet.edges
        eventually("both edges can send", self.all_up)
        # In channels of one PostgreSQL: the other one may be cut off.
        self.load = Load(self.fleet, [self.far], writers=2,
                         wanted=lambda channel: self.fleet.shard(channel)[1] == 1)
        self.addCleanup(self.load.stop)
        self.load.start()
        self.load.goes_on()
        ada = self.fleet.account("ada%d" % time.monotonic_ns())
        self.channel = ada.call("createChannel", name="c%d" % time.monotonic_ns())["channel"]["id"]
        self.client = Client(self.near, ada.token)
        self.addCleanup(self.client.close)
        self.client.send(self.channel, "before")
        self.ada = ada

    def all_up(self):
        return all(metrics(edge).get("parley_journal_up") == 1 for edge in self.fleet.edges)

    # ---- what must be seen ----

    def cut_near(self, port, seconds):
        """Cut a line of the near edge for so long, while somebody sends there on a socket that stays and the
        others go on; then heal it."""
        sender = Sender(self.client, self.channel)
        sender.start()
        line = self.lines["edge-1"]
        line.cut(port)
        try:
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                self.load.goes_on(100)
        finally:
            line.heal()
            sender.stop.set()
            sender.join(ANSWER_S)
        self.assertIsNone(sender.failure)
        self.assertFalse(sender.is_alive(), "a send is not answered")
        self.assertGreater(sender.refused, 0)
        print("%s: %d refused, %d acked, the slowest answer after %.1f s" % (
            self.id().rpartition(".")[2], sender.refused, sender.acked, sender.slowest_s), flush=True)
        self.assertLess(sender.slowest_s, ANSWER_S)

    def heals(self):
        """The same socket goes on by itself, also in what others write; nothing is lost."""
        def sent():
            try:
                return self.client.send(self.channel, "after", timed_cmid())
            except Refused as refused:
                self.assertEqual(refused.error, "unavailable")
                return None
        after = eventually("sends are accepted again", sent, HEAL_S)
        with Client(self.far, self.ada.token) as other:
            back = other.send(self.channel, "from the other edge", timed_cmid())
            self.assertGreater(back["seq"], after["seq"])
        self.client.event("message", channel=self.channel, seq=back["seq"])
        missed = self.client.resume({self.channel: 0})[self.channel]
        self.assertEqual([event["prev"] for event in missed],
                         [0] + [event["seq"] for event in missed[:-1]])
        self.assertIn(back["seq"], [event["seq"] for event in missed])

    def holds(self):
        verdict = self.load.finish()
        print(verdict, flush=True)
        self.assertEqual(verdict.result, "valid", verdict)

    # ---- the lines ----

    def test_between_an_edge_and_redis(self):
        self.cut_near(self.fleet["redis-1"].port, 12)
        self.heals()
        self.holds()

    def test_between_an_edge_and_kafka(self):
        self.cut_near(self.fleet["kafka"].port, 12)
        self.heals()
        self.holds()

    def channel_on(self, server):
        """A new channel whose messages are on postgres-SERVER."""
        while True:
            name = "c%d" % time.monotonic_ns()
            channel = self.ada.call("createChannel", name=name)["channel"]["id"]
            if self.fleet.shard(channel)[1] == server:
                return channel

    def failures(self):
        return sum(metrics(persister)["parley_persister_failures_total"]
                   for persister in self.fleet.persisters)

    def test_between_the_persisters_and_one_postgresql(self):
        whole, cut = self.channel_on(1), self.channel_on(2)
        before = self.failures()
        for name in ("persister-1", "persister-2"):
            self.lines[name].cut(self.fleet["postgres-2"].port)
        try:
            self.client.send(cut, "late", timed_cmid())
            eventually("the persisters notice", lambda: self.failures() > before)
            self.load.goes_on()
            self.client.send(whole, "in time", timed_cmid())
            eventually("stored on the other server", lambda: self.fleet.stored(whole) == ["in time"])
            self.assertEqual(self.fleet.stored(cut), [])
            self.assertEqual([event["text"] for event in self.client.resume({cut: 0})[cut]
                              if event["ev"] == "message"], ["late"])
        finally:
            for name in ("persister-1", "persister-2"):
                self.lines[name].heal()
        eventually("stored after all", lambda: self.fleet.stored(cut) == ["late"])
        self.heals()
        self.holds()


if __name__ == "__main__":
    unittest.main()
