"""parley backup and restore: under load, of one moment, checked; and what they refuse."""
import json
import os
import pathlib
import subprocess
import tempfile
import threading
import unittest

from support.client import Client
from support.server import BIN, CHEAP, Account, Server, asan_bin

WAIT_S = 60


def run(*arguments, binary=None):
    return subprocess.run([binary or asan_bin(), *map(str, arguments)], capture_output=True,
                          text=True, timeout=WAIT_S)


class Backup(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.data = self.folder / "data"
        self.file = self.folder / "backup.db"

    def server(self, data):
        server = Server(data, *CHEAP, binary=BIN)
        self.addCleanup(server.kill)
        return server

    def texts(self, account, channel):
        """All texts of a channel, in order."""
        texts, after = [], 0
        while True:
            page = account.call("getMessages", channel=channel, after=after, limit=500)
            texts += [e["text"] for e in page["events"] if e["ev"] == "message"]
            if not page["more_after"]:
                return texts
            after = page["events"][-1]["seq"]

    def test_a_backup_under_load_has_all_that_was_acked_before_it_and_a_beginning_of_the_rest(self):
        server = self.server(self.data)
        ada = Account(server, "ada")
        channel = ada.call("createChannel", name="busy")["channel"]["id"]
        acked, stop = [], threading.Event()

        def write():
            with Client(server, ada.token) as client:
                while not stop.is_set():
                    text = "message %d" % len(acked)
                    client.send(channel, text)
                    acked.append(text)

        writer = threading.Thread(target=write)
        writer.start()
        try:
            while len(acked) < 300:
                self.assertTrue(writer.is_alive())
            before = len(acked)
            done = run("backup", self.file, "--data", self.data, "--json")
            after = len(acked)
        finally:
            stop.set()
            writer.join()
        self.assertEqual(done.returncode, 0, done.stderr)
        report = json.loads(done.stdout)
        self.assertTrue(before <= report["messages"] <= after + 1, (before, report, after))
        self.assertEqual((report["users"], report["channels"]), (1, 1))
        self.assertEqual(sorted(os.listdir(self.folder)), ["backup.db", "data"])
        self.assertEqual(self.file.stat().st_mode & 0o777, 0o600)
        self.assertEqual(self.file.stat().st_size, report["bytes"])

        restored = self.folder / "restored"
        done = run("restore", self.file, "--data", restored)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("%d messages" % report["messages"], done.stdout)
        other = self.server(restored)
        ada.server = other  # the same session works there
        self.assertEqual(self.texts(ada, channel), acked[:report["messages"]])
        with Client(other, ada.token) as client:
            client.send(channel, "and it goes on")
        self.assertEqual(self.texts(ada, channel)[-1], "and it goes on")

    def test_nothing_is_overwritten(self):
        server = self.server(self.data)
        Account(server, "ada")
        self.file.write_text("mine")
        done = run("backup", self.file, "--data", self.data)
        self.assertEqual(done.returncode, 1)
        self.assertIn("already", done.stderr)
        self.assertEqual(self.file.read_text(), "mine")

        good = self.folder / "good.db"
        self.assertEqual(run("backup", good, "--data", self.data).returncode, 0)
        done = run("restore", good, "--data", self.data)  # a server runs there
        self.assertEqual(done.returncode, 1)
        self.assertIn("another parley serve", done.stderr)
        server.stop()
        done = run("restore", good, "--data", self.data)  # and now its data is there
        self.assertEqual(done.returncode, 1)
        self.assertIn("already", done.stderr)

    def test_what_is_no_backup_is_refused_and_leaves_nothing_behind(self):
        target = self.folder / "new"
        for content in (b"", b"no database at all" * 100, os.urandom(5000)):
            self.file.write_bytes(content)
            done = run("restore", self.file, "--data", target)
            self.assertEqual(done.returncode, 1)
            self.assertIn("no database", done.stderr)
            self.assertEqual(os.listdir(target), ["lock"])
        done = run("restore", self.folder / "nothing", "--data", target)
        self.assertEqual(done.returncode, 1)
        self.assertIn("there is no file", done.stderr)

    def test_a_damaged_backup_is_noticed(self):
        server = self.server(self.data)
        ada = Account(server, "ada")
        channel = ada.call("createChannel", name="long")["channel"]["id"]
        with Client(server, ada.token) as client:
            for number in range(200):
                client.send(channel, "%d " % number + "x" * 1000)
        self.assertEqual(run("backup", self.file, "--data", self.data).returncode, 0)
        content = bytearray(self.file.read_bytes())
        middle = len(content) // 2 // 4096 * 4096
        content[middle:middle + 4096] = bytes(4096)
        self.file.write_bytes(content)
        done = run("restore", self.file, "--data", self.folder / "new")
        self.assertEqual(done.returncode, 1)
        self.assertIn("damaged", done.stderr)
        self.assertEqual(os.listdir(self.folder / "new"), ["lock"])

    def test_a_full_disk_leaves_nothing_behind(self):
        server = self.server(self.data)
        ada = Account(server, "ada")
        channel = ada.call("createChannel", name="long")["channel"]["id"]
        with Client(server, ada.token) as client:
            for number in range(200):
                client.send(channel, "%d " % number + "x" * 4000)
        small = self.folder / "small"
        small.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", small], check=True)
        self.addCleanup(subprocess.run, ["umount", small], check=True)
        done = run("backup", small / "backup.db", "--data", self.data)
        self.assertEqual(done.returncode, 1)
        self.assertIn("disk is full", done.stderr)
        self.assertEqual(os.listdir(small), [])

    def test_wrong_words_are_explained(self):
        for command in ("backup", "restore"):
            done = run(command)
            self.assertEqual(done.returncode, 2)
            self.assertIn("name the file", done.stderr)
            self.assertIn("parley backup", run(command, "--help").stdout)


if __name__ == "__main__":
    unittest.main()
