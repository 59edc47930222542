"""``emon replay``: judge recorded fixes again, offline."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emon.alerts.policy import Policy
    from emon.model.order import OrderVersion
    from emon.replay import MemoryArchive, Received

_EPILOG = """\
ORDERS is a document of orders; an order without `armed_at` counts as armed at its `valid_from`.
FIXES is JSON Lines: one fix a line as devices send it, with `device` and, where it differs from `t`,
`received_at`. The order of lines is nothing. A line that cannot be read is rejected as such a payload
is, named on standard error, and the replay goes on. Lines {"received_at", "service": "down"|"up"} say
when the service judged nothing: silence and blind time do not count in between.

Standard output gets one JSON object a line: each breach in its final state and each alert, by
`opened_at` or `at`. The same input gives the same bytes.

With --files each breach is explained in a file of its own, from which `emon explain` recomputes its
verdict (docs/explanation.md). An explanation that stands there already is replaced, any other file is
left alone and named.

example:
  $ emon replay orders.json fixes.jsonl
  {"type": "breach", "id": "…", "order": "o-1", …}
  {"type": "alert", "id": "…", "event": "breach", …}

Exit codes: 0 judged; 65 the orders or the policy are refused, each fault by its path; 73 DIR cannot hold
the explanations; 74 a file cannot be read or written.
"""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "replay",
        help="judge recorded fixes again, offline",
        description="Runs the engine of the service over recorded fixes and prints breaches and alerts.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("orders", metavar="ORDERS", type=Path, help="document of orders (JSON)")
    parser.add_argument("fixes", metavar="FIXES", help="recorded fixes (JSON Lines); - reads standard input")
    parser.add_argument("--policy", type=Path, metavar="FILE", help="a policy other than the default one")
    parser.add_argument("--until", metavar="T", help="end here (RFC 3339; default: the latest received_at)")
    parser.add_argument(
        "--files", type=Path, metavar="DIR", help="write each breach's explanation there, as ID.json"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    import asyncio

    from emon.alerts.policy import DEFAULT_POLICY
    from emon.cli.collector import collect_seldom
    from emon.cli.explanation_files import FileInTheWay, check_directory
    from emon.cli.recorded import recorded_messages
    from emon.cli.refused import say_refused
    from emon.limits import REPLAY_BEYOND_MAX_DAYS
    from emon.model.instant import DAY_US, format_instant, parse_instant
    from emon.orders.document import DocumentRefused, each_once, parse_document
    from emon.policies.reader import PolicyRefused, read_policy
    from emon.replay import lines_of, replay

    try:
        until_us = None if args.until is None else parse_instant(args.until)
    except ValueError as fault:
        return _refuse(f"--until: {fault}", os.EX_USAGE)
    try:
        if args.files is not None:
            check_directory(args.files)
    except FileInTheWay as way:
        return _refuse(f"--files: {way}", os.EX_CANTCREAT)
    except OSError as fault:
        return _refuse(f"--files: {fault.filename}: {fault.strerror}", os.EX_CANTCREAT)
    try:
        versions = each_once(parse_document(args.orders.read_bytes(), armed_at_us=None))
        policy = DEFAULT_POLICY if args.policy is None else read_policy(args.policy.read_bytes())
        received, left_out = recorded_messages(args.fixes, "replay")
    except DocumentRefused as refused:
        say_refused("replay", args.orders, refused)
        return os.EX_DATAERR
    except PolicyRefused as refused_policy:
        return _refuse("\n".join(f"{args.policy}: {fault}" for fault in refused_policy.faults), os.EX_DATAERR)
    except OSError as fault:
        return _refuse(f"{fault.filename}: {fault.strerror}", os.EX_IOERR)
    last_us = max((item.received_at_us for item in received), default=until_us)
    if until_us is not None and last_us is not None and until_us - last_us > REPLAY_BEYOND_MAX_DAYS * DAY_US:
        last = format_instant(last_us)
        return _refuse(
            f"--until: more than {REPLAY_BEYOND_MAX_DAYS:,} days after the last receipt, {last}; each"
            " window and timer of all that time would be judged",
            os.EX_USAGE,
        )
    collect_seldom()
    archive = asyncio.run(replay(versions, received, policy=policy, until_us=until_us))
    for line in lines_of(archive):
        print(json.dumps(line, ensure_ascii=False))
    _say_counts(archive, left_out)
    _say_over(versions, received)
    _say_waited(archive, received)
    return os.EX_OK if args.files is None else _write_files(args.files, archive, versions, policy)


def _write_files(
    directory: Path, archive: MemoryArchive, versions: tuple[OrderVersion, ...], policy: Policy
) -> int:
    import asyncio

    from emon.cli.explanation_files import FileInTheWay, write_explanations

    try:
        paths, faults = asyncio.run(write_explanations(directory, archive, versions, policy))
    except FileInTheWay as way:
        return _refuse(f"--files: {way}; nothing was written", os.EX_CANTCREAT)
    except OSError as fault:
        return _refuse(f"--files: {fault.filename or directory}: {fault.strerror}", os.EX_CANTCREAT)
    print(f"emon replay: {len(paths)} explanations in {directory}", file=sys.stderr)
    for path in paths:
        print(f"emon replay: wrote {path}", file=sys.stderr)
    for unexplained in faults:
        print(f"emon replay: a fault of emon itself: {unexplained}", file=sys.stderr)
    return os.EX_SOFTWARE if faults else os.EX_OK


def _say_over(versions: tuple[OrderVersion, ...], received: list[Received]) -> None:
    """Orders that had ended before anything was fixed: nothing of them can show in the output."""
    from emon.model.instant import format_instant

    first_us = min((fix.fixed_at_us for item in received for fix in item.message.decoded.fixes), default=None)
    for version in {version.id: version for version in sorted(versions, key=lambda v: v.version)}.values():
        ends_us = version.ends_at_us
        if first_us is not None and ends_us is not None and ends_us <= first_us:
            over = f"{version.id} version {version.version} was over at {format_instant(ends_us)}"
            print(f"emon replay: {over}, before the first fix", file=sys.stderr)


def _say_waited(archive: MemoryArchive, received: list[Received]) -> None:
    """Orders told of as without a device before the record begins: it may not reach back so far."""
    from emon.model.instant import format_instant
    from emon.model.vocabulary import AlertEvent

    first_us = min((item.received_at_us for item in received), default=None)
    for alert in archive.alerts:
        if alert.event is AlertEvent.ORDER_WITHOUT_DEVICE and first_us is not None and alert.at_us < first_us:
            told = f"{alert.order} was told of as without its device at {format_instant(alert.at_us)}"
            begins = f"before the record begins at {format_instant(first_us)}"
            hint = "an `armed_at` says that it was armed later"
            print(f"emon replay: {told}, {begins}; {hint}", file=sys.stderr)


def _say_counts(archive: MemoryArchive, left_out: int) -> None:
    counts = archive.counts
    marks = ", ".join(f"{n} {mark}" for mark, n in sorted(counts.marks.items())) or "none"
    rejected = ", ".join(f"{n} {reason}" for reason, n in sorted(counts.rejections.items())) or "none"
    if left_out:
        rejected += (
            f"; {left_out} line{'s' if left_out > 1 else ''} left out, whose time of receipt cannot be told"
        )
    print(
        f"emon replay: {counts.fixes} fixes ({marks}), {counts.repeats} repeats, rejected: {rejected}",
        file=sys.stderr,
    )


def _refuse(text: str, code: int) -> int:
    print(f"emon replay: {text}", file=sys.stderr)
    return code
