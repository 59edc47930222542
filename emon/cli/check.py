"""``emon check``: what is wrong or unwise in orders, before they are armed."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

_EPILOG = """\
What makes it impossible to arm the document goes to standard error, each fault by its path, with exit code
65; what is merely unwise goes to standard output, with exit code 0.

example:
  $ emon check orders.json
  orders[0].devices: no device: the order is not electronically watched, only looked up
  orders[0].conditions[0].zone: about 40 m wide; a receiver indoors errs by 30 m to either side, ...
  orders.json: can be armed; 1 order, 2 remarks

The format is described in docs/orders.md, its JSON Schema stands in docs/orders.schema.json.
"""

_NO_FIXES_YET = """\
emon check: --fixes is not there yet; emon check without it, then
  emon replay {orders} {fixes}
prints the breaches and alerts that the orders would have raised"""


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

    if args.fixes is not None:
        print(_NO_FIXES_YET.format(orders=args.orders, fixes=args.fixes), file=sys.stderr)
        return os.EX_UNAVAILABLE
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
    return os.EX_OK


def _count(things: tuple[object, ...], name: str) -> str:
    return f"{len(things)} {name}{'' if len(things) == 1 else 's'}"
