"""parley import slack: what was imported reads back equal, whatever happens in between.

The sample comes from PARLEY_SLACK_EXPORT (default: ../shared/data/slack-export.zip beside the repository);
where there is none, the exports made here have to do.
"""
import contextlib
import json
import os
import pathlib
import re
import struct
import subprocess
import tempfile
import time
import unittest
import zipfile

from support.server import BIN, ROOT, Account, Server

SAMPLE = pathlib.Path(os.environ.get("PARLEY_SLACK_EXPORT")
                      or ROOT.parent / "shared" / "data" / "slack-export.zip")
TEXT_MAX = 16384
MESSAGES = (None, "thread_broadcast", "me_message", "bot_message")


# ---- running the command ----

def run_import(path, data, *options):
    return subprocess.run([BIN, "import", "slack", str(path), "--data", str(data), *options],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=120)


def report_of(path, data, *options):
    """The report without what differs between two runs that do the same."""
    done = run_import(path, data, "--json", *options)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    report = json.loads(done.stdout)
    del report["dry_run"], report["elapsed_ms"]
    return report


# ---- what an export says, read by other code than the server's ----

FORM = re.compile(r"<([^<>\n]*)>|&(amp|lt|gt);")
URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20\x7f]+")
ENTITIES = {"amp": "&", "lt": "<", "gt": ">"}


def entities(text):
    return re.sub("&(amp|lt|gt);", lambda m: ENTITIES[m.group(1)], text)


def map_text(text, people, channels):
    """Slack's markup as Parley's, by the rules of src/slack/import.h."""
    def form(match):
        if match.group(2):
            return ENTITIES[match.group(2)]
        head, _, label = match.group(1).partition("|")
        label = entities(label)
        reference = re.fullmatch("([@#])([A-Za-z0-9]+)", head)
        if reference:
            sign, name = reference.groups()
            known = people if sign == "@" else channels
            return "<%s%d>" % (sign, known[name]) if name in known else sign + (label or name)
        if head in ("!channel", "!here", "!everyone"):
            return "@" + head[1:]
        if head.startswith(("!subteam^", "!date^")) and label:
            return label
        if URL.fullmatch(head):
            return "[%s](%s)" % (label, entities(head)) if label else entities(head)
        return "<" + entities(match.group(1)) + ">"
    return FORM.sub(form, text)


def micros(ts):
    seconds, _, fraction = ts.partition(".")
    return int(seconds) * 1000000 + int(fraction.ljust(6, "0"))


class Export:
    """The messages of an export by channel: (author's id in Slack, ts_us, text, root's index)."""

    def __init__(self, path):
        self.zip = zipfile.ZipFile(path)
        self.users = {u["id"]: u for u in self.list("users.json") if u.get("id")}
        self.channels = {c["id"]: c for c in self.list("channels.json")}

    def list(self, name):
        return json.loads(self.zip.read(name))

    def days(self, folder):
        names = [n for n in self.zip.namelist()
                 if re.fullmatch(re.escape(folder) + r"/\d{4}-\d\d-\d\d\.json", n)]
        for name in sorted(names):
            try:
                yield self.list(name)
            except ValueError:
                pass

    def messages(self, folder, people, channels):
        out, first, seen = [], {}, set()
        for day in self.days(folder):
            for m in sorted((m for m in day if valid(m)), key=lambda m: micros(m["ts"])):
                text = map_text(m["text"], people, channels)
                if len(text.encode()) > TEXT_MAX or "\0" in text:
                    continue
                if (m["ts"], author_of(m)) in seen:
                    continue
                seen.add((m["ts"], author_of(m)))
                root = None
                if m.get("thread_ts") and m["thread_ts"] != m["ts"]:
                    root = first.get(m["thread_ts"])
                    if root is not None and out[root][3] is not None:
                        root = out[root][3]  # an answer to an answer belongs to its thread
                first.setdefault(m["ts"], len(out))
                out.append((author_of(m), micros(m["ts"]), text, root))
        return out


