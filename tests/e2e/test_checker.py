"""The checker of histories catches every kind of fault that is put into a good one, and nothing else."""
import copy
import random
import unittest

from support import checker
from support.checker import crc

CHANNELS = (5, 9)
READERS = ("r1", "r2", "late")


def good_history(seed, messages=300):
    """What clients of a server that keeps its promises could have recorded."""
    chance = random.Random(seed)
    clock = iter(range(10 ** 9))
    log = []

    def note(kind, process, **fields):
        log.append(dict(fields, type=kind, process=process, t=next(clock)))

    stored = {channel: [] for channel in CHANNELS}
    shown = {}

    def store(channel, cmid, text):
        events = stored[channel]
        prev = events[-1] if events else {"seq": 0, "n": 0}
        events.append({"channel": channel, "prev": prev["seq"], "cmid": cmid,
                       "seq": prev["seq"] + (1 if chance.random() < .9 else 1024),
                       "n": prev["n"] + (cmid is not None), "crc": None if cmid is None else crc(text)})
        return events[-1]

    def show(reader):
        for channel in CHANNELS:
            for event in stored[channel]:
                if event["seq"] > shown[reader].get(channel, 0):
                    note("shown", reader, **event)
                    shown[reader][channel] = event["seq"]

    for channel in CHANNELS:
        store(channel, None, "")
    for process in ("w1", "w2", *READERS[:2]):
        note("connect", process)
    for reader in READERS:
        shown[reader] = {}
        for channel in CHANNELS:
            note("member", reader, channel=channel)
    pending = []
    for number in range(messages):
        cmid, text, channel = "m%d" % number, "text %d" % number, chance.choice(CHANNELS)
        writer = chance.choice(("w1", "w2"))
        note("send", writer, cmid=cmid, channel=channel, crc=crc(text))
        fate = chance.random()
        if fate < .05:
            note("refused", writer, cmid=cmid, channel=channel)
        elif fate < .1:
            note("connect", writer)  # lost before it was stored, and not sent again
        elif fate < .15:
            store(channel, cmid, text)  # stored, the ack lost
            note("connect", writer)
        else:
            pending.append((writer, cmid, store(channel, cmid, text)))
        chance.shuffle(pending)
        while len(pending) > 4:
            who, acked, event = pending.pop()
            for _ in range(1 if chance.random() < .9 else 2):  # a retry is acked again
                note("ack", who, cmid=acked, channel=event["channel"], seq=event["seq"])
        if chance.random() < .3:
            show(chance.choice(READERS[:2]))
        if chance.random() < .03:
            note("connect", "r1")
    for who, acked, event in pending:
        note("ack", who, cmid=acked, channel=event["channel"], seq=event["seq"])
    for reader in READERS:
        note("connect", reader)
        show(reader)
        for channel in CHANNELS:
            note("drained", reader, channel=channel, seq=stored[channel][-1]["seq"])
    for channel in CHANNELS:
        for event in stored[channel]:
            note("history", "end", **event)
    return log


def pick(history, chance, kind, want=lambda record: True, skip_ends=False):
    """The index of a random record of this type."""
    found = [i for i, record in enumerate(history) if record["type"] == kind and want(record)]
    return chance.choice(found[3:-3] if skip_ends else found)


def is_message(record):
    return record["cmid"] is not None


def acked_cmids(history):
    return {record["cmid"] for record in history if record["type"] == "ack"}


# Each changes a good history in one place. (name, kinds of which one must be reported, function)


def drop_from_history(history, chance):
    acked = acked_cmids(history)
    del history[pick(history, chance, "history", lambda r: r["cmid"] in acked)]


def drop_the_newest_from_history(history, chance):
    """As when the last acked writes are gone: the chain before them is whole."""
    channel = chance.choice(CHANNELS)
    acked = acked_cmids(history)
    last = max(i for i, r in enumerate(history) if r["type"] == "history" and r["channel"] == channel
               and r["cmid"] in acked)
    history[:] = [r for i, r in enumerate(history)
                  if i < last or r["type"] != "history" or r["channel"] != channel]


def drop_everywhere_but_the_ack(history, chance):
    """Acked before it was stored: nobody else ever saw it, and no hole tells of it."""
    acked = acked_cmids(history)
    at = pick(history, chance, "history", lambda r: r["cmid"] in acked)
    gone = history[at]
    kept = []
    for record in history:
        if record["type"] in ("history", "shown") and record["channel"] == gone["channel"]:
            if record["seq"] == gone["seq"]:
                continue
            if record["seq"] > gone["seq"]:
                record["n"] -= 1
            if record["prev"] == gone["seq"]:
                record["prev"] = gone["prev"]
        if record["type"] == "drained" and record["channel"] == gone["channel"] and \
                record["seq"] == gone["seq"]:
            record["seq"] = gone["prev"]
        kept.append(record)
    history[:] = kept


def drop_from_a_reader(history, chance):
    del history[pick(history, chance, "shown", skip_ends=True)]


