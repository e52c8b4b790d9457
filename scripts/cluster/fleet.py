"""Which servers there are, what they know of each other, and the order in which they start and stop."""
import pathlib

from cluster import files
from cluster.services import Haproxy, Kafka, Postgres, Redis, Role, Sentinel, run

PARTITIONS = 8
DEFAULT_BINARY = files.ROOT / "build" / "release" / "parley"

# Where each kind begins; the second of a kind has the next port.
PORTS = {"haproxy": 8080, "edge": 8101, "api": 8201, "persister": 8301, "redis": 7379,
         "replica": 7389, "sentinel": 7399, "postgres": 7432, "kafka": 7092, "kafka-controller": 7093}


def fixed_ports(offset=0):
    return lambda kind, number=1: PORTS[kind] + number - 1 + offset


def free_ports():
    """Any free port for each, none of them twice."""
    taken = set()

    def port(_kind, _number=1):
        found = files.free_port()
        while found in taken:
            found = files.free_port()
        taken.add(found)
        return found
    return port


class Fleet:
    """`port(kind, number)` gives the port of each. `options` are more flags for each role. With
    `sentinels` each Redis has a replica, and they choose the primary."""

    def __init__(self, data, port, redis=1, postgres=2, kafka=True, haproxy=True, edges=2, apis=2,
                 persisters=2, sentinels=0, binary=DEFAULT_BINARY, options=None):
        self.data = pathlib.Path(data).resolve()
        self.binary = binary
        options = options or {}

        def several(count, kind, make):
            return [make("%s-%d" % (kind, number), self.data, port(kind, number))
                    for number in range(1, count + 1)]

        def role(name, data_dir, its_port):
            return Role(name, data_dir, its_port, binary, options.get(name.split("-")[0], ()))

        watched = sentinels > 0
        self.redis = several(redis, "redis", lambda *where: Redis(*where, watched))
        self.replicas = [Redis("replica-%d" % number, self.data, port("replica", number), True, its)
                         for number, its in enumerate(self.redis, 1) if watched]
        self.sentinels = several(sentinels, "sentinel", lambda *where: Sentinel(*where, self.redis))
        self.postgres = several(postgres, "postgres", Postgres)
        self.kafka = [Kafka("kafka", self.data, port("kafka"), port("kafka-controller"))] \
            if kafka else []
        self.persisters = several(persisters, "persister", role)
        self.apis = several(apis, "api", role)
        self.edges = several(edges, "edge", role)
        self.haproxy = [Haproxy("haproxy", self.data, port("haproxy"),
                                [edge.address for edge in self.edges],
                                [api.address for api in self.apis])] if haproxy else []
        self.services = {service.name: service for stage in self.stages() for service in stage}

    def stages(self):
        """Those of one stage start together; a stage needs the ones before."""
        return [self.redis + self.replicas + self.postgres + self.kafka, self.sentinels,
                self.persisters, self.apis + self.edges, self.haproxy]

    @property
    def shards(self):
        return ",".join("%s=%s" % (chr(ord("a") + i), server.url)
                        for i, server in enumerate(self.postgres))

    @property
    def redis_addresses(self):
        if not self.sentinels:
            return ",".join(server.address for server in self.redis)
        sentinels = "+".join(sentinel.address for sentinel in self.sentinels)
        return ",".join("sentinel://%s/%s" % (sentinels, server.name) for server in self.redis)

    def prepare(self):
        (self.data / "logs").mkdir(parents=True, exist_ok=True)
        if self.postgres and self.redis and self.kafka:
            self._write_configuration()

    def _write_configuration(self):
        text = files.with_values(files.template("parley.ini"), {
            "directory": self.postgres[0].url, "redis": self.redis_addresses,
            "kafka": self.kafka[0].address, "shards": self.shards, "partitions": PARTITIONS,
            "secure-cookies": "no", "trusted-proxies": "127.0.0.1"}, " = ")
        files.write(self.data / "parley.ini", text)

    def migrate(self):
        run([self.binary, "migrate", "--config", self.data / "parley.ini"], "parley migrate",
            cwd=self.data)

    def start(self, say=lambda words: None):
        """All of it, stage by stage. What was started stays so when something fails."""
        self.prepare()
        backends, sentinels, *roles = self.stages()
        self._start_stage(backends, say)
        self._start_stage(sentinels, say)
        if any(roles):
            self.migrate()
            say("the databases are migrated")
        for stage in roles:
            self._start_stage(stage, say)

    @staticmethod
    def _start_stage(stage, say):
        for service in stage:
            service.launch()
        for service in stage:
            service.wait_ready()
            say(service.name + " is ready")

    def stop(self):
        """All of it, the last stage first; the names of those that had to be killed."""
        killed = []
        for stage in reversed(self.stages()):
            for service in stage:
                service.ask_to_stop()
            killed += [service.name for service in stage
                       if service.process.wait_stopped() is None]
        return killed

    def kill(self):
        for service in self.services.values():
            service.kill()
