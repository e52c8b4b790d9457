"""Every operation and error of docs/PROTOCOL.md, by WebSocket and by HTTP alike."""
import json
import tempfile
import unittest
import urllib.parse

from support.client import Client, new_cmid
from support.deployment import Serve, await_events, everywhere
from support.server import Account, Refused, Server, call, request

STATUS = {"invalid": 400, "unauthenticated": 401, "wrong_password": 401, "forbidden": 403,
          "not_member": 403, "not_found": 404, "exists": 409, "too_big": 413, "rate_limited": 429,
          "unavailable": 503, "disk_full": 507, "internal": 500}
READING = ("getMe", "getUsers", "listChannels", "getChannels", "getMembers", "getMessages")
BIG = 2 ** 53


class Http:
    """The operations as POST with a token."""

    def __init__(self, account):
        self.account = account

    def call(self, op, **args):
        """The answer, or the word of the error; the status must fit."""
        try:
            return call(self.account.server, op, args, self.account.token)
        except Refused as refused:
            if refused.status != STATUS[refused.error]:
                raise AssertionError("status %d for %s" % (refused.status, refused.error)) from refused
            if not refused.body["message"]:
                raise AssertionError("no message") from refused
            return refused.error

    def close(self):
        pass


class Get(Http):
    """The reading operations as GET, all else as POST."""

    def call(self, op, **args):
        simple = all(isinstance(v, (int, str)) or k == "ids" for k, v in args.items())
        if op not in READING or not simple:
            return super().call(op, **args)
        if isinstance(args.get("ids"), list):
            args["ids"] = ",".join(map(str, args["ids"]))
        query = urllib.parse.urlencode(args)
        status, _, body = request(self.account.server, "GET", "/api/v1/%s?%s" % (op, query),
                                  headers={"Authorization": "Bearer " + self.account.token})
        answer = json.loads(body)
        if status != 200:
            assert status == STATUS[answer["error"]], (status, answer)
            return answer["error"]
        return answer


class Live:
    """The operations on a WebSocket."""

    def __init__(self, account):
        self.account = account
        self.client = Client(account.server, account.token)

    def call(self, op, **args):
        answer = self.client.answer(self.client.request(op, **args))
        return answer.get("error") or answer

    def close(self):
        self.client.close()


class Case(unittest.TestCase):
    deployment = Serve
    options = ()

    @classmethod
    def setUpClass(cls):
        cls.deployed = cls.deployment(cls.options)
        cls.server = cls.deployed.server
        cls.names = cls.deployed.first_name

    @classmethod
    def tearDownClass(cls):
        cls.deployed.close()

    def account(self):
        type(self).names += 1
        return Account(self.server, "user%d" % self.names)

    def channel(self, account):
        type(self).names += 1
        channel = account.call("createChannel", name="channel%d" % self.names)["channel"]["id"]
        await_events(account, channel, 1)
        return channel

    def live(self, account):
        client = Client(self.server, account.token)
        self.addCleanup(client.close)
        return client

    def each_transport(self, account):
        for transport in (Http, Get, Live):
            link = transport(account)
            self.addCleanup(link.close)
            yield link


