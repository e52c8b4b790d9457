"""Who is there: several tabs and devices, several edges, an edge that dies, a Redis that forgets."""
import json
import tempfile
import time
import unittest

from support.client import Client
from support.fleet import Fleet, eventually
from support.server import Account, Refused, Server, call, request

GONE_S = 15  # after which nobody counts as there whose edge has died


def patiently(action):
    """Repeat it while it is refused as unavailable."""
    deadline = time.monotonic() + GONE_S
    while True:
        try:
            return action()
        except Refused as refused:
            if refused.error != "unavailable" or time.monotonic() > deadline:
                raise
            time.sleep(0.05)


class Presence:
    """What holds everywhere. `places` are where sockets may go; `api` is where HTTP goes."""

    names = 0

    def account(self):
        type(self).names += 1
        return Account(self.api, "%s%d" % (type(self).__name__.lower(), self.names))

    def live(self, account, place=0):
        client = Client(self.places[place % len(self.places)], account.token)
        self.addCleanup(client.close)
        return client

    @staticmethod
    def states(answer):
        return {item["user"]: item["state"] for item in answer["presence"]}

    def watch(self, client, *accounts):
        """Watch these; how they stand, once the links between processes are there."""
        return self.states(patiently(
            lambda: client.call("watchPresence", users=[a.id for a in accounts])))

    def state(self, asker, account):
        return self.states(patiently(
            lambda: asker.call("getPresence", users=[account.id])))[account.id]

    def watch_until(self, client, *states):
        """Watch the accounts of (account, state) until they stand so; events in between are taken."""
        seen = self.watch(client, *(account for account, _ in states))
        for account, state in states:
            while seen[account.id] != state:
                event = client.event("presence")
                seen[event["user"]] = event["state"]

    def until(self, asker, account, state):
        """Ask until the account stands so."""
        eventually("%s is %s" % (account.id, state), lambda: self.state(asker, account) == state,
                   GONE_S)

    def test_coming_and_going_is_seen_and_answered(self):
        ada, bob = self.account(), self.account()
        watching = self.live(ada)
        self.assertEqual(self.watch(watching, bob), {bob.id: "offline"})
        client = self.live(bob, 1)
        event = watching.event("presence")
        self.assertEqual((event["user"], event["state"]), (bob.id, "online"))
        self.assertEqual(self.state(ada, bob), "online")
        client.close()
        event = watching.event("presence")
        self.assertEqual((event["user"], event["state"]), (bob.id, "offline"))
        self.assertEqual(self.state(ada, bob), "offline")

    def test_several_tabs_count_as_one_person_and_the_most_awake_decides(self):
        ada, bob = self.account(), self.account()
        watching = self.live(ada)
        first, second = self.live(bob, 0), self.live(bob, 1)
        self.watch_until(watching, (bob, "online"))
        first.call("setPresence", state="away")
        second.call("setPresence", state="away")
        self.assertEqual(watching.event("presence")["state"], "away")
        first.call("setPresence", state="online")
        self.assertEqual(watching.event("presence")["state"], "online")
        first.close()  # after a moment only the one that is away is left
        self.assertEqual(watching.event("presence")["state"], "away")
        second.close()
        self.assertEqual(watching.event("presence")["state"], "offline")
        self.assertEqual(watching.take_events(), [])

    def test_connecting_again_at_once_is_not_seen(self):
        ada, bob, carol = self.account(), self.account(), self.account()
        watching = self.live(ada)
        client = self.live(bob)
        self.watch_until(watching, (bob, "online"), (carol, "offline"))
        for place in (1, 0, 1):
            client.close()
            client = self.live(bob, place)
        last = self.live(carol)
        self.assertEqual(watching.event("presence")["user"], carol.id)
        last.close()
        self.assertEqual(watching.event("presence")["user"], carol.id)  # that took longer
        self.assertEqual(watching.take_events(), [])
        self.assertEqual(self.state(ada, bob), "online")

    def test_only_those_who_are_watched_now_are_heard_of(self):
        ada, bob, carol = self.account(), self.account(), self.account()
        watching = self.live(ada)
        self.watch(watching, bob)
        self.assertEqual(self.watch(watching, carol, carol), {carol.id: "offline"})
        self.live(bob, 1)
        self.live(carol, 1)
        self.assertEqual(watching.event("presence")["user"], carol.id)
        self.assertEqual(self.watch(watching), {})
        self.assertEqual(watching.take_events(), [])

    def test_what_is_no_question_is_refused(self):
        ada = self.account()
        client = self.live(ada)
        for op, args in (("setPresence", {"state": "asleep"}), ("setPresence", {}),
                         ("watchPresence", {"users": 7}), ("watchPresence", {"users": [0]}),
                         ("getPresence", {}), ("getPresence", {"users": []})):
            with self.assertRaises(Refused) as refused:
                client.call(op, **args)
            self.assertEqual(refused.exception.error, "invalid", op)
        for op in ("watchPresence", "getPresence"):
            with self.assertRaises(Refused) as refused:
                client.call(op, users=list(range(1, 502)))
            self.assertEqual(refused.exception.error, "too_big", op)
        with self.assertRaises(Refused) as refused:
            call(self.api, "getPresence", {"users": [ada.id]})
        self.assertEqual(refused.exception.error, "unauthenticated")
        with Client(self.places[0], hello=False) as stranger:
            for op in ("watchPresence", "setPresence"):
                with self.assertRaises(Refused) as refused:
                    stranger.call(op, users=[ada.id], state="away")
                self.assertEqual(refused.exception.error, "unauthenticated")

    def test_by_get_too(self):
        ada = self.account()
        self.live(ada)
        self.until(ada, ada, "online")
        status, _, body = request(self.api, "GET", "/api/v1/getPresence?users=%d,999999" % ada.id,
                                  headers={"Authorization": "Bearer " + ada.token})
        self.assertEqual((status, self.states(json.loads(body))),
                         (200, {ada.id: "online", 999999: "offline"}))


