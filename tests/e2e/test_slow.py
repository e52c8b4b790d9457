"""Peers that read slowly or never, and a system that runs out of things: nobody else notices."""
import os
import resource
import select
import socket
import time
import unittest

from support.client import Client, Closed, Follower, new_cmid
from support.deployment import Serve, await_events, everywhere
from support.server import Account, Refused, metrics, request

TEXT = "x" * 16000
SMALL_WINDOW = 4096  # so that little fits between the two programs


class Case(unittest.TestCase):
    deployment = Serve
    options = ()

    def setUp(self):
        self.deployed = self.deployment(self.options)
        self.addCleanup(self.deployed.close)
        self.server = self.deployed.server
        number = self.deployed.first_name
        self.ada, self.bob = (Account(self.server, "user%d" % (number + i)) for i in range(2))
        self.channel = self.ada.call("createChannel", name="busy%d" % number)["channel"]["id"]
        self.bob.call("joinChannel", channel=self.channel)
        await_events(self.ada, self.channel, 2)
        self.left_out_before = metrics(self.deployed.edge)["parley_left_out_total"]

    def live(self, account, **options):
        client = Client(self.deployed.edge, account.token, **options)
        self.addCleanup(client.close)
        return client

    def send(self, client, count, text=TEXT):
        """Messages, eight at a time; the client reads what it is sent meanwhile."""
        seqs = []
        for _ in range(count // 8):
            ids = client.requests("sendMessage", [
                {"channel": self.channel, "text": text, "cmid": new_cmid()} for _ in range(8)])
            seqs += [client.answer(number)["seq"] for number in ids]
        return seqs

    def whole(self):
        events, after = [], 0
        while True:
            page = self.ada.call("getMessages", channel=self.channel, after=after, limit=500)
            events += page["events"]
            if not page["more_after"]:
                return events
            after = events[-1]["seq"]

    def left_out(self):
        """Events that slow sockets were not given since the test began."""
        return metrics(self.deployed.edge)["parley_left_out_total"] - self.left_out_before

    def until(self, name, value):
        """Until a number of /metrics, which tells of the last second, is at least that much."""
        while metrics(self.deployed.edge)[name] < value:
            time.sleep(0.05)


@everywhere
class SlowReaders(Case):
    def test_one_that_stops_loses_events_is_told_and_resumes_and_nobody_else_notices(self):
        writer, fast = self.live(self.ada), self.live(self.bob)
        slow = self.live(self.bob, receive_buffer=SMALL_WINDOW)
        last = slow.channels[self.channel]["last_seq"]
        sent = []
        while self.left_out() < 50:
            sent += self.send(writer, 64)
            for seq in sent[-64:]:
                self.assertEqual(fast.event("message")["seq"], seq)

        # It reads again: first what was queued, then that it is behind.
        follower = Follower()
        follower.have[self.channel] = last
        told = slow.event("behind")
        self.assertEqual([item["channel"] for item in told["channels"]], [self.channel])
        self.assertEqual(told["channels"][0]["last_seq"], sent[-1])
        before = slow.take_events()
        self.assertLess(len(before), len(sent))
        for event in before:
            follower.take(slow, event)
        self.assertEqual(follower.repaired, 0)  # what it got before has no hole
        follower.take(slow, told)
        self.assertEqual(follower.have[self.channel], sent[-1])

        # And then it is live again, without a hole.
        sent += self.send(writer, 8)
        while follower.have[self.channel] < sent[-1]:
            slow.pump()
            follower.take_all(slow)
        self.assertEqual(follower.repaired, 0)
        self.assertEqual(follower.shown[self.channel],
                         [e for e in self.whole() if e["seq"] > last])

    def test_only_the_channels_that_lost_something_are_named(self):
        quiet = self.bob.call("createChannel", name="quiet%d" % self.deployed.first_name)["channel"]["id"]
        writer, slow = self.live(self.ada), self.live(self.bob, receive_buffer=SMALL_WINDOW)
        while self.left_out() == 0:
            self.send(writer, 64)
        told = slow.event("behind")
        self.assertEqual([item["channel"] for item in told["channels"]], [self.channel])
        self.bob.call("sendMessage", channel=quiet, text="hi", cmid=new_cmid())
        slow.event("message", channel=quiet)

    def test_a_channel_that_was_left_meanwhile_is_not_named(self):
        writer, slow = self.live(self.ada), self.live(self.bob, receive_buffer=SMALL_WINDOW)
        while self.left_out() == 0:
            self.send(writer, 64)
        self.bob.call("leaveChannel", channel=self.channel)
        seen = [slow.event()["ev"]]
        while seen[-1] != "left":
            seen.append(slow.event()["ev"])
        self.send(writer, 8)
        slow.settle()
        rest = slow.take_events()
        self.assertEqual([e for e in rest if e["ev"] == "message" or e.get("channels")], [])

    def test_answers_still_come_to_a_reader_that_is_behind(self):
        writer, slow = self.live(self.ada), self.live(self.bob, receive_buffer=SMALL_WINDOW)
        while self.left_out() == 0:
            self.send(writer, 64)
        ids = slow.requests("getMe", [{}] * 100)
        for number in ids:
            self.assertEqual(slow.answer(number)["user"]["id"], self.bob.id)


@everywhere
class SteadyReaders(Case):
    options = ("--hello-timeout", "1", "--ping", "1", "--pong-timeout", "2")

    def test_one_that_reads_slowly_but_steadily_is_not_taken_for_dead(self):
        # The ping waits behind all that is queued for it, and so does the pong.
        writer = self.live(self.ada)
        slow = self.live(self.bob, receive_buffer=SMALL_WINDOW, segment=536)
        while self.left_out() == 0:
            self.send(writer, 64)
        told = None
        while told is None:
            for event in slow.take_events():
                told = event if event["ev"] == "behind" else told
            slow.pump()
            time.sleep(0.08)  # it is slow
        self.assertIn("user", slow.call("getMe"))


class FrozenReaders(Case):
    options = ("--stall-timeout", "1", "--ping", "2", "--pong-timeout", "3600")

    def test_those_that_never_read_again_are_closed_and_memory_stays_bounded(self):
        writer = self.live(self.ada)
        self.send(writer, 64)
        before = self.server.memory()
        frozen = [self.live(self.bob, receive_buffer=SMALL_WINDOW) for _ in range(60)]
        peak, sent = 0, 0
        while sent < 40 << 20:  # for 60 readers without a limit: 2.4 GB
            self.send(writer, 64)
            sent += 64 * len(TEXT)
            peak = max(peak, self.server.memory())
        # A queue of 1 MiB each, but the same bytes for all; and what the writer has in flight.
        self.assertLess(peak - before, 60 << 20)
        self.until("parley_closed_slow_total", 60)
        for client in frozen:
            self.assertIn(client.closed(), (1006, 1013))
        self.assertIn("user", writer.call("getMe"))
        self.assertIn("user", self.live(self.bob).call("getMe"))

    def test_one_that_asks_for_much_and_reads_nothing_costs_little(self):
        writer = self.live(self.ada)
        self.send(writer, 160)
        before = self.server.memory()
        greedy = [self.live(self.bob, receive_buffer=SMALL_WINDOW) for _ in range(10)]
        for client in greedy:
            client.ws.socket.settimeout(1)
            try:
                for _ in range(40):  # 10,000 pages of 256 KiB
                    client.requests("getMessages", [{"channel": self.channel, "limit": 500}] * 25)
            except (OSError, socket.timeout):
                pass  # it is not read any more, or closed already
        self.assertIn("user", writer.call("getMe"))
        self.assertLess(self.server.memory("VmHWM") - before, 300 << 20)
        for client in greedy:
            client.ws.socket.settimeout(30)
            self.assertIn(client.closed(), (1006, 1013))


class Shortage(Case):
    def test_a_full_disk_refuses_sends_keeps_what_was_acked_and_heals(self):
        client = self.live(self.ada)
        acked = self.send(client, 16)
        pid, unlimited = self.server.pid, resource.prlimit(self.server.pid, resource.RLIMIT_FSIZE)

        wal = os.path.getsize(os.path.join(self.deployed.folder.name, "parley.db-wal"))
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (wal + 100000, unlimited[1]))
        errors = []
        retry = [new_cmid() for _ in range(40)]
        for cmid in retry:
            try:
                acked.append(client.send(self.channel, TEXT, cmid=cmid)["seq"])
            except Refused as refused:
                errors.append(refused.error)
        self.assertTrue(errors)
        self.assertLessEqual(set(errors), {"disk_full", "internal", "unavailable"})
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, unlimited[1]))
        # What can be read is read, and that it cannot serve is told.
        self.assertEqual([e["seq"] for e in self.whole()[-len(acked):]], acked)
        self.assertEqual(request(self.server, "GET", "/readyz")[0], 503)
        self.assertEqual(request(self.server, "GET", "/healthz")[0], 200)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, unlimited)
        seqs = [client.send(self.channel, TEXT, cmid=cmid)["seq"] for cmid in retry]
        self.assertEqual(request(self.server, "GET", "/readyz")[0], 200)
        events = self.whole()
        for before, after in zip(events, events[1:]):
            self.assertEqual(after["prev"], before["seq"])
        self.assertLessEqual(set(acked) | set(seqs), {e["seq"] for e in events})
        cmids = [e["cmid"] for e in events if e["ev"] == "message"]
        self.assertEqual(len(cmids), len(set(cmids)))
        self.server.kill()
        self.server.restart()
        self.assertEqual(self.whole(), events)

    def test_without_free_files_newcomers_wait_and_those_inside_go_on(self):
        inside = self.live(self.ada)
        pid = self.server.pid
        soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        used = len(os.listdir("/proc/%d/fd" % pid))
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (used + 10, hard))
        waiting = []
        for _ in range(40):
            newcomer = socket.create_connection((self.server.host, self.server.port), timeout=30)
            self.addCleanup(newcomer.close)
            newcomer.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            waiting.append(newcomer)
        # Each is served as soon as files are free, all of them in the end.
        while waiting:
            served, _, _ = select.select(waiting, [], [], 30)
            self.assertTrue(served, "%d are not served" % len(waiting))
            self.send(inside, 8)
            for one in served:
                self.assertEqual(one.recv(12), b"HTTP/1.1 200")
                waiting.remove(one)
                one.close()
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))
        self.send(inside, 16)


if __name__ == "__main__":
    unittest.main()
