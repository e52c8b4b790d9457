"""HTTP over a real socket: what must be refused, what must work, and what browsers are told."""
import gzip
import json
import re
import socket
import struct
import unittest

from support.deployment import Serve, everywhere
from support.server import Account, asan_bin, request

HOST = b"Host: localhost\r\n"
AFTER = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"  # must not be answered any more


class Answer:
    """One parsed answer of the server."""

    def __init__(self, raw):
        head, self.body = raw.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split(" ")[1])
        self.headers = [tuple(line.split(": ", 1)) for line in lines[1:]]

    def get(self, name):
        found = [value for key, value in self.headers if key.lower() == name.lower()]
        assert len(found) < 2, "%s twice" % name
        return found[0] if found else None


class Case(unittest.TestCase):
    deployment = Serve
    options = ()

    @classmethod
    def setUpClass(cls):
        cls.deployed = cls.deployment(cls.options, binary=asan_bin())
        cls.server = cls.deployed.server
        cls.ada = Account(cls.server, "user%d" % cls.deployed.first_name)

    @classmethod
    def tearDownClass(cls):
        cls.deployed.close()
        if any("Sanitizer" in line for line in cls.deployed.log):
            raise AssertionError("".join(cls.deployed.log))

    def login(self):
        return json.dumps({"name": self.ada.name, "password": self.ada.password}).encode()

    def connect(self):
        raw = socket.create_connection((self.server.host, self.server.port), timeout=30)
        self.addCleanup(raw.close)
        return raw

    def all_of(self, raw):
        """Everything until the server ends the connection."""
        data = b""
        while True:
            try:
                part = raw.recv(65536)
            except ConnectionResetError:
                return data
            if not part:
                return data
            data += part

    def send_all(self, raw, data):
        try:
            raw.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it has refused already

    def answers(self, data, expected):
        """Send, and read exactly that many answers; what is behind them is an error."""
        raw = self.connect()
        self.send_all(raw, data)
        stream = raw.makefile("rb")
        self.addCleanup(stream.close)
        found = []
        for _ in range(expected):
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                line = stream.readline()
                self.assertTrue(line, "the connection ended after %r" % head)
                head += line
            answer = Answer(head)
            if answer.status != 100:
                answer.body = stream.read(int(answer.get("Content-Length") or 0))
            found.append(answer)
        return found

    def assert_refused(self, data, status):
        """One answer with this status, then the end: what comes after is never looked at."""
        for behind in (AFTER, AFTER * 3, b""):
            raw = self.connect()
            self.send_all(raw, data + behind)
            got = self.all_of(raw)
            self.assertTrue(got.startswith(b"HTTP/1.1 "), (data[:80], got[:80]))
            answer = Answer(got)
            statuses = status if isinstance(status, tuple) else (status,)
            self.assertIn(answer.status, statuses, data[:120])
            self.assertEqual(answer.get("Connection"), "close")
            self.assertEqual(len(answer.body), int(answer.get("Content-Length")), got)
            self.assertEqual(len(re.findall(rb"HTTP/1\.1 \d", got)), 1)
            raw.close()


