"""A small life to hold against its trail: one of each kind of row, sealed and signed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from emon.audit.keyring import Keyring
from emon.model.effects import NewDelivery
from emon.model.fix import DeviceEvent
from emon.sealer import Sealer
from emon.store.checks.report import Report
from emon.store.checks.verify import verify_trail
from emon.store.store import Store
from tests.store.made import NOON_US, alert, breach, effects_of, fix, full_fix

MINUTE_US = 60_000_000


class Clock:
    """Rises by a second at each question."""

    def __init__(self) -> None:
        self.us = NOON_US

    def __call__(self) -> int:
        self.us += 1_000_000
        return self.us


async def live(store: Store, part: int) -> None:
    """One batch: fixes, a device's word, a breach, its alert, two deliveries."""
    at_us = NOON_US + part * MINUTE_US
    name, fixed_us = f"{part:016x}", at_us - 1_000_000  # received a second later: with its batch
    async with store.batch() as tx:
        await tx.write(
            effects_of(
                at_us,
                fixes=(
                    full_fix("d-1", part, fixed_us),
                    fix("d-2", part, fixed_us),
                    fix("d-3", part, fixed_us),
                ),
                events=(DeviceEvent("d-1", part, at_us - 4, "strap", "cut", b"{}"),),
                breaches=(breach(f"b{name[1:]}", at_us),),
                alerts=(alert(name, at_us, breach=f"b{name[1:]}"),),
            ),
            (NewDelivery(name, "politie", "webhook"), NewDelivery(name, "reclassering", "webhook")),
        )


async def lived(store: Store, folder: Path, parts: int = 3) -> Sealer:
    """So many batches, each sealed and signed before the next."""
    sealer = Sealer(store, Keyring(folder), Clock())
    for part in range(1, parts + 1):
        await live(store, part)
        await sealer.finish()
    await store.create_user("anna", "$argon2id$made-up", "meldkamer_em")
    await sealer.finish()
    return sealer


@contextmanager
def past_the_triggers(url: str) -> Iterator[psycopg.Connection]:
    """The owner's hand, with every trigger of the trail switched off and on again behind it."""
    with psycopg.connect(url, autocommit=True) as conn:
        tables = [
            row[0]
            for row in conn.execute(
                "SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger "
                "WHERE tgname LIKE 'audit\\_%' AND tgparentid = 0"
            )
        ]
        for table in tables:
            conn.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER".encode())
        yield conn
        names = conn.execute(
            "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE NOT tgisinternal AND tgparentid = 0"
        ).fetchall()
        for table, name in names:
            always = "ALWAYS " if name.startswith("audit_") else ""
            conn.execute(f"ALTER TABLE {table} ENABLE {always}TRIGGER {name}".encode())


def verified(store: Store, folder: Path) -> Report:
    return verify_trail(store.url, Keyring(folder).lines())


def said(report: Report) -> list[tuple[str, str]]:
    return [(finding.relation, finding.key) for finding in report.findings]
