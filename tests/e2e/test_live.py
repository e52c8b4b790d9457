"""What sockets hear, and what they never hear: hello, events, isolation, read markers, resume."""
import json
import socket
import struct
import threading
import time
import unittest

from support import ws
from support.client import Client, Closed, Follower, new_cmid
from support.deployment import Serve, await_events, everywhere
from support.server import Account, Refused, call, metrics, request


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

    def channel(self, account, *others):
        type(self).names += 1
        channel = account.call("createChannel", name="channel%d" % self.names)["channel"]["id"]
        for other in others:
            other.call("joinChannel", channel=channel)
        await_events(account, channel, 1 + len(others))
        return channel

    def live(self, account, **options):
        client = Client(self.server, account.token, **options)
        self.addCleanup(client.close)
        return client

    def settle(self, *clients):
        """Wait until each client has all that was posted to a channel of its own before now."""
        for client in clients:
            client.settle()


@everywhere
class Hello(Case):
    options = ("--allowed-origin", "https://chat.example.com")

    def cookie(self, account):
        return ("Cookie", "other=1; parley_session=%s; more=2" % account.token)

    def own(self):
        return ("Origin", self.server.url)

    def test_the_answer_has_the_user_all_channels_and_the_server(self):
        ada, bob = self.account(), self.account()
        channel = self.channel(ada, bob)
        direct = ada.call("openDirect", users=[bob.id])["channel"]["id"]
        self.channel(bob)
        last = ada.call("sendMessage", channel=channel, text="x", cmid=new_cmid())
        client = self.live(ada, hello=False)
        answer = client.hello(ada.token)
        self.assertEqual(answer["user"]["id"], ada.id)
        self.assertRegex(answer["server"]["version"], r"^\d+\.\d+\.\d+")
        self.assertEqual(sorted(client.channels), [channel, direct])
        self.assertEqual(client.channels[channel]["last_seq"], last["seq"])
        self.assertEqual(answer["channels"], ada.call("getChannels")["channels"])

    def test_it_can_be_said_once_and_again_after_a_mistake(self):
        ada = self.account()
        client = self.live(ada, hello=False)
        for token in ("0" * 64, "x", "", None, 7, "\u00e9" * 64):
            answer = client.answer(client.request("hello", token=token))
            self.assertEqual(answer["error"], "unauthenticated", token)
        client.hello(ada.token)
        answer = client.answer(client.request("hello", token=ada.token))
        self.assertEqual(answer["error"], "invalid")
        self.assertEqual(client.call("getMe")["user"]["id"], ada.id)

    def test_the_cookie_is_enough_from_the_servers_own_pages_or_an_allowed_site(self):
        ada = self.account()
        for origin in (self.own(), ("Origin", "https://chat.example.com"),
                       ("Origin", self.server.url.replace("http:", "https:"))):
            with Client(self.server, headers=[self.cookie(ada), origin]) as client:
                self.assertEqual(client.me["id"], ada.id)

    def test_a_token_in_hello_wins_over_the_cookie(self):
        ada, bob = self.account(), self.account()
        with Client(self.server, bob.token, headers=[self.cookie(ada), self.own()]) as client:
            self.assertEqual(client.me["id"], bob.id)

    def test_foreign_origins_are_refused_before_the_upgrade(self):
        ada = self.account()
        own = self.server.url
        port = self.server.port
        foreign = ["null", "", "http://evil.example", own + ".evil.example", own + "0", own + "/",
                   "http://evil.example:%d" % port, "http://127.0.0.1", "http://127.0.0.1:%d" % (port - 1),
                   "http://x@127.0.0.1:%d" % port, "ftp://127.0.0.1:%d" % port, own + " " + own,
                   "ws://127.0.0.1:%d" % port, "127.0.0.1:%d" % port, own[7:],
                   "https://chat.example.com.evil.example", "https://evilchat.example.com",
                   "http://chat.example.com", "https://chat.example.com:8443",
                   "HTTPS://CHAT.EXAMPLE.COM.", "https://chat.example.com/"]
        for origin in foreign:
            for cookie in ([self.cookie(ada)], []):
                with self.subTest(origin=origin, cookie=bool(cookie)):
                    with self.assertRaises(ws.Rejected) as caught:
                        Client(self.server, hello=False, headers=[("Origin", origin), *cookie])
                    self.assertEqual(caught.exception.status, 403)
        for origins in ([self.own(), self.own()], [self.own(), ("Origin", "http://evil.example")]):
            with self.assertRaises(ws.Rejected) as caught:
                Client(self.server, hello=False, headers=[*origins, self.cookie(ada)])
            self.assertEqual(caught.exception.status, 403)

    def test_the_cookie_without_an_origin_is_refused_and_neither_is_fine(self):
        ada = self.account()
        with self.assertRaises(ws.Rejected) as caught:
            Client(self.server, hello=False, headers=[self.cookie(ada)])
        self.assertEqual(caught.exception.status, 403)
        with Client(self.server, ada.token) as client:  # an app that is no browser
            self.assertEqual(client.me["id"], ada.id)

    def test_the_subprotocol_is_accepted_when_offered(self):
        ada = self.account()
        for offered, chosen in (("parley.v1", "parley.v1"), ("other, parley.v1", "parley.v1"),
                                ("other", None)):
            with Client(self.server, ada.token,
                        headers=[("Sec-WebSocket-Protocol", offered)]) as client:
                self.assertEqual(client.ws.protocol, chosen)

    def test_requests_sent_together_with_the_handshake_are_answered(self):
        ada = self.account()
        hello = json.dumps({"id": 1, "op": "hello", "token": ada.token}).encode()
        client = self.live(ada, hello=False, behind=ws.frame(ws.TEXT, hello))
        client.next_id = 2
        self.assertEqual(client.answer(1)["user"]["id"], ada.id)

    def test_bad_handshakes_are_refused(self):
        good = {"Host": "h", "Upgrade": "websocket", "Connection": "Upgrade",
                "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="}
        cases = [("Upgrade", None, 400), ("Upgrade", "h2c", 400), ("Connection", None, 400),
                 ("Connection", "keep-alive", 400), ("Sec-WebSocket-Version", "8", 426),
                 ("Sec-WebSocket-Version", "14", 426), ("Sec-WebSocket-Version", None, 400),
                 ("Sec-WebSocket-Key", None, 400), ("Sec-WebSocket-Key", "x", 400),
                 ("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAAAAAA==", 400),
                 ("Content-Length", "5", 400), ("Transfer-Encoding", "chunked", 400)]
        for name, value, status in cases:
            with self.subTest(name=name, value=value):
                headers = {k: v for k, v in dict(good, **{name: value}).items() if v is not None}
                body = None if "Content-Length" not in headers else "hello"
                if "Transfer-Encoding" in headers:
                    body = "0\r\n\r\n"
                got, answer, _ = request(self.server, "GET", "/ws", body, headers)
                self.assertEqual(got, status)
                self.assertEqual(answer["Sec-WebSocket-Version"], "13" if status == 426 else None)
        for method in ("POST", "HEAD", "PUT"):
            self.assertEqual(request(self.server, method, "/ws", headers=good)[0], 400)


