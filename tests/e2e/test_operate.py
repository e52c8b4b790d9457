"""What operators do: start, configure, stop, and what they are told when something is wrong."""
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time
import unittest

from support.client import Client, Closed, new_cmid
from support.server import BIN, Account, Process, Server, asan_bin, metrics, request

WRONG_S = 30


def run(*arguments, env=None, binary=BIN):
    """A command that ends by itself: status, what it printed, what it complained."""
    done = subprocess.run([binary, *map(str, arguments)], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=WRONG_S, env=dict(os.environ, **(env or {})))
    return done.returncode, done.stdout, done.stderr


class Case(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.scratch = pathlib.Path(scratch.name)
        self.data = self.scratch / "data"

    def start(self, *options, **how):
        server = Server(self.data, *options, **how)
        self.addCleanup(lambda: server.process.poll() is None and server.kill())
        return server

    def assert_refuses_to_start(self, status, words, *arguments, env=None):
        """It ends by itself with this status, and one line that has all of the words."""
        code, out, err = run(*arguments, env=env)
        self.assertEqual(code, status, err)
        self.assertEqual(out, "")
        complaint = [line for line in err.splitlines() if line.startswith("parley: ")]
        self.assertEqual(len(complaint), 1, err)
        for word in words:
            self.assertIn(word, complaint[0])


class Commands(Case):
    def test_help_shows_examples_first_and_then_every_option(self):
        code, out, err = run("--help")
        self.assertEqual((code, err), (0, ""))
        self.assertLess(out.index("parley serve"), out.index("Commands:"))
        for command in ("serve", "echo", "import"):
            code, out, err = run(command, "--help")
            self.assertEqual((code, err), (0, ""))
            self.assertLess(out.index("parley " + command), out.index("Options"))
        _, out, _ = run("serve", "--help")
        options = re.findall(r"^  --([a-z0-9-]+) ", out, re.M)
        self.assertGreater(len(options), 15)
        self.assertEqual(len(options), len(set(options)))
        for name in options:
            self.assertRegex(out, r"--%s .*\n      \S.*\." % name)

    def test_version_is_told(self):
        for argument in ("version", "--version"):
            code, out, _ = run(argument)
            self.assertEqual(code, 0)
            self.assertRegex(out, r"^parley \d+\.\d+\.\d+\n$")

    def test_what_is_no_command_is_told_and_status_2(self):
        self.assert_refuses_to_start(2, ["sevre", "--help"], "sevre")
        self.assert_refuses_to_start(2, ["what", "import slack"], "import", "teams", "x.zip")


class Options(Case):
    def test_flags_win_over_the_environment_that_over_the_file_that_over_defaults(self):
        config = self.scratch / "parley.ini"
        config.write_text("# a comment\n; another\n[limits]\n message-burst = 1 \n\n"
                          "message-rate=1\nhello-timeout = 7\ndry-run = yes\n")
        # How many sends go through before rate_limited tells which burst is in force.
        for burst, options, env in (
                (1, ("--config", config), {}),
                (1, (), {"PARLEY_CONFIG": str(config)}),
                (2, ("--config", config), {"PARLEY_MESSAGE_BURST": "2"}),
                (3, ("--config", config, "--message-burst", "3"), {"PARLEY_MESSAGE_BURST": "2"}),
                (3, ("--message-burst=3", "--config=%s" % config), {"PARLEY_MESSAGE_BURST": "2"})):
            with self.subTest(burst=burst, options=options, env=env):
                process = Process(["serve", "--listen", "127.0.0.1:0", "--data", self.data,
                                   "--argon2-memory", "8", "--loops", "1", *options], env=env)
                with process:
                    account = Account(process, "user%d" % len(list(self.scratch.iterdir()))
                                      + os.urandom(4).hex())
                    channel = account.call("createChannel", name=os.urandom(4).hex())["channel"]["id"]
                    with Client(process, account.token) as client:
                        ids = client.requests("sendMessage", [
                            {"channel": channel, "text": "x", "cmid": new_cmid()} for _ in range(5)])
                        went = [n for n in ids if "seq" in client.answer(n)]
                    self.assertEqual(len(went), burst)
                    self.assertEqual(process.stop(), 0)

    def test_bad_values_say_where_they_stand_and_what_to_do(self):
        config = self.scratch / "bad.ini"
        for name, bad in (("message-rate", "fast"), ("message-rate", "0"), ("message-rate", "-1"),
                          ("message-rate", "1.5"), ("message-rate", ""), ("loops", "65"),
                          ("ping", "99999999999999999999"), ("argon2-memory", "7")):
            self.assert_refuses_to_start(2, ["command line", name, "whole number", '"%s"' % bad],
                                         "serve", "--data", self.data, "--%s=%s" % (name, bad))
            variable = "PARLEY_" + name.upper().replace("-", "_")
            self.assert_refuses_to_start(2, [variable, name, "whole number"],
                                         "serve", "--data", self.data, env={variable: bad})
            config.write_text("\n\n%s = %s\n" % (name, bad))
            self.assert_refuses_to_start(2, [str(config), "line 3", name],
                                         "serve", "--data", self.data, "--config", config)
        self.assert_refuses_to_start(2, ["secure-cookies", "yes or no"], "serve",
                                     "--secure-cookies=perhaps")
        self.assert_refuses_to_start(2, ["--no-such", "--help"], "serve", "--no-such", "1")
        self.assert_refuses_to_start(2, ["--data", "needs a value"], "serve", "--data")
        self.assert_refuses_to_start(2, ["stray"], "serve", "stray")
        self.assert_refuses_to_start(2, ["missing.ini", "--config"], "serve", "--config",
                                     self.scratch / "missing.ini")
        for text, words in (("what is this", ["name = value"]), ("no-such = 1", ["no-such", "--help"]),
                            ("x" * 5000, ["too long"]), ("\n" * 1001, ["too long"])):
            config.write_text(text + "\n")
            self.assert_refuses_to_start(2, ["bad.ini", *words], "serve", "--config", config)
        self.assertFalse(self.data.exists())  # nothing was made

    def test_addresses_that_cannot_be_listened_on_are_told_with_another_choice(self):
        for address in ("nonsense", "localhost:http", "127.0.0.1:65536", "127.0.0.1:-1", "[::1:80",
                        "256.1.1.1:80", "chat.example.com:80", "192.0.2.1:0", ":", ""):
            self.assert_refuses_to_start(1, ["--listen"], "serve", "--data", self.data,
                                         "--listen", address)
        self.assertFalse(self.data.exists())

    def test_an_address_in_use_is_told_whoever_uses_it(self):
        with socket.create_server(("127.0.0.1", 0)) as other:
            address = "127.0.0.1:%d" % other.getsockname()[1]
            self.assert_refuses_to_start(1, [address, "already", "--listen"], "serve",
                                         "--data", self.data, "--listen", address)
        server = self.start()
        address = "127.0.0.1:%d" % server.port
        self.assert_refuses_to_start(1, [address, "already", "--listen"], "serve",
                                     "--data", self.scratch / "other", "--listen", address)
        self.assert_refuses_to_start(1, [address], "echo", "--listen", address)
        self.assertEqual(request(server, "GET", "/healthz")[0], 200)

    def test_it_listens_where_it_is_told(self):
        for listen, connect in (("127.0.0.1:0", "127.0.0.1"), (":0", "127.0.0.1"), ("0", "127.0.0.1"),
                                ("localhost:0", "127.0.0.1"), ("*:0", "127.0.0.1")):
            with self.start("--listen", listen) as server:
                server.host = connect
                self.assertEqual(request(server, "GET", "/healthz")[0], 200)
        try:
            socket.create_server(("::1", 0), family=socket.AF_INET6).close()
        except OSError:
            return  # this machine has no IPv6
        with self.start("--listen", "[::1]:0") as server:
            self.assertEqual(request(server, "GET", "/healthz")[0], 200)
            self.assertIn("http://[::1]:", server.line)


class Data(Case):
    def test_the_folder_is_made_for_its_owner_only(self):
        self.start()
        self.assertEqual(self.data.stat().st_mode & 0o777, 0o700)
        for file in self.data.iterdir():
            self.assertEqual(file.stat().st_mode & 0o077 & ~0o044, 0, file)

    def test_a_folder_in_use_is_told(self):
        server = self.start()
        self.assert_refuses_to_start(1, [str(self.data), "another parley", "--data"], "serve",
                                     "--listen", "127.0.0.1:0", "--data", self.data)
        self.assertEqual(request(server, "GET", "/readyz")[0], 200)
        server.kill()
        server.restart()  # a lock of the dead holds nobody up
        self.assertEqual(request(server, "GET", "/readyz")[0], 200)

    def test_a_folder_that_cannot_be_made_is_told(self):
        self.assert_refuses_to_start(1, ["no/such", "--data"], "serve", "--listen", "127.0.0.1:0",
                                     "--data", self.scratch / "no" / "such")
        file = self.scratch / "file"
        file.write_text("x")
        self.assert_refuses_to_start(1, [str(file)], "serve", "--listen", "127.0.0.1:0",
                                     "--data", file)

    def test_a_file_that_is_no_database_is_told_and_left_alone(self):
        self.data.mkdir()
        for content in (b"not a database at all" * 300, b"SQLite format 3\0" + b"\xff" * 5000):
            path = self.data / "parley.db"
            path.write_bytes(content)
            self.assert_refuses_to_start(1, [str(self.data)], "serve", "--listen", "127.0.0.1:0",
                                         "--data", self.data)
            self.assertEqual(path.read_bytes(), content)

    def test_the_database_of_another_program_is_told_and_left_alone(self):
        self.data.mkdir()
        path = self.data / "parley.db"
        database = sqlite3.connect(path)
        database.execute("create table users (x)")
        database.commit()
        database.close()
        content = path.read_bytes()
        self.assert_refuses_to_start(1, ["not a database of Parley's"], "serve",
                                     "--listen", "127.0.0.1:0", "--data", self.data)
        self.assertEqual(path.read_bytes(), content)

    def test_the_database_of_a_newer_parley_is_told_and_left_alone(self):
        server = self.start()
        server.stop()
        database = sqlite3.connect(self.data / "parley.db")
        version, = database.execute("pragma user_version").fetchone()
        database.execute("pragma user_version = %d" % (version + 1))
        database.commit()
        database.close()
        self.assert_refuses_to_start(1, ["newer Parley"], "serve", "--listen", "127.0.0.1:0",
                                     "--data", self.data)

    def test_a_damaged_page_is_an_error_and_never_wrong_data(self):
        server = self.start()
        ada = Account(server, "ada")
        channel = ada.call("createChannel", name="c")["channel"]["id"]
        with Client(server, ada.token) as client:
            for number in client.requests("sendMessage", [
                    {"channel": channel, "text": "text %d " % i + "x" * 3000, "cmid": new_cmid()}
                    for i in range(200)]):
                client.answer(number)
        whole = ada.call("getMessages", channel=channel, after=0, limit=500)["events"]
        self.assertEqual(server.stop(), 0)
        path = self.data / "parley.db"
        content = bytearray(path.read_bytes())
        page = len(content) // 2 // 4096 * 4096
        content[page:page + 4096] = b"\xa5" * 4096
        path.write_bytes(content)
        try:
            server.start()
        except RuntimeError as refused:
            self.assertIn("damaged", str(refused))
            return
        status, _, body = request(server, "GET", "/api/v1/getMessages?channel=%d&after=0&limit=500"
                                  % channel, headers={"Authorization": "Bearer " + ada.token})
        if status == 200:
            events = json.loads(body)["events"]
            self.assertEqual(events, [e for e in whole if e["seq"] <= events[-1]["seq"]][:len(events)])
        else:
            self.assertEqual(status, 500)
        self.assertEqual(request(server, "GET", "/healthz")[0], 200)

    def test_everything_is_there_after_a_stop_and_a_start(self):
        server = self.start()
        ada = Account(server, "ada")
        channel = ada.call("createChannel", name="c", topic="t")["channel"]["id"]
        sent = ada.call("sendMessage", channel=channel, text="x", cmid=new_cmid())
        ada.call("markRead", channel=channel, seq=sent["seq"])
        before = (ada.call("getChannels"), ada.call("getMe"), ada.call("getMessages", channel=channel))
        self.assertEqual(server.stop(), 0)
        server.restart()
        self.assertEqual(before, (ada.call("getChannels"), ada.call("getMe"),
                                  ada.call("getMessages", channel=channel)))


class Stopping(Case):
    def test_clients_are_told_to_move_and_are_closed_with_1012_and_the_status_is_0(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            server = self.start("--drain-window", "3")
            ada = Account(server, "user%d" % number)
            clients = [Client(server, ada.token) for _ in range(20)]
            server.process.send_signal(number)
            for client in clients:
                move = client.event("move")
                self.assertTrue(0 <= move["after_ms"] < 3000, move)
                self.assertEqual(client.closed(), 1012)
                client.ws.expect_end()
                client.close()
            self.assertEqual(server.wait(), 0)
            self.assertEqual([line for line in server.log if "error" in line], [])

    def test_whatever_was_acked_under_load_is_there_after_sigterm(self):
        server = self.start(binary=asan_bin())
        ada = Account(server, "ada")
        channel = ada.call("createChannel", name="c")["channel"]["id"]
        client = Client(server, ada.token)
        acked, asked = [], []
        for turn in range(60):
            asked += client.requests("sendMessage", [
                {"channel": channel, "text": "x" * 100, "cmid": new_cmid()} for _ in range(20)])
            if turn == 30:
                server.process.send_signal(signal.SIGTERM)
            try:
                for number in asked[len(acked):]:
                    acked.append(client.answer(number)["seq"])
            except (Closed, OSError):
                break
        client.close()
        self.assertEqual(server.wait(), 0, server.log)
        server.restart()
        events = ada.call("getMessages", channel=channel, after=0, limit=500)
        seqs = {event["seq"] for event in events["events"]}
        while events["more_after"]:
            events = ada.call("getMessages", channel=channel, after=max(seqs), limit=500)
            seqs |= {event["seq"] for event in events["events"]}
        self.assertGreater(len(acked), 100)
        self.assertLessEqual(set(acked), seqs)

    def test_a_client_that_does_not_close_cannot_hold_it_up_for_ever(self):
        server = self.start("--stop-timeout", "1")
        ada = Account(server, "ada")
        stubborn = Client(server, ada.token, receive_buffer=4096)
        half = socket.create_connection((server.host, server.port))
        half.sendall(b"POST /api/v1/getMe HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n")
        idle = http.client.HTTPConnection(server.host, server.port)
        idle.request("GET", "/healthz")
        idle.getresponse().read()
        self.assertEqual(server.stop(), 0)
        stubborn.close()
        half.close()
        idle.close()

    def test_a_second_signal_ends_it_at_once(self):
        server = self.start("--stop-timeout", "600")
        ada = Account(server, "ada")
        client = Client(server, ada.token)  # it will not answer the close frame
        server.process.send_signal(signal.SIGTERM)
        client.event("move")
        server.process.send_signal(signal.SIGTERM)
        self.assertEqual(server.wait(), 1)
        client.close()

    def test_no_new_connections_are_taken_while_it_stops(self):
        server = self.start("--stop-timeout", "600")
        client = Client(server, Account(server, "ada").token)
        server.process.send_signal(signal.SIGTERM)
        client.event("move")
        while self.accepts(server):
            pass  # each loop stops listening in its own time
        self.assertEqual(client.closed(), 1012)
        client.close()
        self.assertEqual(server.wait(), 0)

    def begin(self, server, account, op, **args):
        """A request on a connection of its own, which the server has read when this returns."""
        connection = http.client.HTTPConnection(server.host, server.port, timeout=WRONG_S)
        self.addCleanup(connection.close)
        connection.request("POST", "/api/v1/" + op, json.dumps(args), {
            "Content-Type": "application/json", "Authorization": "Bearer " + account.token})
        # With one loop: what arrived before this is read before this is answered.
        self.assertEqual(request(server, "GET", "/healthz")[0], 200)
        return connection

    def block(self):
        """Nothing can be written to the database until unblock()."""
        blocker = sqlite3.connect(self.data / "parley.db", isolation_level=None)
        self.addCleanup(blocker.close)
        blocker.execute("begin immediate")
        return blocker

    def unblock_late(self, server, blocker):
        """As soon as it stops, and after any thread that should not have ended could have done so."""
        while self.accepts(server):
            pass
        for _ in range(20):
            if "loop" not in self.threads(server):
                break
            time.sleep(0.02)
        blocker.execute("rollback")

    def accepts(self, server):
        try:
            socket.create_connection((server.host, server.port)).close()
            return True
        except OSError:
            return False

    def threads(self, server):
        tasks = pathlib.Path("/proc/%d/task" % server.pid)
        return [task.joinpath("comm").read_text().strip() for task in tasks.iterdir()]

    def test_requests_under_way_when_it_stops_are_answered(self):
        server = self.start("--loops", "1", binary=asan_bin())
        ada = Account(server, "ada")
        blocker = self.block()
        busy = [self.begin(server, ada, "createChannel", name="c%d" % i) for i in range(3)]
        server.process.send_signal(signal.SIGTERM)
        self.unblock_late(server, blocker)
        for connection in busy:
            answer = connection.getresponse()
            self.assertEqual((answer.status, answer.getheader("Connection")), (200, "close"))
            self.assertIn("channel", json.loads(answer.read()))
            connection.close()
        self.assertEqual(server.wait(), 0, server.log)

    def test_requests_whose_clients_are_gone_when_it_stops_end_before_it_does(self):
        server = self.start("--loops", "1", "--store-threads", "1", binary=asan_bin())
        ada = Account(server, "ada")
        channel = ada.call("createChannel", name="c")["channel"]["id"]
        blocker = self.block()
        gone = [self.begin(server, ada, "createChannel", name="late"),
                self.begin(server, ada, "sendMessage", channel=channel, text="x", cmid=new_cmid())]
        for connection in gone:
            connection.close()
        self.assertEqual(request(server, "GET", "/healthz")[0], 200)
        server.process.send_signal(signal.SIGTERM)
        self.unblock_late(server, blocker)
        self.assertEqual(server.wait(), 0, server.log)
        self.assertNotIn("AddressSanitizer", "".join(server.log))

    def test_a_stop_with_nobody_there_leaks_nothing(self):
        server = self.start(binary=asan_bin())
        ada = Account(server, "ada")
        Client(server, ada.token).close()
        self.assertEqual(server.stop(), 0, server.log)
        self.assertNotIn("AddressSanitizer", "".join(server.log))


if __name__ == "__main__":
    unittest.main()