@everywhere
class Operations(Case):
    """What each operation answers."""

    def test_sign_up_and_log_in_give_a_user_and_a_token_that_works(self):
        made = call(self.server, "signUp", {"name": "Grace.H_0-1", "password": "12345678",
                                            "display_name": "Grace \u00c5 Hopper"})
        self.assertEqual(made["user"]["name"], "grace.h_0-1")
        self.assertEqual(made["user"]["display_name"], "Grace \u00c5 Hopper")
        again = call(self.server, "logIn", {"name": "GRACE.h_0-1", "password": "12345678"})
        self.assertEqual(again["user"], made["user"])
        self.assertNotEqual(again["token"], made["token"])
        for token in (made["token"], again["token"]):
            self.assertEqual(call(self.server, "getMe", {}, token), {"user": made["user"]})

    def test_sign_up_and_log_in_work_on_a_socket_before_hello(self):
        with Client(self.server, hello=False) as client:
            made = client.call("signUp", name="socket", password="12345678")
            again = client.call("logIn", name="socket", password="12345678")
            self.assertEqual(again["user"], made["user"])
            with self.assertRaises(Refused) as caught:
                client.call("getMe")  # they do not replace hello
            self.assertEqual(caught.exception.error, "unauthenticated")
            self.assertEqual(client.hello(again["token"])["user"], made["user"])

    def test_the_display_name_is_the_name_when_none_is_given(self):
        for given in ({}, {"display_name": None}, {"display_name": ""}):
            self.names += 1
            name = "plain%d" % len(json.dumps(given))
            made = call(self.server, "signUp", {"name": name, "password": "12345678", **given})
            self.assertEqual(made["user"]["display_name"], name)
            self.assertEqual(call(self.server, "getMe", {}, made["token"])["user"], made["user"])

    def test_get_users_by_ids_and_by_pages(self):
        ada, bob = self.account(), self.account()
        for link in self.each_transport(ada):
            users = link.call("getUsers", ids=[bob.id, ada.id, 999999])["users"]
            self.assertEqual(sorted(user["id"] for user in users), [ada.id, bob.id])
            self.assertEqual(link.call("getUsers", ids=[bob.id])["users"][0]["name"], bob.name)
            seen, after = [], 0
            while after is not None:
                page = link.call("getUsers", after=after, limit=1)
                self.assertLessEqual(len(page["users"]), 1)
                seen += [user["id"] for user in page["users"]]
                after = page.get("next")
            self.assertEqual(seen, sorted(set(seen)))
            self.assertLessEqual({ada.id, bob.id}, set(seen))

    def test_channels_are_made_listed_joined_and_left(self):
        ada, bob = self.account(), self.account()
        for link in self.each_transport(ada):
            type(self).names += 1
            name = "Stra\u00dfe-%d_\u6771\u4eac" % self.names
            made = link.call("createChannel", name=name, topic="a\nb")["channel"]
            self.assertEqual((made["kind"], made["name"], made["topic"], made["members"]),
                             ("public", name.replace("S", "s"), "a\nb", 1))
            self.assertEqual((made["member"], made["unread"]), (True, 0))
            self.assertEqual(link.call("createChannel", name=name.upper()
                                       if name.upper() == name else name), "exists")

            seen = bob.call("listChannels", limit=500)["channels"]
            theirs = next(c for c in seen if c["id"] == made["id"])
            self.assertFalse(theirs["member"])
            self.assertNotIn("unread", theirs)
            self.assertNotIn("read_seq", theirs)
            self.assertNotIn(made["id"], [c["id"] for c in bob.call("getChannels")["channels"]])

            joined = bob.call("joinChannel", channel=made["id"])["channel"]
            self.assertEqual((joined["members"], joined["member"]), (2, True))
            self.assertEqual(bob.call("joinChannel", channel=made["id"])["channel"]["members"], 2)
            users = link.call("getMembers", channel=made["id"])["users"]
            self.assertEqual([u["id"] for u in users], [ada.id, bob.id])
            page = link.call("getMembers", channel=made["id"], limit=1)
            self.assertEqual([u["id"] for u in page["users"]], [ada.id])
            page = link.call("getMembers", channel=made["id"], limit=1, after=page["next"])
            self.assertEqual([u["id"] for u in page["users"]], [bob.id])

            self.assertEqual(link.call("leaveChannel", channel=made["id"]), {})
            self.assertNotIn(made["id"], [c["id"] for c in link.call("getChannels")["channels"]])
            self.assertEqual(link.call("leaveChannel", channel=made["id"]), "not_member")

    def test_list_channels_pages_through_all_of_them_in_order(self):
        ada = self.account()
        made = [self.channel(ada) for _ in range(7)]
        for link in self.each_transport(ada):
            seen, after = [], 0
            while after is not None:
                page = link.call("listChannels", after=after, limit=2)
                seen += [channel["id"] for channel in page["channels"]]
                after = page.get("next")
            self.assertEqual(seen, sorted(seen))
            self.assertLessEqual(set(made), set(seen))

    def test_the_history_has_creation_joins_and_leaves_and_only_messages_count(self):
        ada, bob = self.account(), self.account()
        channel = self.channel(ada)
        for link in self.each_transport(ada):
            bob.call("joinChannel", channel=channel)
            self.wait_for(ada, channel, "join")
            sent = link.call("sendMessage", channel=channel, text="hi", cmid=new_cmid())
            bob.call("leaveChannel", channel=channel)
            self.wait_for(ada, channel, "leave")
            events = link.call("getMessages", channel=channel)["events"]
            self.assertEqual([e["ev"] for e in events[-3:]], ["join", "message", "leave"])
            self.assertEqual([e["from"] for e in events[-3:]], [bob.id, ada.id, bob.id])
            self.assertEqual([e["n"] for e in events[-3:]], [sent["n"] - 1, sent["n"], sent["n"]])
            self.assertEqual(events[0]["ev"], "create")
            self.assertEqual(events[0]["prev"], 0)
            for before, after in zip(events, events[1:]):
                self.assertEqual(after["prev"], before["seq"])
            for event in events:
                self.assertEqual("cmid" in event, event["ev"] == "message")
                self.assertEqual("text" in event, event["ev"] == "message")

    def wait_for(self, account, channel, ev):
        """Joins and leaves are not waited for by their operation: until it is the newest event."""
        while account.call("getMessages", channel=channel, limit=1)["events"][-1:] == [] or \
                account.call("getMessages", channel=channel, limit=1)["events"][-1]["ev"] != ev:
            pass

    def test_messages_come_back_byte_for_byte(self):
        ada = self.account()
        channel = self.channel(ada)
        texts = ["x", " ", "\n\t\r", "\"\\/", "\u0001\u001f\u007f\u0080\u2028\u2029\ufeff\ufffd",
                 "\U0001f600 e\u0301 \u200b \u202e", "<script>&amp;", "<@7> <#5>",
                 "a" * 16384, "\u6771" * 5461 + "x", "\U0001f600" * 4096]
        for link in self.each_transport(ada):
            for text in texts:
                sent = link.call("sendMessage", channel=channel, text=text, cmid=new_cmid())
                self.assertIsInstance(sent, dict, (sent, text[:20]))
                page = link.call("getMessages", channel=channel, around=sent["seq"], limit=1)
                self.assertEqual(page["events"][0]["text"], text)

    def test_the_same_cmid_gives_the_same_place_at_any_time_by_any_way(self):
        ada, bob = self.account(), self.account()
        channel = self.channel(ada)
        bob.call("joinChannel", channel=channel)
        for link in self.each_transport(ada):
            cmid = new_cmid()
            first = link.call("sendMessage", channel=channel, text="once", cmid=cmid)
            ada.call("sendMessage", channel=channel, text="between", cmid=new_cmid())
            for again in (link, Http(ada)):
                second = again.call("sendMessage", channel=channel, text="once", cmid=cmid.upper())
                self.assertEqual(second.pop("duplicate"), True)
                self.assertEqual(second, first)
            other = bob.call("sendMessage", channel=channel, text="mine", cmid=cmid)
            self.assertNotIn("duplicate", other)  # another sender's cmid is another message
            self.assertGreater(other["seq"], first["seq"])
            texts = [e.get("cmid") for e in ada.call("getMessages", channel=channel)["events"]]
            self.assertEqual(texts.count(cmid), 2)

    def test_a_reply_carries_its_thread_and_a_reply_to_a_reply_the_first_message(self):
        ada = self.account()
        channel = self.channel(ada)
        for link in self.each_transport(ada):
            root = link.call("sendMessage", channel=channel, text="root", cmid=new_cmid())
            one = link.call("sendMessage", channel=channel, text="one", cmid=new_cmid(),
                            thread=root["seq"])
            two = link.call("sendMessage", channel=channel, text="two", cmid=new_cmid(),
                            thread=one["seq"])
            events = link.call("getMessages", channel=channel, after=root["seq"] - 1)["events"]
            self.assertEqual([e.get("thread") for e in events], [None, root["seq"], root["seq"]])
            self.assertEqual(events[-1]["seq"], two["seq"])
            for bad in (two["seq"] + 100, 1):  # nothing there; and the event that made the channel
                self.assertEqual(link.call("sendMessage", channel=channel, text="x",
                                           cmid=new_cmid(), thread=bad), "invalid")

    def test_pages_before_after_around_and_newest(self):
        ada = self.account()
        channel = self.channel(ada)
        with Client(self.server, ada.token) as client:
            for number in client.requests("sendMessage", [
                    {"channel": channel, "text": str(i), "cmid": new_cmid()} for i in range(60)]):
                client.answer(number)
        whole = ada.call("getMessages", channel=channel, after=0, limit=500)["events"]
        seqs = [event["seq"] for event in whole]
        self.assertEqual(len(seqs), 61)
        for link in self.each_transport(ada):
            def page(**args):
                got = link.call("getMessages", channel=channel, **args)
                return ([e["seq"] for e in got["events"]], got["more_before"], got["more_after"])
            self.assertEqual(page(), (seqs[-50:], True, False))
            self.assertEqual(page(limit=500), (seqs, False, False))
            self.assertEqual(page(before=seqs[20], limit=5), (seqs[15:20], True, True))
            self.assertEqual(page(before=seqs[3], limit=5), (seqs[:3], False, True))
            self.assertEqual(page(before=seqs[0]), ([], False, True))
            self.assertEqual(page(before=BIG - 1, limit=2), (seqs[-2:], True, False))
            self.assertEqual(page(after=seqs[20], limit=5), (seqs[21:26], True, True))
            self.assertEqual(page(after=seqs[-2], limit=5), (seqs[-1:], True, False))
            self.assertEqual(page(after=seqs[-1]), ([], True, False))
            self.assertEqual(page(after=0, limit=2), (seqs[:2], False, True))
            around, before, after = page(around=seqs[30], limit=10)
            self.assertEqual(len(around), 10)
            self.assertIn(seqs[30], around)
            self.assertLessEqual(abs(around.index(seqs[30]) - 5), 1)
            self.assertEqual((before, after), (True, True))
            self.assertIn(seqs[0], page(around=seqs[0], limit=10)[0])
            self.assertIn(seqs[-1], page(around=BIG - 1, limit=10)[0])

    def test_a_page_ends_after_about_256_kib_and_says_that_there_is_more(self):
        ada = self.account()
        channel = self.channel(ada)
        for _ in range(40):
            ada.call("sendMessage", channel=channel, text="x" * 16000, cmid=new_cmid())
        for link in self.each_transport(ada):
            page = link.call("getMessages", channel=channel, after=0, limit=500)
            self.assertTrue(page["more_after"])
            self.assertTrue(10 <= len(page["events"]) <= 18, len(page["events"]))
            page = link.call("getMessages", channel=channel, limit=500)
            self.assertTrue(page["more_before"])
            self.assertFalse(page["more_after"])

    def test_mark_read_moves_forward_only_and_counts_messages_only(self):
        ada, bob = self.account(), self.account()
        channel = self.channel(ada)
        bob.call("joinChannel", channel=channel)
        sent = [ada.call("sendMessage", channel=channel, text="x", cmid=new_cmid())
                for _ in range(5)]
        ada.call("leaveChannel", channel=channel)
        self.wait_for(bob, channel, "leave")
        steps = iter([1, 2, 3])
        for link in self.each_transport(bob):
            step = next(steps)
            got = link.call("markRead", channel=channel, seq=sent[step]["seq"])
            self.assertEqual(got, {"read_seq": sent[step]["seq"], "read_n": sent[step]["n"],
                                   "unread": 4 - step})
            back = link.call("markRead", channel=channel, seq=sent[0]["seq"])
            self.assertEqual(back, got)
            mine = next(c for c in link.call("getChannels")["channels"] if c["id"] == channel)
            self.assertEqual((mine["read_seq"], mine["unread"]), (got["read_seq"], got["unread"]))
        last = bob.call("getMessages", channel=channel, limit=1)["events"][0]["seq"]
        self.assertEqual(bob.call("markRead", channel=channel, seq=BIG - 1),
                         {"read_seq": last, "read_n": 5, "unread": 0})

    def test_direct_channels_are_the_same_for_the_same_people(self):
        people = [self.account() for _ in range(9)]
        ada, bob = people[0], people[1]
        for link in self.each_transport(ada):
            made = link.call("openDirect", users=[bob.id])["channel"]
            self.assertEqual((made["kind"], made["name"], made["users"], made["member"]),
                             ("direct", "", sorted([ada.id, bob.id]), True))
            for same in ([ada.id, bob.id], [bob.id, bob.id, ada.id]):
                self.assertEqual(link.call("openDirect", users=same)["channel"]["id"], made["id"])
            self.assertEqual(bob.call("openDirect", users=[ada.id])["channel"]["id"], made["id"])
            three = link.call("openDirect", users=[bob.id, people[2].id])["channel"]
            self.assertNotEqual(three["id"], made["id"])
            alone = link.call("openDirect", users=[ada.id])["channel"]
            self.assertEqual(alone["users"], [ada.id])
            nine = link.call("openDirect", users=[p.id for p in people])["channel"]
            self.assertEqual(len(nine["users"]), 9)
            self.assertEqual(link.call("leaveChannel", channel=made["id"]), "forbidden")
            self.assertNotIn(made["id"], [c["id"] for c in
                                          link.call("listChannels", limit=500)["channels"]])
            mine = next(c for c in link.call("getChannels")["channels"] if c["id"] == made["id"])
            self.assertEqual(mine["users"], made["users"])

    def test_log_out_ends_the_session_and_only_that(self):
        ada = self.account()
        other = call(self.server, "logIn", {"name": ada.name, "password": ada.password})["token"]
        self.assertEqual(ada.call("logOut"), {})
        for op in ("getMe", "logOut", "getChannels"):
            with self.assertRaises(Refused) as caught:
                ada.call(op)
            self.assertEqual((caught.exception.status, caught.exception.error),
                             (401, "unauthenticated"))
        self.assertEqual(call(self.server, "getMe", {}, other)["user"]["id"], ada.id)

    def test_unknown_arguments_and_null_are_as_if_absent(self):
        ada = self.account()
        channel = self.channel(ada)
        for link in self.each_transport(ada):
            sent = link.call("sendMessage", channel=channel, text="x", cmid=new_cmid(),
                             thread=None, nothing={"deep": [1, 2, {"er": None}]})
            self.assertIn("seq", sent)
        got = call(self.server, "getMessages", {"channel": channel, "limit": None, "before": None,
                                                "after": None}, ada.token)
        self.assertEqual(got["events"][-1]["seq"], sent["seq"])


