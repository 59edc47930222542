"""``emon import``: everything that ``emon export`` wrote, into an empty database."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

_EPILOG = """\
The database must be empty; one without a schema gets it first. Everything goes in within one transaction:
after a fault the database is as it was. The rows are those of the export to the last byte, so `emon verify`
agrees there as it did, and `emon export` gives the same bytes again. The service goes on from there; give it
the old EMON_DATA_DIR, with the key that signs the audit trail.

example:
  $ createdb emon2
  $ EMON_DATABASE_URL=postgresql:///emon2 emon import /backup/2026-11-26.tar.gz
  2,931,204 rows of 38 tables are in

Exit codes: 0 done; 65 SOURCE is damaged or no export, with the place; 69 no such database; 74 SOURCE cannot
be read; 78 the database is not empty, or of another schema.
"""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "import",
        help="read what emon export wrote into an empty database",
        description="Fills the empty database at EMON_DATABASE_URL from an export.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("source", type=Path, metavar="SOURCE", help="folder or file that emon export wrote")
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings file (default: EMON_CONFIG)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    import asyncio

    from emon.cli.export import Progress
    from emon.config import load_settings
    from emon.store.archive import ExportDamaged
    from emon.store.errors import DatabaseUnavailable, StoreFault
    from emon.store.importing import import_, opened
    from emon.store.migrate import migrate_new

    settings = load_settings(os.environ, args.config)
    try:
        reader = opened(args.source)
        asyncio.run(migrate_new(settings.database_url, days_ahead=settings.partition_days_ahead))
        import_(settings.database_url, reader, Progress("emon import"))
    except ExportDamaged as fault:
        print(f"emon import: {fault}; nothing was imported", file=sys.stderr)
        return os.EX_DATAERR
    except DatabaseUnavailable as fault:
        print(f"emon import: {fault}", file=sys.stderr)
        return os.EX_UNAVAILABLE
    except StoreFault as fault:
        print(f"emon import: {fault}", file=sys.stderr)
        return os.EX_CONFIG
    except OSError as fault:
        print(f"emon import: {fault.filename or args.source}: {fault.strerror or fault}", file=sys.stderr)
        return os.EX_IOERR
    manifest = reader.manifest
    print(f"{sum(table.rows for table in manifest.tables):,} rows of {len(manifest.tables)} tables are in")
    return os.EX_OK
