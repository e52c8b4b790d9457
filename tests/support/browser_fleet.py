#!/usr/bin/env python3
"""A fleet behind HAProxy that obeys its stdin, for tests in other languages (tests/browser/support.mjs).

It prints the URL once it is ready. "kill" is kill -9 of all edges and API servers, "up" starts them again;
each is answered with a line. The end of the input is the end of the fleet.
"""
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from support.deployment import FleetBehindProxy  # noqa: E402


def main():
    deployment = FleetBehindProxy()
    fleet = deployment.fleet
    print(deployment.server.url, flush=True)
    doors = [place.name for place in fleet.edges + fleet.apis]
    for line in sys.stdin:
        for name in doors:
            if line.strip() == "kill":
                fleet.kill(name)
            else:
                fleet.start(name)
        if line.strip() == "up":
            deployment.await_ready()
        print("done", flush=True)


if __name__ == "__main__":
    main()
