#!/usr/bin/env python3
"""Benchmarks of `parley serve` against the kernel's floor, in one run.

    bench/run.py [--seconds 5] [--pairs 3] [--json] [fanout] [channels] [idle] [acks]

Machines differ and are noisy: what counts are ratios of processor time, measured in turns (A B A B). Needs a
release build: script/build and `ninja -C build/release bench/bench_load bench/bench_seed bench/bench_floor`.
"""
import argparse
import json
import pathlib
import re
import statistics
import subprocess
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "release"
BENCH = BUILD / "bench"
TEXT_BYTES = 128


class Server:
    """A server on seeded data; ends with the block."""

    def __init__(self, folder, users, channels, members, *options):
        data = pathlib.Path(folder) / "data"
        data.mkdir()
        self.tokens = pathlib.Path(folder) / "tokens"
        with open(self.tokens, "w") as out:
            subprocess.run([BENCH / "bench_seed", "sqlite:%s/parley.db" % data, str(users), str(channels), str(members)],
                           stdout=out, check=True)
        self.process = subprocess.Popen(
            [BUILD / "parley", "serve", "--listen", "127.0.0.1:0", "--data", data,
             "--message-rate", "100000000", "--message-burst", "100000000",
             "--connections-address", "100000000", "--connections-user", "100000000",
             *options],
            stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        self.port = int(re.search(r"http://[^ ]*:(\d+)", line).group(1))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def start_load(self, connections, in_flight, seconds, text_bytes=TEXT_BYTES):
        return subprocess.Popen([BENCH / "bench_load", str(self.port), str(self.process.pid),
                                 self.tokens, str(connections), str(in_flight), str(text_bytes),
                                 str(seconds)], stdout=subprocess.PIPE, text=True)

    def load(self, *args):
        process = self.start_load(*args)
        out = process.communicate()[0]
        if process.returncode != 0:
            raise SystemExit("the load failed")
        return json.loads(out)

    def metrics(self):
        url = "http://127.0.0.1:%d/metrics" % self.port
        lines = urllib.request.urlopen(url).read().decode().splitlines()
        return {k: int(v) for k, v in (line.split() for line in lines if line[0] != "#")}

    def wait_for(self, name, value, seconds=60):
        """Wait until one of the server's numbers is `value`; they are pinned once a second."""
        until = time.monotonic() + seconds
        while self.metrics()[name] != value:
            if time.monotonic() > until:
                raise SystemExit("%s did not become %d" % (name, value))
            time.sleep(0.2)


def floor(sockets, frame_bytes, frames, seconds):
    done = subprocess.run([BENCH / "bench_floor", str(sockets), str(frame_bytes), str(frames),
                           str(seconds)], stdout=subprocess.PIPE, check=True, text=True)
    return float(done.stdout)


# A pushed message of 128 bytes: the JSON around the text, and the frame's head.
FRAME_BYTES = 4 + len('{"ev":"message","channel":1,"seq":100000,"prev":99999,"n":100000,'
                      '"from":1000,"ts_us":1790000000000000,"cmid":"%s","text":"%s"}'
                      % ("0" * 36, "x" * TEXT_BYTES))


def against_floor(name, args, users, channels, members, in_flight, frames, target):
    """Server and floor in turns; the ratio of the medians, and of each pair."""
    ours, floors, acks, latency = [], [], [], []
    for _ in range(args.pairs):
        with tempfile.TemporaryDirectory() as folder, \
                Server(folder, users, channels, members) as server:
            result = server.load(users, in_flight, args.seconds)
        ours.append(result["cpu_ns_per_delivery"])
        acks.append(result["deliveries_per_s"])
        latency.append(result["ack_p50_us"])
        floors.append(floor(users, FRAME_BYTES, frames, args.seconds))
    ratios = [a / b for a, b in zip(ours, floors)]
    return {"name": name, "cpu_ns_per_delivery": statistics.median(ours),
            "floor_ns_per_frame": statistics.median(floors),
            "ratio": statistics.median(ratios), "ratio_min": min(ratios),
            "ratio_max": max(ratios), "target": target,
            "deliveries_per_s": statistics.median(acks), "ack_p50_us": statistics.median(latency)}


def fanout(args):
    """One channel, 1,000 members, 8 messages in flight; the floor sends 8 frames at once."""
    return against_floor("fanout", args, 1000, 1, 1000, 8, 8, 1.3)


def channels(args):
    """1,000 channels of 10 members, 64 in flight; the floor sends one frame at a time."""
    return against_floor("channels", args, 1000, 1000, 10, 64, 1, 2.5)


def idle(args):
    """10,000 idle connections of 10,000 people with 5 channels each: user memory per connection."""
    with tempfile.TemporaryDirectory() as folder, Server(folder, 10000, 5000, 10) as server:
        # Once for the database's caches, which are no connection's own.
        server.load(10000, 0, 1)
        server.wait_for("parley_sessions", 0)
        before = server.metrics()
        load = server.start_load(10000, 0, 5)
        server.wait_for("parley_sessions", 10000)
        time.sleep(1)
        after = server.metrics()
        load.wait()
    grown = after["parley_heap_bytes"] - before["parley_heap_bytes"]
    return {"name": "idle", "bytes_per_connection": grown / 10000, "target": 1024}


def acks(args):
    """Durable acks per second, alone and together."""
    rates = {}
    for in_flight in (1, 16, 64, 256):
        with tempfile.TemporaryDirectory() as folder, Server(folder, 256, 256, 1) as server:
            result = server.load(256, in_flight, args.seconds)
        rates[str(in_flight)] = {"acks_per_s": result["acks_per_s"],
                                 "p50_us": result["ack_p50_us"], "p99_us": result["ack_p99_us"]}
    return {"name": "acks", "in_flight": rates}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="one JSON object per line")
    parser.add_argument("which", nargs="*", default=["fanout", "channels", "idle", "acks"])
    args = parser.parse_args()
    subprocess.run(["ninja", "-C", BUILD, "--quiet", "bench/bench_load", "bench/bench_seed",
                    "bench/bench_floor"], check=True)
    for name in args.which:
        benchmark = {"fanout": fanout, "channels": channels, "idle": idle, "acks": acks}[name]
        if not args.json:
            print("%s: %s" % (name, benchmark.__doc__), flush=True)
        result = benchmark(args)
        if args.json:
            print(json.dumps(result), flush=True)
            continue
        for key, value in result.items():
            if key != "name":
                print("    %-22s %s" % (key, "%.2f" % value if isinstance(value, float) else value))


main()
