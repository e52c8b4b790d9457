"""kill -9 of every part of the fleet under load: nothing acked is lost, everything once, one order for all."""
import os
import random
import time
import unittest

from support.fleet import Fleet
from support.load import Load

CHANNELS = 4
WRITERS = 4
READERS = 3
SEED = int(os.environ.get("PARLEY_SEED", "0")) or random.SystemRandom().randrange(1, 2 ** 32)

# Each in turn, and how long it stays away.
FAULTS = [("edge-1", 0.5), ("persister-1", 1), ("redis-1", 0.5), ("api-1", 0.2), ("kafka", 0.5),
          ("postgres-1", 0.5), ("edge-2", 0.5), ("postgres-2", 0.5), ("persister-2", 1),
          ("redis-1", 2)]


class Crash(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        print("PARLEY_SEED=%d" % SEED, flush=True)

    def run_under_load(self, fleet, servers, trouble, minimum_reconnects):
        """People write and read while trouble() goes on; then everything must be there."""
        load = Load(fleet, servers, CHANNELS, WRITERS, READERS)
        load.start()
        trouble()
        verdict = load.finish(minimum_reconnects=minimum_reconnects)
        self.assertEqual(verdict.result, "valid", verdict)

    def test_kills_of_every_part_lose_nothing_double_nothing_and_keep_one_order(self):
        chance = random.Random(SEED)
        fleet = Fleet(apis=1)
        self.addCleanup(fleet.stop_all)

        def kill_each():
            for name, away_s in FAULTS:
                time.sleep(chance.uniform(0.5, 1.5))
                fleet.kill(name)
                time.sleep(away_s)
                fleet.start(name)
            time.sleep(1)

        self.run_under_load(fleet, [*fleet.edges, fleet.proxy], kill_each, len(FAULTS))

    def test_a_rolling_restart_of_all_roles_loses_and_doubles_nothing(self):
        fleet = Fleet()
        self.addCleanup(fleet.stop_all)
        roles = [name for name in fleet.names if name.split("-")[0] in ("edge", "api", "persister")]

        def restart_each():
            time.sleep(1)
            for name in roles:
                self.assertEqual(fleet.stop(name), 0, name)
                fleet.start(name)
            time.sleep(1)

        self.run_under_load(fleet, [fleet.proxy], restart_each, WRITERS)


if __name__ == "__main__":
    unittest.main()