class Serve(Presence, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.api = Server(cls.folder.name, "--loops", "2")
        cls.addClassCleanup(cls.api.kill)
        cls.places = [cls.api]


class InAFleet(Presence, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.fleet = Fleet(apis=1, persisters=1, haproxy=False)
        cls.addClassCleanup(cls.fleet.stop_all)
        cls.api, cls.places = cls.fleet.apis[0], cls.fleet.edges

    def test_nobody_is_left_of_an_edge_that_died(self):
        ada, bob, carol = self.account(), self.account(), self.account()
        watching = self.live(ada, 0)
        self.live(bob, 1)
        self.live(carol, 1)
        both = self.live(carol, 0)
        self.watch_until(watching, (bob, "online"), (carol, "online"))
        self.fleet.kill("edge-2")
        began = time.monotonic()
        event = watching.event("presence")
        self.assertEqual((event["user"], event["state"]), (bob.id, "offline"))
        self.assertLess(time.monotonic() - began, GONE_S)
        self.assertEqual(self.state(ada, carol), "online")
        both.close()
        self.assertEqual(watching.event("presence")["user"], carol.id)
        self.fleet.start("edge-2")

    def test_a_redis_that_has_forgotten_everything_learns_it_again(self):
        ada, bob, carol = self.account(), self.account(), self.account()
        watching = self.live(ada, 0)
        self.live(bob, 1)
        self.watch_until(watching, (bob, "online"), (carol, "offline"))
        with self.fleet.redis() as redis:
            redis.call("FLUSHALL")
        self.until(ada, bob, "online")
        self.live(carol, 1)
        self.assertEqual(watching.event("presence", user=carol.id)["state"], "online")

    def test_who_went_while_redis_was_away_is_not_there_afterwards(self):
        ada, bob, carol = self.account(), self.account(), self.account()
        watching = self.live(ada, 0)
        leaving = self.live(bob, 1)
        self.live(carol, 1)
        self.watch_until(watching, (bob, "online"), (carol, "online"))
        self.fleet.kill("redis-1")
        leaving.close()
        self.fleet.start("redis-1")
        event = watching.event("presence", user=bob.id)
        self.assertEqual(event["state"], "offline")
        self.until(ada, carol, "online")