def valid(m):
    return (isinstance(m, dict) and m.get("type") == "message" and m.get("subtype") in MESSAGES
            and re.fullmatch(r"\d{1,10}\.\d{1,6}", str(m.get("ts"))) and micros(m["ts"]) < 2 ** 53
            and m.get("text") and isinstance(m["text"], str)
            and re.fullmatch("[A-Za-z0-9]+", author_of(m).replace("name:Old Hook", "hook")))


def author_of(m):
    name = m.get("username")
    return m.get("user") or m.get("bot_id") or ("name:" + name if name else "")


# ---- what the server says ----

class Reader:
    """Everything that a person can read from a server."""

    def __init__(self, server, name="reader"):
        self.account = Account(server, name)
        self.people = {u["id"]: u for u in self.list("getUsers", "users")}
        self.ids = {u["name"]: i for i, u in self.people.items()}
        self.channels = {c["name"]: c for c in self.list("listChannels", "channels")}
        for channel in self.channels.values():
            self.account.call("joinChannel", channel=channel["id"])

    def list(self, op, name):
        items, after = [], 0
        while after is not None:
            page = self.account.call(op, after=after, limit=500)
            items += page[name]
            after = page.get("next")
        return items

    def pages(self, channel, forward):
        """All events of a channel, from its beginning or from its end."""
        channel_id, events = self.channels[channel]["id"], []
        where = {"after": 0} if forward else {}
        while True:
            page = self.account.call("getMessages", channel=channel_id, limit=500, **where)
            events = events + page["events"] if forward else page["events"] + events
            if not page["more_after" if forward else "more_before"]:
                return events
            where = {"after": events[-1]["seq"]} if forward else {"before": events[0]["seq"]}

    def messages(self, channel):
        """As Export.messages, but with the authors' names here."""
        events = self.pages(channel, True)
        assert events == self.pages(channel, False), "two ways to read, two answers"
        events = [e for e in events if e["ev"] == "message"]
        assert [e["n"] for e in events] == list(range(1, len(events) + 1))
        at = {e["seq"]: i for i, e in enumerate(events)}
        return [(self.people[e["from"]]["name"], e["ts_us"], e["text"],
                 at[e["thread"]] if "thread" in e else None) for e in events]

    def members(self, channel):
        ids = [u["id"] for u in self.list_members(self.channels[channel]["id"])]
        return {self.people[i]["name"] for i in ids if i != self.account.id}

    def list_members(self, channel_id):
        items, after = [], 0
        while after is not None:
            page = self.account.call("getMembers", channel=channel_id, after=after, limit=500)
            items += page["users"]
            after = page.get("next")
        return items


@contextlib.contextmanager
def reading(data, name="reader"):
    with Server(data) as server:
        yield Reader(server, name)
        server.stop()


READERS = {"reader", "reader2"}


def everything(data, name="reader"):
    """All that can be read of imported things, to compare two ways to the same state."""
    with reading(data, name) as reader:
        return (sorted((i, u["name"], u["display_name"]) for i, u in reader.people.items()
                       if u["name"] not in READERS),
                {name: (c["id"], c["topic"], reader.members(name) - READERS,
                        [e for e in reader.pages(name, True) if e["ev"] == "message"])
                 for name, c in reader.channels.items()})


# ---- exports made here ----

def message(ts, user, text, **more):
    return dict({"type": "message", "ts": ts, "user": user, "text": text}, **more)


