"""The command line of script/cluster."""
import argparse
import json
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from cluster import files, probe  # noqa: E402
from cluster.console import Console, control_socket, stop_on_signals, table  # noqa: E402
from cluster.files import Trouble  # noqa: E402
from cluster.fleet import DEFAULT_BINARY, Fleet, fixed_ports  # noqa: E402

COMMAND_S = 300
DESCRIPTION = """\
A whole Parley fleet on this machine, to try and to break: Redis, two PostgreSQL, Kafka, persisters, API
servers, edges, and HAProxy before them.

  script/cluster                  start it; Ctrl-C stops it and leaves the data
and meanwhile, in another terminal:
  script/cluster status           what runs, and whether it answers (--json); 1 when something does not
  script/cluster logs NAME        the end of its log (-f follows)
  script/cluster kill NAME        SIGKILL
  script/cluster stop NAME        SIGTERM: edges and API servers drain
  script/cluster restart NAME     start it, after stopping it when it runs
"""


def arguments():
    parser = argparse.ArgumentParser(prog="script/cluster", description=DESCRIPTION,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", nargs="?", default="start",
                        choices=["start", "status", "logs", "kill", "stop", "restart"])
    parser.add_argument("name", nargs="?", help="of a server, as in the table")
    parser.add_argument("--data", default=str(files.ROOT / "data" / "cluster"), metavar="DIR",
                        help="where everything is kept (default: data/cluster)")
    parser.add_argument("--offset", type=int, default=0, metavar="N",
                        help="add N to every port, to run two clusters or to avoid what is taken")
    for role, count in (("edges", 2), ("apis", 2), ("persisters", 2), ("redis", 1),
                        ("postgres", 2)):
        parser.add_argument("--" + role, type=int, default=count, metavar="N",
                            help="how many (default: %d)" % count)
    parser.add_argument("--sentinels", type=int, default=0, metavar="N",
                        help="give each Redis a replica, and N sentinels to fail over to it: 3")
    parser.add_argument("--backends", action="store_true",
                        help="start Redis, PostgreSQL and Kafka only")
    parser.add_argument("--json", action="store_true", help="status for programs")
    parser.add_argument("-f", "--follow", action="store_true", help="logs: wait for more")
    return parser.parse_args()


def start(args):
    roles = 0 if args.backends else 1
    fleet = Fleet(args.data, fixed_ports(args.offset), redis=args.redis, postgres=args.postgres,
                  edges=args.edges * roles, apis=args.apis * roles,
                  persisters=args.persisters * roles, sentinels=args.sentinels,
                  haproxy=not args.backends,
                  binary=os.environ.get("PARLEY_BIN", DEFAULT_BINARY))
    stop_on_signals()
    with Console(fleet) as console:
        return 0 if console.run() else 1


def ask(args, **request):
    """The answer of the cluster that runs in --data."""
    try:
        answer = probe.ask(control_socket(pathlib.Path(args.data)), request, COMMAND_S)
    except (FileNotFoundError, ConnectionRefusedError):
        raise Trouble("no cluster runs in %s" % args.data) from None
    if "error" in answer:
        raise Trouble(answer["error"])
    return answer


def status(args):
    services = ask(args, command="status")["services"]
    if args.json:
        print(json.dumps(services, indent=2))
    else:
        print(table(("NAME", "WHAT", "ADDRESS", "PID", "UP", "HEALTH"),
                    [(s["name"], s["kind"], s["address"], s["pid"] or "-",
                      "up" if s["up"] else "down", s["health"]) for s in services]))
    return 0 if all(s["healthy"] for s in services) else 1


def logs(args):
    path = pathlib.Path(args.data) / "logs" / ((args.name or "") + ".log")
    if not path.is_file():
        names = sorted(log.stem for log in path.parent.glob("*.log"))
        raise Trouble("which log? %s" % (", ".join(names) or "there is none in %s" % path.parent))
    os.execvp("tail", ["tail", "-n", "200", *(["-f"] if args.follow else []), str(path)])


def change(args):
    if not args.name:
        raise Trouble("script/cluster %s NAME: script/cluster status shows the names" %
                      args.command)
    print(ask(args, command=args.command, name=args.name)["said"])
    return 0


def main():
    args = arguments()
    run = {"start": start, "status": status, "logs": logs}.get(args.command, change)
    try:
        return run(args)
    except Trouble as trouble:
        print("cluster: %s" % trouble, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
