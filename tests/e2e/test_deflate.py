"""permessage-deflate over a live server: who gets it, that nothing is lost in it, what is refused."""
import json
import os
import tempfile
import unittest
import zlib

from support import ws
from support.client import Client
from support.fleet import eventually
from support.server import CHEAP, Account, Server, asan_bin, metrics

LONG = "the quick brown fox jumps over the lazy dog. " * 100


class Deflate(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.server = Server(folder.name, *CHEAP, "--loops", "1", binary=asan_bin())
        cls.addClassCleanup(cls.server.kill)
        cls.names = 0

    def account(self):
        type(self).names += 1
        return Account(self.server, "user%d" % self.names)

    def live(self, account, deflate=True):
        client = Client(self.server, account.token, deflate=deflate)
        self.addCleanup(client.close)
        return client

    def channel(self, *accounts):
        type(self).names += 1
        channel = accounts[0].call("createChannel", name="c%d" % self.names)["channel"]["id"]
        for account in accounts[1:]:
            account.call("joinChannel", channel=channel)
        return channel

    def compressed(self):
        """Bytes that were compressed, as /metrics has it within a second."""
        return metrics(self.server)["parley_compressed_in_bytes_total"]

    def test_the_answer_takes_what_is_offered_and_says_what_it_keeps(self):
        account = self.account()
        usual = {"server_no_context_takeover": "", "client_no_context_takeover": "",
                 "server_max_window_bits": "12"}
        self.assertEqual(self.live(account).ws.deflate, usual)
        self.assertEqual(self.live(account, "permessage-deflate; server_max_window_bits=12").ws.deflate,
                         usual)
        for offer in (None, "permessage-deflate; server_max_window_bits=10", "x-other"):
            client = self.live(account, offer)
            self.assertIsNone(client.ws.deflate)
            self.assertEqual(client.call("getMe")["user"], client.me)

    def test_long_messages_are_compressed_once_for_those_who_can_read_it(self):
        ada, bob, carol = self.account(), self.account(), self.account()
        channel = self.channel(ada, bob, carol)
        packed = [self.live(bob), self.live(bob), self.live(ada)]
        plain = self.live(carol, None)
        before = self.compressed()
        packed[2].send(channel, LONG)
        for client in packed + [plain]:
            self.assertEqual(client.event("message")["text"], LONG)
        self.assertEqual([client.ws.compressed for client in packed[:2]], [1, 1])
        eventually("it is counted", lambda: self.compressed() > before)
        self.assertTrue(len(LONG) < self.compressed() - before < 2 * len(LONG))

        for client in packed + [plain]:
            client.ws.compressed = 0
        plain.send(channel, "a short one")
        for client in packed + [plain]:
            self.assertEqual(client.event("message")["text"], "a short one")
            self.assertEqual(client.ws.compressed, 0)

    def test_pages_come_smaller_and_the_same(self):
        ada = self.account()
        channel = self.channel(ada)
        packed, plain = self.live(ada), self.live(ada, None)
        for number in range(60):
            packed.send(channel, "%d %s" % (number, LONG[:number * 40] or "x"))
        pages = [client.call("getMessages", channel=channel, limit=100) for client in (packed, plain)]
        self.assertEqual(pages[0], pages[1])
        self.assertGreater(packed.ws.compressed, 0)
        self.assertEqual(plain.ws.compressed, 0)

    def test_requests_may_come_compressed_whole_or_in_fragments(self):
        client = self.live(self.account())
        request = json.dumps({"id": 100, "op": "getMe", "padding": LONG})
        client.next_id = 103
        client.ws.send_compressed(request)
        self.assertEqual(client.answer(100)["user"], client.me)
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        packed = packer.compress(request.replace("100", "101", 1).encode())
        packed = (packed + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]
        client.ws.send_frame(ws.TEXT, packed[:10], fin=False, rsv=4)
        client.ws.send_frame(ws.PING, b"between")
        client.ws.send_frame(ws.CONTINUATION, packed[10:20], fin=False)
        client.ws.send_frame(ws.CONTINUATION, packed[20:])
        self.assertEqual(client.answer(101)["user"], client.me)
        client.ws.send_text(request.replace("100", "102", 1))  # nobody has to
        self.assertEqual(client.answer(102)["user"], client.me)

    def closed_after(self, action, deflate=True):
        client = self.live(self.account(), deflate)
        action(client.ws)
        return client.closed()

    def test_what_breaks_the_rules_is_closed_with_the_code_for_it(self):
        bomb = "x" * 70000
        half = "é".encode()[:1]

        def raw(payload):
            packer = zlib.compressobj(9, zlib.DEFLATED, -15)
            return (packer.compress(payload) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4]

        self.assertEqual(self.closed_after(lambda s: s.send_compressed(bomb)), 1009)
        self.assertEqual(self.closed_after(lambda s: s.send_frame(ws.TEXT, b"\xff\xff", rsv=4)), 1007)
        self.assertEqual(self.closed_after(lambda s: s.send_frame(ws.TEXT, raw(half), rsv=4)), 1007)
        self.assertEqual(self.closed_after(lambda s: s.send_frame(ws.BINARY, raw(b"x"), rsv=4)), 1003)
        self.assertEqual(self.closed_after(lambda s: s.send_frame(ws.PING, b"", rsv=4)), 1002)
        self.assertEqual(self.closed_after(lambda s: s.send_frame(ws.TEXT, b"{}", rsv=2)), 1002)
        self.assertEqual(self.closed_after(lambda s: s.send_compressed("{}"), None), 1002)

        def continued(socket):
            socket.send_frame(ws.TEXT, b"{", fin=False)
            socket.send_frame(ws.CONTINUATION, b"}", rsv=4)
        self.assertEqual(self.closed_after(continued), 1002)

    def test_garbage_costs_nobody_else_anything(self):
        watcher = self.live(self.account())
        for size in (1, 10, 100, 1000, 60000):
            client = self.live(self.account())
            client.ws.send_frame(ws.TEXT, os.urandom(size), rsv=4)
            client.ws.send_close(1000)
            client.closed()
        self.assertEqual(watcher.call("getMe")["user"], watcher.me)

    def test_it_can_be_turned_off(self):
        with tempfile.TemporaryDirectory() as folder, \
                Server(folder, *CHEAP, "--compress=no") as server:
            with Client(server, Account(server, "ada").token, deflate=True) as client:
                self.assertIsNone(client.ws.deflate)


if __name__ == "__main__":
    unittest.main()
