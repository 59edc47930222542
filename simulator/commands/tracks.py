"""``emon-sim tracks``: recorded tracks as devices, moved to now, with bans placed on them."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from emon.model.instant import format_instant
from simulator.commands import shell
from simulator.credentials import read_credentials
from simulator.publisher import RunReport
from simulator.stopping import stop_on_signal
from simulator.tracks import Dispatch, Track, bans, burst, fixes_lines, live, read_tracks
from simulator.tracks_publisher import publish_tracks

_EPILOG = """\
examples:
  emon-sim tracks ../tracks --orders-out orders.json --fixes-out fixes.jsonl --burst
  emon-sim tracks ../tracks/munich-car.jsonl.gz --url mqtt://tester:SECRET@127.0.0.1:1883 --limit-s 120

A track is a file of JSON Lines, plain or gzip, one device a file, each line a fix of the wire with its
device. Without a path the folder in EMON_TRACKS is taken. --orders-out places one circle on each track,
by default where 60 % of the way is behind; it is made for this start, so write and arm it with --in, or
use the same --start for both calls. --fixes-out is the same for `emon replay`.
"""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "tracks",
        help="publish recorded tracks with their times moved to now",
        description="Publishes recorded tracks, each as a device: at their own pace, or as one burst of"
        " stored fixes that ends now. Nothing of a track is kept but in the files that are asked for.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "paths", nargs="*", type=Path, metavar="PATH", help="track files or folders (EMON_TRACKS)"
    )
    shell.add_broker(parser, required=False)
    parser.add_argument("--credentials", type=Path, metavar="FILE", help="JSON: device -> username, password")
    parser.add_argument(
        "--burst", action="store_true", help="send each track as stored fixes, the last fixed now"
    )
    parser.add_argument(
        "--speed",
        type=float,
        default=1.0,
        metavar="K",
        help="K times as fast; the fixes keep their own spacing and catch up with the present (1)",
    )
    parser.add_argument("--limit-s", type=float, metavar="S", help="only the first S seconds of each track")
    start = parser.add_mutually_exclusive_group()
    start.add_argument("--start", type=shell.whole_second, metavar="T", help="when the first fix leaves")
    start.add_argument(
        "--in", type=float, default=2.0, dest="wait_s", metavar="S", help="begin in S seconds (2)"
    )
    parser.add_argument(
        "--place", type=float, default=0.6, metavar="P", help="where on the way the ban lies (0.6)"
    )
    parser.add_argument("--radius-m", type=float, default=150.0, metavar="M", help="the ban's radius (150)")
    parser.add_argument("--orders-out", type=Path, metavar="FILE", help="write the orders with the bans")
    parser.add_argument("--fixes-out", type=Path, metavar="FILE", help="write FIXES for `emon replay`")
    parser.add_argument(
        "--acks", type=Path, metavar="FILE", help="write each fix that the broker acknowledged"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    if args.url is None and args.orders_out is None and args.fixes_out is None:
        shell.leave(shell.EX_USAGE, "tracks needs --url, --orders-out or --fixes-out")
    if args.speed < 1.0 or not 0.0 <= args.place <= 1.0 or args.radius_m <= 0.0:
        shell.leave(shell.EX_USAGE, "--speed is 1 or more, --place 0 to 1, --radius-m above 0")
    paths = args.paths or [Path(folder) for folder in [os.environ.get("EMON_TRACKS")] if folder]
    if not paths:
        shell.leave(shell.EX_USAGE, "name track files or folders, or set EMON_TRACKS")
    with shell.fault_as_exit():
        tracks = read_tracks(paths, limit_s=args.limit_s)
        start_us = shell.next_second(args.wait_s) if args.start is None else args.start
        dispatches = _dispatches(args, tracks, start_us)
        if args.orders_out is not None:
            document = bans(tracks, dispatches, share=args.place, radius_m=args.radius_m)
            shell.write_bytes(args.orders_out, [document])
        if args.fixes_out is not None:
            shell.write_lines(args.fixes_out, fixes_lines(dispatches))
        result = {"tracks": len(tracks), "start": format_instant(start_us)}
        if args.url is None:
            shell.print_json(result)
            return shell.EX_OK
        report: RunReport = shell.finished(_publish(args, dispatches))
    shell.print_json(result | report.as_json())
    if report.interrupted:
        return 130
    return 0 if report.acknowledged == report.fixes else 1


def _dispatches(args: argparse.Namespace, tracks: list[Track], start_us: int) -> list[Dispatch]:
    if args.burst:
        return [dispatch for track in tracks for dispatch in burst(track, start_us)]
    return [dispatch for track in tracks for dispatch in live(track, start_us, speed=args.speed)]


async def _publish(args: argparse.Namespace, dispatches: list[Dispatch]) -> RunReport:
    credentials = read_credentials(args.credentials)
    with shell.written(args.acks) as acks, stop_on_signal() as stop:
        return await publish_tracks(
            dispatches, args.url, credentials=credentials, acks=acks, stop=stop, say=shell.say
        )
