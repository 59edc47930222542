"""``emon demo``: the whole engine on embedded parts, with a story whose truth is known."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

_EPILOG = """\
Starts PostgreSQL and an MQTT broker in a folder of their own, three recipients and a simulator as
processes, and the service with its page. Six wearers in Rotterdam play a story of less than a minute;
what must be told stands in the scenario. Ctrl-C ends everything and removes the folder.

examples:
  emon demo                      until Ctrl-C; the addresses and each alert are printed
  emon demo --for 60 --json      ends by itself, prints the summary as one JSON object
  emon demo --keep               leaves the folder for a look at it

Exit codes: 0 all that was due was told and nothing else; 1 an alert is missing, undelivered or
unexpected; 69 something could not be started.
"""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "demo",
        help="the whole story on an embedded broker and database",
        description="Runs the whole engine on this machine, without anything installed beside it.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--for", type=_seconds, dest="seconds", metavar="SECONDS", help="end by itself after so long"
    )
    parser.add_argument("--json", action="store_true", help="print the summary alone, as JSON")
    parser.add_argument(
        "--dir", type=Path, default=Path(".data/demo"), metavar="DIR", help="its folder (.data/demo)"
    )
    parser.add_argument("--keep", action="store_true", help="leave the folder at the end")
    parser.set_defaults(run=run)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 1.0 <= seconds <= 86_400.0:
        raise argparse.ArgumentTypeError(f"must be 1 to 86400 seconds, not {text!r}")
    return seconds


def run(args: argparse.Namespace) -> int:
    import asyncio

    from emon.demo.broker import EmbeddedBrokerFault
    from emon.demo.database import EmbeddedDatabaseFault
    from emon.demo.receivers_supervisor import ReceiverFailed
    from emon.demo.stage import DemoInUse, is_ours
    from emon.logs import set_up_logs

    set_up_logs("error", "text")
    try:
        if not is_ours(args.dir):
            print(f"emon demo: {args.dir} holds something else; choose another --dir", file=sys.stderr)
            return os.EX_USAGE
        summary = asyncio.run(_play(args))
    except (DemoInUse, EmbeddedBrokerFault, EmbeddedDatabaseFault, ReceiverFailed) as fault:
        print(f"emon demo: {fault}", file=sys.stderr)
        return os.EX_UNAVAILABLE
    except OSError as fault:
        where = fault.filename or args.dir
        print(f"emon demo: {where}: {fault.strerror or fault}; --dir names another folder", file=sys.stderr)
        return os.EX_UNAVAILABLE
    if summary is None:
        return 130
    if summary["interrupted"]:
        print("emon demo: ended before the story did; nothing is left behind", file=sys.stderr)
        return 130
    _print_summary(summary, as_json=args.json)
    return 1 if summary["missing"] or summary["unexpected"] or summary["faults"] else os.EX_OK


async def _play(args: argparse.Namespace) -> dict[str, Any] | None:
    import asyncio
    import signal

    from emon.demo.story import Options, run_demo

    stop = asyncio.Event()
    playing = asyncio.current_task()
    pressed = 0

    def end() -> None:
        nonlocal pressed
        pressed += 1
        stop.set()
        if pressed > 1 and playing is not None:  # impatient, or still starting: unwind at once
            playing.cancel()

    for sign in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(sign, end)
    output = sys.stderr if args.json else sys.stdout
    try:
        return await run_demo(
            Options(args.dir, args.seconds, args.keep),
            stop,
            lambda text: print(text, file=output, flush=True),
        )
    except asyncio.CancelledError:
        return None


def _print_summary(summary: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(summary))
        return
    verdict = "as the scenario says" if not summary["faults"] else "NOT as the scenario says"
    print(
        f"{summary['raised']} alerts raised, {summary['expected']} due, {summary['missing']} missing, "
        f"{summary['unexpected']} unexpected: {verdict}"
    )
    for fault in summary["faults"]:
        print(f"    {fault}")
    delivered = ", ".join(f"{party} {count}" for party, count in summary["delivered"].items())
    print(f"delivered: {delivered}; confirmed {summary['confirmed']}")
    for name, delay in summary["delay_ms"].items():
        took = "none" if delay["p50"] is None else f"p50 {delay['p50']} ms, p99 {delay['p99']} ms"
        print(f"{name.replace('_', ' ')}: {took}")
