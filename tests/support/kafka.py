"""A small client of Kafka: which topics there are, making one, how much is in it."""
import socket
import struct
import time

from cluster import probe

WAIT_S = 30
METADATA, CREATE_TOPICS, LIST_OFFSETS = 3, 19, 2
EVERYTHING, LATEST, EARLIEST = -1, -1, -2
NO_LEADER = (5, 6)  # of a partition that is being made


class Failed(Exception):
    """Kafka answered with an error code."""

    def __init__(self, what, code):
        super().__init__("%s: error %d" % (what, code))
        self.code = code


def text(value):
    data = value.encode()
    return struct.pack(">h", len(data)) + data


class Reader:
    """Takes the fields of an answer one after the other."""

    def __init__(self, data):
        self.data = data
        self.at = 0

    def number(self, kind):
        value = struct.unpack_from(">" + kind, self.data, self.at)[0]
        self.at += struct.calcsize(">" + kind)
        return value

    def text(self):
        size = self.number("h")
        if size < 0:
            return None
        self.at += size
        return self.data[self.at - size:self.at].decode()

    def array(self, item):
        return [item() for _ in range(self.number("i"))]

    def check(self, what):
        code = self.number("h")
        if code != 0:
            raise Failed(what, code)


class Kafka:
    """One connection to one broker, which is the leader of everything."""

    def __init__(self, port, host="127.0.0.1"):
        self.sock = socket.create_connection((host, port), timeout=WAIT_S)

    def topics(self):
        """{topic: number of partitions}"""
        answer = Reader(probe.kafka_call(self.sock, METADATA, 1, struct.pack(">i", EVERYTHING)))
        answer.array(lambda: (answer.number("i"), answer.text(), answer.number("i"), answer.text()))
        answer.number("i")  # the controller

        def partition():
            answer.number("h")
            answer.number("i")
            answer.number("i")
            answer.array(lambda: answer.number("i"))
            answer.array(lambda: answer.number("i"))

        def topic():
            answer.check("metadata")
            name = answer.text()
            answer.number("b")
            return name, len(answer.array(partition))
        return dict(answer.array(topic))

    def create(self, name, partitions):
        body = struct.pack(">i", 1) + text(name) + struct.pack(">ihii", partitions, 1, 0, 0) + \
            struct.pack(">ib", WAIT_S * 1000, 0)
        answer = Reader(probe.kafka_call(self.sock, CREATE_TOPICS, 2, body))
        answer.number("i")  # for how long we were throttled
        answer.number("i")
        answer.text()
        answer.check("make topic " + name)
        self._await_leaders(name, partitions)

    def _await_leaders(self, topic, partitions):
        deadline = time.monotonic() + WAIT_S
        while True:
            try:
                return self._offsets(topic, partitions, LATEST)
            except Failed as failed:
                if failed.code not in NO_LEADER or time.monotonic() > deadline:
                    raise

    def _offsets(self, topic, partitions, when):
        body = struct.pack(">ii", -1, 1) + text(topic) + struct.pack(">i", partitions)
        body += b"".join(struct.pack(">iq", partition, when) for partition in range(partitions))
        answer = Reader(probe.kafka_call(self.sock, LIST_OFFSETS, 1, body))
        answer.number("i")
        answer.text()

        def offset():
            partition = answer.number("i")
            answer.check("offsets of " + topic)
            answer.number("q")
            return partition, answer.number("q")
        return dict(answer.array(offset))

    def records(self, topic):
        """How many records each partition holds."""
        partitions = self.topics()[topic]
        first = self._offsets(topic, partitions, EARLIEST)
        last = self._offsets(topic, partitions, LATEST)
        return [last[partition] - first[partition] for partition in range(partitions)]

    def close(self):
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        self.close()
