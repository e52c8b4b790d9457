"""Configurations made from the files in deploy/ by small substitutions, secrets, free ports."""
import fcntl
import os
import pathlib
import pwd
import random
import re
import secrets
import socket
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DEPLOY = ROOT / "deploy"
LOWEST_PORT, HIGHEST_PORT = 15000, 30000  # below what the kernel gives to outgoing connections
_claims = []  # open files, each with a lock


class Trouble(Exception):
    """What the person at the terminal must know; no traceback."""


def write(path, text, mode=0o600):
    """The whole file or nothing of it."""
    part = path.with_name(path.name + ".part")
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w",
              encoding="utf-8") as file:
        file.write(text)
    os.chmod(part, mode)
    os.replace(part, path)


def template(name):
    return (DEPLOY / name).read_text(encoding="utf-8")


def replaced(text, changes):
    """`text` with each old piece changed; all of them must be there."""
    for old, new in changes.items():
        if old not in text:
            raise Trouble("deploy/ has changed: there is no %r to replace" % old)
        text = text.replace(old, new)
    return text


def with_values(text, values, separator):
    """`text` with the value of each name changed, as in "name = value"; none may be missing."""
    for name, value in values.items():
        line = "%s%s%s" % (name, separator, value)
        text, count = re.subn(r"^%s\s*%s.*$" % (re.escape(name), re.escape(separator.strip())),
                              lambda _, line=line: line, text, flags=re.M)
        if count != 1:
            raise Trouble("deploy/ has changed: %s is there %d times" % (name, count))
    return text


def with_servers(text, kind, addresses):
    """HAProxy's `server KIND-n` lines, one for each address."""
    lines, rest = [], None
    for line in text.splitlines():
        found = re.match(r"(\s+server )%s-\d+ \S+(.*)" % kind, line)
        if not found:
            lines.append(line)
        elif rest is None:
            rest = found.group(2)
            lines += ["%s%s-%d %s%s" % (found.group(1), kind, number, address, rest)
                      for number, address in enumerate(addresses, 1)]
    return "\n".join(lines) + "\n"


def secret(path):
    """A password that is made once and kept, readable by its owner only."""
    if not path.exists():
        write(path, secrets.token_urlsafe(24) + "\n")
    return path.read_text(encoding="ascii").strip()


def is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def claim(port):
    """Whether the port is ours from now on, among all who ask here: until this process ends."""
    folder = pathlib.Path(tempfile.gettempdir(), "parley-ports-%d" % os.getuid())
    folder.mkdir(exist_ok=True)
    lock = open(folder / str(port), "w", encoding="ascii")  # pylint: disable=R1732
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return False
    _claims.append(lock)
    return True


def free_port():
    """A port that nobody listens on or has been given, and that no outgoing connection will get."""
    while True:
        port = random.randint(LOWEST_PORT, HIGHEST_PORT)
        if claim(port) and is_free(port):
            return port


def postgres_user():
    """The account that PostgreSQL runs as, when we are root, which it refuses."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        raise Trouble("there is no user postgres: script/bootstrap --cluster") from None


def reachable(path, user):
    """Whether `user` may walk down to `path`."""
    for folder in [path, *path.parents]:
        entry = folder.stat()
        owner, group = entry.st_uid == user.pw_uid, entry.st_gid == user.pw_gid
        if not entry.st_mode & (0o100 if owner else 0o010 if group else 0o001):
            return False
    return True
