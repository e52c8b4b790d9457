"""Deliberately broken programs: each breaks one guarantee, and the checker must say which.

tests/broken/ has a patch for each. The tree is copied with its build folder, so that a patched file or
two are all that is compiled. Every scenario runs with the good program first, which must pass.
"""
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

from support import checker
from support.checker import crc
from support.client import Client, timed_cmid
from support.fleet import Fleet, eventually
from support.load import Recorder, patiently, read_history
from support.server import BIN, ROOT, Account, Server

PATCHES = ROOT / "tests" / "broken"
SOON_S = 1  # a program that acks too early has done so by then; a good one has not, or may not


class Tree:
    """A copy of the sources and of what was built from them."""

    def __init__(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="parley-broken-"))
        names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True,
                               stdout=subprocess.PIPE).stdout.decode().split("\0")
        for name in filter(None, names):
            if (ROOT / name).is_file():
                (self.dir / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, self.dir / name)
        shutil.copytree(ROOT / "build" / "release", self.dir / "build" / "release", symlinks=True)

    def run(self, *command):
        done = subprocess.run(list(map(str, command)), cwd=self.dir, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode != 0:
            raise AssertionError("%s:\n%s" % (" ".join(map(str, command)), done.stdout))

    def build(self, name):
        """The program with that patch."""
        patch = PATCHES / (name + ".patch")
        try:
            self.run("patch", "-p1", "--fuzz=0", "-i", patch)
        except AssertionError as failed:
            raise AssertionError("the sources have changed: refresh %s\n%s" % (patch, failed)) \
                from failed
        self.run("ninja", "-C", "build/release", "parley")
        shutil.move(self.dir / "build" / "release" / "parley", self.dir / name)
        self.run("patch", "-p1", "-R", "-i", patch)
        return str(self.dir / name)

    def close(self):
        shutil.rmtree(self.dir)


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.tree = Tree()
        cls.addClassCleanup(cls.tree.close)

    def setUp(self):
        self.log = Recorder()

    def note_send(self, channel, text, cmid):
        self.log.note("send", "writer", cmid=cmid, channel=channel, crc=crc(text))

    def note_ack(self, channel, cmid, answer):
        if "error" not in answer:
            self.log.note("ack", "writer", cmid=cmid, channel=channel, seq=answer["seq"])

    def send(self, client, channel, text, cmid=None):
        """A message and its ack; unavailable: again, and so on."""
        cmid = cmid or timed_cmid()
        self.note_send(channel, text, cmid)
        answer = patiently(lambda: client.send(channel, text, cmid))
        self.note_ack(channel, cmid, answer)
        return answer

    def verdict(self, account, channel):
        read_history(account, channel, self.log)
        return checker.check(self.log.records, minimum_acks=1, minimum_reconnects=0)

    def assert_caught(self, name, kind, scenario):
        """The good program passes, the broken one is convicted of this, and not only by chance."""
        verdict = scenario(BIN)
        self.assertEqual(verdict.result, "valid", verdict)
        self.log = Recorder()
        verdict = scenario(self.tree.build(name))
        self.assertIn(kind, verdict.kinds, verdict)


class OneProcess(Case):
    def start(self, binary):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        server = Server(folder.name, binary=binary)
        self.addCleanup(lambda: server.process.poll() is None and server.kill())
        return server

    def shown(self, event):
        self.log.note("shown", "reader", channel=event["channel"], seq=event["seq"],
                      prev=event["prev"], n=event["n"], cmid=event["cmid"],
                      crc=crc(event["text"]))

    def test_an_ack_before_the_commit_loses_what_was_acked(self):
        def scenario(binary):
            server = self.start(binary)
            ada = Account(server, "ada")
            channel = ada.call("createChannel", name="c")["channel"]["id"]
            for i in range(3):
                with Client(server, ada.token) as client:
                    self.send(client, channel, "message %d" % i)
                server.kill()
                server.restart()
            return self.verdict(ada, channel)
        self.assert_caught("ack-before-commit", "lost", scenario)

    def listen(self, binary, leave):
        """Somebody who believes the server: what comes is shown, without looking for what is missing."""
        server = self.start(binary)
        ada, bob = Account(server, "ada"), Account(server, "bob")
        channel = ada.call("createChannel", name="c")["channel"]["id"]
        bob.call("joinChannel", channel=channel)
        with Client(server, ada.token) as writer, Client(server, bob.token) as reader:
            self.log.note("member", "reader", channel=channel)
            for i in range(20):
                self.send(writer, channel, "message %d" % i)
            if leave:
                reader.call("leaveChannel", channel=channel)
                reader.settle()
                self.note_shown(reader)
                self.log.note("left", "reader", channel=channel)
                for i in range(20):
                    self.send(writer, channel, "secret %d" % i)
            reader.settle()
            self.note_shown(reader)
        return self.verdict(ada, channel)

    def note_shown(self, reader):
        events = [event for event in reader.take_events() if event["ev"] == "message"]
        if events and not any(record["type"] == "shown" for record in self.log.records):
            self.log.note("gap", "reader", channel=events[0]["channel"])  # where it begins
        for event in events:
            self.shown(event)

    def test_an_edge_that_leaves_events_out_leaves_a_gap(self):
        self.assert_caught("fan-out-drops", "gap", lambda binary: self.listen(binary, False))

    def test_who_left_and_still_hears_is_a_leak(self):
        self.assert_caught("leave-keeps-listening", "leak", lambda binary: self.listen(binary, True))


class OnAFleet(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.fleet = Fleet(apis=1, persisters=1, haproxy=False)
        cls.addClassCleanup(cls.fleet.stop_all)
        cls.names = 0

    def run_with(self, edge=BIN, persister=BIN):
        """Both edges and the persister are these programs now."""
        for name, binary in (("edge-1", edge), ("edge-2", edge), ("persister-1", persister)):
            if self.fleet[name].binary != binary:
                self.fleet[name].binary = binary
                self.fleet.kill(name)
                self.fleet.start(name)

    def found(self):
        """Somebody with a channel that has a message in the store."""
        type(self).names += 1
        ada = self.fleet.account("ada%d" % self.names)
        channel = ada.call("createChannel", name="c%d" % self.names)["channel"]["id"]
        client = self.live(0, ada)
        self.send(client, channel, "the first")
        self.await_stored(channel, "the first")
        return ada, channel, client

    def live(self, edge, account):
        client = patiently(lambda: Client(self.fleet.edges[edge], account.token))
        self.addCleanup(client.close)
        return client

    def await_stored(self, channel, text):
        eventually("%s is stored" % text, lambda: text in self.fleet.stored(channel))

    def lose_redis(self):
        """All that it knew; the sequencer's own functions stay."""
        with self.fleet.redis() as redis:
            redis.call("FLUSHALL")

    def send_soon(self, client, channel, text):
        """A message that nobody waits for longer than a moment: its cmid, and whether it was acked."""
        cmid = timed_cmid()
        self.note_send(channel, text, cmid)
        client.ws.socket.settimeout(SOON_S)
        try:
            answer = client.answer(client.request("sendMessage", channel=channel, text=text, cmid=cmid))
            self.note_ack(channel, cmid, answer)
            return cmid, "error" not in answer
        except TimeoutError:
            return cmid, False

    def test_an_ack_before_kafka_loses_what_was_acked(self):
        def scenario(binary):
            self.run_with(edge=binary)
            ada, channel, client = self.found()
            os.kill(self.fleet["kafka"].process.pid, signal.SIGSTOP)
            self.send_soon(client, channel, "placed and nowhere else")
            # What only Redis has is gone; what was on its way into Kafka dies with it.
            self.lose_redis()
            for name in ("edge-1", "edge-2", "kafka"):
                self.fleet.kill(name)
            for name in ("kafka", "edge-1", "edge-2"):
                self.fleet.start(name)
            self.send(self.live(1, ada), channel, "and on")
            self.await_stored(channel, "and on")
            return self.verdict(ada, channel)
        self.assert_caught("ack-before-kafka", "lost", scenario)

    def test_a_sequencer_that_forgets_cmids_doubles_messages(self):
        def scenario(binary):
            self.run_with(edge=binary)
            ada, channel, client = self.found()
            cmid = timed_cmid()
            self.send(client, channel, "once", cmid)
            # As after an ack that never came.
            self.send(self.live(1, ada), channel, "once", cmid)
            self.send(client, channel, "and on")
            self.await_stored(channel, "and on")
            return self.verdict(ada, channel)
        self.assert_caught("no-dedupe", "duplicate", scenario)

    def test_a_counter_that_starts_where_the_store_is_uses_seqs_again(self):
        def scenario(binary):
            self.run_with(edge=binary)
            ada, channel, client = self.found()
            persister = self.fleet["persister-1"].process.pid
            os.kill(persister, signal.SIGSTOP)
            try:
                self.send(client, channel, "Kafka has it, the store does not")
                self.lose_redis()
                cmid, acked = self.send_soon(client, channel, "after the loss")
            finally:
                os.kill(persister, signal.SIGCONT)
            if not acked:
                self.send(self.live(1, ada), channel, "after the loss", cmid)
            self.send(self.live(1, ada), channel, "and on")
            self.await_stored(channel, "and on")
            return self.verdict(ada, channel)
        self.assert_caught("seq-reuse", "divergence", scenario)

    def test_offsets_before_rows_lose_what_was_acked(self):
        waits = "a partition waits for its shard"

        def scenario(binary):
            self.run_with(persister=binary)
            ada, channel, client = self.found()
            while self.fleet.shard(channel)[1] != 2:
                self.log = Recorder()
                ada, channel, client = self.found()
            before = self.fleet.log("persister-1").count(waits)
            self.fleet.kill("postgres-2")
            self.send(client, channel, "Kafka has it")
            eventually("it was taken from Kafka",
                       lambda: self.fleet.log("persister-1").count(waits) > before)
            self.fleet.kill("persister-1")
            self.lose_redis()
            for name in ("postgres-2", "persister-1"):
                self.fleet.start(name)
            self.send(client, channel, "and on")
            self.await_stored(channel, "and on")
            return self.verdict(ada, channel)
        self.assert_caught("offsets-before-rows", "lost", scenario)


if __name__ == "__main__":
    unittest.main()
