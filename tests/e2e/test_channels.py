"""Private channels, invitations, names, archives - and who may do what, in one process and in a fleet."""
import unittest

from support.client import Client, new_cmid
from support.places import InFleet, OneProcess, refusal
from support.server import Account, call


class Case:
    kind = OneProcess

    @classmethod
    def setUpClass(cls):
        cls.place = cls.kind()
        cls.addClassCleanup(cls.place.stop)
        cls.made = 0
        cls.owner = Account(cls.place.apis[0], "owner")

    def name(self):
        type(self).made += 1
        return "name%d" % self.made

    def account(self, role="member"):
        name = self.name()
        account = Account(self.place.apis[self.made % 2], name)
        if role != "member":
            self.owner.call("setRole", user=account.id, role=role)
        return account

    def channel(self, creator, *members, private=False):
        """A channel that `members` have been invited to."""
        channel = creator.call("createChannel", name=self.name(), private=private)["channel"]["id"]
        if members:
            creator.call("inviteToChannel", channel=channel, users=[m.id for m in members])
        return channel

    def live(self, account, edge=0):
        client = Client(self.place.edges[edge], account.token)
        self.addCleanup(client.close)
        return client

    def each_way(self, account):
        client = self.live(account)
        return [("http", account.call), ("ws", client.call)]

    @staticmethod
    def events(account, channel):
        return account.call("getMessages", channel=channel)["events"]


