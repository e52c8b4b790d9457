"""The way of a message through a fleet, step by step: two edges, Redis, Kafka, persisters, two PostgreSQL."""
import unittest

from support.client import Follower, new_cmid
from support.fleet import Fleet, eventually
from support.server import call, request


class Case(unittest.TestCase):
    """People are made as they are needed; each test has channels of its own."""


    @classmethod
    def setUpClass(cls):
        cls.fleet = Fleet()
        cls.addClassCleanup(cls.fleet.stop_all)
        cls.ada, cls.bob = cls.fleet.account("ada"), cls.fleet.account("bob", api=1)
        cls.made = 0

    def channel(self, *members):
        type(self).made += 1
        first, *others = members
        channel = first.call("createChannel", name="channel%d" % self.made)["channel"]["id"]
        for other in others:
            other.call("joinChannel", channel=channel)
        return channel

    def live(self, place, account):
        client = self.fleet.live(place, account)
        self.addCleanup(client.close)
        return client

    def texts(self, account, channel, api=0):
        """The newest messages, by one of the API servers."""
        answer = call(self.fleet.apis[api], "getMessages", {"channel": channel}, account.token)
        return [event["text"] for event in answer["events"] if event["ev"] == "message"]

    def all_stored(self, channel, texts):
        eventually("stored: %s" % texts, lambda: self.fleet.stored(channel) == texts)


class Flow(Case):
    def test_a_message_goes_from_edge_to_edge_and_into_the_store(self):
        channel = self.channel(self.ada, self.bob)
        a, b = self.live(self.fleet.edges[0], self.ada), self.live(self.fleet.edges[1], self.bob)

        ack = a.send(channel, "hello over there")
        seen = b.event("message", channel=channel)
        self.assertEqual((seen["seq"], seen["prev"], seen["text"], seen["from"]),
                         (ack["seq"], ack["prev"], "hello over there", self.ada.id))

        back = b.send(channel, "and back")
        self.assertGreater(back["seq"], ack["seq"])
        self.assertEqual(back["prev"], ack["seq"])
        self.assertEqual(a.event("message", channel=channel, seq=back["seq"])["text"], "and back")

        for api in (0, 1):
            self.assertEqual(self.texts(self.ada, channel, api), ["hello over there", "and back"])
        self.all_stored(channel, ["hello over there", "and back"])

    def test_both_by_way_of_haproxy_are_on_different_edges(self):
        channel = self.channel(self.ada, self.bob)
        clients = [self.live(self.fleet.proxy, account) for account in (self.ada, self.bob)]
        taken = [int(self.fleet.admin().servers()[("edges", name)]["scur"])
                 for name in ("edge-1", "edge-2")]
        self.assertEqual(taken, [1, 1])
        clients[0].send(channel, "through the front door")
        self.assertEqual(clients[1].event("message", channel=channel)["text"],
                         "through the front door")

    def test_the_web_client_and_the_api_are_behind_haproxy(self):
        status, headers, body = request(self.fleet.proxy, "GET", "/")
        self.assertEqual((status, headers.get_content_type()), (200, "text/html"))
        self.assertIn(b"Parley", body)
        self.assertEqual(call(self.fleet.proxy, "getMe", token=self.ada.token)["user"]["id"],
                         self.ada.id)

    def test_a_cmid_gives_the_same_seq_on_the_other_edge(self):
        channel = self.channel(self.ada)
        first = self.live(self.fleet.edges[0], self.ada)
        second = self.live(self.fleet.edges[1], self.ada)
        cmid = new_cmid()
        ack = first.send(channel, "once", cmid)
        again = second.send(channel, "once", cmid)
        self.assertEqual((again["seq"], again.get("duplicate")), (ack["seq"], True))
        self.all_stored(channel, ["once"])
        self.assertEqual(self.texts(self.ada, channel), ["once"])


