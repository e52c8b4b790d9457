"""A whole fleet for a test: edges, API servers and persisters on real servers, behind HAProxy."""
import time

from support.backends import Backends
from support.client import Client
from support.server import CHEAP, CROWDS, Account, metrics

WAIT_S = 60

# Edges and API servers: cheap logins, no limits on sending. Drains do not wait longer than they must.
OPTIONS = {"edge": [*CHEAP, *CROWDS, "--drain-grace", "0", "--drain-window", "1"],
           "api": [*CHEAP, "--drain-grace", "0"],
           "persister": []}


def eventually(what, check, wait_s=WAIT_S):
    """Look again until check() is true, for what nobody announces; its result."""
    deadline = time.monotonic() + wait_s
    while True:
        result = check()
        if result:
            return result
        if time.monotonic() > deadline:
            raise AssertionError("never: %s" % what)
        time.sleep(0.01)


def mix64(x):
    """src/base/hash.h: spreads ids; which shard a channel is in follows from it."""
    mask = 2 ** 64 - 1
    for factor in (0xff51afd7ed558ccd, 0xc4ceb9fe1a85ec53):
        x = ((x ^ (x >> 33)) * factor) & mask
    return x ^ (x >> 33)


def hears(edge):
    """Whether all links of an edge to Redis are there, as it says itself."""
    return metrics(edge)["parley_bus_up"] > 0


class Place:
    """Where something listens, as tests/support/server.py wants it."""

    def __init__(self, service):
        self.name = service.name
        self.host = "127.0.0.1"
        self.port = service.port
        self.service = service

    @property
    def url(self):
        return "http://%s:%d" % (self.host, self.port)

    @property
    def pid(self):
        return self.service.process.pid


class Fleet(Backends):
    """`edges`, `apis`, `persisters` and `proxy` are where they listen; kill("edge-1"), start(...)."""

    def __init__(self, edges=2, apis=2, persisters=2, haproxy=True, options=None, **backends):
        options = {role: [*OPTIONS[role], *(options or {}).get(role, ())] for role in OPTIONS}
        super().__init__(haproxy=haproxy, edges=edges, apis=apis, persisters=persisters,
                         options=options, **backends)
        self.edges = [Place(service) for service in self.fleet.edges]
        self.apis = [Place(service) for service in self.fleet.apis]
        self.persisters = [Place(service) for service in self.fleet.persisters]
        self.proxy = Place(self["haproxy"]) if haproxy else None
        # What an edge does not hear in its first moments no test may wait for.
        for edge in self.edges:
            eventually("%s hears the others" % edge.name, lambda edge=edge: hears(edge))

    @property
    def haproxy_url(self):
        return self.proxy.url

    # ---- people ----

    def account(self, name, api=0):
        return Account(self.apis[api], name)

    @staticmethod
    def live(place, account):
        """A connection of `account` to an edge, or through HAProxy."""
        return Client(place, account.token)

    # ---- what is true behind ----

    def channels(self, number=1):
        """The channels that somebody is subscribed to, as `pubsub channels '*'` has them."""
        with self.redis(number) as redis:
            return [name for name in redis.channels() if name.startswith("channel-")]

    def subscribers(self, channel, number=1):
        """As `pubsub numsub channel-N`."""
        with self.redis(number) as redis:
            return redis.subscribers("channel-%d" % channel)

    def shard(self, channel):
        """(schema, number of the PostgreSQL server) that a channel's messages are in."""
        shard = mix64(channel) % 64
        name = self.sql("SELECT server FROM directory.shard_map WHERE shard = %d" % shard)[0][0]
        return "s%02d" % shard, ord(name) - ord("a") + 1

    def stored(self, channel):
        """The texts that are stored of a channel, in order."""
        schema, server = self.shard(channel)
        return [row[0] for row in self.sql(
            "SELECT text FROM %s.messages WHERE channel_id = %d AND kind = 1 ORDER BY seq" %
            (schema, channel), server)]