class Refused(Case):
    """SECURITY.md section 3."""

    def chunked(self, body):
        return b"POST /api/v1/getMe HTTP/1.1\r\n" + HOST + \
            b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n" + body

    def with_headers(self, *lines, method=b"POST", body=b""):
        return method + b" /api/v1/getMe HTTP/1.1\r\n" + HOST + \
            b"".join(line + b"\r\n" for line in lines) + b"\r\n" + body

    def test_chunk_sizes(self):
        for size in (b"", b"+2", b"-2", b"0x2", b"2_0", b" 2", b"2 ", b"2\t", b"g", b"2g", b"2,0",
                     b"00000000000000002", b"11111111111111111", b"\xb2", b"2\0"):
            self.assert_refused(self.chunked(size + b"\r\n{}\r\n0\r\n\r\n"), 400)
        for size in (b"ffffffffffffffff", b"8000000000000000", b"7fffffffffffffff", b"100000000",
                     b"10001", b"fffffffffffffffe"):
            self.assert_refused(self.chunked(size + b"\r\n{}\r\n0\r\n\r\n"), (400, 413))
        self.assert_refused(self.chunked(b"2\r\n{}\r\nffffffffffffffff\r\n"), (400, 413))

    def test_chunk_ends(self):
        for body in (b"2\r\n{}0\r\n\r\n", b"2\r\n{}\n0\r\n\r\n", b"2\r\n{}\r0\r\n\r\n", b"2\n{}\r\n0\r\n\r\n",
                     b"2\r\n{}X\r\n0\r\n\r\n", b"2\r\n{} \r\n0\r\n\r\n", b"2\rX\n{}\r\n0\r\n\r\n",
                     b"2\r{}\r\n0\r\n\r\n", b"0\n\r\n", b"0\r\n\n", b"0\r\n\rX", b"0\rX\n\r\n",
                     b"2;ext\n{}\r\n0\r\n\r\n", b"2;e\rxt\r\n{}\r\n0\r\n\r\n", b"2;e\0\r\n{}\r\n0\r\n\r\n",
                     b"2;" + b"x" * 20000 + b"\r\n{}\r\n0\r\n\r\n", b"0\r\nbad trailer\r\n\r\n",
                     b"0\r\n: x\r\n\r\n", b"0\r\n a: x\r\n\r\n", b"0\r\na: x\n\r\n", b"0\r\na:\0\r\n\r\n"):
            self.assert_refused(self.chunked(body), 400)

    def test_content_lengths(self):
        for value in (b"", b"+2", b"-2", b"0x2", b"2_0", b"2,2", b"2, 2", b"02", b"002", b"2 2", b"1\t2",
                      b"18446744073709551616", b"99999999999999999999999", b"2.0", b"2;", b"\xb2", b"two"):
            self.assert_refused(self.with_headers(b"Content-Length: " + value, body=b"{}"), 400)
        self.assert_refused(self.with_headers(b"Content-Length: 2", b"Content-Length: 2", body=b"{}"), 400)
        self.assert_refused(self.with_headers(b"Content-Length: 2", b"content-length: 3", body=b"{}"), 400)
        for value in (b"18446744073709551615", b"65537", b"4294967296", b"9223372036854775807"):
            self.assert_refused(self.with_headers(b"Content-Length: " + value, body=b"{}"), 413)

    def test_transfer_encodings(self):
        end = b"0\r\n\r\n"
        for value in (b",chunked", b"xchunked", b"chunked, chunked", b"chunked,", b"", b"identity",
                      b"chunked, gzip", b"gzip, chunked", b"chunked;q=1", b"\x0bchunked", b"'chunked'",
                      b"chunked\x00", b"chu nked"):
            self.assert_refused(self.with_headers(b"Transfer-Encoding: " + value, body=end), (400, 501))
        self.assert_refused(self.with_headers(b"Transfer-Encoding: chunked",
                                              b"Transfer-Encoding: chunked", body=end), 400)
        for order in ((b"Transfer-Encoding: chunked", b"Content-Length: 5"),
                      (b"Content-Length: 5", b"Transfer-Encoding: chunked")):
            self.assert_refused(self.with_headers(*order, body=end), 400)
        self.assert_refused(b"POST /api/v1/getMe HTTP/1.0\r\n" + HOST +
                            b"Transfer-Encoding: chunked\r\n\r\n" + end, 400)

    def test_header_lines(self):
        for line in (b": value", b"no colon", b"name : value", b"name\t: value", b" name: value",
                     b"na\xa0me: value", b"name\xa0: value", b"\x85name: value", b"n\xc3\xa4me: value",
                     b"na me: value", b"name: a\0b", b"name: a\rb", b"name: a\nb", b"na\0me: x",
                     b"name: x\r\n folded", b"name: x\r\n\tfolded", b"(name): x", b"na\"me: x",
                     b"name: \x7f", b"name: \x01"):
            self.assert_refused(self.with_headers(line, method=b"GET"), 400)
        self.assert_refused(b"GET / HTTP/1.1\r\n" + HOST + b"\rX", 400)
        self.assert_refused(b"GET / HTTP/1.1\n" + HOST + b"\r\n", 400)
        self.assert_refused(b"GET / HTTP/1.1\r\nHost: localhost\n\r\n", 400)
        self.assert_refused(b"GET / HTTP/1.1\r\n" + HOST + b"\n", 400)
        self.assert_refused(b"GET / HTTP/1.1\r\n folded: x\r\n" + HOST + b"\r\n", 400)

    def test_host_headers(self):
        for lines in (b"", HOST + HOST, HOST + b"Host: other\r\n", b"Host:\r\n", b"Host: a b\r\n",
                      b"Host: a/b\r\n", b"Host: a,b\r\n", b"Host: user@a\r\n", b"Host: a\\b\r\n"):
            self.assert_refused(b"GET / HTTP/1.1\r\n" + lines + b"\r\n", 400)

    def test_request_lines(self):
        for line in (b"GET", b"GET /", b"GET / ", b"GET  / HTTP/1.1", b"GET /  HTTP/1.1", b" GET / HTTP/1.1",
                     b"GET\t/\tHTTP/1.1", b"GET\x0b/\x0bHTTP/1.1", b"GET / HTTP/1.1 ", b"GET / http/1.1",
                     b"GET / HTTP/1.10", b"GET / HTTP/1.256", b"GET / HTTP/11", b"GET / HTTP/1", b"GET / HTTP/1.",
                     b"GET / HTTP/x.1", b"GET / HTP/1.1", b"GET / FTP/1.1", b"GET /a b HTTP/1.1",
                     b"GET /\x80 HTTP/1.1", b"GET /\xc3\xa4 HTTP/1.1", b"GET /\0 HTTP/1.1", b"GET /\x7f HTTP/1.1",
                     b"GET /#x HTTP/1.1", b"GET localhost/ HTTP/1.1", b"GET * HTTP/1.1", b"G(T / HTTP/1.1",
                     b"G\0T / HTTP/1.1", b"GET http://other/ HTTP/1.1", b"CONNECT a:80 HTTP/1.1",
                     b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET / HTTP/1.1\x00"):
            self.assert_refused(line + b"\r\n" + HOST + b"\r\n", 400)
        for version in (b"HTTP/2.0", b"HTTP/0.9", b"HTTP/1.2", b"HTTP/3.1"):
            self.assert_refused(b"GET / " + version + b"\r\n" + HOST + b"\r\n", 505)
        self.assert_refused(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", (400, 505))
        self.assert_refused(b"\r\n\r\nGET / HTTP/1.1\r\n" + HOST + b"\r\n", 400)

    def test_limits_of_the_head(self):
        self.assert_refused(b"GET /" + b"x" * 20000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414)
        self.assert_refused(self.with_headers(b"x: " + b"y" * 20000, method=b"GET"), 431)
        self.assert_refused(self.with_headers(*[b"x: " + b"y" * 4000] * 5, method=b"GET"), 431)
        self.assert_refused(self.with_headers(*[b"x: y"] * 150, method=b"GET"), 431)
        self.assert_refused(b"x" * 100000, (400, 414, 431))

    def test_expectations_that_are_unknown(self):
        self.assert_refused(self.with_headers(b"Expect: 200-ok", b"Content-Length: 2", body=b"{}"), 417)

    def test_cut_anywhere_it_is_the_same_verdict(self):
        for data, status in ((self.with_headers(b"Content-Length: 2, 2", body=b"{}"), 400),
                             (self.chunked(b"0x2\r\n{}\r\n0\r\n\r\n"), 400)):
            raw = self.connect()
            for at in range(len(data)):
                self.send_all(raw, data[at:at + 1])
            self.send_all(raw, AFTER)
            got = self.all_of(raw)
            self.assertEqual((Answer(got).status, got.count(b"HTTP/1.1 ")), (status, 1))


class Works(Case):
    """What must go on working beside all the refusing."""

    def test_pipelined_requests_are_answered_in_order(self):
        slow = b"GET /api/v1/getMe HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\n\r\n" \
            % self.ada.token.encode()
        data = b"".join([slow, AFTER, b"GET /api/v1/nothing HTTP/1.1\r\n" + HOST + b"\r\n"] * 20)
        found = self.answers(data, 60)
        self.assertEqual([a.status for a in found], [200, 200, 404] * 20)
        for answer in found[::3]:
            self.assertEqual(json.loads(answer.body)["user"]["id"], self.ada.id)
        for answer in found[1::3]:
            self.assertEqual(answer.body, b"ok\n")

    def test_a_very_long_pipeline_is_answered_whole(self):
        raw = self.connect()
        raw.sendall(AFTER * 5000 + AFTER.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        self.assertEqual(self.all_of(raw).count(b"HTTP/1.1 200 "), 5001)

    def test_one_empty_line_before_a_request_is_ignored(self):
        found = self.answers(b"\r\n" + AFTER + b"\r\n" + AFTER, 2)
        self.assertEqual([a.status for a in found], [200, 200])

    def test_bodies_of_known_length_and_chunked(self):
        head = b"POST /api/v1/logIn HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n"
        body = self.login()
        chunks = b"".join(b"%x\r\n%c\r\n" % (1, byte) for byte in body)
        for data in (head + b"Content-Length: %d\r\n\r\n" % len(body) + body,
                     head + b"Transfer-Encoding: chunked\r\n\r\n%X\r\n" % len(body) + body + b"\r\n0\r\n\r\n",
                     head + b"Transfer-Encoding: Chunked\r\n\r\n" + chunks + b"000\r\n\r\n",
                     head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0;a=b;c\r\nX: y\r\nZ:\r\n\r\n"):
            found = self.answers(data + AFTER, 2)
            self.assertEqual([a.status for a in found], [200, 200])
            self.assertEqual(json.loads(found[0].body)["user"]["id"], self.ada.id)

    def test_100_continue_comes_before_the_body_and_only_when_there_is_one(self):
        body = self.login()
        raw = self.connect()
        raw.sendall(b"POST /api/v1/logIn HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n"
                    b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(body))
        self.assertEqual(raw.recv(100), b"HTTP/1.1 100 Continue\r\n\r\n")
        raw.sendall(body)
        self.assertTrue(raw.recv(10000).startswith(b"HTTP/1.1 200 "))
        # It came along already: no need to say so.
        found = self.answers(b"POST /api/v1/logIn HTTP/1.1\r\n" + HOST + b"Expect: 100-continue\r\n"
                             b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
                             + body, 1)
        self.assertEqual(found[0].status, 200)
        # A body that is too long is refused without being asked for.
        found = self.answers(b"POST /api/v1/logIn HTTP/1.1\r\n" + HOST + b"Expect: 100-continue\r\n"
                             b"Content-Length: 1000000\r\n\r\n", 1)
        self.assertEqual(found[0].status, 413)

    def test_connections_are_kept_or_closed_as_asked(self):
        for version, header, keeps in ((b"1.1", b"", True), (b"1.1", b"Connection: close\r\n", False),
                                       (b"1.1", b"Connection: x, Close\r\n", False), (b"1.0", b"", False),
                                       (b"1.0", b"Connection: keep-alive\r\n", True)):
            raw = self.connect()
            raw.sendall(b"GET /healthz HTTP/" + version + b"\r\n" + HOST + header + b"\r\n" + AFTER)
            if keeps:
                found = b""
                while found.count(b"ok\n") < 2:
                    found += raw.recv(10000)
            else:
                self.assertEqual(self.all_of(raw).count(b"HTTP/1.1 "), 1)
            raw.close()

    def test_head_is_get_without_the_body(self):
        for path in (b"/", b"/healthz", b"/no/such/page", b"/assets/none.js"):
            got = self.answers(b"GET " + path + b" HTTP/1.1\r\n" + HOST + b"\r\n", 1)[0]
            raw = self.connect()
            raw.sendall(b"HEAD " + path + b" HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
            head = Answer(self.all_of(raw))
            self.assertEqual((head.status, head.body), (got.status, b""))
            self.assertEqual(head.get("Content-Length"), str(len(got.body)))
            self.assertEqual(head.get("Content-Type"), got.get("Content-Type"))

    def test_a_peer_that_vanishes_while_it_waits_harms_nobody(self):
        login = self.login()
        data = b"POST /api/v1/logIn HTTP/1.1\r\n" + HOST + \
            b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(login) + login
        for at in (*range(1, len(data), 7), len(data)):
            raw = self.connect()
            raw.sendall(data[:at])
            if at % 2:
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            raw.close()
        self.assertEqual(request(self.server, "GET", "/healthz")[0], 200)

    def test_an_upgrade_in_a_pipeline_gets_its_turn(self):
        data = AFTER + b"GET /ws HTTP/1.1\r\n" + HOST + b"Upgrade: websocket\r\nConnection: Upgrade\r\n" \
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        self.assertEqual([a.status for a in self.answers(data, 2)], [200, 101])

    def test_a_refused_upgrade_leaves_the_connection_to_http(self):
        data = b"GET /ws HTTP/1.1\r\n" + HOST + b"Upgrade: websocket\r\nConnection: Upgrade\r\n" \
            b"Sec-WebSocket-Version: 12\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n" + AFTER
        self.assertEqual([a.status for a in self.answers(data, 2)], [426, 200])


@everywhere
class Pages(Case):
    """The web client's files and what browsers are told about them."""

    def page(self):
        return request(self.server, "GET", "/")

    def test_the_page_is_there_at_every_path_of_the_clients_own(self):
        status, headers, body = self.page()
        self.assertEqual(status, 200)
        self.assertTrue(headers["Content-Type"].startswith("text/html"))
        for path in ("/c/5", "/index.html", "/login", "/?x=y"):
            self.assertEqual(request(self.server, "GET", path)[2], body)
        self.assertEqual(request(self.server, "GET", "/assets/nothing.js")[0], 404)
        self.assertEqual(request(self.server, "GET", "/api/nothing")[0], 404)
        for path in ("/assets/../index.html", "/assets/%2e%2e/parley.db", "/../../etc/passwd",
                     "/assets/..%2f..%2fetc/passwd", "//etc/passwd"):
            status, _, got = request(self.server, "GET", path)
            self.assertTrue(status == 404 or got == body, path)

    def test_everything_says_how_it_may_be_used(self):
        for path in ("/", "/healthz", "/metrics", "/api/v1/getMe", "/assets/nothing.js"):
            _, headers, _ = request(self.server, "GET", path)
            self.assertEqual(headers["X-Content-Type-Options"], "nosniff", path)
            self.assertEqual(headers["Referrer-Policy"], "no-referrer", path)
            self.assertIsNone(headers["Server"], path)
            self.assertIsNone(headers["Access-Control-Allow-Origin"], path)
        policy = self.page()[1]["Content-Security-Policy"]
        rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
        self.assertEqual(rules["default-src"], "'self'")
        for name in ("object-src", "base-uri", "frame-ancestors"):
            self.assertEqual(rules[name], "'none'")
        self.assertNotIn("unsafe", policy)
        self.assertNotIn("*", policy)

    def test_files_named_by_their_content_are_kept_for_ever_and_the_page_is_asked_for(self):
        _, headers, body = self.page()
        self.assertEqual(headers["Cache-Control"], "no-cache")
        assets = re.findall(rb'(?:src|href)="(/assets/[^"]+)"', body)
        self.assertTrue(assets)
        for path in assets:
            status, headers, _ = request(self.server, "GET", path.decode())
            self.assertEqual(status, 200)
            self.assertIn("immutable", headers["Cache-Control"])
            self.assertRegex(headers["Content-Type"], "javascript|css|svg|font|png|icon|json")

    def test_what_the_browser_has_already_is_304(self):
        _, headers, _ = self.page()
        etag = headers["ETag"]
        self.assertRegex(etag, r'^(W/)?"[^"]+"$')
        for known in (etag, '"other", ' + etag, "W/" + etag.replace("W/", ""), "*"):
            status, got, body = request(self.server, "GET", "/", headers={"If-None-Match": known})
            self.assertEqual((status, body), (304, b""), known)
            self.assertEqual(got["ETag"], etag)
        for unknown in ('"other"', "", etag[:-2] + 'x"'):
            self.assertEqual(request(self.server, "GET", "/", headers={"If-None-Match": unknown})[0], 200)

    def test_files_come_compressed_to_those_who_take_it(self):
        _, _, plain = self.page()
        for accepts, compressed in (("gzip", True), ("br, gzip, x", True), ("deflate, GZIP", True),
                                    ("", False), ("br", False), ("identity", False), ("gzip;q=0", False),
                                    ("xgzip", False)):
            status, headers, body = request(self.server, "GET", "/", headers={"Accept-Encoding": accepts})
            self.assertEqual(status, 200)
            self.assertIn("Accept-Encoding", headers["Vary"])
            if headers["Content-Encoding"] == "gzip":
                body = gzip.decompress(body)
            else:
                self.assertIsNone(headers["Content-Encoding"])
            self.assertEqual(headers["Content-Encoding"] == "gzip", compressed, accepts)
            self.assertEqual(body, plain)

    def test_only_get_and_head_work_on_files_and_health(self):
        for path in ("/", "/healthz", "/readyz", "/metrics"):
            for method in ("POST", "PUT", "DELETE", "OPTIONS", "TRACE"):
                status, headers, _ = request(self.server, method, path)
                self.assertEqual((status, headers["Allow"]), (405, "GET, HEAD"), path)

    def test_health_and_readiness_and_metrics(self):
        for path in ("/healthz", "/readyz"):
            status, headers, _ = request(self.server, "GET", path)
            self.assertEqual((status, headers["Cache-Control"]), (200, "no-store"))
        status, headers, body = request(self.server, "GET", "/metrics")
        self.assertEqual(status, 200)
        self.assertIn("version=0.0.4", headers["Content-Type"])
        for line in body.decode().splitlines():
            self.assertRegex(line, r"^(# (HELP|TYPE) parley_\w+ .+|parley_\w+(\{[^}]*\})? [0-9.e+]+)$")

    def test_answers_of_operations_are_never_kept(self):
        for path in ("/api/v1/getMe", "/api/v1/getMessages?channel=1"):
            _, headers, _ = request(self.server, "GET", path)
            self.assertEqual(headers["Cache-Control"], "no-store")
            self.assertEqual(headers["Content-Type"], "application/json")


@everywhere
class Cookies(Case):
    """The session cookie, and that other sites cannot use it."""

    def post(self, op, args, **headers):
        return request(self.server, "POST", "/api/v1/" + op, json.dumps(args), {
            "Content-Type": "application/json", **{k.replace("_", "-"): v for k, v in headers.items()}})

    def attributes(self, headers):
        name_value, *rest = headers["Set-Cookie"].split("; ")
        return name_value, sorted(rest)

    def test_logging_in_sets_a_cookie_that_scripts_and_other_sites_cannot_use(self):
        _, headers, body = self.post("logIn", {"name": self.ada.name, "password": "correct horse"})
        value, attributes = self.attributes(headers)
        self.assertEqual(value, "parley_session=" + json.loads(body)["token"])
        self.assertEqual(attributes, ["HttpOnly", "Max-Age=7776000", "Path=/", "SameSite=Strict"])
        _, headers, body = self.post("logOut", {}, Cookie=value, Origin=self.server.url)
        self.assertEqual(self.attributes(headers),
                         ("parley_session=", ["HttpOnly", "Max-Age=0", "Path=/", "SameSite=Strict"]))
        status, _, _ = self.post("getMe", {}, Cookie=value, Origin=self.server.url)
        self.assertEqual(status, 401)

    def test_a_failed_login_sets_no_cookie(self):
        status, headers, _ = self.post("logIn", {"name": self.ada.name, "password": "wrong horse"})
        self.assertEqual((status, headers["Set-Cookie"]), (401, None))

    def test_with_the_cookie_changes_must_come_from_the_servers_own_pages(self):
        cookie = "parley_session=" + self.ada.token
        own = self.server.url
        for origin in (None, "null", "http://evil.example", own + ".evil.example", own + "0", own + "/",
                       own.replace("127.0.0.1", "127.0.0.2"), "", "file://"):
            headers = {"Cookie": cookie}
            if origin is not None:
                headers["Origin"] = origin
            for op, args in (("createChannel", {"name": "forged"}), ("logOut", {}), ("getMe", {})):
                status, _, body = self.post(op, args, **headers)
                self.assertEqual((status, json.loads(body)["error"]), (403, "forbidden"), origin)
        names = [c["name"] for c in self.ada.call("listChannels")["channels"]]
        self.assertNotIn("forged", names)
        status, _, _ = self.post("getMe", {}, Cookie=cookie, Origin=own)
        self.assertEqual(status, 200)

    def test_two_origins_are_none(self):
        raw = self.connect()
        raw.sendall(b"POST /api/v1/logOut HTTP/1.1\r\nHost: %s\r\nOrigin: %s\r\nOrigin: %s\r\n"
                    b"Cookie: parley_session=%s\r\nContent-Type: application/json\r\n"
                    b"Content-Length: 2\r\nConnection: close\r\n\r\n{}" % (
                        self.server.url[7:].encode(), self.server.url.encode(),
                        self.server.url.encode(), self.ada.token.encode()))
        self.assertEqual(Answer(self.all_of(raw)).status, 403)
        self.assertEqual(self.ada.call("getMe")["user"]["id"], self.ada.id)

    def test_a_form_of_another_site_cannot_reach_an_operation(self):
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
            status, _, _ = request(self.server, "POST", "/api/v1/logIn",
                                   self.login(), {"Content-Type": kind})
            self.assertEqual(status, 415)
        status, _, _ = request(self.server, "GET", "/api/v1/logOut",
                               headers={"Cookie": "parley_session=" + self.ada.token})
        self.assertEqual(status, 405)

    def test_reading_with_the_cookie_works_by_get(self):
        status, _, body = request(self.server, "GET", "/api/v1/getMe",
                                  headers={"Cookie": "a=b; parley_session=%s; c" % self.ada.token})
        self.assertEqual((status, json.loads(body)["user"]["id"]), (200, self.ada.id))

    def test_the_token_of_the_header_wins_and_a_broken_one_is_none(self):
        bob = Account(self.server, "bob")
        cookie = {"Cookie": "parley_session=" + self.ada.token}
        status, _, body = request(self.server, "GET", "/api/v1/getMe",
                                  headers={"Authorization": "bearer  " + bob.token, **cookie})
        self.assertEqual((status, json.loads(body)["user"]["id"]), (200, bob.id))
        for value in ("Basic YTpi", "Bearer", "Bearer ", bob.token, "Bearer x" + bob.token, ""):
            status, _, _ = request(self.server, "GET", "/api/v1/getMe",
                                   headers={"Authorization": value, **cookie})
            self.assertEqual(status, 401, value)


@everywhere
class Secure(Case):
    options = ("--secure-cookies", "--allowed-origin", "https://chat.example.com")

    def test_behind_https_cookies_are_secure_and_the_public_origin_may_use_them(self):
        status, headers, body = request(
            self.server, "POST", "/api/v1/logIn",
            json.dumps({"name": self.ada.name, "password": "correct horse"}),
            {"Content-Type": "application/json"})
        self.assertEqual(status, 200)
        self.assertIn("; Secure", headers["Set-Cookie"])
        cookie = headers["Set-Cookie"].split(";")[0]
        for origin, expected in (("https://chat.example.com", 200), ("http://chat.example.com", 403),
                                 ("https://chat.example.com:444", 403),
                                 ("https://chat.example.com.evil.example", 403)):
            status, _, _ = request(self.server, "POST", "/api/v1/getMe", "{}",
                                   {"Content-Type": "application/json", "Cookie": cookie,
                                    "Origin": origin})
            self.assertEqual(status, expected, origin)


if __name__ == "__main__":
    unittest.main()