class Channels(Case):
    def test_a_private_channel_is_known_to_its_members_only(self):
        ada, bob, eve = self.account(), self.account(), self.account("admin")
        for _, do in self.each_way(ada):
            name = self.name()
            made = do("createChannel", name=name, private=True, topic="secret")["channel"]
            channel = made["id"]
            self.assertEqual((made["kind"], made["name"], made["creator"], made["member"]),
                             ("private", name, ada.id, True))
            do("inviteToChannel", channel=channel, users=[bob.id])
            self.assertEqual(sorted(user["id"] for user in
                                    bob.call("getMembers", channel=channel)["users"]),
                             sorted([ada.id, bob.id]))
            for _, other in self.each_way(eve):
                self.assertNotIn(channel, [c["id"] for c in other("listChannels", limit=500)["channels"]])
                for op, args in (("joinChannel", {}), ("getMembers", {}),
                                 ("inviteToChannel", {"users": [eve.id]}),
                                 ("updateChannel", {"name": "mine"}),
                                 ("removeFromChannel", {"user": ada.id}), ("archiveChannel", {})):
                    with self.subTest(op=op):
                        self.assertEqual(refusal(other, op, channel=channel, **args), "not_found")
            # Its name is nobody's business either.
            self.assertIsNone(refusal(self.owner.call, "createChannel", name=name))
        self.assertEqual(refusal(ada.call, "createChannel", name="x", private="yes"), "invalid")

    def test_who_is_invited_hears_of_it_and_hears_the_channel(self):
        ada, bob, eve = self.account(), self.account(), self.account()
        for private in (True, False):
            channel = self.channel(ada, private=private)
            a = self.live(ada)
            b, e = [self.live(bob, 0), self.live(bob, 1)], self.live(eve, 1)
            answer = ada.call("inviteToChannel", channel=channel, users=[bob.id, ada.id, bob.id])
            self.assertEqual((answer["added"], answer["channel"]["members"]), ([bob.id], 2))
            for client in b:
                self.assertEqual(client.event("joined")["channel"]["id"], channel)
            self.assertEqual(a.event("join", channel=channel)["from"], bob.id)
            a.send(channel, "welcome")
            for client in b:
                self.assertEqual(client.event("message", channel=channel)["text"], "welcome")
            e.settle()
            self.assertEqual([event for event in e.take_events() if event.get("channel") == channel],
                             [])

    def test_invitations_have_their_limits(self):
        ada, bob, eve = self.account(), self.account(), self.account()
        public = self.channel(ada)
        direct = ada.call("openDirect", users=[bob.id])["channel"]["id"]
        self.owner.call("deactivateUser", user=eve.id)
        self.assertEqual(refusal(bob.call, "inviteToChannel", channel=public, users=[bob.id]),
                         "not_member")
        for _, do in self.each_way(ada):
            self.assertEqual(refusal(do, "inviteToChannel", channel=direct, users=[self.owner.id]),
                             "forbidden")
            for users, error in (([999999], "not_found"), ([eve.id], "not_found"), ([], "invalid"),
                                 (list(range(1, 102)), "too_big"), (None, "invalid")):
                self.assertEqual(refusal(do, "inviteToChannel", channel=public, users=users), error)

    def test_the_creator_owners_and_admins_take_people_out(self):
        ada, bob, eve = self.account(), self.account(), self.account()
        admin = self.account("admin")
        for private in (True, False):
            channel = self.channel(ada, bob, eve, admin, private=private)
            self.assertEqual(refusal(bob.call, "removeFromChannel", channel=channel, user=eve.id),
                             "forbidden")
            e, b = [self.live(eve, 0), self.live(eve, 1)], self.live(bob, 1)
            for who in (ada, admin):
                self.assertEqual(who.call("removeFromChannel", channel=channel, user=eve.id), {})
                for client in e:
                    self.assertEqual(client.event("left", channel=channel)["channel"], channel)
                self.assertEqual(b.event("leave", channel=channel)["from"], eve.id)
                self.assertEqual(refusal(who.call, "removeFromChannel", channel=channel,
                                         user=eve.id), "not_found")
                b.send(channel, "among ourselves")
                for client in e:
                    client.settle()
                    self.assertEqual([x for x in client.take_events() if x["ev"] == "message"], [])
                    self.assertEqual(refusal(client.call, "sendMessage", channel=channel, text="x",
                                             cmid=new_cmid()), "not_member")
                    self.assertEqual(client.resume({channel: 0}), {channel: "not_member"})
                bob.call("inviteToChannel", channel=channel, users=[eve.id])
                for client in e:
                    client.event("joined")

    def test_members_rename_a_channel_and_give_it_a_topic(self):
        ada, bob, eve = self.account(), self.account(), self.account()
        for private in (True, False):
            for number, (_, do) in enumerate(self.each_way(bob)):
                channel = self.channel(ada, bob, private=private)
                clients = [self.live(ada, 0), self.live(bob, 1)]
                name = self.name()
                made = do("updateChannel", channel=channel, name=name.upper(),
                          topic="all\nof it %d" % number)["channel"]
                self.assertEqual((made["name"], made["topic"]), (name, "all\nof it %d" % number))
                for client in clients:
                    renamed = client.event("rename", channel=channel)
                    self.assertEqual((renamed["name"], renamed["from"]), (name, bob.id))
                    topic = client.event("topic", channel=channel)
                    self.assertEqual(topic["topic"], "all\nof it %d" % number)
                    self.assertEqual(topic["prev"], renamed["seq"])
                do("updateChannel", channel=channel, name=name, topic="")
                for client in clients:
                    self.assertEqual(client.event("topic", channel=channel)["topic"], "")
                kinds = [event["ev"] for event in self.events(ada, channel)]
                self.assertEqual(kinds, ["create", "join", "rename", "topic", "topic"])
                self.assertEqual(refusal(do, "updateChannel", channel=channel, name="a b"), "invalid")
                self.assertEqual(refusal(do, "updateChannel", channel=channel, name=""), "invalid")
                self.assertEqual(refusal(do, "updateChannel", channel=channel, topic="\u0007"),
                                 "invalid")
                self.assertEqual(refusal(eve.call, "updateChannel", channel=channel, name="x"),
                                 "not_found" if private else "not_member")
        first, second = self.channel(ada), self.channel(ada)
        taken = next(c["name"] for c in ada.call("getChannels")["channels"] if c["id"] == first)
        self.assertEqual(refusal(ada.call, "updateChannel", channel=second, name=taken), "exists")
        direct = ada.call("openDirect", users=[bob.id])["channel"]["id"]
        self.assertEqual(refusal(ada.call, "updateChannel", channel=direct, name="x"), "forbidden")

    def test_an_archived_channel_is_read_but_not_written(self):
        ada, bob, admin = self.account(), self.account(), self.account("admin")
        for who, private in ((ada, True), (ada, False), (admin, False)):
            channel = self.channel(ada, bob, private=private)
            a, b = self.live(ada), self.live(bob, 1)
            a.send(channel, "before")
            for op in ("archiveChannel", "unarchiveChannel"):
                self.assertEqual(refusal(bob.call, op, channel=channel), "forbidden")
            self.assertTrue(who.call("archiveChannel", channel=channel)["channel"]["archived"])
            who.call("archiveChannel", channel=channel)
            for client in (a, b):
                client.event("archive", channel=channel)
                self.assertEqual(refusal(client.call, "sendMessage", channel=channel, text="x",
                                         cmid=new_cmid()), "forbidden")
            late = self.live(bob)
            self.assertTrue(late.channels[channel]["archived"])
            for do in (ada.call, bob.call, late.call):
                self.assertEqual(refusal(do, "sendMessage", channel=channel, text="x",
                                         cmid=new_cmid()), "forbidden")
                self.assertEqual([e["text"] for e in do("getMessages", channel=channel)["events"]
                                  if e["ev"] == "message"], ["before"])
            for op, args in (("updateChannel", {"name": "y"}), ("inviteToChannel",
                                                                {"users": [self.owner.id]})):
                self.assertEqual(refusal(ada.call, op, channel=channel, **args), "forbidden")

            self.assertNotIn("archived", who.call("unarchiveChannel", channel=channel)["channel"])
            for client in (a, b, late):
                client.event("unarchive", channel=channel)
                client.send(channel, "after")
            self.assertEqual([e["ev"] for e in self.events(ada, channel)],
                             ["create", "join", "message", "archive", "unarchive"] + ["message"] * 3)
        direct = ada.call("openDirect", users=[bob.id])["channel"]["id"]
        self.assertEqual(refusal(ada.call, "archiveChannel", channel=direct), "forbidden")