def write_export(path, files):
    """`files` maps names to JSON values, or to bytes."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in files.items():
            out.writestr(name, content if isinstance(content, bytes) else json.dumps(content))


USERS = [
    {"id": "U1", "team_id": "T1", "name": "ada", "profile": {"display_name": "Ada L."}},
    {"id": "U2", "team_id": "T1", "name": "Bob B!", "profile": {"real_name": "Bob\u0007 Builder"}},
    {"id": "U3", "team_id": "T1", "name": "carol", "deleted": True, "real_name": "Carol"},
    {"id": "U4", "team_id": "T2", "name": "ada", "profile": {"display_name": " "}},
    {"id": "U5", "team_id": "T1", "name": "robot", "is_bot": True},
    {"id": "", "name": "nobody"},
    {"id": "U6", "team_id": "T1", "name": "\u00e9\u00e8" + "x" * 40},
]
NAMES = {"U1": "ada", "U2": "bob-b", "U3": "carol", "U4": "ada-2", "U5": "robot",
         "U6": "x" * 32, "U77": "dora", "B1": "deploy-bot", "name:Old Hook": "old-hook"}
DISPLAY = {"ada": "Ada L.", "bob-b": "Bob Builder", "carol": "Carol", "ada-2": "ada",
           "robot": "robot", "x" * 32: "\u00e9\u00e8" + "x" * 40, "dora": "Dora",
           "deploy-bot": "Deploy Bot", "old-hook": "Old Hook"}
CHANNELS = [
    {"id": "C1", "name": "general", "creator": "U1", "created": 1500000000,
     "members": ["U1", "U2", "U404"], "topic": {"value": "All &amp; <https://x.example|more>"}},
    {"id": "C2", "name": "random", "members": ["U3"], "is_archived": True},
    {"id": "C3", "name": "No Such!", "members": []},
    {"id": "C1", "name": "again"},
]
TEXTS = [
    "a &amp; b &lt;c&gt; &amp;lt; &quot; &amp &",
    "<@U1> <@U2|bob> <@U404> <@U404|eve &amp; co> <@> <@U1 x>",
    "<#C1> <#C2|random> <#C404|secret> <#C404> <#>",
    "<!channel> <!here|here> <!everyone> <!subteam^S1|@ops> <!subteam^S1> "
    "<!date^1^{date}|noon> <!unknown> <!unknown|label>",
    "<https://x.example/?a=1&amp;b=2> <https://x.example|the &lt;site&gt;> <mailto:a@b.c|a@b.c> "
    "<https://x.example|> <git:x> <1:x> <no url> <a: b> <:x>",
    "<a <@U1> b> <<@U1>> <unfinished", "<", ">", "<>", "<|>", "<@U1", "<a\nb> <https://x|a\nb>",
    "\u00fcn\u00ef \U0001f600 <@U3>\U0001f600", "*bold* _it_ `<@U1>` ```code &amp; more```",
    "x" * TEXT_MAX, "&lt;" * TEXT_MAX,
]


def small_days():
    texts = [message("16000000%02d.000100" % i, "U1", text) for i, text in enumerate(TEXTS)]
    odd = [
        message("1600001002.000002", "U2", "an answer", thread_ts="1600001001.000001"),
        message("1600001001.000001", "U1", "a question", thread_ts="1600001001.000001"),
        message("1600001003.000003", "U3", "an answer to the answer",
                thread_ts="1600001002.000002", subtype="thread_broadcast"),
        message("1600001004.000004", "U2", "to nothing", thread_ts="1599999999.000001"),
        message("1600001005.000005", "U2", "thread of nonsense", thread_ts="soon"),
        message("1600001006.000006", "U2", "joined", subtype="channel_join"),
        message("1600001007.000007", "U2", "joined", subtype="channel_join"),
        message("1600001008.000008", "U2", "topic", subtype="channel_topic"),
        message("1600001009.000009", "U2", ""),
        message("1600001010.000010", "U2", "x" * (TEXT_MAX + 1)),
        message("1600001011.000011", "U2", "a \0 in it"),
        message("yesterday", "U2", "when?"),
        message("1600001012.000012", "U 2", "who?"),
        message("1600001013.000013", "", "nobody"),
        message("1600001014.000014", "U2", ["no text"]),
        "no object",
        message("1600001015.000015", "U2", "waves", subtype="me_message",
                edited={"user": "U2", "ts": "1600001016.000000"}),
        message("1600001017.000017", "U77", "from outside",
                user_profile={"name": "dora", "display_name": "Dora"}),
        message("1600001018.000018", None, "deployed", subtype="bot_message", bot_id="B1",
                username="Deploy Bot", files=[{"id": "F1"}]),
        message("1600001019.000019", None, "hooked", subtype="bot_message",
                username="Old Hook", reactions=[{"name": "eyes", "count": 3}]),
        message("1600001020.000020", "U5", "<@U77> and <@B1>"),
        {"type": "event", "ts": "1600001021.000021"},
    ]
    same = [message("1600001001.000001", "U3", "at the same time elsewhere"),
            message("1600001001.000001", "U2", "and here, by another"),
            message("1600001001.000001", "U3", "the first again"),
            message("1600001002.000001", "U1", "to the first", thread_ts="1600001001.000001")]
    return {"general/2020-09-13.json": texts, "general/2020-09-14.json": odd,
            "general/2020-09-15.json": b'[{"type":"message",', "general/2020-09-16.json": {"a": 1},
            "general/2020-09-17.json": [], "general/canvas.json": [], "general/x/2020-09-13.json": [],
            "random/2020-09-13.json": same,
            "No Such!/2020-09-13.json": [message("1.5", "U1", "early"), message("9999999999.0", "U1",
                                                                               "never")]}


def write_small(path):
    write_export(path, dict(small_days(), **{
        "users.json": USERS, "channels.json": CHANNELS, "groups.json": [{"id": "G1", "name": "g"}],
        "dms.json": [{"id": "D1"}, {"id": "D2"}], "mpims.json": b"broken",
        "integration_logs.json": [], "D1/2020-09-13.json": [message("1600000000.1", "U1", "psst")],
        "../../etc/2020-09-13.json": [message("1600000000.1", "U1", "outside")]}))


def write_many(path, days=60, per_day=400):
    """Enough to be interrupted in: many people, days, threads, and authors nobody listed."""
    users = [{"id": "U%d" % i, "team_id": "T1", "name": "user%d" % i} for i in range(2000)]
    files = {"users.json": users, "channels.json": [
        {"id": "C%d" % c, "name": "many%d" % c, "members": [u["id"] for u in users[c::2]]}
        for c in range(2)]}
    for c in range(2):
        for day in range(days):
            begin = 1500000000 + day * 86400
            files["many%d/2017-%02d-%02d.json" % (c, 1 + day // 28, 1 + day % 28)] = [
                message("%d.%06d" % (begin + i, c), "U%d" % ((day * 7 + i) % 2010),
                        "message %d of day %d <@U%d>" % (i, day, i),
                        **({"thread_ts": "%d.%06d" % (begin + i // 5 * 5, c)} if i % 5 < 4 else {}))
                for i in range(per_day)]
    write_export(path, files)


class Case(unittest.TestCase):
    maxDiff = 2000

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.data = self.folder / "data"
        self.zip = self.folder / "export.zip"

    def assert_equal_lists(self, got, wanted):
        for i, (a, b) in enumerate(zip(got, wanted)):
            self.assertEqual(a, b, "message %d" % i)
        self.assertEqual(len(got), len(wanted))

    def assert_fails(self, done, words):
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn(words, done.stderr)
        self.assertTrue(done.stderr.startswith("parley: ") and done.stderr.endswith((".\n", "?\n")),
                        done.stderr)
        self.assertEqual(done.stdout, "")


class SmallExport(Case):
    """Every odd thing once."""

    def setUp(self):
        super().setUp()
        write_small(self.zip)

    def test_the_report_is_exact(self):
        report = report_of(self.zip, self.data)
        subtypes = {s["name"]: s["count"] for s in report.pop("subtypes")}
        self.assertEqual(subtypes, {"channel_join": 2, "channel_topic": 1, "event": 1})
        self.assertEqual({k: v for k, v in report.items() if v}, {
            "messages_found": len(TEXTS) + 22 + 4 + 2, "messages_added": len(TEXTS) + 14,
            "days_read": 5, "days_bad": 2, "first_bad_day": "general/2020-09-15.json",
            "days_not_taken": 1, "users_added": 9, "users_renamed": 5, "users_unlisted": 3,
            "users_malformed": 1, "channels_added": 3, "channels_renamed": 1,
            "channels_archived": 1, "channels_malformed": 1, "members_added": 3,
            "members_unknown": 1, "replies": 3, "replies_orphaned": 2, "mentions": 8,
            "mentions_unknown": 2, "channel_links": 2, "channel_links_unknown": 2,
            "skipped_subtype": 4, "skipped_empty": 1, "skipped_too_big": 1, "skipped_malformed": 7,
            "skipped_repeated": 1,
            "with_edits": 1, "with_files": 1, "with_reactions": 1, "private_channels": 1,
            "directs": 2})
        skipped = sum(v for k, v in report.items() if k.startswith("skipped_"))
        self.assertEqual(report["messages_found"], report["messages_added"] + skipped)

    def test_everything_reads_back_equal(self):
        report_of(self.zip, self.data)
        export = Export(self.zip)
        folders = {"general": "general", "random": "random", "No Such!": "no-such"}
        with reading(self.data) as reader:
            people = {slack: reader.ids[name] for slack, name in NAMES.items()}
            channels = {"C1": reader.channels["general"]["id"],
                        "C2": reader.channels["random"]["id"],
                        "C3": reader.channels["no-such"]["id"]}
            self.assertEqual(set(reader.channels), set(folders.values()))
            self.assertEqual({u["name"]: u["display_name"] for u in reader.people.values()
                              if u["name"] != "reader"}, DISPLAY)
            for folder, name in folders.items():
                wanted = [(NAMES[author], *rest) for author, *rest in
                          export.messages(folder, people, channels)]
                self.assert_equal_lists(reader.messages(name), wanted)
            self.assertEqual(reader.members("general"), {"ada", "bob-b"})
            self.assertEqual(reader.members("random"), {"carol"})
            self.assertEqual(reader.channels["general"]["topic"], "All & [more](https://x.example)")

    def test_a_second_import_adds_nothing(self):
        first = report_of(self.zip, self.data)
        before = everything(self.data)
        again = report_of(self.zip, self.data)
        self.assertEqual({k: v for k, v in again.items() if k.endswith("_added") and v}, {})
        self.assertEqual(again["messages_known"], first["messages_added"])
        self.assertEqual(again["users_known"], first["users_added"])
        self.assertEqual(again["members_known"], first["members_added"])
        self.assertEqual(everything(self.data, "reader2"), before)

    def test_a_dry_run_stores_nothing_and_reports_the_truth(self):
        rehearsed = report_of(self.zip, self.data, "--dry-run")
        self.assertFalse(self.data.exists())
        self.assertEqual(report_of(self.zip, self.data), rehearsed)
        rehearsed = report_of(self.zip, self.data, "--dry-run")
        self.assertEqual(rehearsed["messages_added"], 0)
        self.assertEqual(report_of(self.zip, self.data), rehearsed)

    def test_names_that_are_taken_get_a_suffix(self):
        with Server(self.data) as server:
            ada = Account(server, "ada")
            for name in ("general", "random", "random-slack"):
                ada.call("createChannel", name=name)
            server.stop()
        rehearsed = report_of(self.zip, self.data, "--dry-run")
        report = report_of(self.zip, self.data)
        self.assertEqual(report, rehearsed)
        self.assertEqual(report["channels_renamed"], 3)
        with reading(self.data) as reader:
            self.assertLessEqual({"ada", "ada-2", "ada-3"}, set(reader.ids))
            self.assertLessEqual({"general-slack", "random-slack-2"}, set(reader.channels))
            self.assertEqual(reader.members("general-slack"), {"ada-2", "bob-b"})

    def test_a_newer_export_adds_what_is_new(self):
        report_of(self.zip, self.data)
        files = dict(small_days(), **{
            "users.json": USERS + [{"id": "U9", "team_id": "T1", "name": "zoe"}],
            "channels.json": [dict(CHANNELS[0], members=["U1", "U9"])] + CHANNELS[1:],
            "general/2020-10-01.json": [message("1601500000.000001", "U9", "a late answer",
                                                thread_ts="1600001001.000001")]})
        write_export(self.zip, files)
        rehearsed = report_of(self.zip, self.data, "--dry-run")
        report = report_of(self.zip, self.data)
        self.assertEqual(report, rehearsed)
        self.assertEqual([report[k + "_added"] for k in ("users", "channels", "members",
                                                         "messages")], [1, 0, 1, 1])
        with reading(self.data) as reader:
            messages = reader.messages("general")
            self.assertEqual(messages[-1][0], "zoe")
            self.assertEqual(messages[messages[-1][3]][2], "a question")

    def test_imported_people_have_read_everything(self):
        report_of(self.zip, self.data)
        done = subprocess.run(["python3", "-c", READ_MARKERS, str(self.data / "parley.db")],
                              stdout=subprocess.PIPE, text=True, check=True)
        self.assertEqual(done.stdout.strip(), "3 0")

    def test_an_import_may_run_while_people_chat(self):
        with Server(self.data) as server:
            reader = Account(server, "reader")
            report_of(self.zip, self.data)
            channels = reader.call("listChannels")["channels"]
            general = next(c["id"] for c in channels if c["name"] == "general")
            reader.call("joinChannel", channel=general)
            sent = reader.call("sendMessage", channel=general, text="hello",
                               cmid="6f2c9a0e-0d5c-4a8e-9a55-0f5d6f1f7c11")
            self.assertGreater(sent["n"], len(TEXTS))
            server.stop()


# How many memberships there are, and how many of them are behind their channel's end.
READ_MARKERS = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
print(*db.execute("SELECT count(*), sum(m.read_seq < h.last_seq) FROM membership_by_user m"
                  " JOIN channel_head h ON h.channel_id = m.channel_id").fetchone())
"""

