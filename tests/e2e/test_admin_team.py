"""parley admin users, roles, channels, invites, sessions: beside a running server, and on a fleet's directory."""
import json
import subprocess
import unittest

from support.client import Client
from support.places import InFleet, OneProcess, refusal
from support.server import BIN, WAIT_S, Account, call

PASSWORD = "correct horse"


class Case:
    kind = OneProcess

    @classmethod
    def setUpClass(cls):
        cls.place = cls.kind("--registration", "invite")
        cls.addClassCleanup(cls.place.stop)
        cls.ada = Account(cls.place.apis[0], "ada")

    def where(self):
        if self.kind is OneProcess:
            return ["--data", self.place.server.data_dir]
        return ["--config", str(self.place.fleet.fleet.data / "parley.ini")]

    def run_admin(self, *words):
        return subprocess.run([BIN, "admin", *words, *self.where()], capture_output=True, text=True,
                              timeout=WAIT_S, check=False)

    def admin(self, *words):
        done = self.run_admin(*words)
        self.assertEqual((done.returncode, done.stderr), (0, ""), words)
        return done.stdout

    def json(self, *words):
        return json.loads(self.admin(*words, "--json"))

    def invited(self, name):
        invite = self.json("invites", "create", "ada")["invites"][0]
        call(self.place.apis[0], "signUp", {"name": name, "password": PASSWORD,
                                            "invite": invite["code"]})
        return self.log_in(name)

    def log_in(self, name):
        account = Account.__new__(Account)
        account.server, account.name, account.password = self.place.apis[0], name, PASSWORD
        answer = call(account.server, "logIn", {"name": name, "password": PASSWORD})
        account.id, account.token = answer["user"]["id"], answer["token"]
        return account

    def users(self):
        return {user["name"]: user for user in self.json("users")["users"]}


class Admin(Case):
    def test_users_are_listed_deactivated_and_reactivated(self):
        bob = self.invited("bob")
        self.assertEqual(self.users()["bob"], bob.call("getMe")["user"])
        text = self.admin("users")
        self.assertIn("ada", text)
        self.assertIn("owner", text)
        self.admin("users", "deactivate", "bob")
        self.assertFalse(self.users()["bob"]["active"])
        self.assertIn("deactivated", self.admin("users"))
        self.assertEqual(refusal(bob.call, "getMe"), "unauthenticated")
        self.assertEqual(refusal(self.log_in, "bob"), "wrong_password")
        self.admin("users", "reactivate", "bob")
        self.log_in("bob")
        self.assertEqual(self.run_admin("users", "deactivate", "ada").returncode, 1)
        self.assertIn("owner", self.run_admin("users", "deactivate", "ada").stderr)
        self.assertIn("nobody", self.run_admin("users", "deactivate", "nobody").stderr)

    def test_roles_are_listed_and_set(self):
        self.invited("carol")
        self.admin("roles", "set", "carol", "admin")
        self.assertEqual({user["name"]: user["role"] for user in self.json("roles")["users"]
                          if user["name"] in ("ada", "carol")}, {"ada": "owner", "carol": "admin"})
        self.admin("roles", "set", "carol", "member")
        self.assertNotIn("carol", self.admin("roles"))
        self.assertEqual(self.run_admin("roles", "set", "carol", "god").returncode, 2)
        self.assertEqual(self.run_admin("roles", "set", "ada", "member").returncode, 1)

    def test_sessions_are_listed_and_ended(self):
        dora = self.invited("dora")
        other = self.log_in("dora")
        mine = [s for s in self.json("sessions")["sessions"] if s["name"] == "dora"]
        self.assertEqual(len(mine), 3)
        self.assertTrue(all(s["user"] == dora.id and s["expires_us"] > s["created_us"] for s in mine))
        self.assertIn("dora", self.admin("sessions"))
        self.admin("sessions", "end", "dora")
        self.assertEqual([s for s in self.json("sessions")["sessions"] if s["name"] == "dora"], [])
        for account in (dora, other):
            self.assertEqual(refusal(account.call, "getMe"), "unauthenticated")
        self.ada.call("getMe")

    def test_channels_are_listed_with_the_private_ones_and_no_direct_ones(self):
        public = self.ada.call("createChannel", name="public")["channel"]["id"]
        private = self.ada.call("createChannel", name="hidden", private=True)["channel"]["id"]
        direct = self.ada.call("openDirect", users=[self.ada.id])["channel"]["id"]
        self.ada.call("archiveChannel", channel=public)
        channels = {channel["id"]: channel for channel in self.json("channels")["channels"]}
        self.assertEqual((channels[public]["kind"], channels[public]["archived"]), ("public", True))
        self.assertEqual((channels[private]["kind"], channels[private]["name"]),
                         ("private", "hidden"))
        self.assertNotIn(direct, channels)
        self.assertIn("(archived) public", self.admin("channels"))

    def test_invites_are_made_listed_and_revoked(self):
        made = self.json("invites", "create", "ada", "--uses", "2", "--days", "3")["invites"][0]
        code = made.pop("code")
        self.assertEqual((made["max_uses"], made["creator"]), (2, self.ada.id))
        self.assertAlmostEqual((made["expires_us"] - made["created_us"]) / 86400e6, 3)
        self.assertIn(made, self.json("invites")["invites"])
        self.assertIn(made, self.ada.call("listInvites")["invites"])
        call(self.place.apis[0], "signUp", {"name": "eve", "password": PASSWORD, "invite": code})
        self.assertIn("1 of 2 used", self.admin("invites"))
        self.admin("invites", "revoke", str(made["id"]))
        self.assertEqual(refusal(call, self.place.apis[0], "signUp",
                                 {"name": "frank", "password": PASSWORD, "invite": code}), "forbidden")
        self.assertEqual(self.run_admin("invites", "revoke", str(made["id"])).returncode, 1)

    def test_mistakes_are_told(self):
        for words in (("users", "x"), ("roles", "set", "ada"), ("channels", "x"), ("invites", "revoke"),
                      ("invites", "revoke", "x"), ("sessions", "end"), ("nothing",), ()):
            done = self.run_admin(*words)
            self.assertEqual((done.returncode, done.stdout), (2, ""), words)
            self.assertTrue(done.stderr)


class AdminOfOneProcess(Admin, unittest.TestCase):
    pass


class AdminOfAFleet(Admin, unittest.TestCase):
    kind = InFleet

    def test_a_socket_goes_on_until_it_is_looked_after(self):
        gina = self.invited("gina")
        with Client(self.place.edges[0], gina.token) as client:
            self.admin("sessions", "end", "gina")
            self.place.fleet.kill("redis-1")  # every edge looks after its sockets when it is back
            self.place.fleet.start("redis-1")
            self.assertEqual(client.closed(), 4003)


if __name__ == "__main__":
    unittest.main()
