#!/usr/bin/env python3
"""What people wait for: a message on its way through a fleet, a page of history, a socket after a restart.

    bench/latency.py [--seconds 5] [--runs 3] [--json] [seen] [pages] [reconnect]

seen       from handing a message to the socket on one edge until the other edge's socket has it, at 100 and at
           2,000 messages per second, through HAProxy; and the same for the edge pair on Node
pages      getMessages of 50 events, the newest and from the middle of 10,000, by 16 connections to one API server
           with PostgreSQL, and to `parley serve` with SQLite
reconnect  how long each of 200 clients is without a socket while both edges are restarted one after the other
"""
import argparse
import json
import os
import pathlib
import random
import re
import select
import socket
import statistics
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "bench")]
from fleet import with_node  # noqa: E402
from support import ws  # noqa: E402
from support.client import Client, Closed, timed_cmid  # noqa: E402
from support.deployment import FleetBehindProxy, Serve  # noqa: E402
from support.server import Account, Refused  # noqa: E402

RATES = (100, 2000)
CHANNELS = 50
TEXT_BYTES = 128
EVENTS = 10000
CONNECTIONS = 16
CLIENTS = 200
WARM_S = 1
LATE_S = 5  # for what is under way at the end


def percentiles(values_ms):
    values = sorted(values_ms)
    return {"p50_ms": round(statistics.median(values), 2),
            "p99_ms": round(values[int((len(values) - 1) * 0.99)], 2)}


def median_of(runs):
    """The median of each figure."""
    return {key: round(statistics.median(run[key] for run in runs), 2) for key in runs[0]}


# ---- seen on the other edge ----

def message(number, channels):
    """A frame whose text begins with the time. The mask of nulls leaves the text as it is."""
    text = "%d " % time.monotonic_ns()
    body = json.dumps({"id": number, "op": "sendMessage", "channel": channels[number % len(channels)],
                       "cmid": timed_cmid(), "text": text.ljust(TEXT_BYTES, "x")})
    return ws.frame(ws.TEXT, body.encode(), mask=b"\0\0\0\0")


def send_at(rate, sock, channels, seconds):
    """At even times, however slowly they are answered: an open loop."""
    sent, began = 0, time.monotonic()
    total = int(rate * seconds)
    while sent < total:
        due = min(total, int((time.monotonic() - began) * rate) + 1)
        if due > sent:
            sock.sendall(b"".join(message(2 + i, channels) for i in range(sent, due)))
            sent = due
        while select.select([sock], [], [], 0)[0]:
            sock.recv(1 << 20)  # acks, and its own messages
        time.sleep(max(0, began + sent / rate - time.monotonic()))
    os._exit(0)


def watch(sock, expected, began_ns):
    """The ages of the messages that arrive, those of the first second apart."""
    ages, rest, until = [], b"", time.monotonic() + 3600
    while len(ages) < expected and time.monotonic() < until:
        if not select.select([sock], [], [], LATE_S)[0]:
            break
        data = sock.recv(1 << 20)
        now = time.monotonic_ns()
        found = list(re.finditer(rb'"text":"(\d{5,}) ', rest + data))
        ages += [(int(one.group(1)), now) for one in found]
        rest = (rest + data)[found[-1].end() if found else 0:][-4096:]
    kept = [(now - sent) / 1e6 for sent, now in ages if sent - began_ns > WARM_S * 1e9]
    return kept, len(ages)


def measure_seen(sender, receiver, channels, rate, seconds):
    seconds += WARM_S
    began_ns = time.monotonic_ns()
    child = os.fork()
    if child == 0:
        send_at(rate, sender, channels, seconds)
    ages, arrived = watch(receiver, int(rate * seconds), began_ns)
    os.waitpid(child, 0)
    if arrived < rate * seconds:
        raise SystemExit("%d of %d messages arrived" % (arrived, rate * seconds))
    return percentiles(ages)


def seen_by_parley(rate, seconds):
    with Fresh() as deployment:
        people = [Account(deployment.server, name) for name in ("ada", "bob")]
        channels = [people[0].call("createChannel", name="c%d" % i)["channel"]["id"]
                    for i in range(CHANNELS)]
        for channel in channels:
            people[1].call("joinChannel", channel=channel)
        clients = [Client(deployment.server, person.token) for person in people]
        taken = [int(deployment.fleet.admin().servers()[("edges", place.name)]["scur"])
                 for place in deployment.fleet.edges]
        assert taken == [1, 1], "both are on the same edge"
        for channel in channels:  # each has its lease
            clients[0].send(channel, "first", timed_cmid())
        result = measure_seen(clients[0].ws.socket, clients[1].ws.socket, channels, rate, seconds)
        for client in clients:
            client.ws.socket.close()
        return result


def seen_by_node(rate, seconds):
    tokens = ["%064x" % i for i in range(2)]
    channels = list(range(1, CHANNELS + 1))

    def use(port, _edges):
        socks = []
        for token in tokens:  # one after the other: on different edges
            link = ws.WebSocket("127.0.0.1", port, "/ws")
            link.send_text(json.dumps({"id": 1, "op": "hello", "token": token}))
            link.recv()
            socks.append(link.socket)
        return measure_seen(*socks, channels, rate, seconds)
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        return with_node(folder, dict.fromkeys(tokens, channels), use)


class Fresh:
    """A fleet of its own, not shared."""

    def __enter__(self):
        self.kind = type("FreshFleet", (FleetBehindProxy,), {})
        return self.kind()

    def __exit__(self, *ignored):
        self.kind.fleet.stop_all()