class Interrupted(Case):
    def test_a_killed_import_is_completed_by_the_next(self):
        write_many(self.zip)
        whole = self.folder / "whole"
        began = time.monotonic()
        wanted_report = report_of(self.zip, whole)
        seconds = time.monotonic() - began
        killed = 0
        for part in (0.1, 0.25, 0.4, 0.55, 0.7, 0.85):
            process = subprocess.Popen([BIN, "import", "slack", str(self.zip), "--data",
                                        str(self.data)], stdout=subprocess.DEVNULL)
            try:
                process.wait(seconds * part)
            except subprocess.TimeoutExpired:
                process.kill()
                killed += process.wait() == -9
        self.assertGreater(killed, 0)
        report = report_of(self.zip, self.data)
        for name in ("users", "channels", "members", "messages"):
            self.assertEqual(report[name + "_added"] + report[name + "_known"],
                             wanted_report[name + "_added"])
        self.assertEqual(everything(self.data), everything(whole))


class Refusals(Case):
    def test_a_missing_file(self):
        self.assert_fails(run_import(self.folder / "none.zip", self.data), "There is no file")

    def test_a_folder(self):
        self.assert_fails(run_import(self.folder, self.data), "cannot be read")

    def test_what_is_no_zip_file(self):
        for content in (b"", b"PK", b"hello" * 1000):
            self.zip.write_bytes(content)
            self.assert_fails(run_import(self.zip, self.data), "no complete ZIP file")

    def test_a_file_that_was_cut_short(self):
        write_small(self.zip)
        self.zip.write_bytes(self.zip.read_bytes()[:-40])
        self.assert_fails(run_import(self.zip, self.data), "no complete ZIP file")

    def test_a_zip_file_that_is_no_export(self):
        write_export(self.zip, {"readme.txt": b"hello"})
        self.assert_fails(run_import(self.zip, self.data), "no users.json")
        write_export(self.zip, {"users.json": []})
        self.assert_fails(run_import(self.zip, self.data), "no channels.json")
        write_export(self.zip, {"users.json": b"{}", "channels.json": []})
        self.assert_fails(run_import(self.zip, self.data), "users.json in the ZIP file is no JSON")

    def test_a_damaged_day(self):
        write_small(self.zip)
        content = bytearray(self.zip.read_bytes())
        with zipfile.ZipFile(self.zip) as archive:
            at = archive.getinfo("general/2020-09-13.json").header_offset
        content[at + 60:at + 80] = b"\xff" * 20
        self.zip.write_bytes(content)
        self.assert_fails(run_import(self.zip, self.data), "general/2020-09-13.json")

    def test_a_folder_that_cannot_be_made(self):
        write_small(self.zip)
        done = run_import(self.zip, self.folder / "no" / "such" / "folder")
        self.assertEqual(done.returncode, 1)
        self.assertIn("--data DIR", done.stderr)


