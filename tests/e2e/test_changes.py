"""Messages that are edited, deleted and reacted to, and who is typing: live, in history, after a resume, by HTTP, after a crash."""
import json
import tempfile
import unittest

from support.client import Client, new_cmid, timed_cmid
from support.fleet import Fleet, eventually
from support.server import Account, Refused, Server, metrics, request


class Changes:
    """What holds everywhere. `places` are where sockets may go; `api` is where HTTP goes."""

    names = 0

    def name(self):
        type(self).names += 1
        return "%s%d" % (type(self).__name__.lower(), self.names)

    def account(self):
        return Account(self.api, self.name())

    def live(self, account, place=0):
        client = Client(self.places[place % len(self.places)], account.token)
        self.addCleanup(client.close)
        return client

    def talk(self):
        """Two people in a channel of their own: (ada, bob, channel)."""
        ada, bob = self.account(), self.account()
        channel = ada.call("createChannel", name=self.name())["channel"]["id"]
        bob.call("joinChannel", channel=channel)
        # Joins are told after the answer, in a fleet by another process.
        eventually("bob's join", lambda: any(
            event["from"] == bob.id for event in self.history(ada, channel)))
        return ada, bob, channel

    def history(self, asker, channel, **position):
        return asker.call("getMessages", channel=channel, **position)["events"]

    def message(self, asker, channel, seq):
        return self.history(asker, channel, around=seq, limit=1)[0]

    def refused(self, error, asker, op, **args):
        with self.assertRaises(Refused) as refused:
            asker.call(op, **args)
        self.assertEqual(refused.exception.error, error, refused.exception)
        return str(refused.exception)

    def assert_chain(self, events):
        for before, event in zip(events, events[1:]):
            self.assertEqual(event["prev"], before["seq"])

    def assert_nowhere(self, secret, asker, channel, have=0):
        """No operation that reads tells the text."""
        last = asker.call("getMessages", channel=channel, limit=1)["events"][-1]["seq"]
        answers = [self.history(asker, channel)]
        answers += [self.history(asker, channel, around=seq, limit=1) for seq in range(1, last + 1)]
        answers.append(self.live(asker).resume({channel: have}))
        self.assertNotIn(secret, json.dumps(answers))

    # ---- editing ----

    def test_an_edit_is_seen_live_in_history_and_after_a_resume(self):
        ada, bob, channel = self.talk()
        writing, reading = self.live(ada), self.live(bob, 1)
        sent = writing.send(channel, "helo")
        reading.event("message", seq=sent["seq"])
        cmid = new_cmid()
        edit = writing.call("editMessage", channel=channel, target=sent["seq"], text="hello", cmid=cmid)
        self.assertEqual((edit["channel"], edit["prev"], edit["n"]), (channel, sent["seq"], sent["n"]))
        wanted = {"ev": "edit", "channel": channel, "seq": edit["seq"], "prev": edit["prev"],
                  "n": edit["n"], "from": ada.id, "ts_us": edit["ts_us"], "cmid": cmid,
                  "target": sent["seq"], "text": "hello"}
        for client in (writing, reading):
            self.assertEqual(client.event("edit"), wanted)

        events = self.history(bob, channel)
        self.assert_chain(events)
        self.assertEqual(events[-1], wanted)
        self.assertEqual({name: events[-2][name] for name in ("text", "edited_seq", "edited_us")},
                         {"text": "hello", "edited_seq": edit["seq"], "edited_us": edit["ts_us"]})
        self.assertEqual(reading.resume({channel: sent["prev"]})[channel], events[-2:])
        self.assertEqual(reading.resume({channel: sent["seq"]})[channel], events[-1:])
        status, _, body = request(
            self.api, "GET", "/api/v1/getMessages?channel=%d&limit=2" % channel,
            headers={"Authorization": "Bearer " + bob.token})
        self.assertEqual((status, json.loads(body)["events"]), (200, events[-2:]))

    def test_the_newest_edit_counts_and_by_http_as_well(self):
        ada, bob, channel = self.talk()
        seq = ada.call("sendMessage", channel=channel, text="1", cmid=new_cmid())["seq"]
        for text in ("2", "3"):
            last = ada.call("editMessage", channel=channel, target=seq, text=text, cmid=new_cmid())
        message = self.message(bob, channel, seq)
        self.assertEqual((message["text"], message["edited_seq"]), ("3", last["seq"]))
        self.assertEqual([event["text"] for event in self.history(bob, channel)[-3:]], ["3", "2", "3"])

    def test_an_edit_beyond_the_page_counts(self):
        ada, bob, channel = self.talk()
        client = self.live(ada)
        seq = client.send(channel, "first")["seq"]
        for number in range(20):
            client.send(channel, "between %d" % number)
        client.call("editMessage", channel=channel, target=seq, text="second", cmid=new_cmid())
        self.assertEqual(self.message(bob, channel, seq)["text"], "second")

    def test_the_same_cmid_gives_the_same_seq(self):
        for make in (new_cmid, timed_cmid):
            ada, _, channel = self.talk()
            first, second = self.live(ada), self.live(ada, 1)
            seq = first.send(channel, "one")["seq"]
            edit = dict(channel=channel, target=seq, text="two", cmid=make())
            delete = dict(channel=channel, target=seq, cmid=make())
            edited = first.call("editMessage", **edit)
            deleted = first.call("deleteMessage", **delete)
            for client in (first, second):
                for op, args, was in (("editMessage", edit, edited),
                                      ("deleteMessage", delete, deleted)):
                    again = client.call(op, **args)
                    self.assertTrue(again.pop("duplicate"))
                    self.assertEqual(again, was)
            self.assertEqual(self.history(ada, channel)[-1]["seq"], deleted["seq"])

    # ---- deleting ----

    def test_a_deleted_text_is_told_by_nothing(self):
        ada, bob, channel = self.talk()
        writing, reading = self.live(ada), self.live(bob, 1)
        seq = writing.send(channel, "the secret")["seq"]
        writing.call("editMessage", channel=channel, target=seq, text="the secret too", cmid=new_cmid())
        self.message(bob, channel, seq)
        delete = writing.call("deleteMessage", channel=channel, target=seq, cmid=new_cmid())
        event = reading.event("delete")
        self.assertEqual((event["seq"], event["target"], event["from"]), (delete["seq"], seq, ada.id))
        self.assertNotIn("text", event)
        message = self.message(bob, channel, seq)
        self.assertEqual((message["text"], message["deleted"]), ("", True))
        self.assertNotIn("edited_us", message)
        edit = self.message(bob, channel, seq + 1)
        self.assertEqual((edit["ev"], edit["text"], edit["deleted"]), ("edit", "", True))
        self.assert_nowhere("secret", bob, channel)
        self.assert_nowhere("secret", ada, channel, have=seq)

    def test_what_is_deleted_stays_deleted(self):
        ada, _, channel = self.talk()
        client = self.live(ada)
        seq = client.send(channel, "gone")["seq"]
        client.call("deleteMessage", channel=channel, target=seq, cmid=new_cmid())
        for op, more in (("editMessage", {"text": "back"}), ("deleteMessage", {})):
            said = self.refused("not_found", client, op, channel=channel, target=seq, cmid=new_cmid(),
                                **more)
            self.assertIn("deleted", said)

    # ---- reacting ----

    @staticmethod
    def reactions(message):
        return {item["emoji"]: (item["count"], item["users"]) for item in message.get("reactions", ())}

    def test_reactions_are_seen_live_and_in_history_and_can_be_taken_back(self):
        ada, bob, channel = self.talk()
        writing, reading = self.live(ada), self.live(bob, 1)
        seq = writing.send(channel, "lunch?")["seq"]
        target = dict(channel=channel, target=seq)
        cmid = new_cmid()
        added = reading.call("addReaction", **target, emoji="\U0001f44d", cmid=cmid)
        self.assertEqual(writing.event("react"), {
            "ev": "react", "channel": channel, "seq": added["seq"], "prev": added["prev"],
            "n": added["n"], "from": bob.id, "ts_us": added["ts_us"], "cmid": cmid, "target": seq,
            "emoji": "\U0001f44d"})
        ada.call("addReaction", **target, emoji="tada", cmid=new_cmid())
        bob.call("addReaction", **target, emoji="tada", cmid=new_cmid())
        self.assertEqual(self.reactions(self.message(bob, channel, seq)),
                         {"\U0001f44d": (1, [bob.id]), "tada": (2, [ada.id, bob.id])})
        ada.call("removeReaction", **target, emoji="tada", cmid=new_cmid())
        event = reading.event("unreact")
        self.assertEqual((event["target"], event["emoji"], event["from"]), (seq, "tada", ada.id))
        self.assertEqual(self.reactions(self.message(bob, channel, seq)),
                         {"\U0001f44d": (1, [bob.id]), "tada": (1, [bob.id])})
        bob.call("removeReaction", **target, emoji="tada", cmid=new_cmid())
        bob.call("removeReaction", **target, emoji="\U0001f44d", cmid=new_cmid())
        self.assertEqual(self.reactions(self.message(bob, channel, seq)), {})
        again = bob.call("addReaction", **target, emoji="\U0001f44d", cmid=cmid)
        self.assertTrue(again.pop("duplicate"))
        self.assertEqual(again, added)
        self.assert_chain(self.history(bob, channel))

    def test_what_is_no_reaction_is_refused(self):
        ada, bob, channel = self.talk()
        stranger = self.account()
        client = self.live(bob)
        seq = ada.call("sendMessage", channel=channel, text="hello", cmid=new_cmid())["seq"]
        good = dict(channel=channel, target=seq, emoji="+1", cmid=new_cmid())
        for wrong in ({"emoji": ""}, {"emoji": "two words"}, {"emoji": None}, {"target": None}):
            self.refused("invalid", client, "addReaction", **{**good, **wrong})
        self.refused("too_big", client, "addReaction", **{**good, "emoji": "x" * 65})
        self.refused("not_member", stranger, "addReaction", **good)
        self.refused("not_found", client, "addReaction", **{**good, "target": seq + 1000})
        ada.call("deleteMessage", channel=channel, target=seq, cmid=new_cmid())
        self.refused("not_found", client, "addReaction", **good)

    # ---- threads and versions ----

    def test_a_thread_is_its_first_message_and_its_replies(self):
        ada, bob, channel = self.talk()
        writing, reading = self.live(ada), self.live(bob, 1)
        root = writing.send(channel, "root")["seq"]
        replies = []
        for number in range(5):
            replies.append(writing.send(channel, "reply %d" % number, thread=root)["seq"])
            writing.send(channel, "between")
        writing.call("editMessage", channel=channel, target=replies[1], text="edited", cmid=new_cmid())
        writing.call("deleteMessage", channel=channel, target=replies[2], cmid=new_cmid())
        for asker in (bob, reading):
            whole = asker.call("getThread", channel=channel, thread=root)
            self.assertEqual([event["seq"] for event in whole["events"]], replies)
            self.assertEqual([event["text"] for event in whole["events"]],
                             ["reply 0", "edited", "", "reply 3", "reply 4"])
            self.assertEqual((whole["root"]["text"], whole["root"]["replies"],
                              whole["root"]["last_reply_seq"]), ("root", 5, replies[-1]))
            self.assertEqual((whole["more_before"], whole["more_after"]), (False, False))
            # Whichever message of the thread is named, and by pages.
            page = asker.call("getThread", channel=channel, thread=replies[0], limit=2)
            self.assertEqual([event["seq"] for event in page["events"]], replies[3:])
            self.assertEqual((page["more_before"], page["more_after"]), (True, False))
            page = asker.call("getThread", channel=channel, thread=root, before=replies[3], limit=2)
            self.assertEqual([event["seq"] for event in page["events"]], replies[1:3])
            page = asker.call("getThread", channel=channel, thread=root, after=replies[0], limit=2)
            self.assertEqual([event["seq"] for event in page["events"]], replies[1:3])
            page = asker.call("getThread", channel=channel, thread=root, around=replies[2], limit=3)
            self.assertEqual([event["seq"] for event in page["events"]], replies[1:4])
        self.refused("not_member", self.account(), "getThread", channel=channel, thread=root)
        self.refused("not_found", bob, "getThread", channel=channel, thread=1)
        self.refused("not_found", bob, "getThread", channel=channel, thread=root + 10 ** 6)

    def test_the_versions_of_a_message_are_told_until_it_is_deleted(self):
        ada, bob, channel = self.talk()
        client = self.live(ada)
        sent = client.send(channel, "first")
        target = dict(channel=channel, target=sent["seq"])
        edits = [client.call("editMessage", **target, text=text, cmid=new_cmid())
                 for text in ("second", "third")]
        self.assertEqual(bob.call("getEdits", **target)["versions"], [
            {"seq": event["seq"], "ts_us": event["ts_us"], "text": text}
            for event, text in zip([sent, *edits], ("first", "second", "third"))])
        self.refused("not_member", self.account(), "getEdits", **target)
        client.call("deleteMessage", **target, cmid=new_cmid())
        for asker in (ada, bob, client):
            self.refused("not_found", asker, "getEdits", **target)

    # ---- typing ----

    def test_who_is_typing_is_told_to_the_others_and_not_too_often(self):
        ada, bob, channel = self.talk()
        writing, second, reading = self.live(ada), self.live(ada, 1), self.live(bob, 1)
        eventually("the places hear each other", lambda: writing.send(channel, "?")["seq"] and
                   reading.event("message"))
        for thread in (7, 8, 9):
            self.assertEqual(writing.call("sendTyping", channel=channel, thread=thread), {})
        self.assertEqual(reading.event("typing"),
                         {"ev": "typing", "channel": channel, "from": ada.id, "thread": 7})
        seq = writing.send(channel, "done")["seq"]
        reading.event("message", seq=seq)
        second.event("message", seq=seq)
        for client in (writing, second, reading):
            self.assertNotIn("typing", [event["ev"] for event in client.take_events()])
        second.call("sendTyping", channel=channel)  # another socket
        self.assertEqual(reading.event("typing"), {"ev": "typing", "channel": channel, "from": ada.id})
        self.assertEqual([event["ev"] for event in self.history(bob, channel)][-2:],
                         ["message", "message"])

    def test_typing_is_for_members_and_sockets(self):
        _, _, channel = self.talk()
        stranger = self.account()
        client = self.live(stranger)
        self.refused("not_member", client, "sendTyping", channel=channel)
        self.refused("invalid", client, "sendTyping")
        with self.assertRaises(Refused):
            stranger.call("sendTyping", channel=channel)

    # ---- who may ----

    def test_other_peoples_messages_and_other_channels_are_refused(self):
        ada, bob, channel = self.talk()
        stranger = self.account()
        elsewhere = stranger.call("createChannel", name=self.name())["channel"]["id"]
        seq = ada.call("sendMessage", channel=channel, text="mine", cmid=new_cmid())["seq"]
        for asker in (bob, self.live(bob, 1)):
            self.assertIn("edit", self.refused("forbidden", asker, "editMessage", channel=channel,
                                               target=seq, text="yours", cmid=new_cmid()))
            self.assertIn("delete", self.refused("forbidden", asker, "deleteMessage", channel=channel,
                                                 target=seq, cmid=new_cmid()))
        for asker in (stranger, self.live(stranger)):
            self.refused("not_member", asker, "editMessage", channel=channel, target=seq, text="x",
                         cmid=new_cmid())
            self.refused("not_member", asker, "deleteMessage", channel=channel, target=seq,
                         cmid=new_cmid())
            self.refused("not_found", asker, "deleteMessage", channel=elsewhere, target=999,
                         cmid=new_cmid())
        self.assertEqual(self.message(bob, channel, seq)["text"], "mine")

    def test_only_messages_are_changed_and_arguments_are_checked(self):
        ada, _, channel = self.talk()
        client = self.live(ada)
        seq = client.send(channel, "hello")["seq"]
        edit = client.call("editMessage", channel=channel, target=seq, text="x", cmid=new_cmid())["seq"]
        for target in (1, edit, edit + 1, 2 ** 53 - 1):
            self.refused("not_found", client, "deleteMessage", channel=channel, target=target,
                         cmid=new_cmid())
        good = dict(channel=channel, target=seq, text="y", cmid=new_cmid())
        for wrong in ({"target": 0}, {"target": "1"}, {"text": ""}, {"text": 5}, {"cmid": "x"},
                      {"channel": None}):
            self.refused("invalid", client, "editMessage", **{**good, **wrong})
        self.refused("too_big", client, "editMessage", **{**good, "text": "x" * 16385})


