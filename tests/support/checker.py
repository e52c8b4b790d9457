"""Whether a recorded history keeps the promises: nothing acked is lost, everything once, one order, no gap.

A history is a list of records, one per thing that a client saw; the server's own logs are no evidence.
Records are dicts with "type", "process" (who saw it) and "t" (a monotonic clock, in ns):

  send     cmid channel crc            a writer hands a message over for the first time
  ack      cmid channel seq            the server says that it is kept
  refused  cmid channel                the server says that it is not, for good
  connect                              a connection of this process begins
  member   channel                     a reader may see the channel from here on
  left     channel                     and from here on no more
  shown    channel seq prev n cmid crc a reader shows an event; cmid and crc are None for joins and the like
  gap      channel                     a reader is told that what it shows next does not follow on
  drained  channel seq                 a reader has everything up to seq, says the server
  history  channel seq prev n cmid crc an event of the final history, read after all faults, in order

What was sent and neither acked nor refused may be there once, or not at all.
"""
import collections
import zlib

VALID, INVALID, UNKNOWN = "valid", "invalid", "unknown"


def crc(text):
    return zlib.crc32(text.encode())


class Verdict:
    """`result` and why; `violations` are (kind, sentence)."""

    def __init__(self, violations, acks, connects, minimum_acks, minimum_reconnects):
        self.violations = violations
        self.acks = acks
        self.reconnects = connects
        self.kinds = {kind for kind, _ in violations}
        enough = acks >= minimum_acks and connects >= minimum_reconnects
        self.result = INVALID if violations else VALID if enough else UNKNOWN

    def __str__(self):
        lines = ["%s: %d acks, %d reconnects, %d violations" % (
            self.result, self.acks, self.reconnects, len(self.violations))]
        lines += ["  %s: %s" % violation for violation in self.violations[:20]]
        return "\n".join(lines)


