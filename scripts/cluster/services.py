"""Each kind of server: its files made from deploy/, its command line, how it is seen to be ready."""
import base64
import functools
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import uuid

from cluster import files, probe
from cluster.files import ROOT, Trouble
from cluster.process import Process, READY_S, tail

POSTGRES_BINS = "/usr/lib/postgresql/*/bin"
SETUP_S = 180
JAVA = ["java", "-Xms128m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
        "-XX:MaxDirectMemorySize=64m", "-XX:MaxMetaspaceSize=128m", "-XX:ReservedCodeCacheSize=64m",
        "-Xss512k"]
LEVEL = "-Dorg.slf4j.simpleLogger.%s=%s"


def program(name, *folders):
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *folders]))
    if not found:
        raise Trouble("there is no %s: script/bootstrap --cluster" % name)
    return found


def run(command, what, **kwargs):
    """A command to its end; Trouble with what it printed when it failed."""
    if "input" not in kwargs:
        kwargs["stdin"] = subprocess.DEVNULL
    done = subprocess.run(list(map(str, command)), text=True, errors="replace", timeout=SETUP_S,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, **kwargs)
    if done.returncode != 0:
        raise Trouble("%s failed (%s):\n%s" % (what, done.returncode, done.stdout))
    return done.stdout


class Service:
    """What all have. A subclass says `kind`, `ready`, `command()`, and what it needs of the rest."""

    kind = "server"
    ready = ""                     # what it logs once it can be asked
    stop_signal = signal.SIGTERM
    setpriv = ()
    env = None                     # more of it than ours

    def __init__(self, name, data, port):
        self.name = name
        self.data = pathlib.Path(data)
        self.dir = self.data / name
        self.port = port
        self.wanted = False        # it should be running: an end is news
        self.process = Process(self.data / "logs" / (name + ".log"), self.stop_signal)

    @property
    def address(self):
        return "127.0.0.1:%d" % self.port

    def prepare(self):
        """Make its folder and files; what was there stays."""
        self.dir.mkdir(exist_ok=True)

    def ask(self):
        return probe.http_status(self.port, "/")

    def health(self):
        """(does it work, what it says)"""
        if not self.process.running:
            return False, "not running"
        try:
            return True, self.ask()
        except OSError as error:
            return False, str(error) or repr(error)

    def launch(self):
        """Start it and do not wait."""
        if self.process.running:
            raise Trouble("%s is running already" % self.name)
        if not files.is_free(self.port):
            raise Trouble("%s cannot have port %d: something else listens there" %
                          (self.name, self.port))
        self.prepare()
        self.process.start(self.command(), self.dir, self.setpriv, self.env)
        self.wanted = True

    def wait_ready(self):
        """Wait until it says that it is ready, and see that it answers."""
        try:
            self.process.wait_line(self.ready, READY_S)
            self.ask()
        except OSError as error:
            raise Trouble("%s does not answer as it should: %s; the end of %s:\n%s" % (
                self.name, error, self.process.log, tail(self.process.log))) from error

    def start(self):
        self.launch()
        self.wait_ready()

    def kill(self):
        self.wanted = False
        self.process.kill()

    def ask_to_stop(self):
        self.wanted = False
        self.process.ask_to_stop()

    def stop(self):
        self.ask_to_stop()
        return self.process.wait_stopped()


class Redis(Service):
    """`watched`: sentinels may change whom it follows. `primary`: whom it follows at first."""

    kind = "Redis"
    ready = r"Ready to accept connections"

    def __init__(self, name, data, port, watched=False, primary=None):
        super().__init__(name, data, port)
        self.watched = watched
        self.primary = primary

    def prepare(self):
        super().prepare()
        configuration = self.dir / "redis.conf"
        if self.watched and configuration.exists():
            return                 # Redis has rewritten it: it knows whom it follows now
        text = files.with_values(files.template("redis/redis.conf"),
                                 {"port": self.port, "dir": "."}, " ")
        if self.watched:
            text += "repl-diskless-sync-delay 0\nreplica-announce-ip 127.0.0.1\n"
        if self.primary:
            text += "replicaof 127.0.0.1 %d\n" % self.primary.port
        files.write(configuration, text)

    def command(self):
        return [program("redis-server"), "redis.conf"]

    def ask(self):
        return probe.redis(self.port)


