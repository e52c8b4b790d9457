"""HTTPS and WSS: what works through it, what is refused, and another certificate while it runs."""
import http.client
import json
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import tempfile
import unittest
import warnings

from support.client import Client
from support.fleet import eventually
from support.server import CHEAP, Server, asan_bin

WAIT_S = 30


def make_certificate(folder, name):
    """A self-signed certificate for localhost: (certificate, key)."""
    cert, key = folder / (name + ".pem"), folder / (name + ".key")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=" + name,
                    "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", cert],
                   check=True, capture_output=True)
    return cert, key


class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.first = make_certificate(cls.folder, "first")
        cls.second = make_certificate(cls.folder, "second")
        cls.cert, cls.key = cls.folder / "cert.pem", cls.folder / "key.pem"
        cls.install(cls.first)
        cls.server = Server(cls.folder / "data", "--tls-cert", cls.cert, "--tls-key", cls.key,
                            *CHEAP, binary=asan_bin())
        cls.addClassCleanup(cls.server.kill)
        cls.names = 0

    @classmethod
    def install(cls, pair):
        for source, target in zip(pair, (cls.cert, cls.key)):
            scratch = target.with_suffix(".new")
            scratch.write_bytes(source.read_bytes())
            os.replace(scratch, target)

    def context(self, *certificates, version=None):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        for cert, _ in certificates or (self.first,):
            context.load_verify_locations(cert)
        if version:
            context.minimum_version = context.maximum_version = version
        return context

    def raw(self):
        connection = socket.create_connection((self.server.host, self.server.port), WAIT_S)
        self.addCleanup(connection.close)
        return connection

    def secure(self, **options):
        return self.context(**options).wrap_socket(self.raw(), server_hostname="localhost")

    def ask(self, method, path, body=None):
        """One request: status, headers, body."""
        connection = http.client.HTTPConnection("localhost", self.server.port)
        connection.sock = self.secure()
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def account(self):
        type(self).names += 1
        status, headers, body = self.ask("POST", "/api/v1/signUp", json.dumps(
            {"name": "user%d" % self.names, "password": "correct horse"}))
        self.assertEqual(status, 200)
        self.assertIn("Secure", headers["Set-Cookie"])
        return json.loads(body)["token"]

    def live(self, token, context=None, **options):
        client = Client(self.server, token, tls=context or self.context(), **options)
        self.addCleanup(client.close)
        return client

    # ---- what works ----

    def test_the_page_comes_and_says_that_nobody_should_come_without(self):
        status, headers, body = self.ask("GET", "/")
        self.assertEqual(status, 200)
        self.assertIn(b"<html", body)
        self.assertEqual(headers["Strict-Transport-Security"], "max-age=31536000")

    def test_two_people_talk_over_wss(self):
        ada, bob = self.live(self.account()), self.live(self.account())
        channel = ada.call("createChannel", name="tls")["channel"]["id"]
        bob.call("joinChannel", channel=channel)
        bob.event("joined")
        for number in range(50):
            ada.send(channel, "message %d" % number)
        for number in range(50):
            self.assertEqual(bob.event("message")["text"], "message %d" % number)

    def test_versions_from_1_2_on(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with self.secure(version=version) as connection:
                connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                self.assertIn(b"200 OK", connection.recv(100))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            old = self.context(version=ssl.TLSVersion.TLSv1_1)
        old.set_ciphers("ALL:@SECLEVEL=0")
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            old.wrap_socket(self.raw(), server_hostname="localhost")

    def test_http_1_1_is_what_it_speaks(self):
        context = self.context()
        context.set_alpn_protocols(["h2", "http/1.1"])
        with context.wrap_socket(self.raw(), server_hostname="localhost") as connection:
            self.assertEqual(connection.selected_alpn_protocol(), "http/1.1")

    def test_a_slow_reader_gets_every_byte_in_order(self):
        token = self.account()
        ada = self.live(token)
        channel = ada.call("createChannel", name="slow")["channel"]["id"]
        for number in range(120):
            ada.send(channel, "%03d " % number + "x" * 8000)
        # 250 KiB in one answer, several at once, through buffers that hold a hundredth of them.
        slow = self.live(token, receive_buffer=4096, segment=500)
        asked = [slow.request("getMessages", channel=channel, before=2 ** 40, limit=30)
                 for _ in range(8)]
        pages = [slow.answer(number) for number in asked]
        for page in pages:
            self.assertEqual([e["text"][:4] for e in page["events"]],
                             ["%03d " % n for n in range(90, 120)])

    def test_a_handshake_that_trickles_in_byte_by_byte(self):
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = self.context().wrap_bio(incoming, outgoing, server_hostname="localhost")
        raw = self.raw()
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def step(action):
            while True:
                try:
                    return action()
                except ssl.SSLWantReadError:
                    for byte in outgoing.read():
                        raw.send(bytes([byte]))
                    incoming.write(raw.recv(7))

        step(tls.do_handshake)
        tls.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self.assertIn(b"HTTP/1.1 200", step(lambda: tls.read(100)))

    def test_status_asks_by_https(self):
        target = "parley=https://127.0.0.1:%d" % self.server.port
        done = subprocess.run([self.server.command[0], "status", "--json", "--targets", target],
                              capture_output=True, text=True, timeout=WAIT_S)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        plain = subprocess.run([self.server.command[0], "status", "--targets",
                                target.replace("https://", "")],
                               capture_output=True, text=True, timeout=WAIT_S)
        self.assertNotEqual(plain.returncode, 0)

    # ---- what is refused ----

    def test_plain_http_is_told_what_to_do(self):
        raw = self.raw()
        raw.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answer = b""
        while chunk := raw.recv(1000):
            answer += chunk
        self.assertIn(b"400 Bad Request", answer)
        self.assertIn(b"https://", answer)

    def test_what_is_no_tls_is_closed_and_nobody_else_notices(self):
        ada = self.live(self.account())
        for garbage in (b"\0" * 100, b"\x16\x03\x01\xff\xff" + b"A" * 2000, os.urandom(3000)):
            raw = self.raw()
            try:
                raw.sendall(garbage)
                raw.shutdown(socket.SHUT_WR)
                while raw.recv(1000):
                    pass
            except OSError:
                pass
        for _ in range(20):  # gone in the middle of the handshake
            with self.raw() as raw:
                raw.sendall(b"\x16\x03\x01")
        self.assertEqual(ada.call("getMe")["user"], ada.me)

    def test_an_end_without_a_goodbye_is_an_end(self):
        client = self.live(self.account())
        os.close(client.ws.socket.detach())
        self.assertIsNone(self.server.process.poll())
        self.live(self.account()).call("getMe")

    def test_options_that_do_not_fit_are_explained(self):
        cert, key = self.first
        empty = self.folder / "empty.pem"
        empty.write_text("")
        for options, word in ((["--tls-cert", cert], "--tls-key"),
                              (["--tls-key", key], "--tls-cert"),
                              (["--tls-cert", empty, "--tls-key", key], "certificate"),
                              (["--tls-cert", cert, "--tls-key", "/nowhere"], "key"),
                              (["--tls-cert", cert, "--tls-key", self.second[1]], "key")):
            done = subprocess.run([self.server.command[0], "serve", "--listen", "127.0.0.1:0",
                                   "--data", self.folder / "other", *options],
                                  capture_output=True, text=True, timeout=WAIT_S)
            self.assertEqual(done.returncode, 1, options)
            self.assertIn(word, done.stderr)

    # ---- another certificate ----

    def subject(self):
        with self.secure_any() as connection:
            return dict(pair[0] for pair in connection.getpeercert()["subject"])["commonName"]

    def secure_any(self):
        return self.context(self.first, self.second).wrap_socket(self.raw(),
                                                                 server_hostname="localhost")

    def test_sighup_takes_another_certificate_and_keeps_connections(self):
        token = self.account()
        before = self.live(token)
        self.assertEqual(self.subject(), "first")
        self.addCleanup(self.reload, self.first, "first")
        self.reload(self.second, "second")
        self.assertEqual(before.call("getMe")["user"], before.me)
        self.live(token, self.context(self.second)).call("getMe")

        self.cert.write_text("no certificate")
        self.server.process.send_signal(signal.SIGHUP)
        eventually("it complains", lambda: any("not replaced" in line for line in self.server.log))
        self.assertEqual(self.subject(), "second")

    def reload(self, pair, name):
        self.install(pair)
        self.server.process.send_signal(signal.SIGHUP)
        # Each loop hears of it on its own, and the kernel chooses the loop.
        eventually("the certificate is " + name,
                   lambda: all(self.subject() == name for _ in range(8)))


class WithoutTls(unittest.TestCase):
    def test_sighup_without_a_certificate_changes_nothing(self):
        with tempfile.TemporaryDirectory() as folder, Server(folder) as server:
            server.process.send_signal(signal.SIGHUP)
            eventually("it says so", lambda: any("nothing to read" in line for line in server.log))
            self.assertIsNone(server.process.poll())


if __name__ == "__main__":
    unittest.main()
