"""One question to a running server: returns what it said, raises OSError when it does not answer."""
import http.client
import json
import os
import socket
import struct

WAIT_S = 3


class Unhealthy(OSError):
    """It answers, and says that it cannot work."""


def connect(port, wait_s=WAIT_S):
    return socket.create_connection(("127.0.0.1", port), timeout=wait_s)


def read_exactly(sock, size):
    data = b""
    while len(data) < size:
        more = sock.recv(size - len(data))
        if not more:
            raise ConnectionError("the connection was closed")
        data += more
    return data


def redis(port):
    with connect(port) as sock:
        sock.sendall(b"PING\r\n")
        answer = sock.recv(200).decode(errors="replace").strip()
    if answer != "+PONG":
        raise Unhealthy(answer)
    return "PONG"


def postgres(port):
    """What it says to a login: a question for the password, or that it is starting."""
    body = struct.pack(">i", 196608) + b"user\0parley\0database\0parley\0\0"
    with connect(port) as sock:
        sock.sendall(struct.pack(">i", len(body) + 4) + body)
        kind = read_exactly(sock, 1)
        size = struct.unpack(">i", read_exactly(sock, 4))[0]
        text = read_exactly(sock, size - 4)
    if kind != b"R":
        said = [part[1:].decode(errors="replace") for part in text.split(b"\0") if part[:1] == b"M"]
        raise Unhealthy(said[0] if said else "refused")
    return "takes logins"


def kafka_call(sock, key, version, body):
    """One request of Kafka's protocol, with header version 1; the answer's body."""
    client = b"parley-probe"
    message = struct.pack(">hhih", key, version, 1, len(client)) + client + body
    sock.sendall(struct.pack(">i", len(message)) + message)
    size = struct.unpack(">i", read_exactly(sock, 4))[0]
    return read_exactly(sock, size)[4:]


def kafka(port):
    """Metadata must list a broker: early on it answers with none."""
    with connect(port) as sock:
        answer = kafka_call(sock, 3, 1, struct.pack(">i", 0))
    brokers = struct.unpack(">i", answer[:4])[0]
    if brokers < 1:
        raise Unhealthy("no broker yet")
    return "%d broker%s" % (brokers, "" if brokers == 1 else "s")


def http_status(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT_S)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    except http.client.HTTPException as broken:
        raise Unhealthy(repr(broken)) from broken
    finally:
        connection.close()


def parley(port):
    """/healthz: does it take connections; /readyz: can it work."""
    health, ready = http_status(port, "/healthz"), http_status(port, "/readyz")
    words = {200: "healthy", 404: "draining"}.get(health, "healthz %d" % health)
    if (health, ready) != (200, 200):
        raise Unhealthy("%s, readyz %d" % (words, ready))
    return "healthy, ready"


def haproxy(port):
    """Through it to an API server."""
    status = http_status(port, "/healthz")
    if status != 200:
        raise Unhealthy("answers %d" % status)
    return "leads to an API server"


def unix_connect(path, wait_s=WAIT_S):
    """A Unix socket, also where its path is longer than the 107 bytes that an address holds."""
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(wait_s)
    folder = os.open(os.path.dirname(os.path.abspath(path)), os.O_RDONLY | os.O_DIRECTORY)
    try:
        sock.connect("/proc/self/fd/%d/%s" % (folder, os.path.basename(path)))
        return sock
    except BaseException:
        sock.close()
        raise
    finally:
        os.close(folder)


def ask(path, request, wait_s):
    """One line of JSON to a control socket, and one back."""
    with unix_connect(path, wait_s) as sock:
        sock.sendall(json.dumps(request).encode() + b"\n")
        with sock.makefile(encoding="utf-8") as lines:
            return json.loads(lines.readline())
