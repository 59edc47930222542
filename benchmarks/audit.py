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
import shutil
import sys
import tempfile
import time
from pathlib import Path

import msgspec
import psycopg

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


async def measured(entries: int, folder: Path) -> dict[str, float]:
    """Seconds to capture, to seal and sign, to verify. Raises ``AssertionError`` on a wrong outcome."""
    server = EmbeddedDatabase(folder / "database")
    await server.start()
    try:
        await migrate(server.uri)
        with psycopg.connect(server.uri, application_name="emon bench", autocommit=True) as conn:
            conn.execute("ALTER TABLE alert DISABLE TRIGGER alert_escalates")
            began = time.perf_counter()
            conn.execute(_FILL.encode(), (entries,))
            captured = time.perf_counter() - began
        store = await Store.open(server.uri)
        began = time.perf_counter()
        await Sealer(store, Keyring(folder), now_us).finish()
        sealed = time.perf_counter() - began
        await store.close()
        seconds = {"captured": captured, "sealed": sealed}
        seconds["verified"], report = await verified(server.uri, folder)
        assert report.agrees, report.findings[:3]
        assert report.signed_to == report.entries > entries
        with psycopg.connect(server.uri, autocommit=True) as conn:
            conn.execute("ALTER TABLE alert DISABLE TRIGGER audit_capture")
            conn.execute(
                "UPDATE alert SET priority = 4 WHERE id = lpad(to_hex(%s::bigint), 16, '0')", (entries // 2,)
            )
            conn.execute("ALTER TABLE alert ENABLE ALWAYS TRIGGER audit_capture")
        seconds["found"], report = await verified(server.uri, folder)
        assert [one.relation for one in report.findings] == ["alert"]
        return seconds
    finally:
        await server.stop()


async def verified(url: str, folder: Path) -> tuple[float, Report]:
    """Seconds of the command itself, from its start to its end, and what it says."""
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "emon", "verify", "--json"),
        env={**os.environ, "EMON_DATABASE_URL": url, "EMON_DATA_DIR": str(folder)},
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    seconds = time.perf_counter() - began
    outcome = json.loads(said)
    outcome.pop("agrees")
    return seconds, msgspec.convert(outcome, Report)


def page(entries: int, seconds: dict[str, float]) -> str:
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
        "| | s |",
        "|---|---:|",
        *(f"| {words} | {seconds[name]:.1f} |" for words, name in rows),
        "",
    ]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--entries", type=int, default=1_000_000, metavar="N")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="emon-audit-"))
    try:
        seconds = asyncio.run(measured(arguments.entries, folder))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    text = page(arguments.entries, seconds)
    print(text)
    if arguments.entries == 1_000_000:
        PAGE.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
