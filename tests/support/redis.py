"""A small client of Redis."""
import socket

WAIT_S = 30


class Failed(Exception):
    """Redis answered with an error."""


class Redis:
    """One connection: call("PUBSUB", "NUMSUB", "channel-5")."""

    def __init__(self, port, host="127.0.0.1"):
        self.sock = socket.create_connection((host, port), timeout=WAIT_S)
        self.lines = self.sock.makefile("rb")

    def send(self, *words):
        parts = [b"*%d\r\n" % len(words)]
        for word in words:
            data = word if isinstance(word, bytes) else str(word).encode()
            parts.append(b"$%d\r\n%s\r\n" % (len(data), data))
        self.sock.sendall(b"".join(parts))

    def receive(self):
        """The next answer, or what a subscription brings: int, str, None, or a list of these."""
        line = self.lines.readline()
        if not line.endswith(b"\r\n"):
            raise ConnectionError("Redis closed the connection")
        kind, rest = line[:1], line[1:-2]
        if kind == b"+":
            return rest.decode()
        if kind == b"-":
            raise Failed(rest.decode())
        if kind == b":":
            return int(rest)
        if kind == b"$":
            size = int(rest)
            return None if size < 0 else self.lines.read(size + 2)[:-2].decode(errors="replace")
        return None if int(rest) < 0 else [self.receive() for _ in range(int(rest))]

    def call(self, *words):
        self.send(*words)
        return self.receive()

    def channels(self):
        """What anybody is subscribed to, as `pubsub channels '*'`."""
        return sorted(self.call("PUBSUB", "CHANNELS", "*"))

    def subscribers(self, channel):
        """As `pubsub numsub CHANNEL`."""
        return self.call("PUBSUB", "NUMSUB", channel)[1]

    def close(self):
        self.lines.close()
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        self.close()
