"""People who write and read while servers die: what they saw is recorded for support.checker."""
import random
import threading
import time

from support import checker
from support.checker import crc
from support.client import Client, Follower, new_cmid
from support.server import Refused
from support.ws import Closed, Rejected

IN_FLIGHT = 16


class Recorder:
    """The history, appended to by all threads."""

    def __init__(self):
        self.records = []

    def note(self, kind, process, **fields):
        # list.append is atomic; each process is one thread, so its own records are in order.
        self.records.append(dict(fields, type=kind, process=process, t=time.monotonic_ns()))


class Person(threading.Thread):
    """A client that connects again whenever it loses its connection, until it is told to stop."""

    def __init__(self, servers, account, log):
        super().__init__(daemon=True)
        self.servers = servers
        self.account = account
        self.log = log
        self.stop = threading.Event()
        self.failure = None

    def connect(self):
        while not self.stop.is_set():
            try:
                client = Client(random.choice(self.servers), self.account.token)
            except (OSError, Closed, Rejected, Refused):
                # The server is dead or about to be: try again, with a little jitter.
                time.sleep(random.uniform(0.005, 0.03))
                continue
            self.log.note("connect", self.name)
            return client
        return None

    def run(self):
        try:
            while not self.stop.is_set():
                client = self.connect()
                if client is None:
                    return
                try:
                    self.work(client)
                except (OSError, Closed):
                    pass
                except Refused as refused:
                    if refused.error != "unavailable":
                        raise
                    time.sleep(random.uniform(0.05, 0.15))
                finally:
                    client.close()
        except BaseException as failure:  # pylint: disable=W0718
            self.failure = failure
            raise


class Writer(Person):
    """Keeps messages in flight; after a reconnect sends those without an ack again, same cmid."""

    def __init__(self, *args, channels):
        super().__init__(*args)
        self.channels = channels
        self.unacked = {}  # cmid -> (channel, text), in the order in which they were made
        self.count = 0
        self.unavailable = 0

    def make(self):
        cmid, channel = new_cmid(), random.choice(self.channels)
        self.count += 1
        text = "%s %d %s" % (self.name, self.count, "x" * random.choice((0, 10, 300, 4000)))
        self.unacked[cmid] = channel, text
        self.log.note("send", self.name, cmid=cmid, channel=channel, crc=crc(text))
        return cmid

    def work(self, client):
        waiting = {}
        todo = list(self.unacked)
        while not self.stop.is_set() or self.unacked:
            while todo or (len(self.unacked) < IN_FLIGHT and not self.stop.is_set()):
                cmid = todo.pop(0) if todo else self.make()
                channel, text = self.unacked[cmid]
                waiting[client.request("sendMessage", channel=channel, text=text, cmid=cmid)] = cmid
            number = next(iter(waiting))
            cmid = waiting.pop(number)
            if not self.answered(cmid, client.answer(number)):
                time.sleep(random.uniform(0.05, 0.15))
                todo.append(cmid)
            client.events.clear()

    def answered(self, cmid, answer):
        """Whether it is over; else it must be sent again, with the same cmid."""
        if answer.get("error") == "unavailable":
            self.unavailable += 1
            return False
        channel, _ = self.unacked.pop(cmid)
        if "error" in answer:
            raise AssertionError("%s: %s" % (cmid, answer))
        self.log.note("ack", self.name, cmid=cmid, channel=channel, seq=answer["seq"])
        return True

    def run(self):
        super().run()
        # What is still unacked is sent once more to a server that stays up.
        self.stop.clear()
        client = self.connect()
        self.stop.set()
        self.work(client)
        client.close()


class Reader(Person):
    """Follows all channels; now and then cuts its own connection; drains at the end."""

    def __init__(self, *args, channels):
        super().__init__(*args)
        self.channels = channels
        self.follower = Follower(self.shown)
        for channel in channels:
            self.log.note("member", self.name, channel=channel)

    def shown(self, event):
        message = event["ev"] == "message"
        self.log.note("shown", self.name, channel=event["channel"], seq=event["seq"],
                      prev=event["prev"], n=event["n"], cmid=event["cmid"] if message else None,
                      crc=crc(event["text"]) if message else None)

    def work(self, client):
        self.follower.catch_up(client, self.channels)
        for _ in range(random.choice((50, 500, 5000))):
            if self.stop.is_set():
                return
            client.pump()
            self.follower.take_all(client)

    def catch_up(self):
        with Client(random.choice(self.servers), self.account.token) as client:
            self.log.note("connect", self.name)
            self.follower.catch_up(client, self.channels)

    def drain(self):
        """After all faults: everything up to now."""
        patiently(self.catch_up)
        for channel in self.channels:
            self.log.note("drained", self.name, channel=channel,
                          seq=self.follower.have.get(channel, 0))


