"""A Slack export read through the fleet equals the one read through `parley serve`."""
import json
import os
import pathlib
import subprocess
import tempfile
import unittest
import zipfile

from support.fleet import Fleet
from support.server import BIN, Account, Server

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
REAL = pathlib.Path(os.environ.get("PARLEY_SLACK_EXPORT") or
                    ROOT.parent / "shared" / "data" / "slack-export.zip")


def small_export(path):
    """Two channels, threads, mentions: for machines without the real one."""
    users = [{"id": "U%d" % i, "team_id": "T1", "name": "user%d" % i, "profile": {}}
             for i in range(5)]
    channels = [{"id": "C%d" % i, "name": "c%d" % i, "members": ["U0", "U1"]} for i in range(2)]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("users.json", json.dumps(users))
        archive.writestr("channels.json", json.dumps(channels))
        for channel in channels:
            day = [{"type": "message", "user": "U%d" % (i % 5), "text": "m%d <@U1> &lt;" % i,
                    "ts": "1554854%03d.000100" % i, "thread_ts": "1554854%03d.000100" % (i - i % 7)}
                   for i in range(900)]
            archive.writestr("%s/2019-04-10.json" % channel["name"], json.dumps(day))


def read_all(account):
    """Every channel by name: its events, with people by their names, as they are sent."""
    names, after = {}, 0
    while True:
        page = account.call("getUsers", after=after, limit=500)
        names.update((user["id"], user["name"]) for user in page["users"])
        if "next" not in page:
            break
        after = page["next"]
    channels = {}
    for channel in account.call("listChannels")["channels"]:
        account.call("joinChannel", channel=channel["id"])
        events, after = [], 0
        while True:
            page = account.call("getMessages", channel=channel["id"], after=after, limit=500)
            events += [event for event in page["events"] if event["ev"] == "message"]
            if not page["more_after"]:
                break
            after = page["events"][-1]["seq"]
        order = {event["seq"]: at for at, event in enumerate(events)}
        channels[channel["name"]] = [
            (names[e["from"]], e["ts_us"], e["n"], order.get(e.get("thread")), e["cmid"], e["text"])
            for e in events]
    return channels


class Import(unittest.TestCase):
    def test_an_export_is_the_same_in_a_fleet_and_in_one_process(self):
        with tempfile.TemporaryDirectory() as folder:
            export = str(REAL)
            if not REAL.exists():
                export = os.path.join(folder, "export.zip")
                small_export(export)
            data = os.path.join(folder, "data")
            subprocess.run([BIN, "import", "slack", export, "--data", data], check=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            with Server(data) as server:
                alone = read_all(Account(server, "reader"))
        fleet = Fleet(edges=1, apis=1, persisters=1, haproxy=False)
        self.addCleanup(fleet.stop_all)
        with tempfile.TemporaryDirectory() as folder:
            if not REAL.exists():
                export = os.path.join(folder, "export.zip")
                small_export(export)
            for _ in range(2):
                done = subprocess.run(
                    [BIN, "import", "slack", export, "--json", "--config",
                     fleet.dir / "parley.ini"], check=True, stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL)
        self.assertEqual(json.loads(done.stdout)["messages_added"], 0)
        together = read_all(fleet.account("reader"))
        self.assertEqual(sum(map(len, together.values())), sum(map(len, alone.values())))
        for name, events in alone.items():
            self.assertEqual(together[name], events)


if __name__ == "__main__":
    unittest.main()
