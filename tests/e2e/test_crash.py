"""kill -9 under load, again and again: every acked message is there once, in one order, for everybody."""
import os
import random
import sqlite3
import tempfile
import time
import unittest

from support import checker
from support.client import Client
from support.load import Reader, Recorder, Writer, read_history
from support.server import Account, Server

KILLS = 20
CHANNELS = 3
WRITERS = 4
READERS = 3
SEED = int(os.environ.get("PARLEY_SEED", "0")) or random.SystemRandom().randrange(1, 2 ** 32)


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
            writers = [Writer([server], person, log, channels=channels) for person in people[:WRITERS]]
            readers = [Reader([server], person, log, channels=channels) for person in people[WRITERS:]]
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
