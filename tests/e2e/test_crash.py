"""kill -9 under load, again and again: every acked message is there once, in one order, for everybody."""
import os
import random
import sqlite3
import tempfile
import threading
import time
import unittest

from support import checker
from support.checker import crc
from support.client import Client, Closed, Follower, new_cmid
from support.server import Account, Server

KILLS = 20
CHANNELS = 3
WRITERS = 4
READERS = 3
IN_FLIGHT = 16
SEED = int(os.environ.get("PARLEY_SEED", "0")) or random.SystemRandom().randrange(1, 2 ** 32)


class Recorder:
    """The history, appended to by all threads."""

    def __init__(self):
        self.records = []

    def note(self, kind, process, **fields):
        # list.append is atomic; each process is one thread, so its own records are in order.
        self.records.append(dict(fields, type=kind, process=process, t=time.monotonic_ns()))


class Person(threading.Thread):
    """A client that connects again whenever it loses its connection, until it is told to stop."""

    def __init__(self, server, account, log):
        super().__init__(daemon=True)
        self.server = server
        self.account = account
        self.log = log
        self.stop = threading.Event()
        self.failure = None

    def connect(self):
        while not self.stop.is_set():
            try:
                client = Client(self.server, self.account.token)
            except (OSError, Closed):
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
            self.answered(waiting.pop(number), client.answer(number))
            client.events.clear()

    def answered(self, cmid, answer):
        channel, _ = self.unacked.pop(cmid)
        if "error" in answer:
            raise AssertionError("%s: %s" % (cmid, answer))
        self.log.note("ack", self.name, cmid=cmid, channel=channel, seq=answer["seq"])

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

    def drain(self):
        """After all faults: everything up to now."""
        with Client(self.server, self.account.token) as client:
            self.log.note("connect", self.name)
            self.follower.catch_up(client, self.channels)
        for channel in self.channels:
            self.log.note("drained", self.name, channel=channel,
                          seq=self.follower.have.get(channel, 0))


def read_history(account, channel, log):
    """The final history, page by page from both ends, which must agree."""
    forward, after = [], 0
    while True:
        page = account.call("getMessages", channel=channel, after=after, limit=500)
        forward += page["events"]
        if not page["more_after"]:
            break
        after = forward[-1]["seq"]
    backward, before = [], 2 ** 53 - 1
    while True:
        page = account.call("getMessages", channel=channel, before=before, limit=333)
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


class Crash(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        print("PARLEY_SEED=%d" % SEED, flush=True)  # of the moments of the kills

    def test_twenty_kills_under_load_lose_nothing_double_nothing_and_keep_one_order(self):
        chance = random.Random(SEED)
        with tempfile.TemporaryDirectory() as folder:
            server = Server(folder)
            self.addCleanup(lambda: server.process.poll() is None and server.kill())
            people = [Account(server, "user%d" % i) for i in range(WRITERS + READERS + 1)]
            channels = [people[0].call("createChannel", name="c%d" % i)["channel"]["id"]
                        for i in range(CHANNELS)]
            for person in people[1:]:
                for channel in channels:
                    person.call("joinChannel", channel=channel)
            log = Recorder()
            writers = [Writer(server, person, log, channels=channels) for person in people[:WRITERS]]
            readers = [Reader(server, person, log, channels=channels) for person in people[WRITERS:]]
            late = readers.pop()  # connects only at the end
            for thread in writers + readers:
                thread.start()

            for _ in range(KILLS):
                time.sleep(chance.uniform(0.2, 1.5))
                server.kill()
                server.restart()
            for thread in writers + readers:
                thread.stop.set()
            for thread in writers + readers:
                thread.join(30)
                self.assertFalse(thread.is_alive(), "%s hangs" % thread.name)
                self.assertIsNone(thread.failure)
            for reader in [*readers, late]:
                reader.drain()
            histories = {channel: read_history(people[0], channel, log) for channel in channels}

            verdict = checker.check(log.records, minimum_acks=1000, minimum_reconnects=KILLS)
            self.assertEqual(verdict.result, "valid", verdict)
            for writer in writers:
                self.assertEqual(writer.unacked, {})
            self.assert_resume_is_complete(server, people[-1], histories)
            self.assertEqual(server.stop(), 0)
            self.assert_database_is_sound(folder, histories)

    def assert_resume_is_complete(self, server, person, histories):
        """From any seq on, resume gives exactly what the history has."""
        with Client(server, person.token) as client:
            for channel, events in histories.items():
                for at in (0, len(events) // 3, len(events) - 2, len(events) - 1):
                    missed = client.resume({channel: events[at]["seq"]})[channel]
                    self.assertEqual(missed, events[at + 1:])

    def assert_database_is_sound(self, folder, histories):
        """The file itself, without the server: whole, and with as many events."""
        database = sqlite3.connect("file:%s/parley.db?mode=ro" % folder, uri=True)
        try:
            self.assertEqual(database.execute("pragma integrity_check").fetchall(), [("ok",)])
            self.assertEqual(database.execute("pragma foreign_key_check").fetchall(), [])
            count, = database.execute("select count(*) from messages").fetchone()
            self.assertEqual(count, sum(map(len, histories.values())))
        finally:
            database.close()


if __name__ == "__main__":
    unittest.main()