class Subscriptions(Case):
    """What Redis tells is exactly true: a channel is there while an edge has a member of it."""

    def subscribed(self, channel, count):
        eventually("%d subscribers" % count,
                   lambda: self.fleet.subscribers(channel) == count)
        self.assertEqual("channel-%d" % channel in self.fleet.channels(), count > 0)

    def test_the_first_member_subscribes_and_the_last_unsubscribes(self):
        channel = self.channel(self.ada, self.bob)
        self.subscribed(channel, 0)
        a = self.live(self.fleet.edges[0], self.ada)
        self.subscribed(channel, 1)
        b = self.live(self.fleet.edges[1], self.bob)
        self.subscribed(channel, 2)
        b.close()
        self.subscribed(channel, 1)
        a.close()
        self.subscribed(channel, 0)

    def test_only_channels_of_who_is_here_are_subscribed(self):
        mine, shared = self.channel(self.ada), self.channel(self.ada, self.bob)
        others = self.channel(self.bob)
        a = self.live(self.fleet.edges[0], self.ada)
        here = {"channel-%d" % channel for channel in a.channels}
        self.assertTrue({"channel-%d" % mine, "channel-%d" % shared} <= here)
        eventually("exactly ada's channels", lambda: set(self.fleet.channels()) == here)
        self.assertNotIn("channel-%d" % others, here)

    def test_another_member_on_the_same_edge_changes_nothing(self):
        channel = self.channel(self.ada, self.bob)
        clients = [self.live(self.fleet.edges[0], self.ada)]
        self.subscribed(channel, 1)
        for account in (self.bob, self.ada, self.bob):
            clients.append(self.live(self.fleet.edges[0], account))
            clients[-1].settle()
            self.subscribed(channel, 1)
        for client in clients[:-1]:
            client.close()
        clients[-1].settle()
        self.subscribed(channel, 1)

    def test_joining_and_leaving_while_connected_count_at_once(self):
        channel = self.channel(self.ada)
        b = self.live(self.fleet.edges[1], self.bob)
        self.subscribed(channel, 0)
        self.bob.call("joinChannel", channel=channel)
        b.event("joined")
        self.subscribed(channel, 1)
        self.bob.call("leaveChannel", channel=channel)
        b.event("left", channel=channel)
        self.subscribed(channel, 0)


class Stored(Case):
    def test_history_is_whole_while_all_persisters_are_stopped(self):
        channel = self.channel(self.ada, self.bob)
        a, b = self.live(self.fleet.edges[0], self.ada), self.live(self.fleet.edges[1], self.bob)
        a.send(channel, "before")
        self.all_stored(channel, ["before"])
        for name in ("persister-1", "persister-2"):
            self.assertEqual(self.fleet.stop(name), 0, name)

        texts = ["before"] + ["while it lags %d" % i for i in range(50)]
        for text in texts[1:]:
            a.send(channel, text)
        for api in (0, 1):
            self.assertEqual(self.texts(self.bob, channel, api)[-50:], texts[-50:])
        follower = Follower()
        follower.catch_up(b, [channel])
        self.assertEqual([event["text"] for event in follower.shown[channel]
                          if event["ev"] == "message"], texts)
        self.assertEqual(self.fleet.stored(channel), ["before"])

        for name in ("persister-1", "persister-2"):
            self.fleet.start(name)
        self.all_stored(channel, texts)
        self.assertEqual(self.texts(self.bob, channel)[-50:], texts[-50:])

    def test_each_channel_is_in_the_schema_of_its_shard_and_in_no_other(self):
        channels = [self.channel(self.ada) for _ in range(8)]
        a = self.live(self.fleet.edges[0], self.ada)
        for channel in channels:
            a.send(channel, "for channel %d" % channel)
        for channel in channels:
            self.all_stored(channel, ["for channel %d" % channel])
        places = {channel: self.fleet.shard(channel) for channel in channels}
        self.assertEqual({server for _, server in places.values()}, {1, 2})
        for channel, (schema, server) in places.items():
            self.assertEqual(self.everywhere(channel), [(server, schema)])

    def everywhere(self, channel):
        """Every (server, schema) with events of the channel."""
        found = []
        for server in (1, 2):
            schemas = [row[0] for row in self.fleet.sql(
                "SELECT nspname FROM pg_namespace WHERE nspname ~ '^s[0-9][0-9]$' ORDER BY 1",
                server)]
            query = " UNION ALL ".join(
                "SELECT '%s' FROM %s.messages WHERE channel_id = %d" % (schema, schema, channel)
                for schema in schemas)
            found += [(server, schema) for schema, in self.fleet.sql(
                "SELECT DISTINCT * FROM (%s) AS all_of_them" % query, server)]
        return found


if __name__ == "__main__":
    unittest.main()
