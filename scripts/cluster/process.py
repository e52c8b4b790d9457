"""One process: started into a log file, awaited until it says that it is ready, killed, stopped.

Everything is awaited by the kernel's events: the end of a process by its pidfd, what it logs by inotify.
The kernel also ends each process when its starter is gone (PR_SET_PDEATHSIG, by setpriv): nothing is
left running, however the starter ended.
"""
import concurrent.futures
import ctypes
import os
import pathlib
import re
import select
import signal
import subprocess
import time

from cluster.files import Trouble

READY_S = 120  # until it must be ready: for a slow machine; nothing is measured by it
STOP_S = 60
KILL_S = 30
TAIL_LINES = 25
IN_MODIFY = 2

_libc = ctypes.CDLL(None, use_errno=True)

# "Its starter is gone" means the thread: this one lives as long as we do.
_starter = concurrent.futures.ThreadPoolExecutor(max_workers=1, thread_name_prefix="starter")


class LogWatch:
    """Becomes readable when a file has grown."""

    def __init__(self, path):
        self.fd = _libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self.fd < 0 or _libc.inotify_add_watch(self.fd, os.fsencode(path), IN_MODIFY) < 0:
            raise OSError(ctypes.get_errno(), "inotify")

    def drain(self):
        try:
            os.read(self.fd, 65536)
        except BlockingIOError:
            pass

    def close(self):
        os.close(self.fd)


def tail(path, lines=TAIL_LINES):
    try:
        text = pathlib.Path(path).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-lines:])


def parents():
    """{pid: parent} of everything that runs."""
    found = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                stat = pathlib.Path("/proc", entry, "stat").read_text(encoding="latin-1")
                found[int(entry)] = int(stat.rpartition(")")[2].split()[1])
            except (FileNotFoundError, ProcessLookupError):
                pass
    return found


def family(pid):
    """`pid` and everything below it."""
    parent_of, members = parents(), [pid]
    for member in members:
        members += [child for child, parent in parent_of.items() if parent == member]
    return members


def wait_gone(pidfds, timeout_s):
    """Whether all of these have ended in time."""
    poll, left = select.poll(), set(pidfds)
    deadline = time.monotonic() + timeout_s
    for fd in left:
        poll.register(fd, select.POLLIN)
    while left and time.monotonic() < deadline:
        for fd, _ in poll.poll(max(1, int((deadline - time.monotonic()) * 1000))):
            poll.unregister(fd)
            left.discard(fd)
    return not left


class Process:
    """`setpriv` is what the process must be started with besides: another user, capabilities."""

    def __init__(self, log, stop_signal=signal.SIGTERM, orphan_signal=signal.SIGKILL):
        self.log = pathlib.Path(log)
        self.stop_signal = stop_signal
        self.orphan_signal = orphan_signal
        self.popen = None
        self.pidfd = None
        self.log_start = 0

    @property
    def pid(self):
        return self.popen.pid if self.popen else None

    @property
    def running(self):
        return self.popen is not None and self.popen.poll() is None

    def start(self, command, cwd, setpriv=(), env=None):
        self._forget()
        wrapped = ["setpriv", "--pdeathsig", self.orphan_signal.name[3:], *setpriv, "--",
                   *map(str, command)]
        with open(self.log, "ab") as log:
            self.log_start = log.tell()
            self.popen = _starter.submit(
                subprocess.Popen, wrapped, cwd=cwd, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, start_new_session=True, env=dict(os.environ, **(env or {}))).result()
        self.pidfd = os.pidfd_open(self.popen.pid)

    def wait_line(self, pattern, timeout_s=READY_S):
        """Wait until it has logged `pattern` since it was started."""
        watch = LogWatch(self.log)
        poll, deadline = select.poll(), time.monotonic() + timeout_s
        poll.register(watch.fd, select.POLLIN)
        poll.register(self.pidfd, select.POLLIN)
        try:
            while not re.search(pattern, self.logged()):
                if not self.running:
                    raise Trouble("%s ended with status %s" % (self.log.stem, self.status()))
                if time.monotonic() > deadline:
                    raise Trouble("%s was not ready within %d s" % (self.log.stem, timeout_s))
                poll.poll(max(1, int((deadline - time.monotonic()) * 1000)))
                watch.drain()
        except Trouble as trouble:
            raise Trouble("%s; the end of %s:\n%s" % (trouble, self.log, tail(self.log))) from None
        finally:
            watch.close()

    def logged(self):
        """What it has logged since it was started."""
        with open(self.log, "rb") as log:
            log.seek(self.log_start)
            return log.read().decode(errors="replace")

    def status(self):
        """How it ended, for people."""
        code = self.popen.wait()
        return "%d" % code if code >= 0 else signal.Signals(-code).name

    def kill(self):
        """SIGKILL for it and everything that it started, and wait until they are gone."""
        if self.popen is None:
            return
        if self.running:
            self.popen.send_signal(signal.SIGSTOP)  # so that it starts no others meanwhile
        members = family(self.popen.pid) if self.running else []
        pidfds = []
        for pid in members:
            try:
                pidfds.append(os.pidfd_open(pid))
                signal.pidfd_send_signal(pidfds[-1], signal.SIGKILL)
            except ProcessLookupError:
                pass
        gone = wait_gone(pidfds, KILL_S)
        for fd in pidfds:
            os.close(fd)
        if not gone:
            raise Trouble("%s does not go away" % self.log.stem)
        self.popen.wait()
        self._forget()

    def ask_to_stop(self):
        if self.running:
            self.popen.send_signal(self.stop_signal)

    def wait_stopped(self, timeout_s=STOP_S):
        """Its status once it has ended; killed when it has not in time, and then None."""
        if self.popen is None:
            return 0
        if not wait_gone([self.pidfd], timeout_s):
            self.kill()
            return None
        status = self.popen.wait()
        self._forget()
        return status

    def _forget(self):
        if self.pidfd is not None:
            os.close(self.pidfd)
        self.popen = self.pidfd = None