def drop_the_end_of_a_reader(history, chance):
    """It believes to have everything, and was never shown the end."""
    at = pick(history, chance, "drained")
    reader, channel = history[at]["process"], history[at]["channel"]
    last = max(i for i, r in enumerate(history) if r["type"] == "shown" and r["process"] == reader
               and r["channel"] == channel)
    del history[last]


def stop_a_reader_early(history, chance):
    """The server said "complete" too early."""
    at = pick(history, chance, "drained")
    mine = [i for i, r in enumerate(history) if r["type"] == "shown"
            and (r["process"], r["channel"]) == (history[at]["process"], history[at]["channel"])]
    history[at]["seq"] = history[mine[-2]]["seq"]
    del history[mine[-1]]


def show_twice(history, chance):
    at = pick(history, chance, "shown")
    history.insert(at + 1, copy.copy(history[at]))


def store_twice(history, chance):
    """A retry that was given a new seq."""
    acked = acked_cmids(history)
    at = pick(history, chance, "history", lambda r: r["cmid"] in acked)
    twin = copy.copy(history[at])
    end = max(i for i, r in enumerate(history)
              if r["type"] == "history" and r["channel"] == twin["channel"])
    twin.update(seq=history[end]["seq"] + 1, prev=history[end]["seq"], n=history[end]["n"] + 1)
    history.insert(end + 1, twin)


def ack_with_two_seqs(history, chance):
    at = pick(history, chance, "ack")
    second = copy.copy(history[at])
    second["seq"] += 100000
    history.insert(at + 1, second)


def swap_in_a_reader(history, chance):
    at = pick(history, chance, "shown", skip_ends=True)
    later = next(i for i in range(at + 1, len(history)) if history[i]["type"] == "shown" and
                 all(history[i][k] == history[at][k] for k in ("process", "channel")))
    history[at], history[later] = history[later], history[at]


def swap_contents_in_a_reader(history, chance):
    """Two messages change places for one reader only: its own list looks perfect."""
    def same(i, j):
        return all(history[i][k] == history[j][k] for k in ("type", "process", "channel"))
    at = pick(history, chance, "shown", is_message, skip_ends=True)
    later = next((i for i in range(at + 1, len(history)) if history[i]["type"] == "shown"
                  and same(i, at) and is_message(history[i])), None)
    if later is None:
        later, at = at, next(i for i in range(at - 1, 0, -1) if history[i]["type"] == "shown"
                             and same(i, at) and is_message(history[i]))
    for key in ("cmid", "crc"):
        history[at][key], history[later][key] = history[later][key], history[at][key]


def reorder_history(history, chance):
    at = pick(history, chance, "history", skip_ends=True)
    other = at + 1 if history[at + 1]["channel"] == history[at]["channel"] else at - 1
    history[at], history[other] = history[other], history[at]


def alter_for_a_reader(history, chance):
    history[pick(history, chance, "shown", is_message)]["crc"] ^= 1


def alter_everywhere(history, chance):
    cmid = history[pick(history, chance, "history", is_message)]["cmid"]
    for record in history:
        if record["type"] in ("history", "shown") and record["cmid"] == cmid:
            record["crc"] ^= 1


def phantom_for_a_reader(history, chance):
    at = pick(history, chance, "shown", is_message, skip_ends=True)
    history[at].update(cmid="nobody", crc=crc("boo"))


def phantom_in_history(history, chance):
    channel = chance.choice(CHANNELS)
    end = max(i for i, r in enumerate(history) if r["type"] == "history" and r["channel"] == channel)
    last = history[end]
    history.insert(end + 1, dict(last, cmid="nobody", crc=crc("boo"), seq=last["seq"] + 1,
                                 prev=last["seq"], n=last["n"] + 1))
    for record in history:
        if record["type"] == "drained" and record["channel"] == channel:
            record["seq"] += 1
    for reader in READERS:
        at = max(i for i, r in enumerate(history) if r["process"] == reader and r["type"] == "shown")
        history.insert(at + 1, dict(history[end + 1 if end > at else end], type="shown",
                                    process=reader, channel=channel, cmid="nobody", crc=crc("boo"),
                                    seq=last["seq"] + 1, prev=last["seq"], n=last["n"] + 1))


def message_of_another_channel(history, chance):
    at = pick(history, chance, "send")
    cmid = history[at]["cmid"]
    if not any(r["type"] == "history" and r["cmid"] == cmid for r in history):
        cmid = history[pick(history, chance, "history", is_message)]["cmid"]
        at = next(i for i, r in enumerate(history) if r["type"] == "send" and r["cmid"] == cmid)
    history[at]["channel"] = sum(CHANNELS) - history[at]["channel"]


def store_what_was_refused(history, chance):
    at = pick(history, chance, "ack")
    history.insert(at + 1, dict(history[at], type="refused"))


def show_to_one_who_left(history, chance):
    at = pick(history, chance, "shown", lambda r: r["process"] == "r1", skip_ends=True)
    history.insert(at, dict(history[at], type="left"))