@everywhere
class Events(Case):
    """What members hear."""

    def test_a_message_reaches_every_device_of_every_member_with_the_same_words(self):
        ada, bob = self.account(), self.account()
        channel = self.channel(ada, bob)
        clients = [self.live(ada), self.live(ada), self.live(bob)]
        cmid = new_cmid()
        sent = clients[0].send(channel, "hello \u6771", cmid=cmid)
        stored = bob.call("getMessages", channel=channel, limit=1)["events"][0]
        for client in clients:
            event = client.event("message")
            self.assertEqual(event, stored)
            self.assertEqual(event, {"ev": "message", "channel": channel, "from": ada.id, "cmid": cmid,
                                     "text": "hello \u6771", "seq": sent["seq"], "prev": sent["prev"],
                                     "n": sent["n"], "ts_us": sent["ts_us"]})

    def test_a_duplicate_is_not_announced_again(self):
        ada = self.account()
        channel = self.channel(ada)
        client = self.live(ada)
        cmid = new_cmid()
        for _ in range(3):
            client.send(channel, "x", cmid=cmid)
        client.send(channel, "end")
        client.event("message", text="end")
        self.assertEqual([e["text"] for e in client.take_events() if e["ev"] == "message"], ["x"])

    def test_becoming_a_member_is_told_to_all_devices_and_then_events_follow(self):
        ada, bob = self.account(), self.account()
        ours, theirs, phone = self.live(ada), self.live(bob), self.live(bob)
        channel = self.channel(ada)
        created = ours.event("joined")["channel"]
        self.assertEqual((created["id"], created["member"], created["members"]), (channel, True, 1))
        answer = theirs.call("joinChannel", channel=channel)["channel"]
        for client in (theirs, phone):
            told = client.event("joined")["channel"]
            self.assertGreaterEqual(told.pop("last_seq"), answer["last_seq"])
            self.assertEqual(told, {k: v for k, v in answer.items() if k != "last_seq"})
        join = ours.event("join")
        self.assertEqual((join["from"], join["channel"]), (bob.id, channel))
        ours.send(channel, "welcome")
        for client in (theirs, phone):
            self.assertEqual(client.event("message")["text"], "welcome")

    def test_a_direct_channel_is_told_to_everybody_in_it(self):
        ada, bob, eve = self.account(), self.account(), self.account()
        clients = [self.live(person) for person in (ada, bob, eve)]
        channel = clients[0].call("openDirect", users=[bob.id])["channel"]["id"]
        for client in clients[:2]:
            told = client.event("joined")["channel"]
            self.assertEqual((told["id"], told["kind"], sorted(told["users"])),
                             (channel, "direct", sorted([ada.id, bob.id])))
        clients[1].send(channel, "hi")
        self.assertEqual(clients[0].event("message")["text"], "hi")
        self.assertEqual(clients[0].call("openDirect", users=[bob.id])["channel"]["id"], channel)
        clients[2].settle()
        self.assertEqual(clients[2].take_events(), [])

    def test_sends_of_one_connection_keep_their_order(self):
        ada = self.account()
        channels = [self.channel(ada) for _ in range(3)]
        client = self.live(ada)
        wanted = [{"channel": channels[i % 3], "text": str(i), "cmid": new_cmid()}
                  for i in range(900)]
        ids = client.requests("sendMessage", wanted)
        seqs = [client.answer(number)["seq"] for number in ids]
        for first in range(3):
            mine = seqs[first::3]
            self.assertEqual(mine, sorted(mine))
            self.assertEqual(len(set(mine)), len(mine))

    def test_sends_right_behind_a_join_keep_their_order(self):
        ada, bob = self.account(), self.account()
        for _ in range(30):
            channel = self.channel(ada)
            client = self.live(bob)
            data = [{"op": "joinChannel", "channel": channel}]
            data += [{"op": "sendMessage", "channel": channel, "text": str(i), "cmid": new_cmid()}
                     for i in range(12)]
            ids = range(client.next_id, client.next_id + len(data))
            client.next_id += len(data)
            client.ws.send_raw(b"".join(ws.frame(ws.TEXT, json.dumps(dict(item, id=number)).encode())
                                        for number, item in zip(ids, data)))
            answers = [client.answer(number) for number in ids]
            seqs = [answer["seq"] for answer in answers if "seq" in answer]
            self.assertEqual(seqs, sorted(seqs))
            client.close()

    def test_read_markers_go_to_the_other_devices_and_count_messages(self):
        ada, bob = self.account(), self.account()
        channel = self.channel(ada, bob)
        sent = [ada.call("sendMessage", channel=channel, text="x", cmid=new_cmid())
                for _ in range(4)]
        desk, phone, other = self.live(bob), self.live(bob), self.live(ada)
        self.assertEqual(desk.channels[channel]["unread"], 4)
        answer = desk.call("markRead", channel=channel, seq=sent[2]["seq"])
        self.assertEqual(answer, {"read_seq": sent[2]["seq"], "read_n": 3, "unread": 1})
        self.assertEqual(phone.event("read"), {"ev": "read", "channel": channel,
                                               "read_seq": sent[2]["seq"], "read_n": 3,
                                               "unread": 1})
        phone.call("markRead", channel=channel, seq=sent[0]["seq"])
        again = desk.event("read", unread=1)
        self.assertEqual(again["read_seq"], sent[2]["seq"])
        self.settle(other)
        self.assertEqual([e for e in other.take_events() if e["ev"] == "read"], [])
        later = self.live(bob)
        self.assertEqual((later.channels[channel]["read_seq"], later.channels[channel]["unread"]),
                         (sent[2]["seq"], 1))

    def test_a_send_counts_for_the_senders_own_unread_until_read(self):
        ada = self.account()
        channel = self.channel(ada)
        client = self.live(ada)
        sent = client.send(channel, "x")
        unread = client.call("getChannels")["channels"][0]["unread"]
        self.assertIn(unread, (0, 1))
        self.assertEqual(client.call("markRead", channel=channel, seq=sent["seq"])["unread"], 0)

    def test_logging_out_closes_the_sockets_of_that_session_only(self):
        ada = self.account()
        other = call(self.server, "logIn", {"name": ada.name, "password": ada.password})["token"]
        mine = [self.live(ada) for _ in range(4)]
        kept = Client(self.server, other)
        self.addCleanup(kept.close)
        self.assertEqual(mine[0].call("logOut"), {})
        for client in mine:
            client.event("logged_out")
            self.assertEqual(client.closed(), 4003)
        self.assertEqual(kept.call("getMe")["user"]["id"], ada.id)
        self.assertEqual([e for e in kept.take_events() if e["ev"] == "logged_out"], [])
        call(self.server, "logOut", {}, other)
        kept.event("logged_out")
        self.assertEqual(kept.closed(), 4003)
        with Client(self.server, hello=False) as again:
            answer = again.answer(again.request("hello", token=ada.token))
            self.assertEqual(answer["error"], "unauthenticated")

    def test_hello_is_true_while_the_channel_is_busy(self):
        # last_seq, last_n and unread fit together, and nothing is missing behind them.
        ada, bob = self.account(), self.account()
        channel = self.channel(ada, bob)
        stop = threading.Event()

        def write():
            with Client(self.server, ada.token) as client:
                while not stop.is_set():
                    for number in client.requests("sendMessage", [
                            {"channel": channel, "text": "x", "cmid": new_cmid()}
                            for _ in range(8)]):
                        client.answer(number)

        writer = threading.Thread(target=write)
        writer.start()
        try:
            for _ in range(40):
                client = self.live(bob)
                mine = client.channels[channel]
                event = client.event(channel=channel)
                while event["seq"] <= mine["last_seq"]:
                    event = client.event(channel=channel)
                self.assertEqual(event["prev"], mine["last_seq"], "an event between is missing")
                self.assertEqual(event["n"], mine["last_n"] + (event["ev"] == "message"))
                before = bob.call("getMessages", channel=channel, around=mine["last_seq"], limit=1)
                self.assertEqual(before["events"][0]["n"], mine["last_n"])
                self.assertEqual(mine["unread"], mine["last_n"])
                client.close()
        finally:
            stop.set()
            writer.join()