@everywhere
class Errors(Case):
    """Each operation's wrong arguments, and the word that they are refused with."""

    def bad_arguments(self, channel, text="x"):
        """(op, arguments, error), with one of the arguments wrong."""
        numbers = [0, -1, 1.5, BIG, 1e300, "x", "", True, [], {}]
        for value in numbers:
            for op in ("joinChannel", "leaveChannel", "getMembers", "getMessages"):
                yield op, {"channel": value}, "invalid"
            yield "sendMessage", {"channel": value, "text": text, "cmid": new_cmid()}, "invalid"
            yield "markRead", {"channel": value, "seq": 1}, "invalid"
            yield "markRead", {"channel": channel, "seq": value}, "invalid"
            yield "openDirect", {"users": [value]}, "invalid"
            yield "resume", {"have": [[value, 0]]}, "invalid"
            for op in ("getUsers", "listChannels", "getMembers", "getMessages"):
                yield op, {"channel": channel, "limit": value}, "invalid"
            if value != 0:
                yield "resume", {"have": [[channel, value]]}, "invalid"
                for position in ("before", "after", "around"):
                    yield "getMessages", {"channel": channel, position: value}, "invalid"
                yield "sendMessage", {"channel": channel, "text": text, "cmid": new_cmid(),
                                      "thread": value}, "invalid"
        for op in ("getUsers", "listChannels", "getMembers", "getMessages"):
            yield op, {"channel": channel, "limit": 501}, "invalid"
        for op in ("joinChannel", "leaveChannel", "getMembers", "getMessages", "sendMessage",
                   "markRead", "createChannel", "openDirect", "resume", "signUp", "logIn"):
            yield op, {}, "invalid"
        for have in (None, 1, {}, [1], [[]], [[channel]], [[channel, 1, 2]], ["x"], [[channel, "1"]]):
            yield "resume", {"have": have}, "invalid"
        yield "resume", {"have": [[channel, 1]] * 1001}, "too_big"
        for users in (1, "x", {}, [], [[1]], ["1"], [None]):
            yield "openDirect", {"users": users}, "invalid"
        yield "openDirect", {"users": [999999999]}, "not_found"
        yield "getMessages", {"channel": channel, "before": 5, "after": 1}, "invalid"
        yield "getMessages", {"channel": channel, "around": 5, "after": 1}, "invalid"
        for cmid in (None, 7, "", "x", new_cmid()[:-1], new_cmid() + "0",
                     new_cmid().replace("-", "+"), "{%s}" % new_cmid(), "g" + new_cmid()[1:]):
            error = "too_big" if isinstance(cmid, str) and len(cmid) > 36 else "invalid"
            yield "sendMessage", {"channel": channel, "text": text, "cmid": cmid}, error
        for bad in (None, "", 7, "a\0b", [], {}):
            yield "sendMessage", {"channel": channel, "text": bad, "cmid": new_cmid()}, "invalid"
        for bad in ("x" * 16385, "\u6771" * 5462):
            yield "sendMessage", {"channel": channel, "text": bad, "cmid": new_cmid()}, "too_big"
        for name in ("", " ", "a b", "a#b", "a.b", "x\n", "a\0", "<b>", "\u202e", 7, None, "a/b"):
            yield "createChannel", {"name": name}, "invalid"
        yield "createChannel", {"name": "x" * 81}, ("invalid", "too_big")
        yield "createChannel", {"name": "\u6771" * 27}, ("invalid", "too_big")
        yield "createChannel", {"name": "t", "topic": "x" * 1001}, ("invalid", "too_big")
        for topic in ("a\x01", "\x7f", 7, ["x"]):
            yield "createChannel", {"name": "t", "topic": topic}, "invalid"
        for name in ("", " ada", "ada ", ".ada", "-a", "_a", "a b", "\u00e9", "x" * 33, 7, None, "a@b"):
            yield "signUp", {"name": name, "password": "12345678"}, "invalid"
        for password in ("1234567", "x" * 257, 7, None, ""):
            yield "signUp", {"name": "never", "password": password}, "invalid"
        for display_name in ("x" * 81, "a\nb", "a\0b", 7):
            yield "signUp", {"name": "never", "password": "12345678",
                             "display_name": display_name}, "invalid"

    def test_wrong_arguments_are_refused_alike_by_websocket_and_http(self):
        ada = self.account()
        channel = self.channel(ada)
        links = [Http(ada), Live(ada), Get(ada)]
        for op, args, error in self.bad_arguments(channel):
            errors = error if isinstance(error, tuple) else (error,)
            for link in links:
                if isinstance(link, Get) and any(v in ("", None) or isinstance(v, (bool, list, dict))
                                                 for v in args.values()):
                    continue  # a query cannot say these
                with self.subTest(link=type(link).__name__, op=op, args=str(args)[:100]):
                    self.assertIn(link.call(op, **args), errors)
        events = ada.call("getMessages", channel=channel)["events"]
        self.assertEqual([event["ev"] for event in events], ["create"])
        links[1].close()

    def test_a_stranger_and_an_outsider_are_refused(self):
        ada, eve = self.account(), self.account()
        channel = self.channel(ada)
        direct = ada.call("openDirect", users=[ada.id])["channel"]["id"]
        seq = ada.call("sendMessage", channel=direct, text="x", cmid=new_cmid())["seq"]
        cases = []
        for place in (channel, direct, 999999999):
            cases += [("sendMessage", {"channel": place, "text": "x", "cmid": new_cmid()},
                       "not_member"),
                      ("getMessages", {"channel": place}, "not_member"),
                      ("getMessages", {"channel": place, "around": seq}, "not_member"),
                      ("markRead", {"channel": place, "seq": seq}, "not_member"),
                      ("leaveChannel", {"channel": place}, "not_member")]
        for place in (direct, 999999999):
            cases += [("joinChannel", {"channel": place}, "not_found"),
                      ("getMembers", {"channel": place}, "not_found")]
        for link in self.each_transport(eve):
            for op, args, error in cases:
                with self.subTest(op=op, args=args):
                    self.assertEqual(link.call(op, **args), error)
            parts = link.call("resume", have=[[channel, 0], [direct, 0], [999999999, 0]])["channels"]
            self.assertEqual(parts, [{"channel": c, "error": "not_member"}
                                     for c in (channel, direct, 999999999)])

    def test_without_a_session_nothing_but_signing_up_and_logging_in_works(self):
        every = ("logOut", "getMe", "getUsers", "createChannel", "listChannels", "getChannels",
                 "getMembers", "joinChannel", "leaveChannel", "openDirect", "sendMessage",
                 "getMessages", "resume", "markRead")
        args = {"channel": 1, "name": "x", "users": [1], "text": "x", "cmid": new_cmid(),
                "have": [], "seq": 1}
        for token in (None, "", "0" * 64, "x" * 64, "0" * 63, "0" * 65, "\u00e9"):
            for op in every:
                with self.subTest(token=token, op=op):
                    headers = {"Content-Type": "application/json"}
                    if token is not None:
                        headers["Authorization"] = ("Bearer " + token).encode()
                    status, _, body = request(self.server, "POST", "/api/v1/" + op,
                                              json.dumps(args), headers)
                    self.assertEqual((status, json.loads(body)["error"]), (401, "unauthenticated"))
        with Client(self.server, hello=False) as client:
            for op in every:
                answer = client.answer(client.request(op, **args))
                self.assertEqual(answer["error"], "unauthenticated")

    def test_an_unknown_name_and_a_wrong_password_are_told_alike(self):
        ada = self.account()
        answers = []
        for name, password in ((ada.name, "wrong password"), ("nobody", "wrong password"),
                               (ada.name, "x"), (ada.name, "x" * 300), ("not a name!", "12345678")):
            with self.assertRaises(Refused) as caught:
                call(self.server, "logIn", {"name": name, "password": password})
            self.assertEqual(caught.exception.status, 401)
            answers.append(caught.exception.body)
        self.assertEqual([a["error"] for a in answers], ["wrong_password"] * len(answers))
        self.assertEqual(len({a["message"] for a in answers}), 1)

    def test_a_name_that_is_taken_exists_whatever_its_capitals(self):
        ada = self.account()
        with self.assertRaises(Refused) as caught:
            call(self.server, "signUp", {"name": ada.name.upper(), "password": "12345678"})
        self.assertEqual((caught.exception.status, caught.exception.error), (409, "exists"))

    def test_an_unknown_operation_is_said_to_be_unknown(self):
        ada = self.account()
        client = self.live(ada)
        for op in ("", "x", "sendmessage", "sendMessageX", "rpc_find", "hello/../getMe"):
            self.assertEqual(client.answer(client.request(op))["error"], "invalid")
        for op in ("x", "sendmessage", "hello", "", "getMe/", "getMe/x", "../getMe", "%67etMe"):
            status, _, body = request(self.server, "POST", "/api/v1/" + op, "{}",
                                      {"Content-Type": "application/json"})
            self.assertEqual((status, json.loads(body)["error"]), (404, "not_found"), op)

    def test_retry_after_is_told_when_too_much_is_sent(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        server = Server(folder.name, "--message-rate", "6", "--message-burst", "3", "--loops", "1")
        self.addCleanup(server.kill)
        ada = Account(server, "ada")
        channel = ada.call("createChannel", name="c")["channel"]["id"]
        client = Client(server, ada.token)
        self.addCleanup(client.close)
        for i in range(3):
            client.send(channel, "x") if i % 2 else ada.call(
                "sendMessage", channel=channel, text="x", cmid=new_cmid())
        cmid = new_cmid()
        answer = client.answer(client.request("sendMessage", channel=channel, text="x", cmid=cmid))
        self.assertEqual(answer["error"], "rate_limited")
        self.assertTrue(0 < answer["retry_after_ms"] <= 10000, answer)
        status, headers, body = request(
            server, "POST", "/api/v1/sendMessage",
            json.dumps({"channel": channel, "text": "x", "cmid": cmid}),
            {"Content-Type": "application/json", "Authorization": "Bearer " + ada.token})
        self.assertEqual((status, json.loads(body)["error"]), (429, "rate_limited"))
        self.assertTrue(1 <= int(headers["Retry-After"]) <= 10, headers["Retry-After"])
        # Only messages are limited, and only this person's.
        self.assertEqual(ada.call("getMe")["user"]["id"], ada.id)
        bob = Account(server, "bob")
        bob.call("joinChannel", channel=channel)
        bob.call("sendMessage", channel=channel, text="x", cmid=new_cmid())
        texts = ada.call("getMessages", channel=channel)["events"]
        self.assertNotIn(cmid, [event.get("cmid") for event in texts])


@everywhere
class Malformed(Case):
    """What is no request at all."""

    bad = ["", "null", "[]", "1", "\"x\"", "{", "{}x", "{\"id\":1", "{'id':1}", "{\"id\":1,}",
           "[" * 100000, "{\"a\":" * 17 + "1" + "}" * 17, "{\"id\":01}", "{\"a\":\"\\ud800\"}",
           "{\"a\":\"\n\"}", "\ufeff{}", "{\"id\":NaN}", "{\"id\":1}{\"id\":2}"]

    def test_by_http_it_is_refused_with_400_and_the_connection_goes_on(self):
        ada = self.account()
        headers = {"Content-Type": "application/json", "Authorization": "Bearer " + ada.token}
        for text in self.bad:
            if text == "" or len(text) > 65536:
                continue  # no body is no arguments; too long has its own test
            with self.subTest(text=text[:40]):
                status, _, body = request(self.server, "POST", "/api/v1/getMe", text.encode(), headers)
                self.assertEqual((status, json.loads(body)["error"]), (400, "invalid"))
        for raw in (b"{\"a\":\"\xff\"}", b"{\"a\":\"\xc0\x80\"}", b"{\"a\":\"\xed\xa0\x80\"}", b"\0"):
            status, _, body = request(self.server, "POST", "/api/v1/getMe", raw, headers)
            self.assertEqual(status, 400, raw)
        self.assertEqual(ada.call("getMe")["user"]["id"], ada.id)

    def test_by_websocket_it_is_answered_nine_times_and_then_the_socket_is_closed(self):
        ada = self.account()
        for text in self.bad:
            if len(text) > 65536:
                continue
            with self.subTest(text=text[:40]):
                client = self.live(ada)
                for count in range(9):
                    client.ws.send_text(text)
                    while len(client.stray) <= count:
                        client.pump()
                    self.assertEqual(client.stray[-1]["error"], "invalid")
                self.assertEqual(client.call("getMe")["user"]["id"], ada.id)
                client.ws.send_text(text)
                self.assertEqual(client.closed(), 1008)

    def test_a_request_needs_an_id_and_an_op(self):
        client = self.live(self.account())
        bad = [{}, {"op": "getMe"}, {"id": 1}, {"id": "1", "op": "getMe"}, {"id": -1, "op": "getMe"},
               {"id": 1.5, "op": "getMe"}, {"id": BIG, "op": "getMe"}, {"id": None, "op": "getMe"},
               {"id": 1, "op": 7}]
        for count, request_ in enumerate(bad):
            client.ws.send_text(json.dumps(request_))
            while len(client.stray) <= count:
                client.pump()
            self.assertEqual(client.stray[-1]["error"], "invalid", request_)
        client.next_id = BIG
        client.ws.send_text(json.dumps({"id": BIG - 1, "op": "getMe"}))
        self.assertIn("user", client.answer(BIG - 1))
        client.ws.send_text(json.dumps({"id": 0, "op": "getMe"}))
        self.assertIn("user", client.answer(0))

    def test_a_message_over_64_kib_closes_with_1009_and_one_of_64_kib_is_taken(self):
        ada = self.account()
        channel = self.channel(ada)
        client = self.live(ada)
        body = json.dumps({"id": 1000, "op": "sendMessage", "channel": channel, "text": "x" * 16384,
                           "cmid": new_cmid(), "pad": ""})
        exact = body[:-2] + "p" * (65536 - len(body)) + body[-2:]
        client.next_id = 1001
        client.ws.send_text(exact)
        self.assertIn("seq", client.answer(1000))
        client.ws.send_text(exact + " ")
        self.assertEqual(client.closed(), 1009)

    def test_a_body_over_64_kib_is_413_and_one_of_64_kib_is_taken(self):
        ada = self.account()
        headers = {"Content-Type": "application/json", "Authorization": "Bearer " + ada.token}
        exact = "{\"a\":\"%s\"}" % ("x" * (65536 - 8))
        status, _, body = request(self.server, "POST", "/api/v1/getMe", exact, headers)
        self.assertEqual((status, len(exact)), (200, 65536), body)
        status, _, _ = request(self.server, "POST", "/api/v1/getMe", exact + " ", headers)
        self.assertEqual(status, 413)

    def test_json_may_be_nested_16_deep_and_not_deeper(self):
        ada = self.account()
        headers = {"Content-Type": "application/json", "Authorization": "Bearer " + ada.token}
        for depth, status in ((16, 200), (17, 400)):
            text = "{\"a\":" + "[" * (depth - 1) + "]" * (depth - 1) + "}"
            self.assertEqual(request(self.server, "POST", "/api/v1/getMe", text, headers)[0], status)

    def test_binary_closes_with_1003_and_bad_utf_8_with_1007(self):
        ada = self.account()
        client = self.live(ada)
        client.ws.send_frame(2, b"{}")
        self.assertEqual(client.closed(), 1003)
        client = self.live(ada)
        client.ws.send_frame(1, b"{\"a\":\"\xff\"}")
        self.assertEqual(client.closed(), 1007)

    def test_only_json_is_taken(self):
        ada = self.account()
        for kind, status in (("application/json", 200), ("Application/JSON; charset=utf-8", 200),
                             ("text/plain", 415), ("application/jsonx", 415), (None, 415),
                             ("application/x-www-form-urlencoded", 415), ("", 415)):
            headers = {"Authorization": "Bearer " + ada.token}
            if kind is not None:
                headers["Content-Type"] = kind
            self.assertEqual(request(self.server, "POST", "/api/v1/getMe", "{}", headers)[0], status)

    def test_methods_that_are_not_for_an_operation_are_405_and_say_which_are(self):
        ada = self.account()
        headers = {"Authorization": "Bearer " + ada.token}
        for op, allowed in (("sendMessage", "POST"), ("resume", "POST"), ("logOut", "POST")):
            status, got, _ = request(self.server, "GET", "/api/v1/" + op, headers=headers)
            self.assertEqual((status, got["Allow"]), (405, allowed))
        for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "FOO"):
            status, got, _ = request(self.server, method, "/api/v1/getMe", headers=headers)
            self.assertEqual(status, 405, method)
            self.assertIn("GET", got["Allow"])
        self.assertEqual(ada.call("getMe")["user"]["id"], ada.id)


if __name__ == "__main__":
    unittest.main()
