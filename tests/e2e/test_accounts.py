"""Roles, invites, passwords, profiles and the end of sessions, in one process and in a fleet."""
import time
import unittest

from support.client import Client
from support.fleet import eventually
from support.places import InFleet, OneProcess, at_once, refusal
from support.server import Account, Refused, call

CUT_S = 1.0  # from the answer of whatever ends a session until its sockets are closed


class Case:
    """People come in by turns over the API servers; the first is the owner."""

    kind = OneProcess
    options = ()

    @classmethod
    def setUpClass(cls):
        cls.place = cls.kind(*cls.options)
        cls.addClassCleanup(cls.place.stop)
        cls.made = 0
        # Two sign up first at the same time.
        pair = at_once(*[lambda api=api, name=name: Account(api, name, "correct horse")
                         for api, name in zip(cls.place.apis, ("first", "second"))])
        pair.sort(key=lambda account: cls.role(account))
        cls.pair_roles = [cls.role(account) for account in pair]
        cls.owner = pair[1]

    @staticmethod
    def role(account):
        return account.call("getMe")["user"]["role"]

    def name(self):
        type(self).made += 1
        return "person%d" % self.made

    def account(self, role="member"):
        name = self.name()
        account = Account(self.place.apis[self.made % 2], name)
        if role != "member":
            self.owner.call("setRole", user=account.id, role=role)
        return account

    def live(self, account, edge=0, token=None):
        client = Client(self.place.edges[edge], token or account.token)
        self.addCleanup(client.close)
        return client

    def log_in(self, account, password=None):
        return call(self.place.apis[0], "logIn",
                    {"name": account.name, "password": password or account.password})["token"]

    def works(self, token):
        return refusal(call, self.place.apis[1], "getMe", {}, token) is None

    def assert_cut(self, clients, since):
        for client in clients:
            client.event("logged_out")
            self.assertEqual(client.closed(), 4003)
        self.assertLess(time.monotonic() - since, CUT_S)

    def each_way(self, account):
        """Calls by HTTP and by WebSocket."""
        client = self.live(account)
        return [("http", account.call), ("ws", client.call)]


class Roles(Case):
    def test_of_two_who_sign_up_first_at_once_one_is_the_owner(self):
        self.assertEqual(self.pair_roles, ["member", "owner"])

    def test_whoever_comes_later_is_a_member_and_users_say_so(self):
        ada = self.account()
        user = ada.call("getMe")["user"]
        self.assertEqual(user, {"id": ada.id, "name": ada.name, "display_name": ada.name,
                                "role": "member", "active": True, "status_text": "",
                                "status_emoji": ""})
        self.assertEqual(self.live(ada).me, user)
        self.assertEqual(self.owner.call("getUsers", ids=[ada.id])["users"], [user])

    def test_owners_set_roles_and_nobody_else(self):
        admin, ada, bob = self.account("admin"), self.account(), self.account()
        for who in (admin, ada):
            for way, do in self.each_way(who):
                with self.subTest(way=way, role=self.role(who)):
                    self.assertEqual(refusal(do, "setRole", user=bob.id, role="admin"), "forbidden")
        for _, do in self.each_way(self.owner):
            self.assertEqual(do("setRole", user=bob.id, role="admin")["user"]["role"], "admin")
            self.assertEqual(do("setRole", user=bob.id, role="member")["user"]["role"], "member")
            self.assertEqual(refusal(do, "setRole", user=999999, role="admin"), "not_found")
            self.assertEqual(refusal(do, "setRole", user=bob.id, role="god"), "invalid")
            self.assertEqual(refusal(do, "setRole", user=bob.id), "invalid")

    def test_a_change_of_role_is_told_to_the_persons_own_sockets(self):
        ada = self.account()
        clients = [self.live(ada, edge) for edge in (0, 1)]
        self.owner.call("setRole", user=ada.id, role="admin")
        for client in clients:
            self.assertEqual(client.event("user")["user"]["role"], "admin")

    def test_an_owner_remains_also_when_two_go_at_once(self):
        self.assertEqual(refusal(self.owner.call, "setRole", user=self.owner.id, role="member"),
                         "forbidden")
        self.assertEqual(refusal(self.owner.call, "deactivateUser", user=self.owner.id), "forbidden")
        for _ in range(5):
            other = self.account("owner")
            answers = at_once(
                lambda: refusal(self.owner.call, "setRole", user=self.owner.id, role="member"),
                lambda: refusal(other.call, "setRole", user=other.id, role="member"))
            self.assertEqual(sorted(map(str, answers)), ["None", "forbidden"])
            left = [self.owner, other][answers.index("forbidden")]
            left.call("setRole", user=self.owner.id, role="owner")
            if left is other:
                self.owner.call("setRole", user=other.id, role="member")


