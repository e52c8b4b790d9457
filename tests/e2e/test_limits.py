"""What one name, one address, one person may do: logins, sign-ups, connections, messages, and slow requests."""
import json
import socket
import tempfile
import time
import unittest

from support import ws
from support.client import Client, new_cmid
from support.fleet import Fleet
from support.places import refusal
from support.server import Account, Refused, Server, WAIT_S, call, request

PASSWORD = "correct horse"


class Case(unittest.TestCase):
    options = ()

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.server = Server(self.folder.name, "--loops", "2", *self.options)
        self.addCleanup(self.server.kill)


def ask(server, op, args, source=None, forwarded=()):
    """One operation from an address of this machine: status, answer, headers."""
    body = json.dumps(args).encode()
    head = "POST /api/v1/%s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" % op
    for value in forwarded:
        head += "X-Forwarded-For: %s\r\n" % value
    head += "Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
    with socket.create_connection((server.host, server.port), WAIT_S,
                                  (source, 0) if source else None) as link:
        link.sendall(head.encode() + body)
        answer = b"".join(iter(lambda: link.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines[1:])
    return int(lines[0].split()[1]), json.loads(body), headers


def log_in(server, name, password, **more):
    return ask(server, "logIn", {"name": name, "password": password}, **more)


class Logins(Case):
    options = ("--login-tries", "4", "--login-tries-address", "8")

    def test_a_name_is_guarded_whoever_asks_and_by_whatever_way(self):
        Account(self.server, "ada")
        Account(self.server, "bob")
        for i in range(4):
            status, answer, _ = log_in(self.server, "Ada", "wrong password",
                                       source="127.0.0.%d" % (i + 10))
            self.assertEqual((status, answer["error"]), (401, "wrong_password"))
        for password in ("wrong password", PASSWORD):
            status, answer, headers = log_in(self.server, "ada", password, source="127.0.0.20")
            self.assertEqual((status, answer["error"]), (429, "rate_limited"))
            self.assertTrue(200000 < answer["retry_after_ms"] <= 225000, answer)
            self.assertTrue(200 < int(headers["retry-after"]) <= 225)
        with Client(self.server, hello=False) as client:
            with self.assertRaises(Refused) as caught:
                client.call("logIn", name="ada", password=PASSWORD)
            self.assertEqual(caught.exception.error, "rate_limited")
            self.assertGreater(caught.exception.body["retry_after_ms"], 200000)
        # Names that nobody has are guarded just so: else one could tell them apart.
        for status in (401, 401, 401, 401, 429):
            self.assertEqual(log_in(self.server, "nobody", "wrong password",
                                    source="127.0.0.21")[0], status)
        self.assertEqual(log_in(self.server, "bob", PASSWORD, source="127.0.0.22")[0], 200)

    def test_an_address_is_guarded_over_many_names(self):
        Account(self.server, "ada")
        for i in range(8):
            self.assertEqual(log_in(self.server, "name%d" % i, "wrong password",
                                    source="127.0.0.2")[0], 401)
        self.assertEqual(log_in(self.server, "ada", PASSWORD, source="127.0.0.2")[0], 429)
        self.assertEqual(log_in(self.server, "ada", PASSWORD, source="127.0.0.3")[0], 200)

    def test_who_knows_the_password_is_never_slowed_down(self):
        Account(self.server, "ada")
        for _ in range(30):
            self.assertEqual(log_in(self.server, "ada", PASSWORD)[0], 200)
        ada = Account(self.server, "bob")
        for i in range(10):
            ada.call("changePassword", old=PASSWORD, new=PASSWORD)
        for error in ["wrong_password"] * 4 + ["rate_limited"]:
            self.assertEqual(refusal(ada.call, "changePassword", old="wrong horse", new=PASSWORD),
                             error)


class SignUps(Case):
    options = ("--sign-ups-address", "3")

    def test_so_many_from_one_address(self):
        def sign_up(name, source):
            return ask(self.server, "signUp", {"name": name, "password": PASSWORD}, source=source)
        for i in range(3):
            self.assertEqual(sign_up("ada%d" % i, "127.0.0.2")[0], 200)
        status, answer, _ = sign_up("ada3", "127.0.0.2")
        self.assertEqual((status, answer["error"]), (429, "rate_limited"))
        self.assertTrue(1100000 < answer["retry_after_ms"] <= 1200000)
        self.assertEqual(sign_up("bob", "127.0.0.3")[0], 200)


class Proxies(Case):
    options = ("--login-tries-address", "3", "--trusted-proxies", "127.0.0.0/28, 10.0.0.0/8")

    def fails(self, **more):
        return log_in(self.server, "nobody%d" % time.monotonic_ns(), "wrong password", **more)[0]

    def test_behind_a_trusted_proxy_the_clients_address_counts(self):
        for client in ("1.1.1.1", "2.2.2.2"):
            for status in (401, 401, 401, 429):
                self.assertEqual(self.fails(source="127.0.0.2", forwarded=[client]), status)

    def test_what_clients_write_themselves_is_not_believed(self):
        for number, status in enumerate((401, 401, 401, 429)):
            forged = "6.6.6.%d" % number
            self.assertEqual(self.fails(source="127.0.0.2", forwarded=[forged, "3.3.3.3"]), status)
        self.assertEqual(self.fails(source="127.0.0.3", forwarded=["7.7.7.7, 3.3.3.3, 10.1.2.3"]),
                         429)
        for number, status in enumerate((401, 401, 401, 429)):
            self.assertEqual(self.fails(source="127.0.0.99", forwarded=["6.6.6.%d" % number]), status)


class Connections(Case):
    options = ("--connections-address", "5", "--connections-user", "3")

    def socket(self, source="127.0.0.2"):
        link = ws.WebSocket(self.server.host, self.server.port, "/ws",
                            source_address=(source, 0))
        self.addCleanup(link.close)
        return link

    def test_so_many_websockets_from_one_address_over_all_loops(self):
        links = [self.socket() for _ in range(5)]
        with self.assertRaisesRegex(Exception, "503"):
            self.socket()
        self.socket("127.0.0.3")
        links.pop().close()
        self.await_room(self.socket)

    def await_room(self, function):
        until = time.monotonic() + WAIT_S
        while True:
            try:
                return function()
            except Exception:  # pylint: disable=broad-except
                if time.monotonic() > until:
                    raise
                time.sleep(0.02)

    def test_so_many_other_connections_from_one_address(self):
        def link(source="127.0.0.2"):
            made = socket.create_connection((self.server.host, self.server.port), WAIT_S, (source, 0))
            self.addCleanup(made.close)
            made.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            try:
                return made, made.recv(100)
            except ConnectionResetError:
                return made, b""
        links = [link() for _ in range(5)]
        self.assertTrue(all(answer.startswith(b"HTTP/1.1 200") for _, answer in links))
        self.assertEqual(link()[1], b"")
        self.assertTrue(link("127.0.0.3")[1].startswith(b"HTTP/1.1 200"))
        links[0][0].close()
        self.await_room(lambda: self.assertTrue(link()[1].startswith(b"HTTP/1.1 200")))

    def test_so_many_websockets_of_one_person(self):
        ada, bob = Account(self.server, "ada"), Account(self.server, "bob")
        clients = [Client(self.server, ada.token) for _ in range(3)]
        for client in clients:
            self.addCleanup(client.close)
        with Client(self.server, hello=False) as late:
            with self.assertRaises(Refused) as caught:
                late.call("hello", token=ada.token)
            self.assertEqual(caught.exception.error, "rate_limited")
            self.assertGreater(caught.exception.body["retry_after_ms"], 0)
            clients.pop().close()
            self.await_room(lambda: late.call("hello", token=ada.token))
        with Client(self.server, bob.token) as other:
            other.call("getMe")


class Messages(Case):
    options = ("--message-rate", "1", "--message-burst", "6")

    def test_the_rate_counts_a_person_over_all_loops_and_ways(self):
        ada = Account(self.server, "ada")
        channel = ada.call("createChannel", name="c")["channel"]["id"]
        clients = [Client(self.server, ada.token) for _ in range(6)]  # on both loops
        sent = 0
        for client in clients:
            self.addCleanup(client.close)
            for do in (client.call, ada.call):
                sent += refusal(do, "sendMessage", channel=channel, text="x",
                                cmid=new_cmid()) is None
        self.assertEqual(sent, 6)


class SlowRequests(Case):
    options = ("--http-head-timeout", "1", "--http-body-timeout", "2", "--http-idle-timeout", "3")

    def closes_after(self, *parts):
        """Send the parts; what was answered to the last one, and how long the connection lived after it."""
        with socket.create_connection((self.server.host, self.server.port), WAIT_S) as link:
            answer = b""
            for part in parts:
                link.sendall(part)
                since = time.monotonic()
                if part is not parts[-1]:
                    answer = link.recv(65536)
            answer = b"".join(iter(lambda: link.recv(65536), b""))
            return answer, time.monotonic() - since

    def test_a_head_that_never_ends(self):
        answer, seconds = self.closes_after(b"GET /healthz HTTP/1.1\r\nHost: x\r\n")
        self.assertTrue(answer.startswith(b"HTTP/1.1 408"))
        self.assertTrue(0.9 < seconds < 1.9, seconds)

    def test_nothing_at_all(self):
        answer, seconds = self.closes_after(b"")
        self.assertEqual(answer, b"")
        self.assertTrue(0.9 < seconds < 1.9, seconds)

    def test_a_body_that_never_ends(self):
        answer, seconds = self.closes_after(
            b"POST /api/v1/logIn HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
            b"Content-Length: 100\r\n\r\n{")
        self.assertTrue(answer.startswith(b"HTTP/1.1 408"))
        self.assertEqual(json.loads(answer.partition(b"\r\n\r\n")[2])["error"], "invalid")
        self.assertTrue(1.9 < seconds < 2.9, seconds)

    def test_a_connection_that_is_kept_and_not_used(self):
        get = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
        with socket.create_connection((self.server.host, self.server.port), WAIT_S) as link:
            link.sendall(get)
            self.assertTrue(link.recv(65536).startswith(b"HTTP/1.1 200"))
            since = time.monotonic()
            self.assertEqual(link.recv(65536), b"")
            self.assertTrue(2.9 < time.monotonic() - since < 3.9)


class TooBig(Case):
    def test_a_body_over_64_kib_is_answered_413_as_json(self):
        ada = Account(self.server, "ada")
        headers = {"Content-Type": "application/json", "Authorization": "Bearer " + ada.token}
        status, answer, body = request(self.server, "POST", "/api/v1/getMe", "x" * 65537, headers)
        self.assertEqual((status, answer["Content-Type"]), (413, "application/json"))
        self.assertEqual(json.loads(body)["error"], "too_big")
        self.assertTrue(json.loads(body)["message"])


class InAFleet(unittest.TestCase):
    def test_haproxy_says_where_clients_are(self):
        limits = ["--login-tries-address", "3", "--connections-address", "2"]
        fleet = Fleet(apis=1, edges=1, persisters=1, options={"edge": limits, "api": limits})
        self.addCleanup(fleet.stop_all)
        for source in ("127.0.0.2", "127.0.0.3"):
            for number, status in enumerate((401, 401, 401, 429)):
                forged = "6.6.6.%d" % number
                self.assertEqual(log_in(fleet.proxy, "nobody-%s-%d" % (source, number), "12345678",
                                        source=source, forwarded=[forged])[0], status)
            links = [ws.WebSocket(fleet.proxy.host, fleet.proxy.port, "/ws",
                                  source_address=(source, 0)) for _ in range(2)]
            for link in links:
                self.addCleanup(link.close)
            with self.assertRaisesRegex(Exception, "503"):
                ws.WebSocket(fleet.proxy.host, fleet.proxy.port, "/ws", source_address=(source, 0))


if __name__ == "__main__":
    unittest.main()
