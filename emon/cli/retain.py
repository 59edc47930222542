"""``emon retain``: old days of fixes leave the database, sealed first."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emon.store.retention import Asked, OldDay

_EPILOG = """\
Without --apply nothing is changed: the days that would go are listed, with their fixes, how many of them
stay, and for which breach or alert. A day goes by dropping its partition. What stays of it: the fixes of each
device of a breach's order, from two days before it opened to a day after it closed, while the breach is open,
an alert of it is not closed, or it closed less than --breach-days ago (without that: for ever); and so
of every alert that nobody has closed. Orders, breaches, alerts, device events and the trail always stay.

With --daily it stays and looks each hour, so that a day goes soon after it is old enough; what is refused or
cannot be reached is said and tried again. It is a process of its own because the service is not to be able to
remove evidence: give it the database's owner. deploy/systemd/emon-retain.service runs it.

Before a day goes, the audit trail gets an entry that names every row taken by its seal, who removed it and
why, in the same transaction. `emon verify` agrees afterwards and says so; a day dropped by hand is a
finding. Fixes must be sealed first, which the service does by itself.

examples:
  $ emon retain --days 180
  2026-01-04: 1,296,000 fixes, 2,880 stay (breach 4be7a1c09d2e5f31)
  1 day, 1,293,120 fixes would go; nothing was changed
  $ emon retain --days 180 --apply --by "A. Jansen" --why "term of keeping, decision 12"

Exit codes: 0 done or listed; 64 usage; 69 no such database; 78 refused, or run `emon migrate`.
docs/database.md describes it.
"""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "retain",
        help="remove old days of fixes, sealed first and listed before",
        description="Removes fixes older than --days from the database at EMON_DATABASE_URL, but for those "
        "that a breach or an open alert rests on. Lists them unless --apply is given.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--days", type=int, required=True, metavar="N", help="fixes older than N days (32 or more)"
    )
    parser.add_argument(
        "--breach-days",
        type=int,
        metavar="N",
        help="how long after its end a breach keeps its fixes (for ever)",
    )
    parser.add_argument("--apply", action="store_true", help="remove them; needs --by and --why")
    parser.add_argument("--daily", action="store_true", help="stay, and remove each day in its turn")
    parser.add_argument("--by", metavar="NAME", help="who removes them, for the audit trail")
    parser.add_argument("--why", metavar="TEXT", help="on what ground, for the audit trail")
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings file (default: EMON_CONFIG)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    import asyncio

    from emon.config import load_settings
    from emon.store.errors import DatabaseUnavailable, StoreFault
    from emon.store.retention import Asked

    if args.apply and not ((args.by or "").strip() and (args.why or "").strip()):
        print("emon retain: --apply needs --by NAME and --why TEXT: they stand in the trail", file=sys.stderr)
        return os.EX_USAGE
    if args.daily and not args.apply:
        print("emon retain: --daily needs --apply: what it would list at night nobody reads", file=sys.stderr)
        return os.EX_USAGE
    settings = load_settings(os.environ, args.config)
    asked = Asked(args.days, args.breach_days, args.by or "", args.why or "")
    try:
        if args.daily:
            asyncio.run(_stay(settings.database_url, asked))
            return os.EX_OK
        days = asyncio.run(_retain(settings.database_url, asked, apply=args.apply))
    except DatabaseUnavailable as fault:
        print(f"emon retain: {fault}", file=sys.stderr)
        return os.EX_UNAVAILABLE
    except StoreFault as fault:
        print(f"emon retain: {fault}", file=sys.stderr)
        return os.EX_CONFIG
    gone = sum(day.fixes - day.kept for day in days)
    count = f"{len(days)} day{'' if len(days) == 1 else 's'}, {gone:,} fixes"
    print(f"{count} removed" if args.apply else f"{count} would go; nothing was changed")
    return os.EX_OK


async def _retain(url: str, asked: Asked, *, apply: bool) -> list[OldDay]:
    from emon.clock import now_us
    from emon.store import connect as c
    from emon.store.retention import old_days, remove_day
    from emon.store.store import Store

    await (await Store.open(url)).close()
    conn = await c.connect(url, purpose="retain")
    try:
        with c.as_store_faults(url):
            found = await old_days(conn, asked, now_us())
            if not apply:
                for day in found:
                    print(_line(day))
                return found
            removed = []
            for old in found:
                removed.append(await remove_day(conn, asked, old.day, now_us()))
                print(_line(removed[-1]), flush=True)
            return removed
    finally:
        await conn.close()


async def _stay(url: str, asked: Asked) -> None:
    """Until it is asked to stop. Raises ``StoreFault`` at once for what no later look would mend."""
    import asyncio
    import signal

    from emon.clock import now_us
    from emon.store import connect as c
    from emon.store.retaining import Retaining
    from emon.store.retention import due_days
    from emon.store.store import Store

    await (await Store.open(url)).close()
    conn = await c.connect(url, purpose="retain")
    try:
        with c.as_store_faults(url):
            await due_days(conn, asked, now_us())
    finally:
        await conn.close()
    stop = asyncio.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(sign, stop.set)

    async def stopped(seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await stop.wait()
        except TimeoutError:
            return False
        return True

    def removed(day: OldDay) -> None:
        print(_line(day), flush=True)

    def stays(said: str) -> None:
        print(f"emon retain: {said}", file=sys.stderr, flush=True)

    await Retaining(url, asked, removed, stays).run(now_us, stopped)


def _line(day: OldDay) -> str:
    held = f", {day.kept:,} stay ({', '.join(day.held_by)})" if day.kept else ""
    return f"{day.day}: {day.fixes:,} fixes{held}"
