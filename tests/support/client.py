"""A client of the native protocol, written from docs/PROTOCOL.md alone."""
import collections
import json
import time
import uuid

from support import ws
from support.server import Refused
from support.ws import Closed


def new_cmid():
    return str(uuid.uuid4())


def timed_cmid():
    """A UUID of version 7: one that says when it was made."""
    value = int(time.time() * 1000) << 80 | uuid.uuid4().int & (1 << 80) - 1
    return str(uuid.UUID(int=value & ~(0xf << 76) | 7 << 76))


class Client:
    """One connection. Single-threaded: frames are read by answer(), call() and event()."""

    def __init__(self, server, token=None, hello=True, headers=(), **socket_options):
        self.ws = ws.WebSocket(server.host, server.port, "/ws", headers, **socket_options)
        self.events = collections.deque()
        self.answers = {}
        self.stray = []  # answers without "re"
        self.next_id = 1
        self.me = None
        self.channels = {}
        if hello:
            try:
                self.hello(token)
            except BaseException:
                self.close()
                raise

    def hello(self, token=None):
        answer = self.call("hello", **({} if token is None else {"token": token}))
        self.me = answer["user"]
        self.channels = {channel["id"]: channel for channel in answer["channels"]}
        return answer

    # ---- requests ----

    def request(self, op, **args):
        """Send and do not wait: the id of the request."""
        number = self.next_id
        self.next_id += 1
        self.ws.send_text(json.dumps(dict(args, op=op, id=number)))
        return number

    def requests(self, op, items):
        """Send many in one go."""
        ids, data = [], []
        for args in items:
            ids.append(self.next_id)
            data.append(ws.frame(ws.TEXT, json.dumps(dict(args, op=op, id=self.next_id)).encode()))
            self.next_id += 1
        self.ws.send_raw(b"".join(data))
        return ids

    def pump(self):
        """Read one message and put it where it belongs."""
        opcode, payload = self.ws.recv()
        if opcode in (ws.PING, ws.PONG):
            return
        if opcode != ws.TEXT:
            raise ws.Broken("a message that is not text")
        message = json.loads(payload)
        if "ev" in message:
            self.events.append(message)
        elif "re" in message:
            if message["re"] in self.answers or message["re"] >= self.next_id:
                raise ws.Broken("an answer nobody waits for: %r" % message)
            self.answers[message["re"]] = message
        else:
            self.stray.append(message)

    def answer(self, number):
        """The answer to a request, error or not, without "re"."""
        while number not in self.answers:
            self.pump()
        answer = self.answers.pop(number)
        del answer["re"]
        return answer

    def call(self, op, **args):
        answer = self.answer(self.request(op, **args))
        if "error" in answer:
            raise Refused(None, answer)
        return answer

    def send(self, channel, text, cmid=None, **more):
        return self.call("sendMessage", channel=channel, text=text, cmid=cmid or new_cmid(), **more)

    # ---- events ----

    def event(self, ev=None, **fields):
        """The next event like this, which is taken out; others wait."""
        looked_at, until = 0, time.monotonic() + ws.WAIT_S
        while True:
            while looked_at < len(self.events):
                event = self.events[looked_at]
                if (ev is None or event["ev"] == ev) and \
                        all(event.get(name) == value for name, value in fields.items()):
                    del self.events[looked_at]
                    return event
                looked_at += 1
            if time.monotonic() > until:  # pings go on for ever
                raise TimeoutError("no event %s %s" % (ev, fields))
            self.pump()

    def settle(self):
        """Wait until all that the server sent before now is here."""
        self.call("getMe")

    def take_events(self):
        """All events that are here, which are taken out."""
        events = list(self.events)
        self.events.clear()
        return events

    def resume(self, have):
        """Everything since `have` ({channel: seq}), by as many pages as it takes, in order."""
        have = dict(have)
        missed = {channel: [] for channel in have}
        open_ = set(have)
        while open_:
            answer = self.call("resume", have=[[c, have[c]] for c in sorted(open_)])
            for part in answer["channels"]:
                channel = part["channel"]
                if "error" in part:
                    missed[channel] = part["error"]
                    open_.discard(channel)
                    continue
                missed[channel] += part["events"]
                if part["events"]:
                    have[channel] = part["events"][-1]["seq"]
                if part["complete"]:
                    open_.discard(channel)
        return missed

    def closed(self):
        """Read to the end; the close code."""
        try:
            while True:
                self.pump()
        except Closed as closed:
            return closed.code

    def close(self):
        self.ws.close()

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        self.close()


class Follower:
    """What a careful client shows: the rule "no silent gap" over one or more connections.

    `shown` has each event once, in order, without holes; `on_shown(event)` hears of each.
    """

    def __init__(self, on_shown=None):
        self.have = {}
        self.shown = collections.defaultdict(list)
        self.on_shown = on_shown
        self.repaired = 0

    def _show(self, event):
        channel = event["channel"]
        self.have[channel] = event["seq"]
        self.shown[channel].append(event)
        if self.on_shown:
            self.on_shown(event)

    def catch_up(self, client, channels):
        """Fetch everything of `channels` that is missing."""
        want = {channel: self.have.get(channel, 0) for channel in channels}
        for channel, events in client.resume(want).items():
            if isinstance(events, str):
                raise AssertionError("resume of %d: %s" % (channel, events))
            for event in events:
                if event["seq"] > self.have.get(channel, 0):
                    if event["prev"] != self.have.get(channel, 0):
                        raise AssertionError("resume left a gap before %r" % event)
                    self._show(event)

    def take(self, client, event):
        """Handle one event of `client`."""
        if event["ev"] == "behind":
            self.catch_up(client, [item["channel"] for item in event["channels"]])
        elif "seq" in event and event["seq"] > self.have.get(event["channel"], 0):
            if event["prev"] == self.have.get(event["channel"], 0):
                self._show(event)
            else:
                self.repaired += 1
                self.catch_up(client, [event["channel"]])

    def take_all(self, client):
        while client.events:
            self.take(client, client.events.popleft())
