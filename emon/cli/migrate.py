"""``emon migrate``: bring the database to this release's schema."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

_EPILOG = """\
Running it again changes nothing and says so. It also makes the daily partitions for fixes ahead
(EMON_PARTITION_DAYS_AHEAD); the service does so each day by itself.

example:
  $ EMON_DATABASE_URL=postgresql://emon:secret@db.example.org/emon emon migrate
  applying 0001 core
  applying 0002 fix
  applying 0003 fix_storage, native
  made 39 daily partitions for fixes

With --runtime-role the role that the service runs as gets what its statements need and no more: it may add
to the evidence (fixes, alerts, attempts, answers, the audit trail), and neither change nor remove it. Make
it first, and give the service its address; migrations and accounts stay the owner's. Run it after every
migration.

  $ psql -c "CREATE ROLE emon_run LOGIN PASSWORD '…'"
  $ emon migrate --runtime-role emon_run

Exit codes: 0 done; 69 no such database; 78 its schema is newer, altered, or may not be changed, or the role
is none, or one that no grant can bind.
The schema is described in docs/database.md.
"""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "migrate",
        help="bring the database to this release's schema",
        description="Applies the numbered migrations that the database at EMON_DATABASE_URL has not had yet, "
        "each in a transaction of its own. Two at once do not disturb each other.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings file (default: EMON_CONFIG)")
    parser.add_argument(
        "--wait",
        type=float,
        default=0.0,
        metavar="SECONDS",
        help="how long to try to reach an absent database (default: once)",
    )
    parser.add_argument(
        "--runtime-role", metavar="NAME", help="grant this role what the running service needs, and no more"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    import asyncio

    from emon.config import load_settings
    from emon.store.errors import DatabaseUnavailable, StoreFault
    from emon.store.migrate import migrate
    from emon.store.runtime_role import grant_runtime_role

    settings = load_settings(os.environ, args.config)
    try:
        asyncio.run(
            migrate(
                settings.database_url,
                say=lambda line: print(line, flush=True),
                give_up_s=args.wait,
                days_ahead=settings.partition_days_ahead,
            )
        )
        if args.runtime_role is not None:
            asyncio.run(grant_runtime_role(settings.database_url, args.runtime_role, print))
    except DatabaseUnavailable as fault:
        print(f"emon migrate: {fault}", file=sys.stderr)
        return os.EX_UNAVAILABLE
    except StoreFault as fault:
        print(f"emon migrate: {fault}", file=sys.stderr)
        return os.EX_CONFIG
    return os.EX_OK
