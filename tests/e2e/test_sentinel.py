"""Redis fails over while people write and read: no seq twice, nothing lost, and it heals by itself."""
import signal
import unittest

from support.cut import Line
from support.fleet import Fleet, eventually
from support.load import Load
from support.redis import Redis

NAME = "redis-1"  # what the sentinels call it, whichever server it is
SENTINELS = ("sentinel-1", "sentinel-2", "sentinel-3")
DOWN_AFTER_MS = 1000
RECOVER_S = 30


class Sentinels(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.fleet = Fleet(apis=1, haproxy=False, sentinels=3)
        cls.addClassCleanup(cls.fleet.stop_all)
        for name in SENTINELS:
            for setting, value in (("down-after-milliseconds", DOWN_AFTER_MS),
                                   ("failover-timeout", 3000)):
                cls.ask(name, "SENTINEL", "SET", NAME, setting, value)

    @classmethod
    def ask(cls, name, *words):
        with Redis(cls.fleet[name].port) as redis:
            return redis.call(*words)

    @classmethod
    def table(cls, name, *words):
        """An answer of names and values."""
        answer = cls.ask(name, *words)
        return dict(zip(answer[::2], answer[1::2]))

    # ---- who is what ----

    def primary_now(self):
        """Its name, when all sentinels agree; else None."""
        ports = {self.ask(name, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME)[1]
                 for name in SENTINELS}
        names = [name for name in ("redis-1", "replica-1")
                 if ports == {str(self.fleet[name].port)}]
        return names[0] if names else None

    def is_calm(self):
        """The replica has everything, and all sentinels know of all: now a failover is possible."""
        primary = self.primary_now()
        if primary is None or self.ask(primary, "ROLE")[0] != "master" or \
                "state=online" not in self.ask(primary, "INFO", "replication"):
            return False
        replica = self.ask(self.other(primary), "ROLE")
        if replica[0] != "slave" or replica[3] != "connected":
            return False
        for name in SENTINELS:
            seen = self.table(name, "SENTINEL", "MASTER", NAME)
            if (seen["flags"], seen["num-slaves"], seen["num-other-sentinels"]) != ("master", "1", "2"):
                return False
            for words in self.ask(name, "SENTINEL", "REPLICAS", NAME):
                replica = dict(zip(words[::2], words[1::2]))
                if (replica["flags"], replica["master-link-status"]) != ("slave", "ok"):
                    return False
        return True

    @staticmethod
    def other(name):
        return "replica-1" if name == "redis-1" else "redis-1"

    def setUp(self):
        eventually("calm", self.is_calm)
        self.primary = self.primary_now()
        self.replica = self.other(self.primary)
        self.load = Load(self.fleet, self.fleet.edges)
        self.addCleanup(self.load.stop)
        self.load.start()
        self.load.goes_on()

    def has_failed_over(self):
        eventually("a failover", lambda: self.primary_now() == self.replica)

    def recovers(self):
        """Everybody goes on, at the new primary."""
        self.load.goes_on(wait_s=RECOVER_S)
        self.assertEqual(self.primary_now(), self.replica)

    def joins(self):
        """The old primary has become a replica."""
        def check():
            role = self.ask(self.primary, "ROLE")
            return role[0] == "slave" and role[3] == "connected"
        eventually("a replica", check)
        self.load.goes_on()

    def holds(self):
        verdict = self.load.finish()
        print("%s, %.1f s without acks" % (verdict, self.load.silence_s()), flush=True)
        self.assertEqual(verdict.result, "valid", verdict)

    def clients(self, name):
        """How many connections of Parley the server has."""
        return self.ask(name, "CLIENT", "LIST").count(" name=parley ")

    # ---- what happens ----

    def test_a_primary_that_is_killed_is_replaced(self):
        self.fleet.kill(self.primary)
        self.recovers()
        self.fleet.start(self.primary)
        self.joins()
        self.holds()

    def test_a_primary_that_is_demoted_while_it_works_is_left(self):
        self.assertGreater(self.clients(self.primary), 0)
        self.ask(SENTINELS[0], "SENTINEL", "FAILOVER", NAME)
        self.has_failed_over()
        eventually("all have left", lambda: self.clients(self.primary) == 0)
        self.recovers()
        self.holds()

    def test_a_primary_that_stands_still_is_left_and_does_no_harm_when_it_wakes(self):
        process = self.fleet[self.primary].process.popen
        process.send_signal(signal.SIGSTOP)
        try:
            self.has_failed_over()
            self.recovers()
        finally:
            process.send_signal(signal.SIGCONT)
        self.joins()
        self.holds()

    def newest(self, name, channel):
        return int(self.ask(name, "HGET", "c:{%d}:head" % channel, "last") or 0)

    def is_behind(self):
        """What is acknowledged is missing on the replica, in every channel."""
        acked = {}
        for ack in self.load.acks():
            acked[ack["channel"]] = max(acked.get(ack["channel"], 0), ack["seq"])
        return all(self.newest(self.replica, channel) < acked.get(channel, 0)
                   for channel in self.load.channels)

    def test_a_replica_that_missed_acknowledged_events_hands_no_seq_out_twice(self):
        line = Line(self.fleet[self.replica])
        self.addCleanup(line.close)
        self.ask(self.primary, "CONFIG", "SET", "protected-mode", "no")
        self.fleet.restart(self.replica)
        eventually("calm", self.is_calm)
        line.cut(self.fleet[self.primary].port)
        self.load.goes_on(200)
        eventually("acknowledged events that the replica does not have", self.is_behind)
        self.fleet.kill(self.primary)
        self.recovers()
        line.heal()
        self.fleet.start(self.primary)
        self.joins()
        self.holds()


if __name__ == "__main__":
    unittest.main()
