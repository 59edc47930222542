"""``emon check``: what is wrong or unwise in orders, before they are armed."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emon.model.lines import Line
    from emon.model.order import OrderVersion

_EPILOG = """\
What makes it impossible to arm the document goes to standard error, each fault by its path, with exit code
65; what is merely unwise goes to standard output, with exit code 0. With --fixes the alerts follow that the
orders would have raised over past fixes, one JSON object a line, as `emon replay` prints them.

example:
  $ emon check orders.json
  orders[0].devices: no device: the order is not electronically watched, only looked up
  orders[0].conditions[0].zone: about 40 m wide; a receiver indoors errs by 30 m to either side, ...
  orders.json: can be armed; 1 order, 2 remarks

The format is described in docs/orders.md, its JSON Schema stands in docs/orders.schema.json.
"""


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
        help="past fixes (JSON Lines): also print the alerts that the orders would have raised",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from emon.clock import now_us
    from emon.orders.check import remarks_on
    from emon.orders.document import DocumentRefused, parse_document

    try:
        data = sys.stdin.buffer.read() if args.orders == "-" else Path(args.orders).read_bytes()
    except OSError as fault:
        print(f"emon check: {args.orders}: {fault.strerror or fault}", file=sys.stderr)
        return os.EX_IOERR
    try:
        versions = parse_document(data)
    except DocumentRefused as refused:
        print(refused, file=sys.stderr)
        return os.EX_DATAERR
    remarks = remarks_on(versions, now_us=now_us())
    for remark in remarks:
        print(remark)
    print(f"{args.orders}: can be armed; {_count(versions, 'order')}, {_count(remarks, 'remark')}")
    if args.fixes is None:
        return os.EX_OK
    try:
        alerts = _alerts(versions, args.fixes)
    except OSError as fault:
        print(f"emon check: {args.fixes}: {fault.strerror or fault}", file=sys.stderr)
        return os.EX_IOERR
    print(f"{args.fixes}: {_count(alerts, 'alert')} would have been raised")
    for line in alerts:
        print(json.dumps(line, ensure_ascii=False))
    return os.EX_OK


def _alerts(versions: tuple[OrderVersion, ...], fixes: Path) -> tuple[Line, ...]:
    """What the orders would have raised over past fixes, as ``emon replay`` prints it."""
    import asyncio

    from emon.cli.recorded import recorded_messages
    from emon.replay import lines_of, replay

    received, _ = recorded_messages(str(fixes), "check")
    archive = asyncio.run(replay(versions, received))
    return tuple(line for line in lines_of(archive) if line["type"] == "alert")


def _count(things: tuple[object, ...], name: str) -> str:
    return f"{len(things)} {name}{'' if len(things) == 1 else 's'}"