@everywhere
class Isolation(Case):
    """Who is no member gets nothing, by any way."""

    def test_an_outsider_hears_nothing_live(self):
        ada, bob, eve = self.account(), self.account(), self.account()
        public = self.channel(ada, bob)
        direct = ada.call("openDirect", users=[bob.id])["channel"]["id"]
        outsider, member = self.live(eve), self.live(bob)
        for channel in (public, direct):
            for _ in range(20):
                ada.call("sendMessage", channel=channel, text="secret", cmid=new_cmid())
            for _ in range(20):
                member.event("message", channel=channel)
            bob.call("markRead", channel=channel, seq=2 ** 50)
        outsider.settle()
        self.assertEqual(outsider.take_events(), [])

    def test_after_leaving_nothing_more_arrives_and_nothing_can_be_fetched(self):
        ada, bob = self.account(), self.account()
        channel = self.channel(ada, bob)
        staying, phone, leaver = self.live(ada), self.live(bob), self.live(bob)
        staying.send(channel, "before")
        last = leaver.event("message")["seq"]
        phone.event("message")
        leaver.call("leaveChannel", channel=channel)
        for client in (leaver, phone):
            self.assertEqual(client.event("left"), {"ev": "left", "channel": channel})
            client.events.clear()
        self.assertEqual(staying.event("leave")["from"], bob.id)
        for _ in range(10):
            staying.send(channel, "after")
        for client in (leaver, phone):
            client.settle()
            self.assertEqual(client.take_events(), [])
            for op, args in (("getMessages", {}), ("sendMessage", {"text": "x", "cmid": new_cmid()}),
                             ("markRead", {"seq": 1}), ("leaveChannel", {})):
                answer = client.answer(client.request(op, channel=channel, **args))
                self.assertEqual(answer["error"], "not_member", op)
            self.assertEqual(client.resume({channel: last}), {channel: "not_member"})
        self.assertNotIn(channel, self.live(bob).channels)
        # And back again: with what was said meanwhile.
        leaver.call("joinChannel", channel=channel)
        while staying.event("join")["seq"] < last:
            pass  # that was the first time
        self.assertEqual(len(leaver.resume({channel: last})[channel]), 12)

    def knows(self, device, channel, seq):
        """Whether it got the event, or was told of it when it became a member."""
        return any(e.get("seq") == seq or e["ev"] == "joined" and e["channel"]["id"] == channel and
                   e["channel"]["last_seq"] >= seq for e in device.events)

    def test_a_session_that_leaves_and_joins_from_two_devices_ends_up_in_the_truth(self):
        # However the two race, live events follow membership as the store has it.
        ada, bob = self.account(), self.account()
        channel = self.channel(ada, bob)
        staying = self.live(ada)
        for turn in range(25):
            devices = [self.live(bob) for _ in range(3)]
            for _ in range(5):
                ids = [(device, device.request(op, channel=channel)) for device, op in
                       zip(devices * 4, ["leaveChannel", "joinChannel"] * 6)]
                for client, number in ids:
                    client.answer(number)
            member = channel in [c["id"] for c in bob.call("getChannels")["channels"]]
            seq = staying.send(channel, "turn %d" % turn)["seq"]
            for device in devices:
                while member and not self.knows(device, channel, seq):
                    device.settle()
                device.settle()
                heard = [e for e in device.events if e.get("seq") == seq]
                self.assertLessEqual(len(heard), int(member), "member: %s" % member)
                device.close()
            if not member:
                bob.call("joinChannel", channel=channel)


