"""``emon export``: everything in the database, or the file of one alert for a court."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emon.config import Settings
    from emon.store.errors import StoreFault

_EPILOG = """\
TARGET is a folder, or one file when its name ends in .tar, .tar.gz or .tgz. It holds a manifest with the hash
of every part, and each table as CSV, sorted by its key: the same database gives the same bytes, and so does
the database that `emon import` made of it. It is of one moment, also while the service runs, and appears
whole or not at all. docs/export.md describes it.

It holds everything, positions and the hashes of passwords too: it is readable by its owner alone, and should
stay so. The keys in EMON_DATA_DIR are not in it.

With --alert it writes the file of one alert instead: its whole life as one JSON document for a court, with
the evidence by which `emon verify --file` checks it without the database; --html makes a page of it to read
and print. Without TARGET it goes to standard output. It holds everything, a secret place too; --for PARTY
makes it as that party may have it, or refuses. docs/court.md describes it.

examples:
  $ emon export /backup/2026-11-26.tar.gz
  2,931,204 rows of 38 tables; manifest 5b0c…
  $ emon export --alert 4be7a1c09d2e5f31 case.json
  $ emon export --alert 4be7a1c09d2e5f31 --html --language en case.html

Exit codes: 0 done; 65 there is no such alert; 69 no such database; 73 TARGET is there already or cannot be
made; 74 it cannot be written; 77 the file is not for that party; 78 run `emon migrate`.
"""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "export",
        help="write everything in the database to a folder or file, or one alert for a court",
        description="Writes the database at EMON_DATABASE_URL for `emon import`, or one alert for a court.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "target",
        type=Path,
        nargs="?",
        metavar="TARGET",
        help="folder, or file.tar, file.tar.gz; of an alert a file",
    )
    parser.add_argument("--alert", metavar="ID", help="the file of this alert, for a court")
    parser.add_argument("--html", action="store_true", help="of an alert: a page to read and print")
    parser.add_argument("--language", choices=("nl", "en"), default="nl", help="of the page (default: nl)")
    parser.add_argument("--for", dest="party", metavar="PARTY", help="of an alert: as this party may have it")
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings file (default: EMON_CONFIG)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    import asyncio

    from emon.cli.verify import schema_fits
    from emon.config import load_settings
    from emon.store.archive import is_tar
    from emon.store.errors import StoreFault
    from emon.store.exporting import export

    settings = load_settings(os.environ, args.config)
    if args.alert is not None:
        return _export_alert(settings, args)
    if args.target is None:
        print("emon export: name a TARGET, or an alert with --alert", file=sys.stderr)
        return os.EX_USAGE
    if args.html or args.party is not None:
        print("emon export: --html and --for are of an alert: name it with --alert", file=sys.stderr)
        return os.EX_USAGE
    target: Path = args.target
    try:
        if target.exists() and (is_tar(target) or not target.is_dir() or any(target.iterdir())):
            print(f"emon export: {target} is there already: name another", file=sys.stderr)
            return os.EX_CANTCREAT
    except OSError as fault:
        print(f"emon export: {target}: {fault.strerror or fault}", file=sys.stderr)
        return os.EX_CANTCREAT
    try:
        asyncio.run(schema_fits(settings.database_url))
        manifest, digest = export(settings.database_url, target, Progress("emon export"))
    except StoreFault as fault:
        return _said(fault)
    except OSError as fault:
        print(f"emon export: {fault.filename or target}: {fault.strerror or fault}", file=sys.stderr)
        return os.EX_IOERR
    rows = sum(table.rows for table in manifest.tables)
    print(f"{rows:,} rows of {len(manifest.tables)} tables; manifest {digest}")
    return os.EX_OK


def _export_alert(settings: Settings, args: argparse.Namespace) -> int:
    import asyncio

    from emon.court.document import court_text
    from emon.court.page import court_page
    from emon.court.who import NotForThem
    from emon.store.errors import StoreFault

    target: Path | None = args.target
    if target is not None and target.exists():
        print(f"emon export: {target} is there already: name another", file=sys.stderr)
        return os.EX_CANTCREAT
    try:
        document = asyncio.run(_court_file(settings, args.alert, args.party))
    except NotForThem as fault:
        print(f"emon export: not for {args.party}: {fault}", file=sys.stderr)
        return os.EX_NOPERM
    except StoreFault as fault:
        return _said(fault)
    if document is None:
        print(f"emon export: there is no alert {args.alert!r}", file=sys.stderr)
        return os.EX_DATAERR
    text = court_page(document, args.language) if args.html else court_text(document)
    try:
        _write(target, text)
    except OSError as fault:
        print(f"emon export: {target}: {fault.strerror or fault}", file=sys.stderr)
        return os.EX_IOERR
    if target is not None:
        print(f"alert {args.alert}: {document['sha256']}")
    return os.EX_OK


def _said(fault: StoreFault) -> int:
    """Tell of it; the exit code."""
    from emon.store.errors import DatabaseUnavailable

    print(f"emon export: {fault}", file=sys.stderr)
    return os.EX_UNAVAILABLE if isinstance(fault, DatabaseUnavailable) else os.EX_CONFIG


async def _court_file(settings: Settings, alert_id: str, party: str | None) -> dict[str, object] | None:
    """Seal and sign first, where the key is at hand, so that the newest entries are proved too."""
    from emon.alerts.policy import DEFAULT_POLICY
    from emon.audit.keyring import Keyring
    from emon.clock import now_us
    from emon.court.stored import court_file_of
    from emon.policies.reader import read_policy
    from emon.sealer import Sealer
    from emon.store.store import Store

    store = await Store.open(settings.database_url)
    try:
        keyring = Keyring(settings.data_dir)
        if keyring.current() is not None:
            await Sealer(store, keyring, now_us).finish()
        kept = await store.policy_in_force()
    finally:
        await store.close()
    policy = DEFAULT_POLICY if kept is None else read_policy(kept.content.encode())
    return await court_file_of(settings.database_url, alert_id, policy, made_at_us=now_us(), party=party)


def _write(target: Path | None, text: str) -> None:
    """Readable by its owner alone; whole or not at all."""
    if target is None:
        sys.stdout.write(text)
        return
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


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
