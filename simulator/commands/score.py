"""``emon-sim score``: alerts against a scenario's truth."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from simulator.commands import shell
from simulator.scenario_file import load_scenario
from simulator.score import score

_EPILOG = """\
example:
  emon-sim score story judged.jsonl --start 2026-06-01T10:00:00Z

ALERTS holds JSON Lines as `emon replay` prints them; lines of other types are passed over. A file of
--deliveries holds {"alert": id, "recipient": party, "delivered_at": instant or null} a line.
Standard output gets one JSON object; the exit code is 1 when an alert is missing or unexpected.
"""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "score",
        help="judge alerts against a scenario's truth",
        description="Compares the alerts that were raised with those the scenario says are due.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("scenario", metavar="SCENARIO", help="a YAML file, or `story` for the demo's own")
    parser.add_argument("alerts", metavar="ALERTS", help="JSON Lines, or - for standard input")
    parser.add_argument(
        "--start", type=shell.whole_second, required=True, metavar="T", help="second 0 of the run"
    )
    parser.add_argument("--deliveries", type=Path, metavar="FILE", help="what reached whom, to be judged too")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    with shell.fault_as_exit():
        scenario = load_scenario(None if args.scenario == "story" else args.scenario)
        lines = _lines(args.alerts)
        deliveries = None if args.deliveries is None else _lines(str(args.deliveries))
    alerts = [line for line in lines if line.get("type", "alert") == "alert"]
    try:
        result = score(scenario, args.start, alerts, deliveries)
    except (KeyError, ValueError) as fault:
        shell.leave(shell.EX_DATA, f"{args.alerts}: an alert or a delivery lacks or misstates {fault}")
    shell.print_json(
        {
            "expected": result.expected,
            "raised": result.raised,
            "missing": len(result.missing),
            "unexpected": len(result.unexpected),
            "missing_alerts": result.missing,
            "unexpected_alerts": result.unexpected,
        }
    )
    return 0 if result.passed else 1


def _lines(name: str) -> list[dict[str, Any]]:
    """JSON Lines of objects; leaves with 65 at the first line that is none."""
    text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
    found: list[dict[str, Any]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except ValueError as fault:
            shell.leave(shell.EX_DATA, f"{name}:{number}: not JSON: {fault}")
        if not isinstance(value, dict):
            shell.leave(shell.EX_DATA, f"{name}:{number}: must be an object")
        found.append(value)
    return found
