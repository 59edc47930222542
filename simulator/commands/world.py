"""``emon-sim world``: generate a suite's world into files."""

from __future__ import annotations

import argparse
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from simulator.city.geojson import StreetsRefused
from simulator.commands import shell
from simulator.suites.catalogue import SUITES, planned
from simulator.suites.parameters import Parameters, WorldRefused
from simulator.suites.seeds import TEST_SEEDS, TRAINING_SEEDS
from simulator.suites.writing import write_world
from simulator.tracks import TracksRefused

_SEEDS = (
    f"Seeds {TRAINING_SEEDS[0]} to {TRAINING_SEEDS[-1]} are for tuning,"
    f" {TEST_SEEDS[0]} to {TEST_SEEDS[-1]} for reports."
)
_EPILOG = f"""\
examples:
  emon-sim world drift --seed 5001 --out drift-5001
  emon replay drift-5001/orders.json drift-5001/fixes.jsonl > judged.jsonl
  emon-sim score drift-5001/truth.jsonl judged.jsonl

  emon-sim world fleet --seed 1 --wearers 30000 --workers 2 --out fleet
  emon-sim world stalking-foot --seed 1 --streets town.geojson --out town

suites:
{chr(10).join(f"  {name:18}{each.title}" for name, each in SUITES.items())}

{_SEEDS}
A third of the wearers get recorded errors where EMON_TRACKS names recordings; world.json says which.
Without an option a suite has its own value. The files are orders.json, fixes.jsonl, truth.jsonl and
world.json.
"""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "world",
        help="generate people in a city, their devices and the truth",
        description="Generates a suite's world from a seed: orders, fixes and the truth, as files.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("suite", metavar="SUITE", help=", ".join(SUITES))
    parser.add_argument("--seed", type=int, required=True, metavar="N", help="makes the world")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder for the files")
    parser.add_argument("--wearers", type=int, metavar="N")
    parser.add_argument("--days", type=int, metavar="N", help="from local midnight of the first")
    parser.add_argument("--first-day", type=date.fromisoformat, metavar="DATE", help="YYYY-MM-DD")
    parser.add_argument("--workers", type=int, metavar="N", help="processes (1)")
    parser.add_argument("--interval-s", type=int, metavar="S", help="of the plan (60)")
    parser.add_argument(
        "--no-sleep", action="store_false", dest="sleeps", default=None, help="ask when still"
    )
    parser.add_argument("--receiver", metavar="NAME", help="of those without recorded errors")
    parser.add_argument("--drift", type=float, metavar="X", help="times the satellite positions' errors (1)")
    parser.add_argument("--resampled-share", type=float, metavar="X", help="of wearers with recorded errors")
    parser.add_argument("--buffer-m", type=float, metavar="M", help="the orders' warning ring")
    parser.add_argument("--zone-m", type=_bounds, metavar="M,M", help="bounds of a zone's radius")
    parser.add_argument(
        "--edge-m", type=_bounds, metavar="M,M", help="bounds of its distance from home, work"
    )
    parser.add_argument("--radius-m", type=float, metavar="M", help="of a contact condition")
    parser.add_argument("--forms", type=_names, metavar="A,B", help="circle, block, corridor")
    parser.add_argument("--streets", type=Path, metavar="FILE", help="real streets, GeoJSON LineStrings")
    parser.add_argument(
        "--connected", action="store_true", default=None, help="no gaps, repeats, late fixes or restarts"
    )
    parser.add_argument("--mute-share", type=float, metavar="X", help="of devices silent without a fix (0.1)")
    parser.add_argument(
        "--upkeep", action="store_true", default=None, help="empty batteries, cut straps, jammers in cars"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    names = Parameters.__dataclass_fields__
    given: dict[str, Any] = {name: value for name, value in vars(args).items() if name in names}
    given = {name: value for name, value in given.items() if value is not None}
    with shell.fault_as_exit(), _stopped_by_sigterm_too():
        try:
            parts = planned(args.suite, args.seed, **given)
            shell.print_json(write_world(parts, args.out, parts[0].parameters.workers, _Progress()))
        except (WorldRefused, StreetsRefused, TracksRefused) as fault:
            shell.leave(shell.EX_DATA, str(fault))
    return shell.EX_OK


@contextmanager
def _stopped_by_sigterm_too() -> Iterator[None]:
    """SIGTERM ends the run as Ctrl-C does: all processes, and no file half written."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class _Progress:
    """Says each tenth of the way."""

    def __init__(self) -> None:
        self._told = 0

    def __call__(self, done: int, total: int) -> None:
        tenths = done * 10 // total
        if tenths > self._told:
            self._told = tenths
            shell.say(f"{done} of {total} wearers")


def _bounds(text: str) -> tuple[float, float]:
    low, _, high = text.partition(",")
    try:
        return float(low), float(high or low)
    except ValueError:
        raise argparse.ArgumentTypeError("must be one number, or two with a comma") from None


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split(","))
