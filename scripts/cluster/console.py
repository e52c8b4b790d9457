"""script/cluster in the foreground: starts the fleet, tells what happens to it, obeys the control socket.

One thread that waits for three things: a command, the end of a server, and the end of all (Ctrl-C, SIGTERM
or the terminal's end). A server that ends by itself is reported and not started again: to see what the
others make of it is what this is for.
"""
import fcntl
import json
import os
import select
import signal
import socket
import time

from cluster.files import Trouble
from cluster.probe import WAIT_S

COMMAND_BYTES_MAX = 4096


def table(head, rows):
    """Columns as wide as their widest cell."""
    widths = [max(len(str(row[i])) for row in [head, *rows]) for i in range(len(head))]
    lines = ["  ".join(str(cell).ljust(width) for cell, width in zip(row, widths)).rstrip()
             for row in [head, *rows]]
    return "\n".join(lines)


def control_socket(data):
    return data / "control.sock"


def say(words):
    print("%s  %s" % (time.strftime("%H:%M:%S"), words), flush=True)


def stop_on_signals():
    """SIGTERM and SIGHUP end us as Ctrl-C does, which also does in the background."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)


class Console:
    """`with Console(fleet) as console: console.run()`"""

    def __init__(self, fleet):
        self.fleet = fleet
        self.lock = None
        self.listener = None

    def __enter__(self):
        self.fleet.data.mkdir(parents=True, exist_ok=True)
        self.lock = open(self.fleet.data / "lock", "w", encoding="ascii")
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self.lock.close()
            raise Trouble("a cluster runs in %s already: script/cluster status" %
                          self.fleet.data) from None
        self._listen()
        return self

    def _listen(self):
        path = control_socket(self.fleet.data)
        path.unlink(missing_ok=True)
        self.listener = socket.socket(socket.AF_UNIX)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        mask = os.umask(0o077)
        try:
            # By the folder's descriptor, because an address holds 107 bytes only.
            self.listener.bind("/proc/self/fd/%d/%s" % (folder, path.name))
        finally:
            os.umask(mask)
            os.close(folder)
        self.listener.listen()

    def __exit__(self, *ignored):
        self.listener.close()
        control_socket(self.fleet.data).unlink(missing_ok=True)
        self.lock.close()

    # ---- life ----

    def run(self):
        """Start, serve until the end, stop. Whether it started."""
        try:
            self.fleet.start(say)
            self._welcome()
            self._serve()
        except KeyboardInterrupt:
            print(flush=True)
        except Trouble as trouble:
            say("failed: %s" % trouble)
            return False
        finally:
            self._stop()
        return True

    def _welcome(self):
        rows = [(s.name, s.kind, s.address, s.process.pid, s.process.log)
                for s in self.fleet.services.values()]
        print("\n%s\n" % table(("NAME", "WHAT", "ADDRESS", "PID", "LOG"), rows))
        if self.fleet.haproxy:
            print("Parley is ready at http://%s" % self.fleet.haproxy[0].address)
        print("Ctrl-C stops all of it and leaves the data in %s" % self.fleet.data, flush=True)

    def _stop(self):
        """A second Ctrl-C kills what is left."""
        say("stopping")
        try:
            for name in self.fleet.stop():
                say("%s did not stop and was killed" % name)
        except KeyboardInterrupt:
            self.fleet.kill()
        say("everything has stopped")

    def _serve(self):
        while True:
            poll, ends = select.poll(), {}
            poll.register(self.listener, select.POLLIN)
            for service in self.fleet.services.values():
                if service.wanted and service.process.pidfd is not None:
                    ends[service.process.pidfd] = service
                    poll.register(service.process.pidfd, select.POLLIN)
            for fd, _ in poll.poll():
                if fd in ends:
                    self._report_end(ends[fd])
                else:
                    self._answer()

    @staticmethod
    def _report_end(service):
        service.wanted = False
        say("%s ended by itself (%s); see script/cluster logs %s; script/cluster restart %s "
            "starts it again" % (service.name, service.process.status(), service.name,
                                 service.name))

    # ---- commands ----

    def _answer(self):
        client, _ = self.listener.accept()
        with client:
            client.settimeout(WAIT_S)
            try:
                with client.makefile("rb") as lines:
                    request = json.loads(lines.readline(COMMAND_BYTES_MAX))
                client.sendall(json.dumps(self.obey(request)).encode() + b"\n")
            except (OSError, ValueError) as error:
                say("a command was not understood: %s" % error)

    def obey(self, request):
        """The answer to a command: {"services": [...]}, {"said": ...} or {"error": ...}."""
        command, name = request.get("command"), request.get("name")
        if command == "status":
            return {"services": [self._status(s) for s in self.fleet.services.values()]}
        if name not in self.fleet.services:
            return {"error": "there is no %s: %s" % (name, ", ".join(self.fleet.services))}
        try:
            said = {"kill": self._kill, "stop": self._stop_one,
                    "restart": self._restart}[command](self.fleet.services[name])
        except KeyError:
            return {"error": "there is no command %s" % command}
        except Trouble as trouble:
            return {"error": str(trouble)}
        say(said)
        return {"said": said}

    @staticmethod
    def _status(service):
        up = service.process.running
        healthy, words = service.health()
        return {"name": service.name, "kind": service.kind, "address": service.address,
                "pid": service.process.pid if up else None, "up": up, "healthy": healthy,
                "health": words, "log": str(service.process.log)}

    @staticmethod
    def _kill(service):
        was_running = service.process.running
        service.kill()
        return "%s %s" % (service.name, "was killed" if was_running else "was not running")

    @staticmethod
    def _stop_one(service):
        if not service.process.running:
            return "%s was not running" % service.name
        status = service.stop()
        return "%s %s" % (service.name, "did not stop and was killed" if status is None
                          else "stopped with status %d" % status)

    @staticmethod
    def _restart(service):
        if service.process.running:
            service.stop()
        service.start()
        return "%s is ready again, pid %d" % (service.name, service.process.pid)
