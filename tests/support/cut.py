"""Cuts a line between two processes without a word: packets vanish, no connection is ended.

A process whose line is to be cut makes its connections from a loopback address that nobody else has: a small
library stands before connect(). So the rules match its packets to one port and no other packets, also those
of connections that it has given up. They are gone when the test is; a rule that survives a killed test matches
nothing any more. (Redis and PostgreSQL let in only 127.0.0.1 unless they are told otherwise.)
"""
import pathlib
import random
import shutil
import subprocess
import tempfile

SOURCE = r"""
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

int connect(int fd, const struct sockaddr *to, socklen_t len)
{
    int (*next)(int, const struct sockaddr *, socklen_t) = dlsym(RTLD_NEXT, "connect");
    const struct sockaddr_in *there = (const struct sockaddr_in *)to;
    struct sockaddr_in here = {.sin_family = AF_INET};
    const int one = 1;
    int type = 0;
    socklen_t type_len = sizeof(type);
    getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_len);
    if (to->sa_family == AF_INET && type == SOCK_STREAM && ntohl(there->sin_addr.s_addr) >> 24 == 127) {
        inet_pton(AF_INET, getenv("CUT_ADDRESS"), &here.sin_addr);
        setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof(one));
        bind(fd, (struct sockaddr *)&here, sizeof(here)); /* fails when it is bound: that is fine */
    }
    return next(fd, to, len);
}
"""


def iptables(*words):
    """-w: another test may be changing its rules."""
    subprocess.run(["iptables", "-w", "10", *map(str, words)], check=True, stdout=subprocess.PIPE,
                   stderr=subprocess.STDOUT)


class Line:
    """The connections that one service makes. Give it before the service is started (again)."""

    def __init__(self, service):
        self.address = "127.%d.%d.%d" % (random.randint(64, 127), random.randint(1, 254),
                                         random.randint(2, 254))
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="parley-cut-"))
        self.rules = []
        library = self.dir / "from.so"
        subprocess.run(["gcc", "-shared", "-fPIC", "-x", "c", "-", "-o", library, "-ldl"],
                       input=SOURCE, text=True, check=True)
        service.env = {"LD_PRELOAD": str(library), "CUT_ADDRESS": self.address}

    def cut(self, port):
        """Nothing passes between the service and this port, in either direction."""
        for rule in (("-s", self.address, "-p", "tcp", "--dport", port),
                     ("-d", self.address, "-p", "tcp", "--sport", port)):
            rule = ("INPUT", "-i", "lo", *rule, "-j", "DROP")
            iptables("-I", *rule)
            self.rules.append(rule)

    def heal(self):
        while self.rules:
            iptables("-D", *self.rules[-1])
            self.rules.pop()

    def close(self):
        self.heal()
        shutil.rmtree(self.dir, ignore_errors=True)