def seen(args):
    for rate in RATES:
        for name, run in (("parley", seen_by_parley), ("node", seen_by_node)):
            yield {"name": "seen", "who": name, "messages_per_s": rate,
                   **median_of([run(rate, args.seconds) for _ in range(args.runs)])}


# ---- pages ----

def fill(place, account, channel):
    with Client(place, account.token) as client:
        for _ in range(EVENTS // 200):
            ids = client.requests("sendMessage", [
                {"channel": channel, "text": "x" * TEXT_BYTES, "cmid": timed_cmid()}
                for _ in range(200)])
            for number in ids:
                assert "error" not in client.answer(number)
            client.events.clear()


class Asker:
    """One kept connection that asks for the same page again and again."""

    def __init__(self, place, request):
        self.socket = socket.create_connection((place.host, place.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.request = request
        self.ask()

    def ask(self):
        self.data, self.length = b"", None
        self.asked_ns = time.monotonic_ns()
        self.socket.sendall(self.request)

    def take(self):
        """Whether the answer is complete."""
        self.data += self.socket.recv(1 << 18)
        if self.length is None and b"\r\n\r\n" in self.data:
            head, _, _ = self.data.partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200"), head
            self.length = len(head) + 4 + int(re.search(rb"(?i)content-length: (\d+)", head).group(1))
        return self.length is not None and len(self.data) >= self.length


def measure_pages(place, token, query, seconds):
    request = ("GET /api/v1/getMessages?%s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\n\r\n" %
               (query, token)).encode()
    poll, askers, took = select.epoll(), {}, []
    for _ in range(CONNECTIONS):
        asker = Asker(place, request)
        askers[asker.socket.fileno()] = asker
        poll.register(asker.socket, select.EPOLLIN)
    began = time.monotonic() + WARM_S
    while time.monotonic() < began + seconds:
        for number, _ in poll.poll(1):
            asker = askers[number]
            if asker.take():
                if time.monotonic() > began:
                    took.append((time.monotonic_ns() - asker.asked_ns) / 1e6)
                asker.ask()
    for asker in askers.values():
        asker.socket.close()
    return {"requests_per_s": round(len(took) / seconds), **percentiles(took)}


def pages_of(who, deployment, place, args):
    account = Account(deployment.server, "ada")
    channel = account.call("createChannel", name="c")["channel"]["id"]
    fill(deployment.edge, account, channel)
    first = account.call("getMessages", channel=channel, after=0, limit=1)["events"][0]["seq"]
    newest = account.call("getMessages", channel=channel, limit=1)["events"][0]["seq"]
    for page, query in (("newest", "channel=%d" % channel),
                        ("deep", "channel=%d&before=%d" % (channel, (first + newest) // 2))):
        yield {"name": "pages", "who": who, "page": page, **median_of(
            [measure_pages(place, account.token, query, args.seconds) for _ in range(args.runs)])}


def pages(args):
    with Fresh() as deployment:
        yield from pages_of("api + postgres", deployment, deployment.fleet.apis[0], args)
    deployment = Serve()
    try:
        yield from pages_of("serve", deployment, deployment.server, args)
    finally:
        deployment.close()


# ---- reconnect ----

class Sitter(threading.Thread):
    """A client that does what docs/PROTOCOL.md says, and notes how long it is without a socket."""

    def __init__(self, place, token):
        super().__init__(daemon=True)
        self.place = place
        self.token = token
        self.client = Client(place, token)
        self.away_ms = []
        self.over = False

    def sit(self):
        """Until the server goes, or says that one should."""
        self.client.ws.socket.settimeout(0.2)
        leave = None
        while not self.over and (leave is None or time.monotonic() < leave):
            try:
                self.client.pump()
            except TimeoutError:
                pass
            while self.client.events:
                event = self.client.events.popleft()
                if event["ev"] == "move":
                    leave = time.monotonic() + event["after_ms"] / 1000
        self.client.close()

    def run(self):
        while not self.over:
            try:
                self.sit()
            except (Closed, OSError):
                pass
            if self.over:
                return
            gone, tries = time.monotonic(), 0
            while True:
                try:
                    self.client = Client(self.place, self.token)
                    break
                except (OSError, Closed, Refused, ws.Rejected):
                    time.sleep(random.uniform(0, min(30, 0.5 * 2 ** tries)))
                    tries += 1
            self.away_ms.append((time.monotonic() - gone) * 1000)


def reconnect_once():
    with Fresh() as deployment:
        fleet = deployment.fleet
        for edge in ("edge-1", "edge-2"):  # as in production, where a drain takes its time
            fleet[edge].options += ["--drain-grace", "2", "--drain-window", "5"]
            fleet.restart(edge)
        deployment.await_ready()
        account = Account(deployment.server, "ada")
        sitters = [Sitter(deployment.server, account.token) for _ in range(CLIENTS)]
        for sitter in sitters:
            sitter.start()
        for edge in ("edge-1", "edge-2"):
            fleet.restart(edge)
            deployment.await_ready()
        for sitter in sitters:
            sitter.over = True
        for sitter in sitters:
            sitter.join(60)
        away = [value for sitter in sitters for value in sitter.away_ms]
        assert len(away) >= CLIENTS, "only %d came back" % len(away)
        return {"reconnects": len(away), **percentiles(away), "max_ms": round(max(away), 2)}


def reconnect(args):
    yield {"name": "reconnect", **median_of([reconnect_once() for _ in range(args.runs)])}


def main():
    benches = {"seen": seen, "pages": pages, "reconnect": reconnect}
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(benches))
    args = parser.parse_args()
    for name in args.names or benches:
        for result in benches[name](args):
            if args.json:
                print(json.dumps(result), flush=True)
            else:
                print("  ".join("%s %s" % item for item in result.items()), flush=True)


if __name__ == "__main__":
    main()