class Sentinel(Service):
    """Watches all of `primaries`, each by its name."""

    kind = "Sentinel"
    ready = r"\+monitor master"

    def __init__(self, name, data, port, primaries):
        super().__init__(name, data, port)
        self.primaries = primaries

    def prepare(self):
        super().prepare()
        configuration = self.dir / "sentinel.conf"
        if configuration.exists():
            return                 # it keeps there what it knows
        text = files.with_values(files.template("redis/sentinel.conf"),
                                 {"port": self.port, "dir": "."}, " ")
        lines = text.splitlines()
        rules = [line for line in lines if line.startswith("sentinel ")]
        lines = [line for line in lines if line not in rules]
        for primary in self.primaries:
            watch = files.replaced("\n".join(rules), {
                "parley 10.0.2.11 6379": "parley 127.0.0.1 %d" % primary.port})
            lines += re.sub(r"\bparley\b", primary.name, watch).splitlines()
        files.write(configuration, "\n".join(lines) + "\n")

    def command(self):
        return [program("redis-server"), "sentinel.conf", "--sentinel"]

    def ask(self):
        return probe.redis(self.port)


class Postgres(Service):
    """The database `parley` of the user `parley`, with a password that is made once."""

    kind = "PostgreSQL"
    ready = r"database system is ready to accept connections"
    stop_signal = signal.SIGINT    # "fast": ends sessions instead of waiting for them

    @property
    def cluster(self):
        return self.dir / "data"

    @functools.cached_property
    def bin(self):
        found = sorted(pathlib.Path("/").glob(POSTGRES_BINS[1:]),
                       key=lambda path: int(path.parent.name))
        return found[-1] if found else pathlib.Path(program("postgres")).parent

    @functools.cached_property
    def setpriv(self):
        user = files.postgres_user()
        if user is None:
            return []
        as_user = ["--reuid=postgres", "--regid=postgres", "--init-groups"]
        if not files.reachable(self.dir, user):
            # The data is below a folder like /root: the server may pass through as root could.
            as_user += ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
        return as_user

    def password(self):
        return files.secret(self.data / "postgres-password")

    @property
    def url(self):
        return "postgres://parley:%s@127.0.0.1:%d/parley" % (self.password(), self.port)

    def _run(self, what, *command, **kwargs):
        wrapped = ["setpriv", *self.setpriv, "--", *command] if self.setpriv else command
        return run(wrapped, what, cwd=self.dir, **kwargs)

    def _init(self, user):
        """A new database cluster, complete or not at all."""
        part = self.dir / "part"
        shutil.rmtree(part, ignore_errors=True)
        secret = self.dir / "password"
        files.write(secret, self.password() + "\n")
        if user is not None:
            os.chown(secret, user.pw_uid, user.pw_gid)
        self._run("initdb", self.bin / "initdb", "-D", part, "-U", "parley", "--no-sync",
                  "-E", "UTF8", "--locale=C.UTF-8", "--auth=scram-sha-256", "--pwfile", secret)
        secret.unlink()
        self._run("making the database", self.bin / "postgres", "--single", "-D", part, "postgres",
                  input="CREATE DATABASE parley\n")
        with open(part / "postgresql.conf", "a", encoding="utf-8") as settings:
            settings.write("include '../postgresql.conf'\n")
        os.replace(part, self.cluster)

    def prepare(self):
        super().prepare()
        user = files.postgres_user()
        if user is not None:
            os.chown(self.dir, user.pw_uid, user.pw_gid)
            self.dir.chmod(0o700)
        if not self.cluster.exists():
            self._init(user)
        text = files.with_values(files.template("postgres/postgresql.conf"),
                                 {"port": self.port}, " = ")
        text += "\n# Only what can log in with a password.\nunix_socket_directories = ''\n"
        files.write(self.dir / "postgresql.conf", text)
        if user is not None:
            os.chown(self.dir / "postgresql.conf", user.pw_uid, user.pw_gid)

    def command(self):
        return [self.bin / "postgres", "-D", self.cluster]

    def ask(self):
        return probe.postgres(self.port)


