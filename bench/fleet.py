#!/usr/bin/env python3
"""The fleet against an edge pair on Node (ws, redis), behind the same HAProxy, in one run.

    bench/fleet.py [--seconds 5] [--pairs 2] [--json] [fanout] [channels]

Counts the processor time of the two edges per delivery. Parley's edges do more for it: every message is placed,
deduplicated and durable in Kafka before it is acknowledged; the baseline acknowledges what it has published.
"""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
from cluster.fleet import Fleet, free_ports  # noqa: E402
from cluster.probe import http_status  # noqa: E402
from cluster.services import Haproxy  # noqa: E402

BUILD = ROOT / "build" / "release"
BENCH = BUILD / "bench"
RATES = ["--message-rate", "100000000", "--message-burst", "100000000",
         "--connections-address", "100000000"]
TEXT_BYTES = 128

# users, channels, members per channel, messages in flight, how many times less is the target
SHAPES = {"fanout": (1000, 1, 1000, 8, 10), "channels": (1000, 1000, 10, 64, 3.5)}


def load(port, pids, tokens, connections, in_flight, seconds):
    done = subprocess.run([BENCH / "bench_load", str(port), ",".join(map(str, pids)), tokens,
                           str(connections), str(in_flight), str(TEXT_BYTES), str(seconds)],
                          stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)


def seed(store_url, folder, users, channels, members):
    tokens = pathlib.Path(folder) / "tokens"
    with open(tokens, "w") as out:
        subprocess.run([BENCH / "bench_seed", store_url, str(users), str(channels), str(members)],
                       stdout=out, check=True)
    return tokens


def parley(folder, shape, seconds):
    """A fresh fleet under load: what the load says."""
    users, channels, members, in_flight, _ = SHAPES[shape]
    options = {"edge": [*RATES, "--connections-user", "100000000"], "api": RATES}
    fleet = Fleet(pathlib.Path(folder) / "parley", free_ports(), apis=1, persisters=1,
                  options=options)
    try:
        fleet.start()
        tokens = seed("pg:" + fleet.postgres[0].url, folder, users, channels, members)
        return load(fleet.haproxy[0].port, [edge.process.pid for edge in fleet.edges], tokens,
                    users, in_flight, seconds)
    finally:
        fleet.kill()


def node_modules():
    """The baseline with its libraries, outside of the tree."""
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"))
    folder = cache / "parley" / "bench-node"
    shutil.copytree(ROOT / "bench" / "peers" / "node", folder, dirs_exist_ok=True)
    if not (folder / "node_modules").exists():
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--no-package-lock",
                        "--loglevel=error"], cwd=folder, check=True, stdout=sys.stderr)
    return folder


def memberships(tokens, users, channels, members):
    """The same that bench_seed makes, for the baseline: token -> channel ids."""
    names = tokens.read_text().split()
    of = {name: [] for name in names}
    for channel in range(channels):
        for member in range(members):
            of[names[(channel * members + member) % users]].append(channel + 1)
    return of


def await_http(port):
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            http_status(port, "/healthz")
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit("nothing listens on port %d" % port)


def with_node(folder, channels_of, use):
    """The baseline, two edges on Redis behind HAProxy: what use(port of HAProxy, edges) says."""
    port = free_ports()
    fleet = Fleet(pathlib.Path(folder) / "node", port, postgres=0, kafka=False, haproxy=False,
                  edges=0, apis=0, persisters=0)
    members_file = pathlib.Path(folder) / "members.json"
    members_file.write_text(json.dumps(channels_of))
    edges, proxy = [], None
    try:
        fleet.start()
        ports = [port("edge"), port("edge")]
        for edge_port in ports:
            edges.append(subprocess.Popen(
                ["node", "edge.mjs"], cwd=node_modules(), stdout=subprocess.DEVNULL,
                env=dict(os.environ, PORT=str(edge_port), MEMBERS=str(members_file),
                         REDIS="redis://%s" % fleet.redis[0].address)))
        for edge_port in ports:
            await_http(edge_port)
        addresses = ["127.0.0.1:%d" % edge_port for edge_port in ports]
        proxy = Haproxy("haproxy", fleet.data, port("haproxy"), addresses, addresses)
        proxy.start()
        return use(proxy.port, edges)
    finally:
        for edge in edges:
            edge.kill()
            edge.wait()
        if proxy is not None:
            proxy.kill()
        fleet.kill()


def node(folder, shape, seconds):
    """The baseline under the same load."""
    users, channels, members, in_flight, _ = SHAPES[shape]
    tokens = pathlib.Path(folder) / "node-tokens"
    tokens.write_text("".join("%064x\n" % i for i in range(users)))
    return with_node(
        folder, memberships(tokens, users, channels, members),
        lambda port, edges: load(port, [edge.pid for edge in edges], tokens, users, in_flight, seconds))


def compare(shape, args):
    ours, theirs = [], []
    for _ in range(args.pairs):
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            ours.append(parley(folder, shape, args.seconds))
            theirs.append(node(folder, shape, args.seconds))

    def median(results, key):
        return statistics.median(result[key] for result in results)

    ratios = [b["cpu_ns_per_delivery"] / a["cpu_ns_per_delivery"] for a, b in zip(ours, theirs)]
    return {"name": shape, "parley_ns_per_delivery": median(ours, "cpu_ns_per_delivery"),
            "node_ns_per_delivery": median(theirs, "cpu_ns_per_delivery"),
            "times_less": statistics.median(ratios), "times_less_min": min(ratios),
            "times_less_max": max(ratios), "target": SHAPES[shape][4],
            "parley_deliveries_per_s": median(ours, "deliveries_per_s"),
            "node_deliveries_per_s": median(theirs, "deliveries_per_s"),
            "parley_ack_p50_us": median(ours, "ack_p50_us"),
            "node_ack_p50_us": median(theirs, "ack_p50_us")}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--pairs", type=int, default=2)
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    parser.add_argument("which", nargs="*", default=list(SHAPES))
    args = parser.parse_args()
    subprocess.run(["ninja", "-C", BUILD, "--quiet", "bench/bench_load", "bench/bench_seed"],
                   check=True, stdout=sys.stderr)
    for shape in args.which:
        result = compare(shape, args)
        if args.json:
            print(json.dumps(result), flush=True)
            continue
        print(shape)
        for key, value in result.items():
            if key != "name":
                print("    %-24s %s" % (key, "%.2f" % value if isinstance(value, float) else value))


if __name__ == "__main__":
    main()