class Bombs(Case):
    """What would grow the process is refused before it does."""

    def run_and_measure(self):
        process = subprocess.Popen([BIN, "import", "slack", str(self.zip), "--data",
                                    str(self.data)], stderr=subprocess.PIPE, text=True)
        stderr = process.stderr.read()
        process.stderr.close()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(process.returncode, 1, stderr)
        self.assertLess(usage.ru_maxrss, 200 * 1024)  # KiB
        return stderr

    def write_zeros(self, size):
        write_export(self.zip, {"users.json": b" " * size, "channels.json": []})

    def test_an_entry_past_64_mib(self):
        self.write_zeros((64 << 20) + 1)
        self.assertIn("at most 67108864", self.run_and_measure())

    def patch(self, signature, offset, value):
        """Write a number into every record that begins with the signature."""
        content = bytearray(self.zip.read_bytes())
        at = content.find(signature)
        while at >= 0:
            content[at + offset:at + offset + 4] = struct.pack("<I", value)
            at = content.find(signature, at + 4)
        self.zip.write_bytes(content)

    def test_an_entry_that_is_longer_than_it_says(self):
        self.write_zeros(32 << 20)
        self.patch(b"PK\3\4", 22, 9)
        self.patch(b"PK\1\2", 24, 9)
        self.assertIn("users.json in the ZIP file is damaged", self.run_and_measure())

    def test_more_than_4_gib_in_all(self):
        with zipfile.ZipFile(self.zip, "w", zipfile.ZIP_DEFLATED) as out:
            for i in range(65):
                out.writestr("f%02d" % i, b"x")
        self.patch(b"PK\1\2", 24, 64 << 20)
        self.assertIn("unpacks to", self.run_and_measure())

    def test_too_many_entries(self):
        with zipfile.ZipFile(self.zip, "w") as out:
            for i in range(100001):
                out.writestr("%d" % i, b"")
        self.assertIn("at most 100000", self.run_and_measure())

    def test_a_claim_of_a_billion_entries(self):
        end64 = struct.pack("<IQHHIIQQQQ", 0x06064b50, 44, 45, 45, 0, 0, 1 << 30, 1 << 30,
                            46 << 30, 0)
        locator = struct.pack("<IIQI", 0x07064b50, 0, 0, 1)
        end = struct.pack("<IHHHHIIH", 0x06054b50, 0, 0, 0xffff, 0xffff, 0xffffffff, 0xffffffff, 0)
        self.zip.write_bytes(end64 + locator + end)
        self.assertIn("at most 100000", self.run_and_measure())