class Deactivation(Case):
    def test_sockets_are_cut_everywhere_and_the_login_is_refused_like_a_wrong_password(self):
        for who in (self.owner, self.account("admin")):
            ada = self.account()
            second = self.log_in(ada)
            clients = [self.live(ada), self.live(ada, 1), self.live(ada, 1, second)]
            answer = who.call("deactivateUser", user=ada.id)
            since = time.monotonic()
            self.assertEqual(answer["user"]["active"], False)
            self.assert_cut(clients, since)
            self.assertFalse(self.works(ada.token) or self.works(second))
            with Client(self.place.edges[0], hello=False) as again:
                self.assertEqual(refusal(again.call, "hello", token=ada.token), "unauthenticated")
            bodies = []
            for password in (ada.password, "wrong password"):
                with self.assertRaises(Refused) as caught:
                    self.log_in(ada, password)
                bodies.append((caught.exception.status, caught.exception.body))
            self.assertEqual(bodies[0], bodies[1])
            self.assertEqual(bodies[0][1]["error"], "wrong_password")
            self.assertEqual(self.owner.call("getUsers", ids=[ada.id])["users"][0]["active"], False)

            self.assertEqual(who.call("reactivateUser", user=ada.id)["user"]["active"], True)
            self.assertFalse(self.works(ada.token))
            self.assertTrue(self.works(self.log_in(ada)))

    def test_members_may_not_and_admins_not_over_owners(self):
        admin, ada, bob = self.account("admin"), self.account(), self.account()
        for op in ("deactivateUser", "reactivateUser"):
            for way, do in self.each_way(ada):
                with self.subTest(op=op, way=way):
                    self.assertEqual(refusal(do, op, user=bob.id), "forbidden")
            for _, do in self.each_way(admin):
                self.assertEqual(refusal(do, op, user=self.owner.id), "forbidden")
                self.assertEqual(refusal(do, op, user=999999), "not_found")
        self.assertTrue(self.works(bob.token) and self.works(self.owner.token))


class Passwords(Case):
    def test_a_new_password_ends_all_other_sessions(self):
        for way in ("http", "ws"):
            ada = self.account()
            others = [self.log_in(ada) for _ in range(3)]
            kept = [self.live(ada), self.live(ada, 1)]
            cut = [self.live(ada, i % 2, token) for i, token in enumerate(others)]
            do = ada.call if way == "http" else kept[0].call
            self.assertEqual(do("changePassword", old=ada.password, new="another horse"), {})
            self.assert_cut(cut, time.monotonic())
            for client in kept:
                self.assertEqual(client.call("getMe")["user"]["id"], ada.id)
            self.assertTrue(self.works(ada.token))
            self.assertFalse(any(self.works(token) for token in others))
            self.assertEqual(refusal(self.log_in, ada), "wrong_password")
            self.assertTrue(self.works(self.log_in(ada, "another horse")))

    def test_it_takes_the_old_one_and_a_good_new_one(self):
        ada = self.account()
        second = self.log_in(ada)
        for _, do in self.each_way(ada):
            self.assertEqual(refusal(do, "changePassword", old="wrong horse", new="12345678"),
                             "wrong_password")
            self.assertEqual(refusal(do, "changePassword", old=ada.password, new="1234567"),
                             "invalid")
            self.assertEqual(refusal(do, "changePassword", old=ada.password), "invalid")
            self.assertEqual(refusal(do, "changePassword", new="12345678"), "invalid")
        self.assertTrue(self.works(second))
        self.assertTrue(self.works(self.log_in(ada)))

    def test_log_out_everywhere_ends_all_sessions(self):
        for way in ("http", "ws"):
            ada, bob = self.account(), self.account()
            tokens = [ada.token, self.log_in(ada), self.log_in(ada)]
            clients = [self.live(ada, i % 2, token) for i, token in enumerate(tokens)]
            other = self.live(bob)
            do = ada.call if way == "http" else clients[0].call
            self.assertEqual(do("logOutEverywhere"), {})
            self.assert_cut(clients, time.monotonic())
            self.assertFalse(any(self.works(token) for token in tokens))
            self.assertEqual(other.call("getMe")["user"]["id"], bob.id)
            self.assertTrue(self.works(self.log_in(ada)))

    def test_a_session_that_expires_closes_its_sockets(self):
        ada, bob = self.account(), self.account()
        other = self.live(bob)
        self.place.sql("UPDATE sessions SET expires_us = %d WHERE user_id = %d" %
                       ((time.time() + 2) * 1000000, ada.id))
        until = time.monotonic() + 2
        clients = [self.live(ada), self.live(ada, 1)]
        for client in clients:
            client.event("logged_out")
            self.assertEqual(client.closed(), 4003)
        self.assertGreater(time.monotonic(), until - 0.3)
        self.assertLess(time.monotonic(), until + CUT_S)
        self.assertFalse(self.works(ada.token))
        self.assertEqual(other.call("getMe")["user"]["id"], bob.id)


