"""``emon export``: everything in the database, to a folder or one file."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

_EPILOG = """\
TARGET is a folder, or one file when its name ends in .tar, .tar.gz or .tgz. It holds a manifest with the hash
of every part, and each table as CSV, sorted by its key: the same database gives the same bytes, and so does
the database that `emon import` made of it. It is of one moment, also while the service runs, and appears
whole or not at all. docs/export.md describes it.

It holds everything, positions and the hashes of passwords too: it is readable by its owner alone, and should
stay so. The keys in EMON_DATA_DIR are not in it.

example:
  $ emon export /backup/2026-11-26.tar.gz
  2,931,204 rows of 38 tables; manifest 5b0c…

Exit codes: 0 done; 69 no such database; 73 TARGET is there already or cannot be made; 74 it cannot be
written; 78 run `emon migrate`.
"""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "export",
        help="write everything in the database to a folder or file",
        description="Writes everything in the database at EMON_DATABASE_URL, for `emon import`.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("target", type=Path, metavar="TARGET", help="folder, or file.tar, file.tar.gz")
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings file (default: EMON_CONFIG)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    import asyncio

    from emon.cli.verify import schema_fits
    from emon.config import load_settings
    from emon.store.archive import is_tar
    from emon.store.errors import DatabaseUnavailable, StoreFault
    from emon.store.exporting import export

    settings = load_settings(os.environ, args.config)
    target: Path = args.target
    if target.exists() and (is_tar(target) or not target.is_dir() or any(target.iterdir())):
        print(f"emon export: {target} is there already: name another", file=sys.stderr)
        return os.EX_CANTCREAT
    try:
        asyncio.run(schema_fits(settings.database_url))
        manifest, digest = export(settings.database_url, target, Progress("emon export"))
    except DatabaseUnavailable as fault:
        print(f"emon export: {fault}", file=sys.stderr)
        return os.EX_UNAVAILABLE
    except StoreFault as fault:
        print(f"emon export: {fault}", file=sys.stderr)
        return os.EX_CONFIG
    except OSError as fault:
        print(f"emon export: {fault.filename or target}: {fault.strerror or fault}", file=sys.stderr)
        return os.EX_IOERR
    rows = sum(table.rows for table in manifest.tables)
    print(f"{rows:,} rows of {len(manifest.tables)} tables; manifest {digest}")
    return os.EX_OK


class Progress:
    """A line now and then on standard error, where a person looks at it."""

    def __init__(self, who: str) -> None:
        self._who = who
        self._due = 0.0

    def __call__(self, table: str, done: int, of: int) -> None:
        import time

        if sys.stderr.isatty() and time.monotonic() >= self._due:
            self._due = time.monotonic() + 2.0
            print(f"{self._who}: {table}: {done:,} of {of:,} rows", file=sys.stderr)