class Checker:
    """Goes once over the history, then over what it collected."""

    def __init__(self, history):
        self.violations = []
        self.sent = {}        # cmid -> its send
        self.acked = {}       # cmid -> its first ack
        self.refused = {}     # cmid -> its refusal
        self.place = {}       # (channel, seq) -> (cmid, crc) and who said so
        self.seq_of = {}      # cmid -> (channel, seq)
        self.history = collections.defaultdict(list)  # channel -> events
        self.shown = collections.defaultdict(list)    # (reader, channel) -> events and marks
        self.drained = {}     # (reader, channel) -> seq
        self.connects = collections.Counter()
        for record in history:
            self.collect(record)

    def wrong(self, kind, sentence, *values):
        self.violations.append((kind, sentence % values))

    # ---- collecting ----

    def collect(self, record):
        kind = record["type"]
        if kind == "send":
            self.sent.setdefault(record["cmid"], record)
        elif kind == "ack":
            self.acked.setdefault(record["cmid"], record)
            self.put(record, record["cmid"], None)
        elif kind == "refused":
            self.refused.setdefault(record["cmid"], record)
        elif kind == "connect":
            self.connects[record["process"]] += 1
        elif kind == "drained":
            self.drained[record["process"], record["channel"]] = record["seq"]
        elif kind == "history":
            self.history[record["channel"]].append(record)
            self.put(record, record["cmid"], record["crc"])
        else:
            self.shown[record["process"], record["channel"]].append(record)
            if kind == "shown":
                self.put(record, record["cmid"], record["crc"])

    def put(self, record, cmid, checksum):
        """(a) and (e): a place holds one message, a message has one place, whoever tells."""
        where = record["channel"], record["seq"]
        known = self.place.setdefault(where, (cmid, checksum))
        if known[0] != cmid:
            self.wrong("divergence", "channel %d seq %d is %s and %s", *where, known[0], cmid)
        elif checksum is not None and known[1] is None:
            self.place[where] = (cmid, checksum)
        elif checksum is not None and known[1] != checksum:
            self.wrong("altered", "channel %d seq %d has two texts", *where)
        if cmid is not None and self.seq_of.setdefault(cmid, where) != where:
            self.wrong("duplicate", "%s is at %s and at %s", cmid, self.seq_of[cmid], where)

    # ---- checking ----

    def check_messages(self):
        """(f) what is there is what was sent; (g) nobody made it up, and nobody refused it."""
        for cmid, (channel, seq) in self.seq_of.items():
            if cmid not in self.sent or self.sent[cmid]["channel"] != channel:
                self.wrong("phantom", "nobody sent %s to channel %d (seq %d)", cmid, channel, seq)
            if cmid in self.refused:
                self.wrong("refused", "%s was refused and is there", cmid)
        for cmid, checksum in self.place.values():
            if checksum is not None and cmid in self.sent and checksum != self.sent[cmid]["crc"]:
                self.wrong("altered", "%s is not what was sent", cmid)

    def check_history(self):
        """One chain without holes, ascending, counted right."""
        for channel, events in self.history.items():
            seq = n = 0
            for event in events:
                if event["seq"] <= seq:
                    self.wrong("order", "history of %d: %d behind %d", channel, event["seq"], seq)
                if event["prev"] != seq:
                    self.wrong("gap", "history of %d: prev of %d is %d, before it is %d",
                               channel, event["seq"], event["prev"], seq)
                n += event["cmid"] is not None
                if event["n"] != n:
                    self.wrong("count", "history of %d: n of %d is %d, it is message %d",
                               channel, event["seq"], event["n"], n)
                seq = event["seq"]

    def check_lost(self):
        """(b) and (i): what was acked or shown is in the final history, for ever."""
        stored = {(channel, event["seq"]) for channel, events in self.history.items()
                  for event in events}
        for cmid, ack in self.acked.items():
            if (ack["channel"], ack["seq"]) not in stored:
                self.wrong("lost", "%s, acked as %d in channel %d", cmid, ack["seq"], ack["channel"])
        for (reader, channel), records in self.shown.items():
            for record in records:
                if record["type"] == "shown" and (channel, record["seq"]) not in stored:
                    self.wrong("lost", "%s was shown channel %d seq %d", reader, channel, record["seq"])

    def check_readers(self):
        """(c) and (h): each reader's list ascends without holes, while it is a member."""
        for (reader, channel), records in self.shown.items():
            seq, follows, member = 0, True, False
            for record in records:
                if record["type"] in ("member", "left"):
                    member = record["type"] == "member"
                elif record["type"] == "gap":
                    follows = False
                else:
                    self.check_shown(reader, record, seq, follows, member)
                    seq, follows = record["seq"], True

    def check_shown(self, reader, record, seq, follows, member):
        channel = record["channel"]
        if not member:
            self.wrong("leak", "%s is no member of %d and is shown %d", reader, channel, record["seq"])
        if record["seq"] == seq:
            self.wrong("repeated", "%s is shown %d of %d twice", reader, seq, channel)
        elif record["seq"] < seq:
            self.wrong("order", "%s is shown %d of %d behind %d", reader, record["seq"], channel, seq)
        elif follows and record["prev"] != seq:
            self.wrong("gap", "%s is shown %d of %d (prev %d) behind %d", reader, record["seq"],
                       channel, record["prev"], seq)

    def check_delivered(self):
        """(b): a reader that has everything was shown everything, from where it began."""
        for (reader, channel), upto in self.drained.items():
            shown = {record["seq"] for record in self.shown.get((reader, channel), ())
                     if record["type"] == "shown"}
            begin = min(shown, default=0)
            for event in self.history[channel]:
                if begin <= event["seq"] <= upto and event["seq"] not in shown:
                    self.wrong("undelivered", "%s was not shown %d of %d", reader, event["seq"], channel)
        ends = {channel: events[-1]["seq"] for channel, events in self.history.items()}
        for (reader, channel), upto in self.drained.items():
            if upto != ends.get(channel, 0):
                self.wrong("undelivered", "%s ended at %d of %d, which goes to %d", reader, upto,
                           channel, ends.get(channel, 0))

    def check_time(self):
        """(d): what was acked before another was sent stands before it."""
        by_channel = collections.defaultdict(list)
        for cmid, ack in self.acked.items():
            if cmid in self.sent:
                by_channel[ack["channel"]].append((self.sent[cmid]["t"], ack["t"], ack["seq"], cmid))
        for channel, sends in by_channel.items():
            by_ack = iter(sorted(sends, key=lambda one: one[1]))
            highest, highest_cmid = 0, None
            following = next(by_ack, None)
            for sent_t, _, seq, cmid in sorted(sends):
                while following is not None and following[1] < sent_t:
                    if following[2] > highest:
                        highest, highest_cmid = following[2], following[3]
                    following = next(by_ack, None)
                if seq < highest:
                    self.wrong("time", "channel %d: %s (%d) was sent after %s (%d) was acked",
                               channel, cmid, seq, highest_cmid, highest)

    def check(self):
        self.check_messages()
        self.check_history()
        self.check_lost()
        self.check_readers()
        self.check_delivered()
        self.check_time()
        return self.violations


def check(history, minimum_acks=1000, minimum_reconnects=1):
    """The verdict; "unknown" when too little happened to say anything."""
    checker = Checker(history)
    violations = checker.check()
    reconnects = sum(count - 1 for count in checker.connects.values())
    return Verdict(violations, len(checker.acked), reconnects, minimum_acks, minimum_reconnects)
