"""``emon arm``: put a document's orders into force in the database."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from emon.limits import REMARKS_SHOWN_MAX

if TYPE_CHECKING:
    from emon.model.order import OrderVersion

_EPILOG = """\
All orders of the document are armed at one instant, which the service heeds from its next batch on, or
none: what is wrong is named on standard error, each fault by its path, with exit code 65. Arming the
same version again changes nothing; the same version with another content is refused, for versions never
change. `emon check ORDERS` says before what would be refused. What is merely unwise is armed and named on
standard error: an order that is over, a home in its own ban.

example:
  $ emon arm orders.json
  o-1 version 1 armed at 2026-05-01T08:30:00.123456Z

Exit codes: 0 armed; 65 refused; 69 no such database; 74 the file cannot be read; 78 run `emon migrate`.
"""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "arm",
        help="put a document's orders into force",
        description="Arms the orders of a document in the database at EMON_DATABASE_URL, as POST "
        "/api/v1/orders does. A device is known once an order names it.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("orders", metavar="ORDERS", help="document of orders (JSON); - reads standard input")
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings file (default: EMON_CONFIG)")
    parser.add_argument(
        "--wait",
        type=float,
        default=0.0,
        metavar="SECONDS",
        help="how long to try to reach an absent database (default: once)",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    import asyncio

    from emon.cli.refused import say_refused
    from emon.clock import now_us
    from emon.config import load_settings
    from emon.model.instant import format_instant
    from emon.orders.check import remarks_on
    from emon.orders.document import DocumentRefused, parse_document
    from emon.store.errors import DatabaseUnavailable, OrderConflict, StoreFault

    settings = load_settings(os.environ, args.config)
    try:
        data = sys.stdin.buffer.read() if args.orders == "-" else Path(args.orders).read_bytes()
    except OSError as fault:
        print(f"emon arm: {args.orders}: {fault.strerror or fault}", file=sys.stderr)
        return os.EX_IOERR
    try:
        # The instant is set at the commit; 0 says that the document's own armed_at counts for nothing.
        versions = parse_document(data, armed_at_us=0)
        armed = asyncio.run(_arm(settings.database_url, versions, args.wait))
    except DocumentRefused as refused:
        say_refused("arm", args.orders, refused)
        return os.EX_DATAERR
    except OrderConflict as conflict:
        for path, message in conflict.faults:
            print(f"{path}: {message}", file=sys.stderr)
        return os.EX_DATAERR
    except DatabaseUnavailable as fault:
        print(f"emon arm: {fault}", file=sys.stderr)
        return os.EX_UNAVAILABLE
    except StoreFault as fault:
        print(f"emon arm: {fault}", file=sys.stderr)
        return os.EX_CONFIG
    remarks = remarks_on(versions, now_us=now_us())
    for remark in remarks[:REMARKS_SHOWN_MAX]:
        print(f"emon arm: armed, though {remark}", file=sys.stderr)
    if len(remarks) > REMARKS_SHOWN_MAX:
        more = len(remarks) - REMARKS_SHOWN_MAX
        print(f"emon arm: and {more:,} more; `emon check {args.orders}` lists all", file=sys.stderr)
    for version in armed:
        print(f"{version.id} version {version.version} armed at {format_instant(version.armed_at_us)}")
    return os.EX_OK


async def _arm(url: str, versions: tuple[OrderVersion, ...], wait_s: float) -> list[OrderVersion]:
    from emon.store.store import Store

    store = await Store.open(url, give_up_s=wait_s)
    try:
        return await store.arm(versions)
    finally:
        await store.close()
