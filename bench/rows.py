#!/usr/bin/env python3
"""Rows per second that store_put() stores on one and on two PostgreSQL servers, against plain batches.

    bench/rows.py                 # about two minutes
    bench/rows.py --seconds 5

In turns: plain batches into one table, store_put() with all shards on one server, store_put() with them on
two, all with durable commits (fsync on) and 1,000 rows of 200 bytes each.
"""
import argparse
import pathlib
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
from support.postgres import Postgres  # noqa: E402

BENCH = ROOT / "build" / "release" / "bench" / "bench_rows"
PARLEY = ROOT / "build" / "release" / "parley"
SETTINGS = ["max_wal_size=4GB", "checkpoint_timeout=30min"]  # checkpoints are not what is measured


def rows_per_s(mode, url, args, channels):
    done = subprocess.run([BENCH, mode, url, str(args.seconds), str(channels), str(args.threads)],
                          stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout)


def migrate(directory, shards):
    subprocess.run([PARLEY, "migrate", "--directory", directory, "--shards", shards], check=True,
                   stdout=subprocess.DEVNULL)


def show(name, rates, plain):
    ratio = statistics.median(rates) / statistics.median(plain)
    print("  %-28s %8.0f rows/s (%.0f to %.0f)   %.2f of plain"
          % (name, statistics.median(rates), min(rates), max(rates), ratio), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--channels", type=int, nargs="*", default=[1, 64, 1000])
    args = parser.parse_args()
    subprocess.run(["ninja", "-C", str(ROOT / "build" / "release"), "bench/bench_rows", "parley"],
                   check=True, stdout=subprocess.DEVNULL)
    with Postgres(SETTINGS) as first, Postgres(SETTINGS) as second:
        one, two = first.create("one"), first.create("two")
        migrate(one, "a=" + one)
        migrate(two, "a=%s,b=%s" % (two, second.create("two")))
        plain_url = first.create("plain")
        for channels in args.channels:
            print("%d channels, %d threads" % (channels, args.threads), flush=True)
            plain, on_one, on_two = [], [], []
            for _ in range(args.rounds):
                plain.append(rows_per_s("plain", plain_url, args, channels))
                on_one.append(rows_per_s("put", "pg:" + one, args, channels))
                on_two.append(rows_per_s("put", "pg:" + two, args, channels))
            show("plain batches", plain, plain)
            show("store_put, one server", on_one, plain)
            show("store_put, two servers", on_two, plain)


if __name__ == "__main__":
    main()
