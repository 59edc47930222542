"""How long ``emon verify`` takes over a million entries: `python -m benchmarks.audit [--entries N]`.

An embedded database is filled with alerts, each captured by its trigger; the sealer chains them and signs
heads, both as in the service; then the trail is verified, and once more with a row changed by hand.
Writes benchmarks/AUDIT.md.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import msgspec
import psycopg

from benchmarks.shares import busy_s, cpu_s, family_of, spent_s
from emon.audit.keyring import Keyring
from emon.clock import now_us
from emon.demo.database import EmbeddedDatabase
from emon.sealer import Sealer
from emon.store.checks.report import Report
from emon.store.migrate import migrate
from emon.store.store import Store

PAGE = Path(__file__).with_name("AUDIT.md")
_FILL = """
INSERT INTO alert (id, event, priority, at, recipients, happened_at, received_at, detected_at, order_id,
                   condition_id, certainty, device)
SELECT lpad(to_hex(i), 16, '0'), 'breach', 1, now(), '{politie,reclassering,meldkamer_em}', now(), now(),
       now(), 'o-' || i %% 1000, 'c-1', 'certain', 'd-' || i %% 1000
FROM generate_series(1, %s) AS i
"""


# Each alert's row, which its trigger would write in the time of the insert that is measured.
_DEADLINES = """
INSERT INTO escalation (alert_id, counted_from, due_at, priority, detected_at)
SELECT id, greatest(at, detected_at), greatest(at, detected_at), priority, detected_at FROM alert
"""


@dataclass(frozen=True)
class Took:
    """``cpu_s``: of command and database; ``others``: what everything else had of the machine meanwhile."""

    seconds: float
    cpu_s: float | None = None
    others: float | None = None


async def measured(entries: int, folder: Path) -> dict[str, Took]:
    """What it takes to capture, to seal and sign, to verify. Raises ``AssertionError`` on a wrong outcome."""
    server = EmbeddedDatabase(folder / "database")
    await server.start()
    try:
        await migrate(server.uri)
        with psycopg.connect(server.uri, application_name="emon bench", autocommit=True) as conn:
            conn.execute("ALTER TABLE alert DISABLE TRIGGER alert_escalates")
            began = time.perf_counter()
            conn.execute(_FILL.encode(), (entries,))
            captured = time.perf_counter() - began
            conn.execute(_DEADLINES.encode())
            conn.execute("ALTER TABLE alert ENABLE TRIGGER alert_escalates")
        store = await Store.open(server.uri)
        began = time.perf_counter()
        await Sealer(store, Keyring(folder), now_us).finish()
        sealed = time.perf_counter() - began
        await store.close()
        took = {"captured": Took(captured), "sealed": Took(sealed)}
        took["verified"], report = await verified(server, folder)
        assert report.agrees, report.findings[:3]
        assert report.signed_to == report.entries > entries
        with psycopg.connect(server.uri, autocommit=True) as conn:
            conn.execute("ALTER TABLE alert DISABLE TRIGGER audit_capture")
            conn.execute(
                "UPDATE alert SET priority = 4 WHERE id = lpad(to_hex(%s::bigint), 16, '0')", (entries // 2,)
            )
            conn.execute("ALTER TABLE alert ENABLE ALWAYS TRIGGER audit_capture")
        took["found"], report = await verified(server, folder)
        assert [one.relation for one in report.findings] == ["alert"]
        return took
    finally:
        await server.stop()


async def verified(server: EmbeddedDatabase, folder: Path) -> tuple[Took, Report]:
    """What the command itself takes, from its start to its end, and what it says."""
    began, busy, spent = time.perf_counter(), busy_s(), _spent_s(server)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "emon", "verify", "--json"),
        env={**os.environ, "EMON_DATABASE_URL": server.uri, "EMON_DATA_DIR": str(folder)},
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    seconds = time.perf_counter() - began
    cpu_s = _spent_s(server) - spent
    others = (busy_s() - busy - cpu_s) / (seconds * (os.cpu_count() or 1))
    outcome = json.loads(said)
    outcome.pop("agrees")
    return Took(seconds, cpu_s, max(0.0, others)), msgspec.convert(outcome, Report)


def _spent_s(server: EmbeddedDatabase) -> float:
    """By commands that this process has waited for, and by the database: its ended connections and those that
    are open, or all that one spent before would count when it ends."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    pid = server.pid or 0
    return ended.ru_utime + ended.ru_stime + spent_s(pid) + sum(map(cpu_s, family_of(pid)[1:]))


def page(entries: int, took: dict[str, Took]) -> str:
    rows = [
        ("captured by the triggers, the insert itself included", "captured"),
        ("chained by the sealer, and signed", "sealed"),
        ("`emon verify`, from its start to its end: chain, rows, heads", "verified"),
        ("the same with one alert changed by hand, which is named", "found"),
    ]
    lines = [
        "# The audit trail in figures",
        "",
        "Written by `python -m benchmarks.audit`.",
        "",
        f"{entries:,} entries, each with its row; PostgreSQL 18, `fsync` on, {os.cpu_count()} cores, load "
        f"average {os.getloadavg()[0]:.1f} at the end. The requirement is a million in 10 s.",
        "",
        "Others: what everything but command and database had of the machine's cores in that time.",
        "",
        "| | s | processor s of command and database | others |",
        "|---|---:|---:|---:|",
        *(f"| {words} | {_cells(took[name])} |" for words, name in rows),
        "",
    ]
    return "\n".join(lines)


def _cells(took: Took) -> str:
    if took.cpu_s is None or took.others is None:
        return f"{took.seconds:.1f} | | "
    return f"{took.seconds:.1f} | {took.cpu_s:.1f} | {took.others:.0%}"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--entries", type=int, default=1_000_000, metavar="N")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="emon-audit-"))
    try:
        took = asyncio.run(measured(arguments.entries, folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    text = page(arguments.entries, took)
    print(text)
    if arguments.entries == 1_000_000:
        PAGE.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
