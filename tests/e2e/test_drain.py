"""An edge that is told to stop, behind HAProxy: it is left by all before it ends, and nobody loses anything."""
import unittest

from support.client import Client, Follower
from support.fleet import Fleet, eventually
from support.load import Load

SOCKETS = 12
GRACE_S, WINDOW_S = 5, 2


class Drain(unittest.TestCase):
    def setUp(self):
        self.fleet = Fleet(apis=1, options={"edge": ["--drain-grace", GRACE_S,
                                                     "--drain-window", WINDOW_S]})
        self.addCleanup(self.fleet.stop_all)
        self.ada = self.fleet.account("ada")
        self.channel = self.ada.call("createChannel", name="kept")["channel"]["id"]
        eventually("both edges are up", lambda: self.state("edge-1") == self.state("edge-2") == "UP")

    def row(self, edge):
        return self.fleet.admin().servers()[("edges", edge)]

    def state(self, edge):
        return self.row(edge)["status"].split()[0]

    def sessions(self, edge):
        """(now, ever)"""
        row = self.row(edge)
        return int(row["scur"]), int(row["stot"])

    def connect(self):
        """A socket by way of HAProxy, which has followed the channel up to now; and its edge."""
        before = self.sessions("edge-1")[1]
        client = Client(self.fleet.proxy, self.ada.token)
        self.addCleanup(client.close)
        follower = Follower()
        follower.catch_up(client, [self.channel])
        return client, follower, "edge-1" if self.sessions("edge-1")[1] > before else "edge-2"

    def test_all_leave_an_edge_that_stops_before_it_ends(self):
        sockets = [self.connect() for _ in range(SOCKETS)]
        leaving = [socket[:2] for socket in sockets if socket[2] == "edge-1"]
        self.assertEqual(len(leaving), SOCKETS / 2)
        load = Load(self.fleet, [self.fleet.proxy])
        self.addCleanup(load.stop)
        load.start()
        load.goes_on()

        edge = self.fleet["edge-1"]
        edge.ask_to_stop()
        # HAProxy hears of it at /healthz while the edge still serves everybody.
        eventually("HAProxy takes it out", lambda: self.state("edge-1") == "NOLB", GRACE_S)
        self.assertTrue(edge.process.running)
        ever = self.sessions("edge-1")[1]
        newcomers = [self.connect() for _ in range(4)]
        self.assertEqual({where for _, _, where in newcomers}, {"edge-2"})
        sent = newcomers[0][0].send(self.channel, "while it drains")

        # Those that are there see what is sent, are told to move, and come back on the other edge.
        for client, follower in leaving:
            self.assertEqual(client.event("message", channel=self.channel)["seq"], sent["seq"])
            client.event("move")
            client.close()
            follower.take_all(client)
        late = newcomers[0][0].send(self.channel, "on the other edge")
        for _, follower in leaving:
            again = Client(self.fleet.proxy, self.ada.token)
            self.addCleanup(again.close)
            follower.catch_up(again, [self.channel])
            self.assertEqual(follower.have[self.channel], late["seq"])

        self.assertEqual(edge.process.wait_stopped(), 0)
        self.assertEqual(self.sessions("edge-1")[1], ever, "a new session after it was taken out")
        eventually("it is down", lambda: self.state("edge-1") == "DOWN")
        load.goes_on()
        self.fleet.start("edge-1")
        eventually("it is up again", lambda: self.state("edge-1") == "UP")
        eventually("it is used again", lambda: self.connect()[2] == "edge-1")
        load.goes_on()
        verdict = load.finish(minimum_reconnects=1)
        print(verdict, flush=True)
        self.assertEqual(verdict.result, "valid", verdict)


if __name__ == "__main__":
    unittest.main()