if SAMPLE.is_file():
    class Sample(Case):
        """A real export."""

        def test_it_comes_in_completely_and_reads_back_equal(self):
            export = Export(SAMPLE)
            rehearsed = report_of(SAMPLE, self.data, "--dry-run")
            began = time.monotonic()
            report = report_of(SAMPLE, self.data)
            self.assertLess(time.monotonic() - began, 10)
            self.assertEqual(report, rehearsed)
            with reading(self.data) as reader:
                people = {i: reader.ids[u["name"]] for i, u in export.users.items()}
                channels = {i: reader.channels[c["name"]]["id"]
                            for i, c in export.channels.items()}
                count = 0
                for channel in export.channels.values():
                    name = channel["name"]
                    wanted = [(export.users[author]["name"], *rest) for author, *rest in
                              export.messages(name, people, channels)]
                    self.assert_equal_lists(reader.messages(name), wanted)
                    self.assertEqual(reader.members(name),
                                     {export.users[m]["name"] for m in channel["members"]})
                    count += len(wanted)
            self.assertEqual(report["messages_added"], count)
            again = report_of(SAMPLE, self.data)
            self.assertEqual(again["messages_known"], count)
            self.assertEqual({k: v for k, v in again.items() if k.endswith("_added") and v}, {})


if __name__ == "__main__":
    unittest.main()
