"""parley echo over a real socket: what RFC 6455 demands of a server, case by case."""
import os
import random
import socket
import struct
import unittest

from support import ws
from support.server import Process, asan_bin
from support.ws import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, Closed, WebSocket, frame

LENGTHS = (0, 1, 125, 126, 127, 128, 65535, 65536, 65537)
MIB_16 = 16 << 20
GOOD_UTF8 = "\u00e4\u6771\U0001f600\u0000\u007f\u0080\u07ff\u0800\uffff\U00010000\U0010ffff".encode()
BAD_UTF8 = [b"\x80", b"\xbf", b"\xc0\x80", b"\xc1\xbf", b"\xc3", b"\xc3\x28", b"\xe0\x80\x80",
            b"\xe0\x9f\xbf", b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xe2\x82", b"\xf0\x80\x80\x80",
            b"\xf0\x8f\xbf\xbf", b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80", b"\xf8\x88\x80\x80\x80",
            b"\xfe", b"\xff"]


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.process = Process(["echo", "--listen", "127.0.0.1:0"], binary=asan_bin())

    @classmethod
    def tearDownClass(cls):
        alive = cls.process.process.poll() is None
        cls.process.kill() if alive else cls.process.wait()
        if not alive or any("Sanitizer" in line for line in cls.process.log):
            raise AssertionError("".join(cls.process.log))

    def open(self, **options):
        socket_ = WebSocket(self.process.host, self.process.port, options.pop("path", "/"), **options)
        self.addCleanup(socket_.close)
        return socket_

    def assert_echo(self, socket_, opcode, payload):
        got = socket_.recv_data()
        self.assertEqual(got[0], opcode)
        self.assertTrue(got[1] == payload, "%d bytes came back as %d" % (len(payload), len(got[1])))

    def assert_closed(self, data, code, before=()):
        """After `data` exactly the messages `before` come back, then a close frame, then the end."""
        socket_ = self.open()
        try:
            socket_.send_raw(data)
        except OSError:
            pass  # it may close while more is being sent
        seen = []
        try:
            while True:
                seen.append(socket_.recv())
        except Closed as closed:
            self.assertEqual(closed.code, code, data[:40])
        self.assertEqual(seen, list(before))
        if code != 1006:
            socket_.expect_end()


