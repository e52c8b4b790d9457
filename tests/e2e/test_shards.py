"""Shards on real PostgreSQL servers: set up by several at once, moved while messages flow, and killed."""
import json
import os
import pathlib
import signal
import subprocess
import time
import unittest

from support.fleet import mix64
from support.postgres import Postgres
from support.server import BIN, asan_bin

WRITER = pathlib.Path(asan_bin()).parent / "tests" / "store_writer"
CHANNELS = 16
WAIT_S = 60


class Writer:
    """tests/support/store_writer.c: one command and one answer at a time."""

    def __init__(self, directory, channels=CHANNELS):
        if not WRITER.exists():
            raise RuntimeError("build %s first: script/test unit" % WRITER)
        self.process = subprocess.Popen([str(WRITER), "pg:" + directory, str(channels)], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._answer()

    def _answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("the writer has died: %s" % self.process.wait(WAIT_S))
        return json.loads(line)

    def say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def probe(self):
        self.say("probe")
        return self._answer()

    def stop_writing(self):
        self.say("stop")
        return self._answer()

    def close(self):
        self.process.stdin.close()
        self.process.wait(WAIT_S)
        self.process.stdout.close()


class Shards(unittest.TestCase):
    def setUp(self):
        self.servers = []
        for _ in range(2):
            server = Postgres(["fsync=off"])
            self.addCleanup(server.close)
            self.servers.append(server)
        self.directory = self.servers[0].create("directory")
        self.shards = ",".join("%s=%s" % (name, server.create("shards"))
                               for name, server in zip("ab", self.servers))

    def parley(self, *arguments):
        return subprocess.Popen([BIN, *arguments, "--directory", self.directory], text=True,
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)

    def run_parley(self, *arguments, status=0):
        process = self.parley(*arguments)
        out, err = process.communicate(timeout=WAIT_S)
        self.assertEqual(process.returncode, status, err)
        return out

    def migrate(self):
        self.run_parley("migrate", "--shards", self.shards)

    def map(self, status=0):
        return json.loads(self.run_parley("admin", "shards", "--json", status=status))["shards"]

    def writer(self):
        writer = Writer(self.directory)
        self.addCleanup(writer.close)
        return writer

    def schemas(self, server):
        return server.sql("SELECT nspname FROM pg_namespace WHERE nspname ~ '^s[0-9][0-9]'",
                          "shards").split()

    # ---- setting up ----

    def test_three_may_set_up_at_once(self):
        runs = [self.parley("migrate", "--shards", self.shards) for _ in range(3)]
        for process in runs:
            _, err = process.communicate(timeout=WAIT_S)
            self.assertEqual(process.returncode, 0, err)
        shards = self.map()
        self.assertEqual([s["shard"] for s in shards], list(range(64)))
        self.assertEqual([s["server"] for s in shards], ["a", "b"] * 32)
        self.assertEqual({(s["state"], s["rows"], s["reachable"]) for s in shards},
                         {("active", 0, True)})
        self.assertEqual([len(self.schemas(server)) for server in self.servers], [32, 32])
        self.run_parley("migrate")  # later without shards as well, which then stay

    def test_the_first_time_needs_servers_and_a_newer_schema_is_left_alone(self):
        self.assertEqual(self.run_parley("migrate", status=1), "")
        self.migrate()
        self.servers[0].sql("UPDATE directory.version SET version = 999", "directory")
        self.run_parley("migrate", status=1)

    # ---- moving ----

    def shard_of_writer(self, writer):
        """A shard with channels that are written to."""
        return mix64(writer.probe()["channels"][0]["channel"]) % 64

    def other(self, shard):
        return "b" if self.map()[shard]["server"] == "a" else "a"

    def assert_nothing_lost(self, told, before):
        self.assertGreater(told["stored"], 0)
        self.assertEqual(told["found"], told["stored"] + before)
        self.assertEqual((told["breaks"], told["stale"]), (0, 0))

    def test_a_shard_moves_while_it_is_written_and_nothing_is_lost(self):
        self.migrate()
        writer = self.writer()
        writer.say("write")
        time.sleep(0.5)
        moves = 0
        first = self.map()
        for shard in range(64):
            # All that hold something, there and back.
            if first[shard]["rows"] == 0:
                continue
            self.run_parley("admin", "shards", "move", str(shard), "--to", self.other(shard))
            if moves % 2 == 0:
                self.run_parley("admin", "shards", "move", str(shard), "--to", self.other(shard))
            moves += 1
        self.assertGreater(moves, 3)
        told = writer.stop_writing()
        self.assert_nothing_lost(told, 0)
        # Writers are held back, but only for the last rows.
        self.assertGreater(told["retries"], 0)
        self.assertLess(told["longest_ms"], 5000)
        after = self.map()
        self.assertEqual({s["state"] for s in after}, {"active"})
        names = [name for server in self.servers for name in self.schemas(server)]
        self.assertEqual(sorted(names), ["s%02d" % shard for shard in range(64)])
        self.assertEqual(sum(s["rows"] for s in after), told["found"])

    def test_a_move_that_is_killed_goes_on_when_it_is_called_again(self):
        self.migrate()
        self.fill(30000)
        writer = self.writer()
        shard = self.filled_shard
        writer.say("write")
        target = self.other(shard)
        for wait_s in (0.02, 0.05, 0.1, 0.15, 0.2, 0.3):
            process = self.parley("admin", "shards", "move", str(shard), "--to", target)
            time.sleep(wait_s)
            process.send_signal(signal.SIGKILL)
            process.communicate(timeout=WAIT_S)
        self.run_parley("admin", "shards", "move", str(shard), "--to", target)
        self.assert_nothing_lost(writer.stop_writing(), 0)
        moved = self.map()[shard]
        self.assertEqual((moved["server"], moved["state"]), (target, "active"))
        self.assertEqual(moved["rows"], 30000)
        names = [name for server in self.servers for name in self.schemas(server)]
        self.assertEqual(sorted(names), ["s%02d" % each for each in range(64)])

    def fill(self, rows):
        """One shard of the first server with many rows, of a channel that nobody writes to."""
        channel = 1000003
        self.filled_shard = mix64(channel) % 64
        server = self.servers["ab".index(self.map()[self.filled_shard]["server"])]
        server.sql("INSERT INTO s%02d.messages SELECT %d, i, i - 1, i, 1, 0, 0, gen_random_uuid(), 1,"
                   " repeat('x', 200) FROM generate_series(1, %d) i"
                   % (self.filled_shard, channel, rows), "shards")

    def test_a_move_may_be_called_back(self):
        self.migrate()
        self.fill(30000)
        shard = self.filled_shard
        home, target = self.map()[shard]["server"], self.other(shard)
        process = self.parley("admin", "shards", "move", str(shard), "--to", target)
        time.sleep(0.1)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=WAIT_S)
        self.run_parley("admin", "shards", "move", str(shard), "--to", home)
        back = self.map()[shard]
        self.assertEqual((back["server"], back["state"], back["rows"]), (home, "active", 30000))
        self.run_parley("admin", "shards", "move", str(shard), "--to", target)
        self.assertEqual(self.map()[shard]["rows"], 30000)

    def hold(self, server, table, mode):
        """A lock on a table of a shard, until its process is stopped."""
        process = server.psql("BEGIN; LOCK TABLE %s IN %s MODE; SELECT 'held'; SELECT pg_sleep(60)"
                              % (table, mode), "shards")
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.kill)
        self.assertEqual(process.stdout.readline().strip(), "held")
        return process

    def test_a_shard_whose_move_was_killed_at_its_end_refuses_until_the_move_goes_on(self):
        self.migrate()
        writer = self.writer()
        before = writer.probe()
        shard = self.shard_of_writer(writer)
        home, target = self.map()[shard]["server"], self.other(shard)
        server = self.servers["ab".index(home)]
        # Heads cannot be frozen while somebody writes one, messages can.
        holder = self.hold(server, "s%02d.channel_head" % shard, "ROW EXCLUSIVE")
        process = self.parley("admin", "shards", "move", str(shard), "--to", target)
        self.eventually(writer, lambda told: any(c["put"] == "unavailable"
                                                 for c in told["channels"]))
        process.kill()
        process.communicate(timeout=WAIT_S)
        self.assertEqual(self.map()[shard]["state"], "moving")
        told = writer.probe()
        for channel in told["channels"]:
            mine = mix64(channel["channel"]) % 64 == shard
            self.assertEqual((channel["read"], channel["put"]),
                             ("none", "unavailable" if mine else "none"))
        server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                   " WHERE query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()", "shards")
        holder.wait(WAIT_S)
        self.run_parley("admin", "shards", "move", str(shard), "--to", target)
        after = self.eventually(writer, lambda told: all(c["put"] == "none"
                                                         for c in told["channels"]))
        self.assertTrue(all(now >= then for now, then in zip(after["heads"], before["heads"])))
        self.assertEqual(self.map()[shard]["server"], target)

    def test_what_a_killed_move_left_to_do_is_done_by_the_next_call(self):
        """Every state that the last steps can leave behind, made by hand."""
        self.migrate()
        self.fill(3000)
        shard = self.filled_shard
        schema = "s%02d" % shard
        for step in range(3):
            with self.subTest(step=step):
                target = self.other(shard)
                source = self.map()[shard]["server"]
                self.run_parley("admin", "shards", "move", str(shard), "--to", target)
                old, new = (self.servers["ab".index(name)] for name in (source, target))
                old.sql("CREATE SCHEMA %s_moved; CREATE TABLE %s_moved.messages (x int)"
                        % (schema, schema), "shards")
                if step < 2:  # the map has not changed yet
                    self.servers[0].sql("UPDATE directory.shard_map SET server = '%s', state ="
                                        " 'moving', target = '%s' WHERE shard = %d"
                                        % (source, target, shard), "directory")
                if step < 1:  # nor has the new schema its name
                    new.sql("ALTER SCHEMA %s RENAME TO %s_incoming" % (schema, schema), "shards")
                self.run_parley("admin", "shards", "move", str(shard), "--to", target)
                moved = self.map()[shard]
                self.assertEqual((moved["server"], moved["state"], moved["rows"]),
                                 (target, "active", 3000))
                self.assertNotIn(schema + "_moved", self.schemas(old))

    def test_there_is_no_move_of_what_is_not_there(self):
        self.migrate()
        self.run_parley("admin", "shards", "move", "3", "--to", "nowhere", status=1)
        self.run_parley("admin", "shards", "move", "64", "--to", "a", status=2)
        self.run_parley("admin", "shards", "move", "3", status=2)
        self.assertEqual({s["version"] for s in self.map()}, {1})

    # ---- dying ----

    def eventually(self, writer, check):
        deadline = time.monotonic() + WAIT_S
        while True:
            told = writer.probe()
            if check(told):
                return told
            self.assertLess(time.monotonic(), deadline, told)
            time.sleep(0.05)

    def test_a_dead_server_stops_only_its_own_channels_until_it_is_back(self):
        self.migrate()
        writer = self.writer()
        alive = writer.probe()
        self.assertEqual({c["read"] for c in alive["channels"]}, {"none"})
        servers = [s["server"] for s in self.map()]
        self.servers[1].kill()
        told = writer.probe()
        self.assertEqual((told["list"], told["listed"], told["check"]), ("none", CHANNELS, "none"))
        seen = set()
        for channel, head in zip(told["channels"], told["heads"]):
            server = servers[mix64(channel["channel"]) % 64]
            wanted = "none" if server == "a" else "unavailable"
            self.assertEqual((channel["read"], channel["put"]), (wanted, wanted))
            self.assertEqual(head > 0, server == "a")
            self.assertLess(channel["ms"], 1000)
            seen.add(server)
        self.assertEqual(seen, {"a", "b"})
        unknown = [s for s in self.map(status=1) if not s["reachable"]]
        self.assertEqual(len(unknown), 32)

        self.servers[1].start()
        self.eventually(writer, lambda told: all(
            (c["read"], c["put"]) == ("none", "none") for c in told["channels"]))

    def test_a_dead_directory_leaves_the_history_readable(self):
        """The directory on a server of its own."""
        server = Postgres(["fsync=off"])
        self.addCleanup(server.close)
        self.directory = server.create("directory")
        self.migrate()
        writer = self.writer()
        writer.probe()
        server.kill()
        told = writer.probe()
        self.assertEqual((told["list"], told["check"]), ("unavailable", "unavailable"))
        self.assertEqual({(c["read"], c["put"]) for c in told["channels"]}, {("none", "none")})
        server.start()
        self.eventually(writer, lambda told: (told["list"], told["check"]) == ("none", "none"))

    def test_a_frozen_server_holds_nobody_up_for_long(self):
        self.migrate()
        writer = self.writer()
        writer.probe()
        pids = [self.servers[1].pid, *self.servers[1].children()]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            began = time.monotonic()
            told = writer.probe()
            self.assertLess(time.monotonic() - began, 60)
            self.assertEqual(told["list"], "none")
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)
        self.eventually(writer, lambda told: all(
            (c["read"], c["put"]) == ("none", "none") for c in told["channels"]))


if __name__ == "__main__":
    unittest.main()