class Profiles(Case):
    def test_it_is_told_to_the_own_sockets_and_found_by_others(self):
        ada, bob = self.account(), self.account()
        channel = ada.call("createChannel", name=self.name())["channel"]["id"]
        bob.call("joinChannel", channel=channel)
        other = self.live(bob, 1)
        for number, (_, do) in enumerate(self.each_way(ada)):
            clients = [self.live(ada), self.live(ada, 1)]
            wanted = {"display_name": "Ada %d" % number, "status_text": "at lunch %d" % number,
                      "status_emoji": "\U0001f35c"}
            user = do("updateProfile", **wanted)["user"]
            self.assertEqual({name: user[name] for name in wanted}, wanted)
            for client in clients:
                self.assertEqual(client.event("user")["user"], user)
            self.assertEqual(bob.call("getUsers", ids=[ada.id])["users"], [user])
            self.assertEqual(bob.call("getMembers", channel=channel)["users"][0], user)
        other.settle()
        self.assertEqual([e for e in other.take_events() if e["ev"] == "user"], [])

    def test_what_is_not_named_stays_and_empty_takes_a_status_away(self):
        ada = self.account()
        ada.call("updateProfile", status_text="busy", status_emoji=":tea:")
        user = ada.call("updateProfile", status_text="")["user"]
        self.assertEqual((user["status_text"], user["status_emoji"], user["display_name"]),
                         ("", ":tea:", ada.name))
        self.assertEqual(ada.call("updateProfile")["user"], user)

    def test_limits(self):
        ada = self.account()
        for _, do in self.each_way(ada):
            for args in ({"display_name": ""}, {"display_name": " "}, {"display_name": "x" * 81},
                         {"display_name": "a\nb"}, {"status_text": "x" * 101},
                         {"status_text": "a\nb"}, {"status_emoji": "x" * 65},
                         {"status_emoji": "\u0007"}, {"status_text": 5}):
                with self.subTest(args=args):
                    self.assertEqual(refusal(do, "updateProfile", **args), "invalid")
            do("updateProfile", display_name="\u00e4" * 80, status_text="\u00e4" * 100,
               status_emoji="x" * 64)


