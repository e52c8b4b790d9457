"""The fleet while its parts die: what users see, and that it heals by itself (DESIGN's table of failures)."""
import os
import pathlib
import shutil
import subprocess
import tempfile
import time
import unittest

from support.client import Client, new_cmid, timed_cmid
from support.fleet import Fleet
from support.server import Refused

HEAL_S = 40


def accepted(action, seconds=HEAL_S):
    """Repeat until it is not refused as unavailable any more; what it gives."""
    until = time.monotonic() + seconds
    while True:
        try:
            return action()
        except (Refused, OSError) as refused:
            if time.monotonic() > until or (isinstance(refused, Refused) and
                                            refused.error != "unavailable"):
                raise
            time.sleep(0.1)

class Faults(unittest.TestCase):
    number = 0

    @classmethod
    def setUpClass(cls):
        cls.fleet = Fleet(apis=1)
        cls.addClassCleanup(cls.fleet.stop_all)

    def setUp(self):
        Faults.number += 1
        self.ada = self.fleet.account("ada%d" % self.number)
        self.bob = self.fleet.account("bob%d" % self.number)
        self.channel = self.ada.call("createChannel", name="c%d" % self.number)["channel"]["id"]
        self.bob.call("joinChannel", channel=self.channel)
        self.one = Client(self.fleet.edges[0], self.ada.token)
        self.addCleanup(self.one.close)
        self.two = Client(self.fleet.edges[1], self.bob.token)
        self.addCleanup(self.two.close)

    def redis(self, *words):
        with self.fleet.redis() as redis:
            return redis.call(*words)

    def history(self, person=None):
        person = person or self.bob
        return accepted(lambda: person.call("getMessages", channel=self.channel,
                                            limit=500)["events"])

    def send(self, text, client=None):
        client = client or self.one
        cmid = timed_cmid()
        return accepted(lambda: client.send(self.channel, text, cmid))

    def await_stored(self, seq):
        """Without Redis the persisters' word is all there is: a moment later it is there."""
        until = time.monotonic() + HEAL_S
        while seq not in [event["seq"] for event in self.history()]:
            self.assertLess(time.monotonic(), until, "it was not stored")
            time.sleep(0.05)

    def assert_unavailable(self, text):
        with self.assertRaises(Refused) as refused:
            self.one.send(self.channel, text)
        self.assertEqual(refused.exception.error, "unavailable")

    def assert_chain(self, events):
        """Every event follows the one before, and messages are counted without a hole."""
        self.assertEqual([e["prev"] for e in events], [0] + [e["seq"] for e in events[:-1]])
        messages = [e["n"] for e in events if e["ev"] == "message"]
        self.assertEqual(messages, list(range(1, len(messages) + 1)))

    def test_a_message_crosses_the_edges_and_subscriptions_tell_the_truth(self):
        topic = "channel-%d" % self.channel
        self.assertEqual(self.redis("PUBSUB", "NUMSUB", topic), [topic, 2])
        sent = self.send("hello")
        seen = self.two.event("message")
        self.assertEqual((seen["seq"], seen["text"], seen["from"]),
                         (sent["seq"], "hello", self.ada.id))
        self.assertEqual(self.history()[-1]["text"], "hello")
        self.assert_chain(self.history())

    def test_a_retry_on_another_edge_gives_the_same_seq(self):
        cmid = new_cmid()
        first = self.one.send(self.channel, "once", cmid)
        with Client(self.fleet.edges[1], self.ada.token) as other:
            again = other.send(self.channel, "once", cmid)
        self.assertEqual((again["seq"], again["duplicate"]), (first["seq"], True))
        self.assertEqual(sum(e.get("text") == "once" for e in self.history()), 1)

    def test_without_redis_sends_are_refused_and_all_else_works(self):
        before = self.send("before")
        self.two.event("message")
        self.fleet.kill("redis-1")
        self.assert_unavailable("meanwhile")
        self.await_stored(before["seq"])
        self.two.settle()  # the sockets stay
        self.fleet.start("redis-1")
        after = self.send("after")
        self.assertGreater(after["seq"], before["seq"])
        self.assertEqual(self.two.event("message", text="after")["prev"], after["prev"])
        self.assert_chain(self.history())

    def test_a_redis_that_lost_everything_reuses_no_seq(self):
        for i in range(5):
            self.send("kept %d" % i)
        self.redis("FLUSHALL")
        self.fleet.kill("redis-1")
        self.fleet.start("redis-1")
        self.redis("FLUSHALL")
        self.send("fresh")
        events = self.history()
        self.assert_chain(events)
        self.assertEqual([e["text"] for e in events if e["ev"] == "message"],
                         ["kept %d" % i for i in range(5)] + ["fresh"])

    def test_a_redis_that_comes_back_older_reuses_no_seq(self):
        # As after a failover to a replica that had fallen behind.
        for i in range(3):
            self.send("old %d" % i)
        folder = self.fleet["redis-1"].dir
        stale = pathlib.Path(tempfile.mkdtemp()) / "stale"
        self.addCleanup(shutil.rmtree, stale.parent)
        shutil.copytree(folder, stale)
        newest = [self.send("new %d" % i) for i in range(3)][-1]
        self.fleet.kill("redis-1")
        shutil.rmtree(folder)
        shutil.copytree(stale, folder)
        self.fleet.start("redis-1")
        self.assertGreater(self.send("after")["seq"], newest["seq"])
        events = self.history()
        self.assert_chain(events)
        self.assertEqual([e["text"] for e in events if e["ev"] == "message"],
                         ["old 0", "old 1", "old 2", "new 0", "new 1", "new 2", "after"])

    def test_a_persister_that_dies_before_its_offsets_stores_nothing_twice(self):
        # It is killed between the commit of the rows and the commit of the offsets, by a library
        # that stands in for the latter.
        for name in ("persister-1", "persister-2"):
            self.fleet.kill(name)
        for i in range(20):
            self.send("m%d" % i)
        with tempfile.TemporaryDirectory() as folder:
            library = os.path.join(folder, "die.so")
            source = "void _exit(int); int rd_kafka_commit(void) { _exit(99); }"
            subprocess.run(["gcc", "-shared", "-fPIC", "-x", "c", "-", "-o", library],
                           input=source, text=True, check=True)
            os.environ["LD_PRELOAD"] = library
            try:
                self.fleet["persister-1"].launch()
            finally:
                del os.environ["LD_PRELOAD"]
            until = time.monotonic() + HEAL_S
            while self.fleet["persister-1"].process.running:
                self.assertLess(time.monotonic(), until, "it did not store anything")
                time.sleep(0.05)
        events = self.history()
        for name in ("persister-1", "persister-2"):
            self.fleet.start(name)
        self.send("after")
        self.assertEqual(self.history()[:-1], events)
        self.assert_chain(self.history())

    def test_without_kafka_sends_are_refused_before_anybody_sees_them(self):
        self.send("before")
        self.two.event("message")
        self.fleet.kill("kafka")
        with self.assertRaises(Refused):
            for i in range(50):  # the first may still be on their way when it dies
                self.one.send(self.channel, "lost %d" % i)
        self.fleet.start("kafka")
        self.send("after")
        self.two.event("message", text="after")
        self.assert_chain(self.history())

    def test_without_persisters_history_is_complete_and_later_stored(self):
        for name in ("persister-1", "persister-2"):
            self.fleet.kill(name)
        for i in range(20):
            self.send("waiting %d" % i)
        events = self.history()
        self.assertEqual(events[-1]["text"], "waiting 19")
        self.assert_chain(events)
        mine = next(c for c in self.bob.call("getChannels")["channels"]
                    if c["id"] == self.channel)
        self.assertEqual(mine["last_seq"], events[-1]["seq"])
        self.assertEqual(self.bob.call("markRead", channel=self.channel,
                                       seq=events[-1]["seq"])["unread"], 0)
        for name in ("persister-1", "persister-2"):
            self.fleet.start(name)
        recent = "c:{%d}:recent" % self.channel
        until = time.monotonic() + HEAL_S
        while self.redis("XLEN", recent) > 0 and time.monotonic() < until:
            time.sleep(0.1)
        self.assertEqual(self.redis("XLEN", recent), 0)
        self.assertEqual(self.history(), events)

    def test_a_dead_edge_costs_its_clients_a_reconnect_and_nothing_else(self):
        sent = [self.send("m%d" % i) for i in range(5)]
        self.fleet.kill("edge-1")
        with Client(self.fleet.proxy, self.ada.token) as again:
            missed = again.resume({self.channel: sent[1]["seq"]})[self.channel]
            self.assertEqual([e["seq"] for e in missed], [s["seq"] for s in sent[2:]])
            self.send("on the other", again)
        self.two.event("message", text="on the other")
        self.fleet.start("edge-1")

    def test_a_dead_shard_server_stalls_only_its_own_channels(self):
        self.send("before")
        self.fleet.kill("postgres-2")
        try:
            self.send("while it is down")  # Redis and Kafka have it
            self.two.event("message", text="while it is down")
        finally:
            self.fleet.start("postgres-2")
        events = accepted(self.history)
        self.assertEqual(events[-1]["text"], "while it is down")
        self.assert_chain(events)

    def test_a_stopping_edge_moves_its_clients_and_loses_nothing(self):
        sent = self.send("before")
        self.assertEqual(self.fleet.stop("edge-1"), 0)
        with Client(self.fleet.proxy, self.ada.token) as again:
            self.assertEqual(again.resume({self.channel: sent["seq"]})[self.channel], [])
        self.fleet.start("edge-1")


if __name__ == "__main__":
    unittest.main()