@everywhere
class Resume(Case):
    """Everything since the last seq, at any age, in pages."""

    def fill(self, account, channel, count, text="x"):
        with Client(self.server, account.token) as client:
            for at in range(0, count, 200):
                for number in client.requests("sendMessage", [
                        {"channel": channel, "text": text, "cmid": new_cmid()}
                        for _ in range(min(200, count - at))]):
                    client.answer(number)

    def whole(self, account, channel):
        events, after = [], 0
        while True:
            page = account.call("getMessages", channel=channel, after=after, limit=500)
            events += page["events"]
            if not page["more_after"]:
                return events
            after = events[-1]["seq"]

    def test_from_the_beginning_through_many_pages(self):
        ada = self.account()
        channel = self.channel(ada)
        self.fill(ada, channel, 3000)
        self.fill(ada, channel, 60, "y" * 16384)
        whole = self.whole(ada, channel)
        self.assertEqual(len(whole), 3061)
        client = self.live(ada)
        for have in (0, whole[0]["seq"], whole[1500]["seq"], whole[-2]["seq"], whole[-1]["seq"]):
            expected = [e for e in whole if e["seq"] > have]
            self.assertEqual(client.resume({channel: have})[channel], expected)
        answer = client.call("resume", have=[[channel, 0]])["channels"][0]
        self.assertEqual((answer["complete"], answer["last_seq"]), (False, whole[-1]["seq"]))
        answer = client.call("resume", have=[[channel, whole[-1]["seq"]]])["channels"][0]
        self.assertEqual((answer["events"], answer["complete"]), ([], True))
        answer = client.call("resume", have=[[channel, 2 ** 53 - 1]])["channels"][0]
        self.assertEqual((answer["events"], answer["complete"]), ([], True))

    def test_many_channels_at_once_with_those_of_others_among_them(self):
        ada, bob = self.account(), self.account()
        mine = [self.channel(ada) for _ in range(8)]
        theirs = [self.channel(bob) for _ in range(2)]
        for channel in mine[:4]:
            self.fill(ada, channel, 20, "z" * 9000)
        for channel in mine[4:]:
            self.fill(ada, channel, 3)
        client = self.live(ada)
        got = client.resume({channel: 0 for channel in [*mine, *theirs, 999999]})
        for channel in mine:
            self.assertEqual(got[channel], self.whole(ada, channel))
        for channel in (*theirs, 999999):
            self.assertEqual(got[channel], "not_member")
        answer = client.call("resume", have=[[channel, 0] for channel in mine])["channels"]
        self.assertEqual([part["channel"] for part in answer], mine)
        size = sum(len(e.get("text", "")) for part in answer for e in part["events"])
        self.assertLess(size, 300 * 1024)
        self.assertIn(False, [part["complete"] for part in answer])

    def test_a_thousand_pairs_are_taken(self):
        client = self.live(self.account())
        answer = client.call("resume", have=[[1000000 + i, 0] for i in range(1000)])["channels"]
        self.assertEqual({part["error"] for part in answer}, {"not_member"})
        self.assertEqual(client.call("resume", have=[])["channels"], [])

    def test_live_events_go_on_meanwhile_and_a_careful_client_has_everything_once(self):
        ada, bob = self.account(), self.account()
        channels = [self.channel(ada, bob) for _ in range(3)]
        stop = threading.Event()

        def write():
            with Client(self.server, ada.token) as client:
                while not stop.is_set():
                    for number in client.requests("sendMessage", [
                            {"channel": channel, "text": "x" * 500, "cmid": new_cmid()}
                            for channel in channels for _ in range(4)]):
                        client.answer(number)

        writer = threading.Thread(target=write)
        writer.start()
        follower = Follower()
        try:
            for _ in range(12):  # connections, each cut off without a word
                client = self.live(bob)
                follower.catch_up(client, channels)
                for _ in range(60):
                    client.pump()
                    follower.take_all(client)
                client.close()
        finally:
            stop.set()
            writer.join()
        client = self.live(bob)
        follower.catch_up(client, channels)
        for channel in channels:
            self.assertEqual(follower.shown[channel], self.whole(bob, channel))


