"""HAProxy's admin socket: what it thinks of the servers behind it."""
import csv
import io

from cluster import probe

WAIT_S = 30


class Admin:
    """One connection for each command, as HAProxy wants it."""

    def __init__(self, path):
        self.path = path

    def command(self, words):
        with probe.unix_connect(self.path, WAIT_S) as sock:
            sock.sendall(words.encode() + b"\n")
            with sock.makefile(encoding="utf-8") as answer:
                return answer.read()

    def servers(self):
        """{(backend, server): its row of `show stat`}"""
        table = self.command("show stat").lstrip("# ")
        return {(row["pxname"], row["svname"]): row for row in csv.DictReader(io.StringIO(table))
                if row["svname"] not in ("FRONTEND", "BACKEND")}

    def state(self, backend, server):
        """UP, DOWN, NOLB (draining) ..."""
        return self.servers()[(backend, server)]["status"]