class Invites(Case):
    """Who may sign up: only whom somebody has invited."""

    options = ("--registration", "invite")

    @classmethod
    def setUpClass(cls):
        cls.place = cls.kind(*cls.options)
        cls.addClassCleanup(cls.place.stop)
        cls.made = 0
        # Of several who come first at the same time one is let in.
        answers = at_once(*[lambda i=i: cls.come(cls.place.apis[i % 2], "first%d" % i)
                            for i in range(4)])
        cls.first = [a if isinstance(a, str) else "in" for a in answers]
        cls.owner = next(a for a in answers if not isinstance(a, str))

    @staticmethod
    def come(api, name, **more):
        """An account, or the word of the error."""
        try:
            answer = call(api, "signUp", {"name": name, "password": "correct horse", **more})
        except Refused as refused:
            return refused.error
        account = Account.__new__(Account)
        account.server, account.name, account.password = api, name, "correct horse"
        account.id, account.token = answer["user"]["id"], answer["token"]
        return account

    def account(self, role="member"):
        code = self.owner.call("createInvite")["invite"]["code"]
        account = self.come(self.place.apis[0], self.name(), invite=code)
        self.owner.call("setRole", user=account.id, role=role)
        return account

    def test_the_first_one_needs_no_invite_and_is_the_owner(self):
        self.assertEqual(sorted(self.first), ["forbidden", "forbidden", "forbidden", "in"])
        self.assertEqual(self.role(self.owner), "owner")

    def test_an_invite_lets_in_as_many_as_it_says(self):
        invite = self.owner.call("createInvite", max_uses=2)["invite"]
        self.assertEqual((invite["creator"], invite["max_uses"], invite["uses"]),
                         (self.owner.id, 2, 0))
        answers = at_once(*[lambda api=api, name=self.name(): self.come(api, name,
                                                                        invite=invite["code"])
                            for api in self.place.apis * 2])
        self.assertEqual([a for a in answers if isinstance(a, str)], ["forbidden"] * 2)
        for account in answers:
            if not isinstance(account, str):
                self.assertEqual(self.role(account), "member")

    def test_without_or_with_a_wrong_one_nobody_comes_in(self):
        for more in ({}, {"invite": ""}, {"invite": "x"}, {"invite": "0" * 64}):
            with self.subTest(more=more):
                self.assertEqual(self.come(self.place.apis[0], self.name(), **more), "forbidden")
        with Client(self.place.edges[0], hello=False) as client:
            self.assertEqual(refusal(client.call, "signUp", name=self.name(),
                                     password="correct horse"), "forbidden")
            code = self.owner.call("createInvite")["invite"]["code"]
            client.call("signUp", name=self.name(), password="correct horse", invite=code)

    def test_invites_are_listed_without_their_codes_and_revoked(self):
        admin = self.account("admin")
        for way, do in self.each_way(admin):
            invite = do("createInvite", max_uses=3, expires_s=60)["invite"]
            code = invite.pop("code")
            self.assertAlmostEqual((invite["expires_us"] - invite["created_us"]) / 1e6, 60, 3)
            listed = do("listInvites")["invites"]
            self.assertIn(invite, listed, way)
            page = do("listInvites", after=invite["id"] - 1, limit=1)
            self.assertEqual((page["invites"], page["next"]), ([invite], invite["id"]))
            self.assertEqual(do("revokeInvite", invite=invite["id"]), {})
            self.assertEqual(refusal(do, "revokeInvite", invite=invite["id"]), "not_found")
            self.assertNotIn(invite, do("listInvites")["invites"])
            self.assertEqual(self.come(self.place.apis[1], self.name(), invite=code), "forbidden")

    def test_an_invite_ends_with_its_time(self):
        code = self.owner.call("createInvite", expires_s=1)["invite"]["code"]
        eventually("expired", lambda: self.come(self.place.apis[0], "x", invite=code) == "invalid"
                   or self.owner.call("listInvites")["invites"] == [])
        self.assertEqual(self.come(self.place.apis[0], self.name(), invite=code), "forbidden")

    def test_members_have_nothing_to_do_with_invites(self):
        ada = self.account()
        for _, do in self.each_way(ada):
            self.assertEqual(refusal(do, "createInvite"), "forbidden")
            self.assertEqual(refusal(do, "listInvites"), "forbidden")
            self.assertEqual(refusal(do, "revokeInvite", invite=1), "forbidden")

    def test_limits(self):
        for args in ({"max_uses": 0}, {"max_uses": 1001}, {"expires_s": 0},
                     {"expires_s": 365 * 24 * 3600 + 1}):
            with self.subTest(args=args):
                self.assertEqual(refusal(self.owner.call, "createInvite", **args), "invalid")


class RolesInOneProcess(Roles, unittest.TestCase):
    pass


class DeactivationInOneProcess(Deactivation, unittest.TestCase):
    pass


class PasswordsInOneProcess(Passwords, unittest.TestCase):
    pass


class ProfilesInOneProcess(Profiles, unittest.TestCase):
    pass


class InvitesInOneProcess(Invites, unittest.TestCase):
    pass


class ClosedInOneProcess(unittest.TestCase):
    def test_only_the_first_comes_in_and_that_holds_after_a_restart(self):
        place = OneProcess("--registration", "closed")
        self.addCleanup(place.stop)
        owner = Account(place.server, "ada")
        self.assertEqual(owner.call("getMe")["user"]["role"], "owner")
        code = owner.call("createInvite")["invite"]["code"]
        for more in ({}, {"invite": code}):
            self.assertEqual(Invites.come(place.server, "bob", **more), "forbidden")
        place.server.restart()
        self.assertEqual(Invites.come(place.server, "bob"), "forbidden")
        self.assertTrue(call(place.server, "logIn", {"name": "ada", "password": "correct horse"}))


class EverythingInAFleet(Roles, Deactivation, Passwords, Profiles, unittest.TestCase):
    kind = InFleet

    def test_a_notice_that_redis_lost_is_made_up_for(self):
        ada, bob = self.account(), self.account()
        clients = [self.live(ada), self.live(ada, 1)]
        other = self.live(bob)
        fleet = self.place.fleet
        fleet.kill("redis-1")
        call(self.place.apis[0], "logOutEverywhere", {}, ada.token)
        fleet.start("redis-1")
        for client in clients:
            self.assertEqual(client.closed(), 4003)
        self.assertEqual(other.call("getMe")["user"]["id"], bob.id)


class InvitesInAFleet(Invites, unittest.TestCase):
    kind = InFleet


if __name__ == "__main__":
    unittest.main()
