"""``emon-sim run``: play a scenario in real time to a broker, or write it into files."""

from __future__ import annotations

import argparse
from pathlib import Path

from emon.model.instant import SECOND_US, format_instant
from simulator import orders_document
from simulator.commands import shell
from simulator.credentials import read_credentials
from simulator.device import fixes_jsonl
from simulator.publisher import Output, RunReport, catch_up_us, play
from simulator.scenario import Scenario
from simulator.scenario_library import scenario_named, scenario_names
from simulator.stopping import stop_on_signal

_EPILOG = """\
examples:
  emon-sim run --list
  emon-sim run story --orders-out orders.json --fixes-out fixes.jsonl --start 2026-06-01T10:00:00Z
  emon replay orders.json fixes.jsonl > judged.jsonl
  emon-sim score story judged.jsonl --start 2026-06-01T10:00:00Z

  emon-sim run my.yaml --url mqtt://tester:SECRET@127.0.0.1:1883 --acks acks.jsonl --truth truth.jsonl

  emon-sim run queensland/01-walks-in --orders-out orders.json --fixes-out fixes.jsonl
  emon-sim run queensland/01-walks-in --url mqtt://tester:SECRET@127.0.0.1:1883 --speed 60

Into files a scenario of days is written in a moment, from its own start where it names one. To a broker it
plays in real time, or with --speed so many times faster: its fixes keep their own spacing, lie in the past
and catch up with the present, so that nobody travels faster than he did.

A device that has died sends nothing: let `emon replay --until` go to the "end" that is printed, and
its silence is told.

Arm the orders before the start: `--in 30` leaves time for `emon arm`. The scenario's form is in
docs/simulator.md. Standard output gets one JSON object at the end; the exit code is 1 when a fix
remained without an acknowledgement, and 69 when the broker took no device at the begin, asked again and again
for half a minute (for a wrong name or missing rights three times).
"""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "run",
        help="play a scenario to a broker or into files",
        description="Plays a scenario in real time, each device over its own MQTT connection, and ends by"
        " itself; or, without --url, writes its orders and fixes into files.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("scenario", metavar="SCENARIO", nargs="?", help="a YAML file, or a name of --list")
    parser.add_argument("--list", action="store_true", help="the scenarios that come with emon, and end")
    shell.add_broker(parser, required=False)
    parser.add_argument("--credentials", type=Path, metavar="FILE", help="JSON: device -> username, password")
    start = parser.add_mutually_exclusive_group()
    start.add_argument(
        "--start", type=shell.whole_second, metavar="T", help="second 0, RFC 3339, a whole second"
    )
    start.add_argument(
        "--in", type=float, default=3.0, dest="wait_s", metavar="S", help="second 0 in S seconds (3)"
    )
    parser.add_argument(
        "--speed", type=_speed, default=1.0, metavar="N", help="to a broker, so many times faster (1)"
    )
    parser.add_argument("--until", type=float, metavar="S", help="stop after S seconds of the scenario")
    parser.add_argument(
        "--orders-out", type=Path, metavar="FILE", help="write the orders for `emon arm` or `replay`"
    )
    parser.add_argument("--fixes-out", type=Path, metavar="FILE", help="write FIXES for `emon replay`")
    parser.add_argument(
        "--truth", type=Path, metavar="FILE", help="write each fix sent beside the true position"
    )
    parser.add_argument(
        "--acks", type=Path, metavar="FILE", help="write each fix that the broker acknowledged"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    if args.list:
        return _list()
    if args.scenario is None:
        shell.leave(shell.EX_USAGE, "run needs a SCENARIO; --list names those that come with emon")
    if args.url is None and args.orders_out is None and args.fixes_out is None:
        shell.leave(shell.EX_USAGE, "run needs --url, or --orders-out and --fixes-out to write files")
    if args.url is None and args.speed != 1.0:
        shell.leave(shell.EX_USAGE, "--speed goes with --url; files are written in a moment")
    with shell.fault_as_exit():
        scenario = scenario_named(args.scenario)
        start_us = _start_us(args, scenario)
        if args.orders_out is not None:
            shell.write_bytes(args.orders_out, [orders_document(scenario, start_us)])
        if args.fixes_out is not None:
            shell.write_lines(args.fixes_out, fixes_jsonl(scenario, start_us))
        end_us = start_us + round(scenario.duration_s * SECOND_US)
        result = {
            "scenario": scenario.name,
            "start": format_instant(start_us),
            "end": format_instant(end_us),
        }
        if args.url is None:
            shell.print_json(result)
            return shell.EX_OK
        report: RunReport = shell.finished(_play(args, scenario, start_us))
    shell.print_json(result | report.as_json())
    if report.fault:
        shell.leave(shell.EX_UNAVAILABLE, f"{report.fault}; --url says where the broker is and who publishes")
    if report.interrupted:
        return 130
    return 0 if report.acknowledged == report.fixes and not report.gave_up else 1


def _start_us(args: argparse.Namespace, scenario: Scenario) -> int:
    """Second 0: as asked; the scenario's own in files; else soon, and earlier by what --speed catches up."""
    if args.start is not None:
        start_us = int(args.start)
    elif args.url is None and scenario.dated:
        return scenario.calendar.start_us
    else:
        start_us = shell.next_second(args.wait_s)
    if scenario.dated and start_us != scenario.calendar.start_us:
        own = format_instant(scenario.calendar.start_us)
        shell.say(f"{scenario.name} was written for {own}: at another hour its truth does not hold")
    return start_us - catch_up_us(scenario, args.speed, args.until)


def _list() -> int:
    with shell.fault_as_exit():
        for name in scenario_names():
            print(f"{name}  {scenario_named(name).title}")
    return shell.EX_OK


def _speed(text: str) -> float:
    value = float(text)
    if not 1.0 <= value <= 1e6:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return value


async def _play(args: argparse.Namespace, scenario: Scenario, start_us: int) -> RunReport:
    credentials = read_credentials(args.credentials)
    with shell.written(args.truth) as truth, shell.written(args.acks) as acks, stop_on_signal() as stop:
        shell.say(f"{scenario.title or scenario.name}: second 0 is {format_instant(start_us)}")
        return await play(
            scenario,
            args.url,
            start_us,
            credentials=credentials,
            output=Output(truth, acks),
            stop=stop,
            say=shell.say,
            until_s=args.until,
            speed=args.speed,
        )