class Kafka(Service):
    """`controller_port` is the second port that it needs."""

    kind = "Kafka"
    ready = r"Kafka Server started"

    def __init__(self, name, data, port, controller_port):
        super().__init__(name, data, port)
        self.controller_port = controller_port

    @functools.cached_property
    def jars(self):
        done = subprocess.run([ROOT / "script" / "kafka"], text=True, stdout=subprocess.PIPE,
                              check=False)
        if done.returncode != 0:
            raise Trouble("Kafka's jars are missing")
        return done.stdout.strip() + "/*"

    def prepare(self):
        super().prepare()
        text = files.replaced(files.template("kafka/server.properties"), {
            "127.0.0.1:9092": self.address,
            "127.0.0.1:9093": "127.0.0.1:%d" % self.controller_port})
        text = files.with_values(text, {"log.dirs": self.dir / "data"}, "=")
        files.write(self.dir / "server.properties", text)
        identity = self.data / "kafka-cluster-id"
        if not identity.exists():
            made = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
            files.write(identity, made.replace("-", "x") + "\n")
        if not (self.dir / "data" / "meta.properties").exists():
            run([*JAVA, LEVEL % ("defaultLogLevel", "error"), "-cp", self.jars,
                 "kafka.tools.StorageTool", "format", "-g", "-t", identity.read_text().strip(),
                 "-c", "server.properties"], "formatting Kafka's folder", cwd=self.dir)

    def command(self):
        return [program("java"), *JAVA[1:], LEVEL % ("defaultLogLevel", "warn"),
                LEVEL % ("log.kafka.server.KafkaRaftServer", "info"),
                LEVEL % ("showDateTime", "true"), LEVEL % ("dateTimeFormat", "HH:mm:ss.SSS"),
                "-cp", self.jars, "kafka.Kafka", "server.properties"]

    def ask(self):
        return probe.kafka(self.port)


class Haproxy(Service):
    kind = "HAProxy"
    ready = r"Loading success"

    def __init__(self, name, data, port, edges, apis):
        super().__init__(name, data, port)
        self.edges = edges
        self.apis = apis

    @property
    def admin_socket(self):
        return self.dir / "admin.sock"

    def prepare(self):
        super().prepare()
        text = files.replaced(files.template("haproxy/haproxy.cfg"), {
            "bind 127.0.0.1:8080": "bind " + self.address,
            "socket /run/haproxy/admin.sock": "socket unix@admin.sock"})
        text = files.with_servers(text, "edge", self.edges)
        text = files.with_servers(text, "api", self.apis)
        room = (resource.getrlimit(resource.RLIMIT_NOFILE)[1] - 100) // 2
        if 0 < room < 8000:
            text = files.replaced(text, {"maxconn 8000": "maxconn %d" % room})
        files.write(self.dir / "haproxy.cfg", text)

    def command(self):
        return [program("haproxy", "/usr/sbin"), "-W", "-db", "-f", "haproxy.cfg"]

    def ask(self):
        return probe.haproxy(self.port)


class Role(Service):
    """`parley edge`, `parley api` or `parley persister`, with data/parley.ini."""

    ready = r"is ready at"

    def __init__(self, name, data, port, binary, options=()):
        super().__init__(name, data, port)
        self.role = re.sub(r"-\d+$", "", name)
        self.kind = "parley " + self.role
        self.binary = binary
        self.options = list(options)

    def command(self):
        name = ["--name", self.name] if self.role == "persister" else []
        return [self.binary, self.role, "--config", self.data / "parley.ini", "--listen",
                self.address, *name, *self.options]

    def ask(self):
        return probe.parley(self.port)