def patiently(action, seconds=30):
    """Repeat while it is refused as unavailable: what was broken may still be connecting again."""
    until = time.monotonic() + seconds
    while True:
        try:
            return action()
        except (Refused, OSError, Closed) as refused:
            if isinstance(refused, Refused) and refused.error != "unavailable":
                raise
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def read_history(account, channel, log):
    """The final history, page by page from both ends, which must agree."""
    forward, after = [], 0
    while True:
        page = patiently(lambda at=after: account.call("getMessages", channel=channel, after=at,
                                                       limit=500))
        forward += page["events"]
        if not page["more_after"]:
            break
        after = forward[-1]["seq"]
    backward, before = [], 2 ** 53 - 1
    while True:
        page = patiently(lambda at=before: account.call("getMessages", channel=channel, before=at,
                                                        limit=333))
        backward[:0] = page["events"]
        if not page["more_before"]:
            break
        before = backward[0]["seq"]
    assert forward == backward, "the history differs by the direction it is read in"
    for event in forward:
        message = event["ev"] == "message"
        log.note("history", "end", channel=channel, seq=event["seq"], prev=event["prev"],
                 n=event["n"], cmid=event["cmid"] if message else None,
                 crc=crc(event["text"]) if message else None)
    return forward


class Load:
    """People who write into some channels of a fleet and read them, from start() to finish()."""

    def __init__(self, fleet, servers, channels=4, writers=4, readers=3, wanted=lambda channel: True):
        """Only in channels that are `wanted`."""
        people = [fleet.account("user%016x" % random.getrandbits(64))
                  for _ in range(writers + readers)]
        self.channels = []
        while len(self.channels) < channels:
            channel = people[0].call("createChannel", name="%016x" % random.getrandbits(64))
            self.channels += filter(wanted, [channel["channel"]["id"]])
        for person in people[1:]:
            for channel in self.channels:
                person.call("joinChannel", channel=channel)
        self.log = Recorder()
        self.first = people[0]
        self.writers = [Writer(servers, person, self.log, channels=self.channels)
                        for person in people[:writers]]
        self.readers = [Reader(servers, person, self.log, channels=self.channels)
                        for person in people[writers:]]
        self.late = self.readers.pop()  # connects only at the end

    @property
    def threads(self):
        return self.writers + self.readers

    def start(self):
        for thread in self.threads:
            thread.start()

    def acks(self):
        return [record for record in list(self.log.records) if record["type"] == "ack"]

    def goes_on(self, count=500, wait_s=60):
        """Wait until `count` more are acknowledged, some of each writer, and as many shown to each reader."""
        since = len(self.log.records)
        deadline = time.monotonic() + wait_s
        while True:
            records = self.log.records[since:]
            acks = [record for record in records if record["type"] == "ack"]
            shown = [sum(record["type"] == "shown" and record["process"] == reader.name
                         for record in records) for reader in self.readers]
            if len(acks) >= count and min(shown) >= count and \
                    len({ack["process"] for ack in acks}) == len(self.writers):
                return
            for thread in self.threads:
                assert thread.is_alive(), "%s ended: %r" % (thread.name, thread.failure)
            assert time.monotonic() < deadline, "%d acks, shown %s" % (len(acks), shown)
            time.sleep(0.05)

    def silence_s(self):
        """The longest time without an ack."""
        times = [ack["t"] for ack in self.acks()]
        return max(after - before for before, after in zip(times, times[1:])) / 1e9

    def stop(self):
        """Ask everybody to stop; a second time does nothing."""
        for thread in self.threads:
            thread.stop.set()

    def finish(self, minimum_acks=1000, minimum_reconnects=0):
        """Everybody stops and reads all that there is: the checker's verdict."""
        self.stop()
        for thread in self.threads:
            thread.join(60)
            assert not thread.is_alive(), "%s hangs" % thread.name
            assert thread.failure is None, "%s: %r" % (thread.name, thread.failure)
        for reader in [*self.readers, self.late]:
            reader.drain()
        for channel in self.channels:
            read_history(self.first, channel, self.log)
        for writer in self.writers:
            assert not writer.unacked, "%s: %s" % (writer.name, writer.unacked)
        return checker.check(self.log.records, minimum_acks=minimum_acks,
                             minimum_reconnects=minimum_reconnects)