@everywhere
class Timeouts(Case):
    options = ("--hello-timeout", "1", "--ping", "1", "--pong-timeout", "1")

    def test_a_socket_that_says_no_hello_is_closed_with_4001(self):
        with Client(self.server, hello=False) as client:
            self.assertEqual(client.closed(), 4001)

    def test_a_wrong_hello_gives_no_more_time(self):
        with Client(self.server, hello=False) as client:
            client.answer(client.request("hello", token="0" * 64))
            self.assertEqual(client.closed(), 4001)

    def test_a_silent_socket_is_pinged_and_lives_as_long_as_it_answers(self):
        ada = self.account()
        client = self.live(ada)
        while client.ws.pings < 3:
            client.pump()
        self.assertEqual(client.call("getMe")["user"]["id"], ada.id)

    def test_a_socket_that_does_not_answer_pings_is_cut(self):
        client = self.live(self.account(), pong=False)
        self.assertEqual(client.closed(), 1006)
        self.assertEqual(client.ws.pings, 1)

    def test_any_sign_of_life_is_as_good_as_a_pong(self):
        client = self.live(self.account(), pong=False)
        for pings in range(1, 4):
            while client.ws.pings < pings:
                client.pump()
            self.assertIn("user", client.call("getMe"))

    def test_a_client_that_dies_without_a_word_is_forgotten(self):
        ada = self.account()
        clients = [self.live(ada) for _ in range(5)]
        clients += [Client(self.server, hello=False) for _ in range(5)]
        for client in clients:
            client.ws.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.close()  # a reset
        silent = [self.live(ada, pong=False) for _ in range(3)]
        while metrics(self.server)["parley_sessions"] > 0:
            time.sleep(0.05)  # the numbers are a second old; nothing tells when they change
        for client in silent:
            client.close()


