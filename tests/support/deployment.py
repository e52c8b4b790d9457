"""What a test of user-visible behaviour runs against: one process, or a fleet behind HAProxy.

A class of tests that is marked @everywhere runs against both. It asks its `deployment` for itself with
the options that it needs, and finds `server`, which takes everything, `edge`, which takes WebSockets and tells
how they do, and `first_name`, a number from which on nobody has used "user%d" and "channel%d".
"""
import sys
import tempfile

from support.fleet import Fleet, OPTIONS, eventually
from support.server import Server, metrics

NAMES_EACH = 10000


class Serve:
    """parley serve, for one class of tests."""

    def __init__(self, options=(), binary=None):
        self.folder = tempfile.TemporaryDirectory()
        self.server = Server(self.folder.name, *options, binary=binary)
        self.edge = self.server
        self.first_name = 0

    @property
    def log(self):
        return self.server.log

    def close(self):
        if self.server.process.poll() is None:
            self.server.kill()
        self.folder.cleanup()


class FleetBehindProxy:
    """Two edges and two API servers behind HAProxy: one fleet for all classes of a file."""

    fleet = None
    options = ()
    users = 0
    log = ()
    EDGES_ONLY = ("--hello-timeout", "--ping", "--pong-timeout", "--stall-timeout")
    APIS_ONLY = ("--secure-cookies",)

    def __init__(self, options=(), binary=None):
        del binary  # what is sanitized runs as one process
        kind = type(self)
        kind.users += 1
        self.first_name = kind.users * NAMES_EACH
        if kind.fleet is None:
            kind.fleet = Fleet(persisters=1, options=self.by_role(options))
            kind.options = options
            self.await_ready()
        elif kind.options != options:
            self.restart(options)
        self.server = kind.fleet.proxy
        self.edge = kind.fleet.edges[0]

    def by_role(self, options):
        """The options that edges take, and those that API servers take."""
        found = {"edge": [], "api": []}
        words = list(options)
        while words:
            option = [words.pop(0)]
            while words and not words[0].startswith("--"):
                option.append(words.pop(0))
            if option[0] not in self.APIS_ONLY:
                found["edge"] += option
            if option[0] not in self.EDGES_ONLY:
                found["api"] += option
        return found

    def restart(self, options):
        """Edges and API servers with other options, and HAProxy knows that they are there."""
        kind = type(self)
        for role, words in self.by_role(options).items():
            for number in (1, 2):
                service = kind.fleet["%s-%d" % (role, number)]
                service.options = [*OPTIONS[role], *words]
                kind.fleet.restart(service.name)
        kind.options = options
        self.await_ready()

    def await_ready(self):
        """Edges hear each other, and HAProxy knows that all are there."""
        fleet = self.fleet
        for edge in fleet.edges:  # one loop each
            eventually("%s hears the others" % edge.name,
                       lambda at=edge: metrics(at)["parley_bus_up"] == 1)
        servers = [("edges", place.name) for place in fleet.edges] + \
            [("api", place.name) for place in fleet.apis]
        eventually("HAProxy sees all", lambda: all(
            fleet.admin().state(*server) == "UP" for server in servers))

    def close(self):
        """It goes on, for the next class; the end of the process ends it."""


def await_events(account, channel, count):
    """The history has that many events: joins are told after the answer, in a fleet by another process."""
    eventually("%d events" % count, lambda: len(
        account.call("getMessages", channel=channel)["events"]) >= count)


def everywhere(case):
    """Run a class of tests as it is, against one process, and once more against a fleet."""
    name = case.__name__ + "OnAFleet"
    setattr(sys.modules[case.__module__], name,
            type(name, (case,), {"deployment": FleetBehindProxy, "__module__": case.__module__}))
    return case