def show_to_one_who_never_joined(history, chance):
    del history[pick(history, chance, "member")]


def count_wrongly(history, chance):
    history[pick(history, chance, "history", is_message)]["n"] += 1


def break_the_chain(history, chance):
    history[pick(history, chance, "history", lambda r: r["prev"] > 1)]["prev"] -= 1


def seqs_against_time(history, chance):
    """Two messages of which one was acked before the other was sent change seqs for everybody."""
    acks = {r["cmid"]: r for r in history if r["type"] == "ack"}
    sends = {r["cmid"]: r for r in history if r["type"] == "send" and r["cmid"] in acks}
    while True:
        one, two = chance.sample(sorted(sends), 2)
        if sends[one]["channel"] == sends[two]["channel"] and acks[one]["t"] < sends[two]["t"]:
            break
    other = {one: two, two: one}
    text = {cmid: sends[cmid]["crc"] for cmid in other}
    seqs = {cmid: acks[cmid]["seq"] for cmid in other}
    for record in history:
        if record.get("cmid") in other:
            if record["type"] == "ack":
                record["seq"] = seqs[other[record["cmid"]]]
            elif record["type"] in ("shown", "history"):
                record["cmid"] = other[record["cmid"]]
                record["crc"] = text[record["cmid"]]


MUTATIONS = [
    (drop_from_history, {"lost"}),
    (drop_the_newest_from_history, {"lost"}),
    (drop_everywhere_but_the_ack, {"lost"}),
    (drop_from_a_reader, {"gap", "undelivered"}),
    (drop_the_end_of_a_reader, {"undelivered"}),
    (stop_a_reader_early, {"undelivered"}),
    (show_twice, {"repeated"}),
    (store_twice, {"duplicate"}),
    (ack_with_two_seqs, {"duplicate"}),
    (swap_in_a_reader, {"order"}),
    (swap_contents_in_a_reader, {"divergence"}),
    (reorder_history, {"order"}),
    (alter_for_a_reader, {"altered"}),
    (alter_everywhere, {"altered"}),
    (phantom_for_a_reader, {"phantom"}),
    (phantom_in_history, {"phantom"}),
    (message_of_another_channel, {"phantom"}),
    (store_what_was_refused, {"refused"}),
    (show_to_one_who_left, {"leak"}),
    (show_to_one_who_never_joined, {"leak"}),
    (count_wrongly, {"count"}),
    (break_the_chain, {"gap"}),
    (seqs_against_time, {"time"}),
]


class CheckerTest(unittest.TestCase):
    def test_good_histories_pass(self):
        for seed in range(60):
            verdict = checker.check(good_history(seed), minimum_acks=200)
            self.assertEqual(verdict.result, "valid", "seed %d: %s" % (seed, verdict))

    def test_every_mutation_is_caught_wherever_it_happens(self):
        for mutate, kinds in MUTATIONS:
            for seed in range(25):
                with self.subTest(mutation=mutate.__name__, seed=seed):
                    history = good_history(seed)
                    mutate(history, random.Random(seed))
                    verdict = checker.check(history, minimum_acks=200)
                    self.assertEqual(verdict.result, "invalid")
                    self.assertTrue(verdict.kinds & kinds, verdict)

    def test_a_gap_that_the_reader_was_told_of_is_none(self):
        history = good_history(1)
        at = pick(history, random.Random(1), "shown", lambda r: r["process"] == "r1", skip_ends=True)
        gone = history[at]
        history[at] = {"type": "gap", "process": "r1", "channel": gone["channel"], "t": gone["t"]}
        kinds = checker.check(history, minimum_acks=200).kinds
        self.assertNotIn("gap", kinds)
        self.assertIn("undelivered", kinds)  # at the end it says that it has everything

    def test_too_few_acks_or_no_reconnect_are_unknown(self):
        history = good_history(1)
        acks = len(acked_cmids(history))
        self.assertEqual(checker.check(history, minimum_acks=acks).result, "valid")
        self.assertEqual(checker.check(history, minimum_acks=acks + 1).result, "unknown")
        self.assertEqual(checker.check([], minimum_acks=1).result, "unknown")
        calm = [r for i, r in enumerate(history) if r["type"] != "connect" or
                not any(o["type"] == "connect" and o["process"] == r["process"] for o in history[:i])]
        self.assertEqual(checker.check(calm, minimum_acks=1).result, "unknown")

    def test_a_violation_is_invalid_however_little_happened(self):
        history = good_history(1)
        show_twice(history, random.Random(1))
        self.assertEqual(checker.check(history, minimum_acks=10 ** 6).result, "invalid")

    def test_it_is_fast_enough_for_long_runs(self):
        # No quadratic step: ten times the history is not a hundred times the work.
        history = good_history(7, messages=10000)
        self.assertEqual(checker.check(history).result, "valid")


if __name__ == "__main__":
    unittest.main()