# ---- who may do what ----

ANONYMOUS, OTHER, MEMBER, REMOVED, DEACTIVATED, REVOKED = (
    "anonymous", "other", "member", "removed", "deactivated", "revoked")
ROLES = (ANONYMOUS, OTHER, MEMBER, REMOVED, DEACTIVATED, REVOKED)

# The operations on one channel: arguments, and what somebody outside of a private and of a public one is
# told. A member is served, or refused as the last column says.
ON_CHANNEL = (
    ("sendMessage", {"text": "x"}, "not_member", "not_member", None),
    ("getMessages", {}, "not_member", "not_member", None),
    ("getMessages", {"around": 1}, "not_member", "not_member", None),
    ("getMessages", {"after": 0}, "not_member", "not_member", None),
    ("markRead", {"seq": 1}, "not_member", "not_member", None),
    ("getMembers", {}, "not_found", None, None),
    ("updateChannel", {"topic": "x"}, "not_found", "not_member", None),
    ("inviteToChannel", {"users": [1]}, "not_found", "not_member", None),
    ("removeFromChannel", {"user": 1}, "not_found", "forbidden", "forbidden"),
    ("archiveChannel", {}, "not_found", "forbidden", "forbidden"),
    ("unarchiveChannel", {}, "not_found", "forbidden", "forbidden"),
    ("joinChannel", {}, "not_found", None, None),
)
# Those that take nothing or what is not there: an outsider of everything is served all the same.
ELSEWHERE = (
    ("getMe", {}, None), ("getUsers", {}, None), ("getChannels", {}, None),
    ("listChannels", {}, None), ("getPresence", {"users": [1]}, None),
    ("updateProfile", {"status_text": "x"}, None),
    ("openDirect", {"users": [1]}, None),
    ("setRole", {"user": 1, "role": "member"}, "forbidden"),
    ("deactivateUser", {"user": 1}, "forbidden"), ("reactivateUser", {"user": 1}, "forbidden"),
    ("createInvite", {}, "forbidden"), ("listInvites", {}, "forbidden"),
    ("revokeInvite", {"invite": 1}, "forbidden"),
    ("changePassword", {"old": "wrong horse", "new": "12345678"}, "wrong_password"),
)
ENDING = (("createChannel", {"name": ""}), ("logOut", {}), ("logOutEverywhere", {}),
          ("leaveChannel", {"channel": 1}))