@everywhere
class Pings(Case):
    def test_a_ping_is_answered_with_its_payload(self):
        client = self.live(self.account())
        for payload in (b"", b"x", bytes(range(125))):
            client.ws.send_frame(ws.PING, payload)
            self.assertEqual(client.ws.recv(), (ws.PONG, payload))

    def test_close_is_echoed_and_ends_the_connection(self):
        for code in (1000, 1001, 3000, 4999, None):
            client = self.live(self.account())
            client.ws.send_close(code)
            self.assertEqual(client.closed(), code or 1005)
            client.ws.expect_end()

    def test_broken_frames_are_answered_with_1002(self):
        bad = [ws.frame(ws.TEXT, b"{}", mask=None), ws.frame(ws.TEXT, b"{}", rsv=4),
               ws.frame(3, b""), ws.frame(11, b""), ws.frame(ws.CONTINUATION, b"{}"),
               ws.frame(ws.PING, b"", fin=False), ws.frame(ws.PING, b"x" * 126),
               ws.frame(ws.TEXT, b"{}", form=16), ws.frame(ws.CLOSE, b"\x03"),
               ws.frame(ws.CLOSE, struct.pack(">H", 1005))]
        for data in bad:
            client = self.live(self.account())
            client.ws.send_raw(data)
            self.assertEqual(client.closed(), 1002, data)
            client.ws.expect_end()

    def test_a_request_in_many_fragments_with_pings_between_is_one_request(self):
        client = self.live(self.account())
        text = json.dumps({"id": 77, "op": "getMe", "pad": "\u6771" * 50}).encode()
        client.next_id = 78
        for at, byte in enumerate(text):
            client.ws.send_frame(ws.TEXT if at == 0 else ws.CONTINUATION, bytes([byte]),
                                 fin=at == len(text) - 1)
            if at % 40 == 0:
                client.ws.send_frame(ws.PING, b"now")
        self.assertIn("user", client.answer(77))


if __name__ == "__main__":
    unittest.main()