class Serve(Changes, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.api = Server(cls.folder.name, "--loops", "2")
        cls.addClassCleanup(lambda: cls.api.process.poll() is None and cls.api.kill())
        cls.places = [cls.api]

    def test_after_a_kill_everything_is_as_it_was_acknowledged(self):
        ada, bob, channel = self.talk()
        client = self.live(ada)
        kept, gone = (client.send(channel, text)["seq"] for text in ("kept", "gone"))
        edit = dict(channel=channel, target=kept, text="edited", cmid=new_cmid())
        delete = dict(channel=channel, target=gone, cmid=new_cmid())
        seqs = client.call("editMessage", **edit)["seq"], client.call("deleteMessage", **delete)["seq"]
        before = self.history(bob, channel)
        self.api.kill()
        self.api.restart()
        self.assertEqual(self.history(bob, channel), before)
        client = self.live(ada)
        self.assertEqual((client.call("editMessage", **edit)["seq"],
                          client.call("deleteMessage", **delete)["seq"]), seqs)
        self.assertEqual(self.history(bob, channel), before)


class InAFleet(Changes, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.fleet = Fleet(apis=1, persisters=1, haproxy=False)
        cls.addClassCleanup(cls.fleet.stop_all)
        cls.api, cls.places = cls.fleet.apis[0], cls.fleet.edges
        for place in [cls.api, *cls.places]:
            eventually("%s can send" % place.name,
                       lambda at=place: metrics(at)["parley_journal_up"] == 1)

    def stored(self, channel):
        schema, server = self.fleet.shard(channel)
        return self.fleet.sql("SELECT count(*) FROM %s.messages WHERE channel_id = %d" %
                              (schema, channel), server)[0][0]

    def test_what_is_not_stored_yet_counts_as_well_and_edges_may_die(self):
        ada, bob, channel = self.talk()
        client = self.live(ada, 0)
        old = client.send(channel, "old")["seq"]
        count = len(self.history(bob, channel))
        eventually("all is stored", lambda: int(self.stored(channel)) == count)
        self.fleet.kill("persister-1")
        new, gone = (client.send(channel, text)["seq"] for text in ("new", "gone"))
        edits = [dict(channel=channel, target=seq, text="edited", cmid=timed_cmid()) for seq in (old, new)]
        delete = dict(channel=channel, target=gone, cmid=timed_cmid())
        seqs = [client.call("editMessage", **edit)["seq"] for edit in edits]
        seqs.append(client.call("deleteMessage", **delete)["seq"])
        self.refused("not_found", client, "editMessage", channel=channel, target=gone, text="x",
                     cmid=new_cmid())
        self.refused("forbidden", self.live(bob, 1), "deleteMessage", channel=channel, target=new,
                     cmid=new_cmid())
        events = self.history(bob, channel)
        texts = {event["seq"]: event["text"] for event in events if event["ev"] == "message"}
        self.assertEqual(texts, {old: "edited", new: "edited", gone: ""})
        self.assert_nowhere("gone", bob, channel)

        self.fleet.kill("edge-1")
        client = self.live(ada, 1)
        again = [client.call("editMessage", **edit)["seq"] for edit in edits]
        again.append(client.call("deleteMessage", **delete)["seq"])
        self.assertEqual(again, seqs)
        self.fleet.start("persister-1")
        self.fleet.start("edge-1")
        eventually("all is stored", lambda: int(self.stored(channel)) == count + 5)
        self.assertEqual(self.history(bob, channel), events)
        self.assertEqual([client.call("editMessage", **edit)["seq"] for edit in edits], seqs[:2])


if __name__ == "__main__":
    unittest.main()