class Matrix(Case):
    """Each kind of person x each operation, by HTTP and by WebSocket."""

    def person(self, role, channels, creator):
        """An account that stands so to the channels."""
        account = self.account()
        if role in (MEMBER, REMOVED, DEACTIVATED, REVOKED):
            for channel in channels:
                creator.call("inviteToChannel", channel=channel, users=[account.id])
        if role == REMOVED:
            for channel in channels:
                creator.call("removeFromChannel", channel=channel, user=account.id)
        return account

    def end(self, role, account):
        """What makes a deactivated person or a revoked session of it."""
        if role == DEACTIVATED:
            self.owner.call("deactivateUser", user=account.id)
        elif role == REVOKED:
            account.call("logOutEverywhere")

    def ways(self, role, account):
        """(name, call) by each transport, as that person would."""
        if role in (ANONYMOUS, DEACTIVATED, REVOKED):
            token = None if role == ANONYMOUS else account.token
            client = Client(self.place.edges[0], hello=False)
            self.addCleanup(client.close)
            return [("http", lambda op, **args: call(self.place.apis[1], op, args, token)),
                    ("ws", client.call)]
        return self.each_way(account)

    def check(self, do, op, args, wanted, **where):
        if op == "sendMessage":
            args = dict(args, cmid=new_cmid())
        with self.subTest(op=op, args=args, **where):
            self.assertEqual(refusal(do, op, **args), wanted)

    def test_every_operation_for_everybody(self):
        ada = self.account()
        private, public = self.channel(ada, private=True), self.channel(ada)
        for role in ROLES:
            account = self.person(role, (private, public), ada)
            served = role not in (ANONYMOUS, DEACTIVATED, REVOKED)
            self.end(role, account)
            for way, do in self.ways(role, account):
                for op, args, outside_private, outside_public, inside in ON_CHANNEL:
                    for channel, outside in ((private, outside_private), (public, outside_public)):
                        wanted = inside if role == MEMBER else outside
                        if op == "joinChannel" and channel == public and served:
                            continue  # would make a member of them
                        self.check(do, op, dict(args, channel=channel),
                                   wanted if served else "unauthenticated", role=role, way=way)
                for op, args, wanted in ELSEWHERE:
                    self.check(do, op, args, wanted if served else "unauthenticated", role=role,
                               way=way)
                if not served:
                    for op, args in ENDING:
                        self.check(do, op, args, "unauthenticated", role=role, way=way)

    def test_resume_for_everybody(self):
        ada = self.account()
        private, public = self.channel(ada, private=True), self.channel(ada)
        ada.call("sendMessage", channel=private, text="secret", cmid=new_cmid())
        have = [[private, 0], [public, 0], [999999, 0]]
        for role in ROLES:
            account = self.person(role, (private, public), ada)
            self.end(role, account)
            for way, do in self.ways(role, account):
                with self.subTest(role=role, way=way):
                    if role in (ANONYMOUS, DEACTIVATED, REVOKED):
                        self.assertEqual(refusal(do, "resume", have=have), "unauthenticated")
                        continue
                    parts = {part["channel"]: part for part in do("resume", have=have)["channels"]}
                    self.assertEqual(parts[999999].get("error"), "not_member")
                    for channel in (private, public):
                        self.assertEqual(parts[channel].get("error"),
                                         None if role == MEMBER else "not_member")

    def test_hello_for_everybody(self):
        ada = self.account()
        private, public = self.channel(ada, private=True), self.channel(ada)
        for role in ROLES:
            account = self.person(role, (private, public), ada)
            self.end(role, account)
            for edge in (0, 1):
                with self.subTest(role=role, edge=edge), \
                        Client(self.place.edges[edge], hello=False) as client:
                    token = {} if role == ANONYMOUS else {"token": account.token}
                    if role in (ANONYMOUS, DEACTIVATED, REVOKED):
                        self.assertEqual(refusal(client.call, "hello", **token), "unauthenticated")
                    else:
                        mine = {c["id"] for c in client.call("hello", **token)["channels"]}
                        self.assertEqual(mine >= {private, public}, role == MEMBER)
                        self.assertEqual(mine & {private, public} == set(), role != MEMBER)

    def test_who_is_put_out_hears_nothing_more_on_sockets_that_were_open(self):
        ada = self.account()
        channel = self.channel(ada, private=True)
        speaker = self.live(ada)
        for role in (REMOVED, DEACTIVATED, REVOKED):
            account = self.person(MEMBER, (channel,), ada)
            clients = [self.live(account, edge) for edge in (0, 1)]
            if role == REMOVED:
                ada.call("removeFromChannel", channel=channel, user=account.id)
            self.end(role, account)
            for client in clients:
                client.event("left" if role == REMOVED else "logged_out")
            speaker.send(channel, "after %s" % role)
            for client in clients:
                if role == REMOVED:
                    client.settle()
                else:
                    self.assertEqual(client.closed(), 4003)
                self.assertEqual([e for e in client.take_events() if e["ev"] == "message"], [])


class ChannelsInOneProcess(Channels, unittest.TestCase):
    pass


class MatrixInOneProcess(Matrix, unittest.TestCase):
    pass


class EverythingInAFleet(Channels, Matrix, unittest.TestCase):
    kind = InFleet


if __name__ == "__main__":
    unittest.main()
