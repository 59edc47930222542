"""``emon check``: what is wrong or unwise in orders, before they are armed."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from emon.model.fix import RawFix
    from emon.model.lines import Line
    from emon.model.order import Fault, OrderVersion
    from emon.replay import Received

_EPILOG = """\
What makes it impossible to arm the document goes to standard error, each fault by its path, with exit code
65; what is merely unwise goes to standard output, with exit code 0.

With --fixes, recorded fixes (JSON Lines, as for `emon replay`) say more: whether the wearer's home, where he
spends his nights, lies in a ban or at its edge, and whether he drives fast and straight through one, as on a
motorway or railway. Geometry alone knows no roads. Then follows "what if": the alerts that the orders would
have raised over these fixes, counted by day, event and recipient, with hints at false ones, and each as
`emon replay` prints it. An order that begins later is judged as if it had been in force; what was changed
for that is said. Fixes of devices that no order names are counted and left out. Those of the orders' devices
are held in memory, at most 1,000,000, at 1.2 kB each.

example:
  $ emon check orders.json
  orders[0].devices: no device: the order is not electronically watched, only looked up
  orders[0].conditions[0].zone: about 40 m wide; a receiver indoors errs by 30 m to either side, ...
  orders.json: can be armed; 1 order, 2 remarks

The format is described in docs/orders.md, its JSON Schema stands in docs/orders.schema.json.

Exit codes: 0 can be armed; 65 cannot, or too many fixes; 74 a file cannot be read.
"""


class _TooManyFixes(Exception):
    """More fixes than are held; the text names the line."""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "check",
        help="what is wrong or unwise in orders, before they are armed",
        description="Reads a document of orders as arming would and says what is wrong or unwise in it.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("orders", metavar="ORDERS", help="document of orders (JSON); - reads standard input")
    parser.add_argument(
        "--fixes",
        type=Path,
        metavar="FIXES",
        help="past fixes (JSON Lines): homes and roads in bans, and the alerts that would have been raised",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object in place of text")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from emon.cli.refused import say_refused
    from emon.clock import now_us
    from emon.orders.check import remarks_on
    from emon.orders.check_track import track_remarks
    from emon.orders.document import DocumentRefused, parse_document

    try:
        data = sys.stdin.buffer.read() if args.orders == "-" else Path(args.orders).read_bytes()
        versions = parse_document(data)
        remarks = list(remarks_on(versions, now_us=now_us()))
        what_if: dict[str, Any] | None = None
        if args.fixes is not None:
            received = _received(versions, args.fixes)
            remarks += track_remarks(versions, _tracks(received))
            what_if = _what_if(versions, received)
    except DocumentRefused as refused:
        say_refused("check", args.orders, refused)
        return os.EX_DATAERR
    except _TooManyFixes as refused_fixes:
        print(f"emon check: {refused_fixes}", file=sys.stderr)
        return os.EX_DATAERR
    except OSError as fault:
        print(f"emon check: {fault.filename}: {fault.strerror or fault}", file=sys.stderr)
        return os.EX_IOERR
    if args.json:
        print(json.dumps(_object(args, versions, remarks, what_if), ensure_ascii=False))
    else:
        _say(args, versions, remarks, what_if)
    return os.EX_OK


# --- fixes --------------------------------------------------------------------------------------
def _received(versions: tuple[OrderVersion, ...], fixes: Path) -> list[Received]:
    """What the orders' devices sent; the rest is counted on standard error."""
    from emon.cli.progress import Progress
    from emon.cli.recorded import recorded_lines
    from emon.limits import CHECK_FIXES_MAX

    named = {use.device for version in versions for use in version.devices}
    kept: list[Received] = []
    others = 0
    progress = Progress(sys.stderr)
    for number, item in recorded_lines(str(fixes), "check"):
        progress.tick(number, None)
        if item is None:
            continue
        decoded = item.message.decoded
        devices = {fix.device for fix in decoded.fixes} | {event.device for event in decoded.events}
        if devices and not devices & named:
            others += 1
            continue
        if len(kept) == CHECK_FIXES_MAX:
            progress.clear()
            raise _TooManyFixes(
                f"{fixes}:{number}: more than {CHECK_FIXES_MAX:,} lines; check a shorter time"
            )
        kept.append(item)
    progress.clear()
    if others:
        print(f"emon check: {fixes}: {others} lines of devices that no order names", file=sys.stderr)
    return kept


