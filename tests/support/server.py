"""A parley server in a process of its own, on a free port, and calls to it by HTTP."""
import http.client
import json
import os
import pathlib
import queue
import re
import resource
import signal
import subprocess
import threading

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BIN = os.environ.get("PARLEY_BIN") or str(ROOT / "build" / "release" / "parley")
WAIT_S = 30  # for what must happen at all; nothing is measured by it

# Logins cost next to nothing, and nobody is slowed down unless a test asks for it.
CHEAP = ("--argon2-memory", "8", "--argon2-passes", "1",
         "--message-rate", "100000000", "--message-burst", "100000000",
         "--login-tries", "100000000", "--login-tries-address", "100000000",
         "--sign-ups-address", "100000000", "--connections-address", "100000000")
# Of edges, and of one process.
CROWDS = ("--connections-user", "100000000")


class Refused(Exception):
    """The server answered with an error."""

    def __init__(self, status, body):
        super().__init__("%s %s" % (status, body))
        self.status = status
        self.body = body
        self.error = body.get("error") if isinstance(body, dict) else None


def asan_bin():
    """The sanitized program when it has been built, else the usual one."""
    path = os.environ.get("PARLEY_BIN_ASAN") or str(ROOT / "build" / "asan" / "parley")
    return path if os.path.exists(path) else BIN


class Process:
    """A command of parley that prints one line with its address when it is ready."""

    def __init__(self, command, binary=None, env=None, limits=None):
        """`limits` maps resource.RLIMIT_* to a soft limit that the process starts with."""
        self.command = [binary or BIN, *map(str, command)]
        self.env = dict(os.environ, **(env or {}))
        self.limits = limits or {}
        self.process = None
        self.start()

    def _limit(self):
        for limit, value in self.limits.items():
            resource.setrlimit(limit, (value, resource.getrlimit(limit)[1]))

    def start(self):
        # SIGXFSZ stays ignored (restore_signals), so that a file limit is an error and no death.
        self.process = subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=self.env, text=True, errors="replace",
            preexec_fn=self._limit if self.limits else None,  # pylint: disable=W1509
            restore_signals=False)
        self.log = []
        self._lines = queue.Queue()
        self._threads = [threading.Thread(target=self._read_log, daemon=True),
                         threading.Thread(target=self._read_lines, daemon=True)]
        for thread in self._threads:
            thread.start()
        line = self._lines.get(timeout=WAIT_S)
        found = re.search(r"(?:https?|ws)://(\S+):(\d+)", line or "")
        if not found:
            self.process.wait(WAIT_S)
            self._close()
            raise RuntimeError("parley did not start: %s%s" % (line, "".join(self.log)))
        self.line = line
        self.host, self.port = found.group(1).strip("[]"), int(found.group(2))

    def _read_log(self):
        for line in self.process.stderr:
            self.log.append(line)

    def _read_lines(self):
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def _close(self):
        for thread in self._threads:
            thread.join(WAIT_S)
        self.process.stdout.close()
        self.process.stderr.close()

    @property
    def url(self):
        return "http://%s:%d" % (self.host, self.port)

    @property
    def pid(self):
        return self.process.pid

    def wait(self, timeout=WAIT_S):
        """The exit status, once it has ended."""
        status = self.process.wait(timeout)
        self._close()
        return status

    def kill(self):
        """The end without any warning: SIGKILL."""
        if self.process.poll() is None:
            self.process.kill()
        self.wait()

    def stop(self, timeout=WAIT_S):
        """SIGTERM, as an operator would; the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *ignored):
        self.kill() if self.process.poll() is None else self._close()

    def memory(self, field="VmRSS"):
        """Bytes of memory, as the kernel counts them."""
        with open("/proc/%d/status" % self.pid, encoding="ascii") as status:
            return int(re.search(field + r":\s+(\d+) kB", status.read()).group(1)) * 1024


class Server(Process):
    """parley serve over `data_dir`; later options win over earlier ones."""

    def __init__(self, data_dir, *options, binary=None, env=None, limits=None):
        self.data_dir = str(data_dir)
        super().__init__(["serve", "--listen", "127.0.0.1:0", "--data", self.data_dir, *CHEAP,
                          *CROWDS, *options], binary=binary, env=env, limits=limits)

    def restart(self):
        """Start again after kill() or stop(), on the port that it had if nobody took it."""
        if self.process.poll() is None:
            self.kill()
        at = self.command.index("--listen") + 1
        self.command[at] = "127.0.0.1:%d" % self.port
        try:
            self.start()
        except RuntimeError:
            self.command[at] = "127.0.0.1:0"
            self.start()


def request(server, method, path, body=None, headers=None):
    """One HTTP request on a connection of its own: status, headers, body as bytes."""
    connection = http.client.HTTPConnection(server.host, server.port, timeout=WAIT_S)
    try:
        connection.request(method, path, body=body, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def call(server, op, args=None, token=None):
    """One operation of docs/PROTOCOL.md: its answer, or Refused."""
    headers = {"Content-Type": "application/json"}
    if token is not None:
        headers["Authorization"] = "Bearer " + token
    status, _, body = request(server, "POST", "/api/v1/" + op, json.dumps(args or {}), headers)
    answer = json.loads(body)
    if status != 200:
        raise Refused(status, answer)
    return answer


class Account:
    """A person with a session."""

    def __init__(self, server, name, password="correct horse"):
        answer = call(server, "signUp", {"name": name, "password": password})
        self.server = server
        self.name = name
        self.password = password
        self.id = answer["user"]["id"]
        self.token = answer["token"]

    def call(self, op, **args):
        return call(self.server, op, args, self.token)


def metrics(server):
    """The numbers of /metrics by name; the loops' own are up to a second old."""
    _, _, text = request(server, "GET", "/metrics")
    return {name: int(value) for name, value in
            re.findall(r"^(\w+) (\d+)$", text.decode(), re.M)}