class Messages(Case):
    def test_text_comes_back_as_text_and_binary_as_binary(self):
        socket_ = self.open()
        for opcode, payload in ((TEXT, b"hello"), (TEXT, GOOD_UTF8), (BINARY, b"hello"),
                                (BINARY, bytes(range(256))), (BINARY, b"\xff\xfe")):
            socket_.send_frame(opcode, payload)
            self.assert_echo(socket_, opcode, payload)

    def test_every_length_of_the_three_forms_comes_back(self):
        socket_ = self.open()
        for size in LENGTHS:
            for opcode in (TEXT, BINARY):
                payload = (b"0123456789abcdef" * (size // 16 + 1))[:size]
                socket_.send_frame(opcode, payload)
                self.assert_echo(socket_, opcode, payload)

    def test_16_mib_come_back_and_one_byte_more_is_too_big(self):
        for pieces in (1, 7):
            payload = os.urandom(MIB_16)
            socket_ = self.open(timeout=120)
            step = MIB_16 // pieces + 1
            for at in range(0, MIB_16, step):
                socket_.send_frame(BINARY if at == 0 else CONTINUATION, payload[at:at + step],
                                   fin=at + step >= MIB_16)
            self.assert_echo(socket_, BINARY, payload)
        # The head is enough to refuse it.
        self.assert_closed(struct.pack(">BBQ", 0x82, 0xff, MIB_16 + 1) + b"mask", 1009)
        socket_ = self.open(timeout=120)
        socket_.send_frame(BINARY, payload, fin=False)
        socket_.send_frame(CONTINUATION, b"x", fin=True)
        self.assertEqual(socket_.recv_close(), 1009)

    def test_absurd_lengths_are_refused_before_anything_is_kept(self):
        for size in (2 ** 31, 2 ** 32, 2 ** 32 + 5, 2 ** 62, 2 ** 63 - 1):
            self.assert_closed(struct.pack(">BBQ", 0x82, 0xff, size) + b"mask", 1009)
            # Behind another fragment the sum must not wrap around.
            self.assert_closed(frame(BINARY, b"abc", fin=False) +
                               struct.pack(">BBQ", 0x80, 0xff, size) + b"mask", 1009)
        for size in (2 ** 63, 2 ** 64 - 1):
            self.assert_closed(struct.pack(">BBQ", 0x82, 0xff, size) + b"mask", 1002)

    def test_one_byte_at_a_time_means_the_same(self):
        wire = frame(TEXT, "h\u00e4llo".encode()) + frame(PING, b"p") + \
            frame(BINARY, b"x" * 126) + frame(TEXT, b"a", fin=False) + frame(PING) + \
            frame(CONTINUATION, b"b", fin=False) + frame(CONTINUATION, b"") + frame(BINARY, b"")
        socket_ = self.open()
        for at in range(len(wire)):
            socket_.send_raw(wire[at:at + 1])
        for expected in ((TEXT, "h\u00e4llo".encode()), (PONG, b"p"), (BINARY, b"x" * 126),
                         (PONG, b""), (TEXT, b"ab"), (BINARY, b"")):
            self.assertEqual(socket_.recv(), expected)

    def test_many_messages_in_one_write_come_back_in_order(self):
        socket_ = self.open()
        wanted = [(random.choice((TEXT, BINARY)), b"%d" % i * (i % 50)) for i in range(2000)]
        socket_.send_raw(b"".join(frame(*one) for one in wanted))
        for one in wanted:
            self.assertEqual(socket_.recv(), one)

    def test_frames_behind_the_handshake_in_the_same_packet_are_taken(self):
        socket_ = self.open(behind=frame(TEXT, b"early") + frame(BINARY, b"bird"))
        self.assert_echo(socket_, TEXT, b"early")
        self.assert_echo(socket_, BINARY, b"bird")

    def test_every_mask_works(self):
        socket_ = self.open()
        payload = bytes(range(256)) * 3
        for mask in (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\0\0\0\1", b"\x80\0\0\0", b"abcd"):
            for cut in range(9):  # every alignment
                socket_.send_frame(BINARY, payload[cut:], mask=mask)
                self.assert_echo(socket_, BINARY, payload[cut:])


class Fragments(Case):
    def test_fragments_are_put_together_however_they_are_cut(self):
        socket_ = self.open()
        text = ("\u6771\u4eac\U0001f600x" * 10).encode()
        for opcode, payload in ((TEXT, text), (BINARY, os.urandom(300))):
            for count in (2, 3, 10, len(payload)):
                cuts = sorted(random.sample(range(len(payload) + 1), count - 1))
                parts = [payload[a:b] for a, b in zip([0, *cuts], [*cuts, len(payload)])]
                for at, part in enumerate(parts):
                    socket_.send_frame(opcode if at == 0 else CONTINUATION, part,
                                       fin=at == len(parts) - 1)
                self.assert_echo(socket_, opcode, payload)

    def test_empty_fragments_count_as_nothing(self):
        socket_ = self.open()
        for opcode in (TEXT, BINARY):
            for parts in ((b"", b"", b""), (b"", b"x", b""), (b"x", b"", b"y")):
                for at, part in enumerate(parts):
                    socket_.send_frame(opcode if at == 0 else CONTINUATION, part, fin=at == 2)
                self.assert_echo(socket_, opcode, b"".join(parts))

    def test_control_frames_between_fragments_are_answered_at_once(self):
        socket_ = self.open()
        socket_.send_frame(TEXT, b"one ", fin=False)
        socket_.send_frame(PING, b"between")
        self.assertEqual(socket_.recv(), (PONG, b"between"))
        socket_.send_frame(PONG, b"unasked")
        socket_.send_frame(CONTINUATION, b"message")
        self.assert_echo(socket_, TEXT, b"one message")

    def test_what_does_not_fit_together_is_1002(self):
        for data, before in (
                (frame(CONTINUATION, b"x"), []),
                (frame(CONTINUATION, b"x", fin=False), []),
                (frame(TEXT, b"x") + frame(CONTINUATION, b"y"), [(TEXT, b"x")]),
                (frame(TEXT, b"x", fin=False) + frame(TEXT, b"y"), []),
                (frame(TEXT, b"x", fin=False) + frame(BINARY, b"y", fin=False), []),
                (frame(BINARY, b"x", fin=False) + frame(CONTINUATION, b"y") +
                 frame(CONTINUATION, b"z"), [(BINARY, b"xy")])):
            self.assert_closed(data, 1002, before)

    def test_many_tiny_fragments_are_one_message(self):
        socket_ = self.open()
        socket_.send_raw(frame(BINARY, b"a", fin=False) +
                         frame(CONTINUATION, b"b", fin=False) * 50000 + frame(CONTINUATION, b"c"))
        self.assert_echo(socket_, BINARY, b"a" + b"b" * 50000 + b"c")


class Control(Case):
    def test_pings_of_every_length_are_answered_with_the_same_payload(self):
        socket_ = self.open()
        for size in (0, 1, 2, 124, 125):
            payload = os.urandom(size)
            socket_.send_frame(PING, payload)
            self.assertEqual(socket_.recv(), (PONG, payload))

    def test_pongs_that_nobody_asked_for_are_ignored(self):
        socket_ = self.open()
        for payload in (b"", b"x" * 125):
            socket_.send_frame(PONG, payload)
        socket_.send_frame(TEXT, b"still here")
        self.assertEqual(socket_.recv(), (TEXT, b"still here"))

    def test_control_frames_that_are_long_or_fragmented_are_1002(self):
        for opcode in (CLOSE, PING, PONG):
            self.assert_closed(frame(opcode, b"", fin=False), 1002)
            self.assert_closed(frame(opcode, b"x" * 126), 1002)
            self.assert_closed(frame(opcode, b"x" * 125, form=16), 1002)
            self.assert_closed(frame(opcode, b"x" * 125, form=64), 1002)

    def test_good_close_codes_are_echoed(self):
        good = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999,
                4000, 4999]
        for code in good:
            for reason in (b"", b"bye", GOOD_UTF8.replace(b"\0", b""), b"r" * 123):
                socket_ = self.open()
                socket_.send_frame(CLOSE, struct.pack(">H", code) + reason)
                socket_.close_sent = True
                self.assertEqual(socket_.recv_close(), code)
                socket_.expect_end()
        self.assert_closed(frame(CLOSE), 1005)

    def test_bad_close_codes_are_1002(self):
        for code in (0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535):
            self.assert_closed(frame(CLOSE, struct.pack(">H", code)), 1002)
            self.assert_closed(frame(CLOSE, struct.pack(">H", code) + b"why"), 1002)
        self.assert_closed(frame(CLOSE, b"\x03"), 1002)

    def test_a_close_reason_that_is_not_utf_8_is_1007(self):
        for bad in BAD_UTF8:
            self.assert_closed(frame(CLOSE, struct.pack(">H", 1000) + bad), 1007)

    def test_nothing_behind_a_close_frame_is_answered(self):
        close = frame(CLOSE, struct.pack(">H", 1000))
        self.assert_closed(frame(TEXT, b"a") + close + frame(TEXT, b"b") + frame(PING), 1000,
                           [(TEXT, b"a")])
        self.assert_closed(frame(TEXT, b"a", fin=False) + close + frame(CONTINUATION, b"b"), 1000)
        self.assert_closed(close + close, 1000)

    def test_an_answer_under_way_comes_before_the_close_frame(self):
        self.assert_closed(frame(BINARY, b"x" * 1000000) + frame(CLOSE), 1005,
                           [(BINARY, b"x" * 1000000)])


class Violations(Case):
    def test_reserved_bits_are_1002(self):
        for rsv in range(1, 8):
            for opcode in (TEXT, BINARY, PING, PONG, CLOSE):
                self.assert_closed(frame(opcode, b"", rsv=rsv), 1002)
        self.assert_closed(frame(TEXT, b"a", fin=False) + frame(CONTINUATION, b"b", rsv=4), 1002)

    def test_reserved_opcodes_are_1002(self):
        for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15):
            self.assert_closed(frame(TEXT, b"a") + frame(opcode, b"x"), 1002, [(TEXT, b"a")])
            self.assert_closed(frame(opcode, b"x", fin=False), 1002)

    def test_unmasked_frames_are_1002(self):
        for opcode in (TEXT, BINARY, PING, CLOSE):
            self.assert_closed(frame(opcode, b"", mask=None), 1002)
            self.assert_closed(frame(TEXT, b"a") + frame(opcode, b"x", mask=None), 1002,
                               [(TEXT, b"a")])

    def test_lengths_not_in_their_shortest_form_are_1002(self):
        for form, size in ((16, 0), (16, 1), (16, 125), (64, 0), (64, 125), (64, 126), (64, 65535)):
            self.assert_closed(frame(BINARY, b"x" * size, form=form), 1002)

    def test_a_violation_is_seen_as_early_as_its_byte(self):
        # The first byte is enough; nothing more comes from the client, ever.
        for first in (b"\xf1", b"\x83", b"\x09", b"\x80"):
            self.assert_closed(first, 1002)
        self.assert_closed(b"\x81\x05", 1002)

    def test_after_a_violation_nothing_is_answered(self):
        for bad in (frame(3), frame(TEXT, b"", mask=None), frame(CONTINUATION, b"")):
            self.assert_closed(bad + frame(TEXT, b"no") * 100 + frame(PING), 1002)


class Utf8(Case):
    def test_bad_text_is_1007_whole_or_in_fragments(self):
        for bad in BAD_UTF8:
            for text in (bad, b"good " + bad, bad + b" good", GOOD_UTF8 + bad):
                self.assert_closed(frame(TEXT, text), 1007)
                self.assert_closed(frame(TEXT, b"", fin=False) +
                                   b"".join(frame(CONTINUATION, bytes([b]), fin=False) for b in text)
                                   + frame(CONTINUATION, b""), 1007)

    def test_bad_text_is_refused_at_its_first_bad_byte(self):
        # The message does not end; the close comes all the same.
        for bad in (b"\x80", b"\xc0", b"\xe0\x9f", b"\xed\xa0", b"\xf0\x8f", b"\xf4\x90", b"\xf5",
                    b"\xff", b"ok \xc3("):
            self.assert_closed(frame(TEXT, bad, fin=False), 1007)
            whole = frame(TEXT, bad + b"x" * 1000)
            self.assert_closed(whole[:len(whole) - 1000], 1007)

    def test_a_character_cut_by_a_fragment_is_good_and_one_cut_by_the_end_is_not(self):
        for character in ("\u00e4", "\u6771", "\U0001f600"):
            raw = character.encode()
            for cut in range(1, len(raw)):
                socket_ = self.open()
                socket_.send_frame(TEXT, raw[:cut], fin=False)
                socket_.send_frame(PING, b"")
                socket_.send_frame(CONTINUATION, raw[cut:])
                self.assertEqual(socket_.recv(), (PONG, b""))
                self.assert_echo(socket_, TEXT, raw)
                self.assert_closed(frame(TEXT, raw[:cut]), 1007)

    def test_binary_and_pings_may_hold_anything(self):
        socket_ = self.open()
        for bad in BAD_UTF8:
            socket_.send_frame(BINARY, bad)
            self.assert_echo(socket_, BINARY, bad)
            socket_.send_frame(PING, bad)
            self.assertEqual(socket_.recv(), (PONG, bad))


class Connections(Case):
    def test_any_path_and_any_origin_is_welcome(self):
        for path in ("/", "/chat", "/a/b?c=d", "/%20"):
            for origin in ("http://evil.example", "null"):
                socket_ = self.open(path=path, headers=[("Origin", origin)])
                socket_.send_text("x")
                self.assert_echo(socket_, TEXT, b"x")

    def test_a_peer_that_reads_nothing_makes_it_stop_reading_and_loses_nothing(self):
        socket_ = self.open(receive_buffer=4096, timeout=120)
        payload = os.urandom(1 << 20)
        sent = 0
        socket_.socket.settimeout(1)
        data = frame(BINARY, payload)
        view = memoryview(data * 100)
        try:
            while sent < len(view):
                sent += socket_.socket.send(view[sent:sent + 65536])
        except (TimeoutError, socket.timeout):
            pass
        self.assertLess(sent, 80 << 20)  # it did not take all of it into its memory
        socket_.socket.settimeout(120)
        for _ in range(sent // len(data)):
            self.assert_echo(socket_, BINARY, payload)

    def test_a_peer_that_vanishes_at_any_moment_harms_nobody(self):
        wire = frame(TEXT, b"hello") + frame(BINARY, b"x" * 70000) + frame(PING, b"y") + frame(CLOSE)
        for at in random.sample(range(len(wire)), 60):
            socket_ = self.open()
            socket_.send_raw(wire[:at])
            if at % 2:  # a reset instead of an end
                socket_.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            socket_.close()
        socket_ = self.open()
        socket_.send_text("fine")
        self.assert_echo(socket_, TEXT, b"fine")

    def test_sigterm_ends_it(self):
        with Process(["echo", "--listen", "127.0.0.1:0"]) as process:
            with WebSocket(process.host, process.port, "/"):
                self.assertEqual(process.stop(), 0)


if __name__ == "__main__":
    unittest.main()
