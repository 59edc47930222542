"""The command of the kill harness.

    python -m benchmarks.kills --kills 200 --seed 7
    python -m benchmarks.kills --kills 50 --broker mosquitto --source frames

Service, database (PostgreSQL with fsync) and broker are ended by SIGKILL at random instants under load, and
come back. Then the publisher's PUBACK log is compared with the rows, and breaches and alerts with a replay of
what was stored. Prints one JSON object; if something is wrong also the seed and the timeline, and exits 1.
"""

from __future__ import annotations

import argparse
import json
import logging
import secrets
import sys
import tempfile
from pathlib import Path

from benchmarks.kills.page import keep
from benchmarks.kills.run import Outcome, Plan, run
from benchmarks.kills.stage import Broker
from benchmarks.parent import run_to_the_end
from emon.config import MQTT_SOURCES
from emon.demo.broker import EmbeddedBroker
from tests.fixtures_brokers import MosquittoBroker

KILLS_MAX = 1_000
MOSQUITTO_FORGETS_US = 250_000  # its last turns before the kill (docs/brokers.md), on a busy machine


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.kills",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--kills", type=int, default=20, help=f"how many, at most {KILLS_MAX} (20)")
    parser.add_argument("--seed", type=int, help="repeats the plan of an earlier run")
    parser.add_argument("--rate", type=float, default=300.0, help="fixes a second (300)")
    parser.add_argument("--devices", type=int, default=300, help="how many devices (300)")
    parser.add_argument("--broker", choices=("nats", "mosquitto"), default="nats")
    parser.add_argument("--source", choices=MQTT_SOURCES, default=MQTT_SOURCES[0])
    parser.add_argument("--no-broker-kills", action="store_true", help="service and database alone")
    parser.add_argument("--keep", action="store_true", help="add the run to benchmarks/KILLS.md")
    args = parser.parse_args()
    if not 1 <= args.kills <= KILLS_MAX:
        parser.error(f"--kills: 1 to {KILLS_MAX}")
    if args.rate > args.devices:
        parser.error("a device sends at most once a second: lower --rate or raise --devices")
    plan = Plan(
        kills=args.kills,
        seed=secrets.randbelow(2**31) if args.seed is None else args.seed,
        rate=args.rate,
        devices=args.devices,
        source=args.source,
        broker=args.broker,
        broker_is_killed=not args.no_broker_kills,
        forgets_us=MOSQUITTO_FORGETS_US if args.broker == "mosquitto" else 0,
    )
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # it warns of each write to a broker that died
    print(f"seed {plan.seed}", file=sys.stderr, flush=True)
    outcome = run_to_the_end(_on_broker(plan, args.broker))
    print(json.dumps(outcome.as_json()))
    if args.keep:
        keep(outcome.as_json())
    if not outcome.books.faults:
        return 0
    print(f"seed {plan.seed}; timeline in seconds:", file=sys.stderr)
    for at_s, what in outcome.timeline:
        print(f"{at_s:9.3f}  {what}", file=sys.stderr)
    return 1


async def _on_broker(plan: Plan, kind: str) -> Outcome:
    with tempfile.TemporaryDirectory(prefix="emon-kills-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # the database's own user must reach its folder when we are root
        broker: Broker = (
            EmbeddedBroker(folder / "broker") if kind == "nats" else MosquittoBroker(folder / "broker")
        )
        await broker.start()
        try:
            return await run(plan, folder, broker, lambda text: print(text, file=sys.stderr, flush=True))
        finally:
            await broker.stop()


if __name__ == "__main__":
    sys.exit(main())