def _tracks(received: list[Received]) -> dict[str, list[RawFix]]:
    """Fixes by device in event time, each once."""
    by_key = {fix.key: fix for item in received for fix in item.message.decoded.fixes}
    tracks: dict[str, list[RawFix]] = {}
    for key in sorted(by_key):
        tracks.setdefault(key[0], []).append(by_key[key])
    return tracks


def _what_if(versions: tuple[OrderVersion, ...], received: list[Received]) -> dict[str, Any] | None:
    """What the orders would have raised, or None where there is nothing to ask."""
    import asyncio

    from emon.ingest.admit import clock_is_wrong
    from emon.orders.what_if import as_if_in_force, summary
    from emon.replay import lines_of, replay

    instants = [item.received_at_us for item in received]
    times = [
        fix.fixed_at_us
        for item in received
        for fix in item.message.decoded.fixes
        if not clock_is_wrong(fix.fixed_at_us, item.received_at_us)
    ]
    if not times:
        return None
    from_us, to_us = min(*times, *instants), max(instants)
    asked, notes = as_if_in_force(versions, from_us, to_us)
    lines = list(lines_of(asyncio.run(replay(asked, received))))
    alerts = [line for line in lines if line["type"] == "alert"]
    return {**summary(lines, from_us, to_us, notes), "lines": alerts}


# --- saying -------------------------------------------------------------------------------------
def _object(
    args: argparse.Namespace,
    versions: tuple[OrderVersion, ...],
    remarks: list[Fault],
    what_if: dict[str, Any] | None,
) -> dict[str, Any]:
    return {
        "file": args.orders,
        "can_be_armed": True,
        "orders": len(versions),
        "remarks": [{"path": remark.path, "message": remark.message} for remark in remarks],
        "fixes": None if args.fixes is None else str(args.fixes),
        "what_if": what_if,
    }


def _say(
    args: argparse.Namespace,
    versions: tuple[OrderVersion, ...],
    remarks: list[Fault],
    what_if: dict[str, Any] | None,
) -> None:
    for remark in remarks:
        print(remark)
    print(f"{args.orders}: can be armed; {_count(versions, 'order')}, {_count(remarks, 'remark')}")
    if args.fixes is None:
        return
    if what_if is None:
        print(f"{args.fixes}: holds no fix of a device that the orders name")
        return
    print(f"{args.fixes}: what if, {what_if['from']} to {what_if['to']}")
    for note in what_if["assumed"]:
        print(f"  {note['path']}: {note['message']}")
    print(f"{args.fixes}: {_count(what_if['lines'], 'alert')} would have been raised")
    for day, events in what_if["by_day"].items():
        print(f"  {day}: {'; '.join(_event(name, counts) for name, counts in events.items())}")
    for alert in what_if["first"]:
        print(f"  first: {_alert(alert)}")
    for hint in what_if["hints"]:
        print(f"  hint: {hint}")
    for line in what_if["lines"]:
        print(json.dumps(line, ensure_ascii=False))


def _event(name: str, counts: dict[str, int]) -> str:
    told = ", ".join(f"{party} {count}" for party, count in counts.items() if party != "all")
    return f"{counts['all']} {name} ({told})"


def _alert(alert: Line) -> str:
    about = alert["device"] if alert["order"] is None else f"{alert['order']}/{alert['condition']}"
    certainty = "" if alert["certainty"] is None else f", {alert['certainty']}"
    recipients = alert["recipients"]
    assert isinstance(recipients, list)
    return f"{alert['at']} {alert['event']} of {about}{certainty}, to {', '.join(recipients)}"


def _count(things: tuple[object, ...] | list[Any], name: str) -> str:
    return f"{len(things)} {name}{'' if len(things) == 1 else 's'}"
