"""``emon verify``: hold the audit trail against the rows it speaks of, and against signed heads."""

from __future__ import annotations

import argparse
import json
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from emon.audit.heads import Head, KeyLine
    from emon.store.checks.report import Report

_EPILOG = """\
Everything is recomputed from the rows as they stand: each link of the chain from its entry, the last entry
of each order, breach, alert, delivery, attempt, acknowledgement … from its row, the seals of fixes and device
messages from theirs. Each row that was changed, removed, added or put into another order past the trail is
named, and so is what was changed by hand with the trail looking on.

Whoever may write the whole database can write a chain that agrees with itself. So heads are signed, and kept
elsewhere: give the file of heads (EMON_DATA_DIR/audit/heads.jsonl, of which copies should be taken where the
database's owner does not reach) with --heads. Without it the one in EMON_DATA_DIR is used, if it is there.

With --file a court file (`emon export --alert`) is checked from itself alone, without a database: its parts
against the evidence in it, the evidence against signed heads. Whether the key that signed is the right one,
the file cannot say: give heads that you have from elsewhere. A file of heads holds lines of heads.jsonl, or
heartbeats as a recipient got them.

examples:
  $ emon verify --file case.json --heads /mnt/notary/heads.jsonl
  $ emon verify --head heartbeat.json
  $ emon verify --heads /mnt/notary/heads.jsonl
  alert ["4be7a1c09d2e5f31"]: priority is 4, recorded as 1 at 2026-11-26T01:30:00.120001Z by ["emon",
  "emon engine"] (entry 812)
  1 finding: 5,201 entries and 3 unsealed, 2,931 rows, …

Exit codes: 0 everything agrees; 1 something does not, each finding on standard output; 65 the file of heads
or the court file is none; 69 no such database; 74 no such file; 78 run `emon migrate`. docs/audit.md and
docs/court.md describe it all.
"""


def register(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "verify",
        help="verify the audit trail against the rows and signed heads",
        description="Verifies the audit trail of the database at EMON_DATABASE_URL, reading only.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--heads",
        "--head",
        dest="heads",
        action="append",
        type=Path,
        metavar="FILE",
        help="heads kept elsewhere, or heartbeats that held them (default: the data directory's own)",
    )
    parser.add_argument("--file", type=Path, metavar="FILE", help="check this court file, without a database")
    parser.add_argument(
        "--trust",
        action="append",
        default=[],
        metavar="KEY",
        help="id of a key that no earlier key introduced, because that one was lost",
    )
    parser.add_argument("--json", action="store_true", help="the outcome as one JSON object")
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings file (default: EMON_CONFIG)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    import asyncio

    from emon.audit.heads import LineWrong
    from emon.audit.keyring import Keyring, read_heads
    from emon.config import load_settings
    from emon.store.checks.verify import verify_trail
    from emon.store.errors import DatabaseUnavailable, StoreFault

    settings = load_settings(os.environ, args.config)
    try:
        given = [line for path in args.heads or () for line in read_heads(path)]
        kept = given if args.heads else Keyring(settings.data_dir).lines()
    except OSError as fault:
        where = fault.filename or settings.data_dir
        print(f"emon verify: {where}: {fault.strerror or fault}", file=sys.stderr)
        return os.EX_IOERR
    except LineWrong as fault:
        print(f"emon verify: {fault}", file=sys.stderr)
        return os.EX_DATAERR
    if args.file is not None:
        return _verify_file(args, kept)
    try:
        asyncio.run(schema_fits(settings.database_url))
        with _uncollected():
            report = verify_trail(settings.database_url, kept, args.trust)
    except DatabaseUnavailable as fault:
        print(f"emon verify: {fault}", file=sys.stderr)
        return os.EX_UNAVAILABLE
    except StoreFault as fault:
        print(f"emon verify: {fault}", file=sys.stderr)
        return os.EX_CONFIG
    if not kept:
        report.remarks.append("no heads kept elsewhere were given: only the database's own were looked at")
    _show(report, as_json=args.json)
    return os.EX_OK if report.agrees else 1


@contextmanager
def _uncollected() -> Iterator[None]:
    """Nothing that a verification makes refers to itself; a collector would look for it in each block."""
    import gc

    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _verify_file(args: argparse.Namespace, kept: Sequence[KeyLine | Head]) -> int:
    import asyncio

    import msgspec

    from emon.court.verify import NoCourtFile, check_file, read_court_file

    try:
        document = read_court_file(args.file.read_bytes())
    except OSError as fault:
        print(f"emon verify: {args.file}: {fault.strerror or fault}", file=sys.stderr)
        return os.EX_IOERR
    except NoCourtFile as fault:
        print(f"emon verify: {args.file} is no court file: {fault}", file=sys.stderr)
        return os.EX_DATAERR
    report = asyncio.run(check_file(document, kept, args.trust))
    if args.json:
        print(json.dumps({"agrees": report.agrees, **msgspec.to_builtins(report)}, ensure_ascii=False))
        return os.EX_OK if report.agrees else 1
    for finding in report.findings:
        print(finding)
    for remark in report.remarks:
        print(f"note: {remark}")
    count = len(report.findings)
    said = "everything agrees" if not count else f"{count:,} finding{'s' if count > 1 else ''}"
    print(
        f"{said}: alert {report.alert}, {report.proved} of {report.entries} entries below a signed head, "
        f"{report.rows} fixes and device messages, keys {', '.join(report.keys) or 'none'}, "
        f"sha256 {report.sha256}"
    )
    return os.EX_OK if report.agrees else 1


async def schema_fits(url: str) -> None:
    """Raises the store's faults unless the database has this release's schema."""
    from emon.store.connect import as_store_faults, connect
    from emon.store.migrate import check_schema

    conn = await connect(url, purpose="start")
    try:
        with as_store_faults(url):
            await check_schema(conn)
    finally:
        await conn.close()


def _show(report: Report, *, as_json: bool) -> None:
    import msgspec

    if as_json:
        print(json.dumps({"agrees": report.agrees, **msgspec.to_builtins(report)}, ensure_ascii=False))
        return
    for finding in report.findings:
        print(finding)
    if report.more:
        print(f"… and {report.more:,} findings more")
    for remark in report.remarks:
        print(f"note: {remark}")
    count = len(report.findings) + report.more
    said = "everything agrees" if not count else f"{count:,} finding{'s' if count > 1 else ''}"
    print(
        f"{said}: {report.entries:,} entries and {report.pending:,} unsealed, {report.rows:,} rows, "
        f"{report.bulk_rows:,} sealed fixes and device messages ({report.bulk_unsealed:,} unsealed), "
        f"{report.heads:,} signed heads up to entry {report.signed_to:,}, {report.keys} keys"
    )
